/* Rows 23 to 36 of docs/seeds.md: looking up. Run by seeds.test.ts. */
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { CLONE_NEWPID, CLONE_PTHREAD, ESRCH, Kernel, SIGCHLD, SIGKILL } from 'pidns'
import * as P from 'pidns/pid'
import { findNextBit, findNextZeroBit } from '#internal/lib/bitmap.js'
import * as L from '#internal/mm/layout.js'
import { slotLive } from '#internal/mm/slab.js'
import { bootTable } from '#internal/task/boot.js'
import { checkTasks } from '#internal/task/check.js'
import { copyProcess } from '#internal/task/fork.js'
import { unshare } from '#internal/task/nsproxy.js'
import {
  allocNr,
  allocPids,
  bitOf,
  made,
  nest,
  numbersOfOneBucket,
  smallTable,
  sound,
  taskWith,
  watchWords,
  word,
} from './pid_tools.ts'
import { hashWord, hooks, quiet, test } from './seeds_row.ts'

describe('the seeds: looking up', () => {
  test('row 23: nextPidmap refuses what is PID_MAX_LIMIT or more, compared unsigned', () => {
    const table = P.createPidTable({ pidMax: P.PID_MAX_LIMIT })
    const ns = P.initPidNs(table)
    allocNr(table, ns, P.PID_MAX_LIMIT - 1)
    const next = (last: number): number => P.nextPidmap(table, ns, last)
    assert.equal(next(P.PID_MAX_LIMIT - 2), P.PID_MAX_LIMIT - 1)
    for (const last of [-1, -(2 ** 31), P.PID_MAX_LIMIT - 1, P.PID_MAX_LIMIT, 2 ** 31 - 1, 2 ** 31]) {
      assert.equal(next(last), -1, `after ${last}`)
    }
    sound(table)
  })

  test('row 24: a search that began in the middle of a page finds bit 0 of the next', () => {
    const table = smallTable()
    const ns = P.initPidNs(table)
    const numbers = [5, 20, 32, 33, 64]
    for (const nr of numbers) allocNr(table, ns, nr)
    assert.equal(P.nextPidmap(table, ns, 20), 32)
    const found: number[] = []
    for (let nr = P.nextPidmap(table, ns, 0); nr > 0; nr = P.nextPidmap(table, ns, nr)) found.push(nr)
    assert.deepEqual(found, numbers)
    sound(table)
  })

  test('row 25: missing pages are passed over, in front, in the middle and at the end', () => {
    const table = smallTable()
    const ns = P.initPidNs(table)
    allocNr(table, ns, 5)
    allocNr(table, ns, 70)
    assert.deepEqual(
      [0, 1, 2, 3].map((i) => word(table, P.pidmapEntry(ns, i) + L.PIDMAP_PAGE) !== 0),
      [true, false, true, false],
    )
    assert.deepEqual(
      [40, 5, 70].map((last) => P.nextPidmap(table, ns, last)),
      [70, 70, -1],
    )
    sound(table)
  })

  test('row 26: findNextBit finds set bits, findNextZeroBit free ones, each the size when there is none', () => {
    const words = new Int32Array(33 + 4)
    words.set([0x80000001 | 0, 0, 1, 0], 33)
    const next = [0, 1, 31, 32, 64, 65].map((offset) => findNextBit(words, 33, 96, offset))
    assert.deepEqual(next, [0, 31, 31, 64, 64, 96])
    assert.deepEqual(
      [0, 31, 64].map((offset) => findNextZeroBit(words, 33, 96, offset)),
      [1, 32, 65],
    )
    words.fill(-1)
    assert.deepEqual([findNextZeroBit(words, 33, 96, 5), findNextZeroBit(words, 33, 96, 95)], [96, 96])
  })

  test('row 27: findPidNs compares number and namespace: equal numbers of two namespaces share a bucket', () => {
    const table = smallTable()
    const outer = P.initPidNs(table)
    const spaces = Array.from({ length: 17 }, () => made(P.createPidNamespace(table, outer)))
    const bucket = (ns: P.NsRef): number => P.pidHashfn(table, 1, ns)
    const two = spaces.find((ns, i) => spaces.findIndex((one) => bucket(one) === bucket(ns)) < i) as P.NsRef
    const one = spaces.find((ns) => bucket(ns) === bucket(two)) as P.NsRef
    assert.notEqual(one, two)
    const pids = [one, two].map((ns) => made(P.allocPid(table, ns)))
    assert.equal(bucket(one), bucket(two))
    assert.deepEqual(
      [one, two].map((ns) => P.findPidNs(table, 1, ns)),
      pids,
    )
    assert.deepEqual([P.findPidNs(table, 2, one), P.findPidNs(table, 2, outer)], [0, pids[1]])
    sound(table)
  })

  test('row 28: containerOf finds the struct pid of a number at levels 0, 1 and 32', () => {
    const table = smallTable()
    const spaces = nest(table, 32)
    const pid = made(P.allocPid(table, spaces[32] as P.NsRef))
    for (const level of [0, 1, 32]) {
      assert.equal(P.containerOf(P.upidAt(pid, level), level), pid)
      assert.equal(P.findPidNs(table, 1, spaces[level] as P.NsRef), pid)
    }
    sound(table)
  })

  test('row 29: a walk along a chain in a read section reads each next once', () => {
    const table = smallTable(quiet)
    const ns = P.initPidNs(table)
    const numbers = numbersOfOneBucket(table, ns, 4)
    const pids = numbers.map((nr) => allocNr(table, ns, nr))
    const nexts = pids.map((pid) => P.upidAt(pid, 0) + L.UPID_CHAIN)
    const chain = [hashWord(table, numbers[0] as number, ns), ...nexts]
    const read: number[] = []
    const watch = { read: (at: number): void => void (chain.includes(at) && read.push(at)) }
    P.rcuReadLock(table)
    const found = watchWords(table, watch, () => P.findPidNs(table, numbers[0] as number, ns))
    P.rcuReadUnlock(table)
    assert.equal(found, pids[0])
    assert.deepEqual(read, [chain[0], ...nexts.slice(1).reverse()])
    sound(table)
  })

  test('row 30: findVpid looks in the active namespace of current, which unshare does not change', () => {
    const table = bootTable(quiet, hooks)
    const init = word(table, L.H_INIT_TASK) as P.TaskRef
    const child = made(copyProcess(table, init, 0, SIGCHLD, []))
    const box = made(copyProcess(table, init, CLONE_NEWPID, SIGCHLD, []))
    const inner = made(copyProcess(table, box, 0, SIGCHLD, []))
    assert.equal(P.findVpid(table, child, 2), P.taskPid(table, child))
    assert.equal(P.findVpid(table, box, 2), P.taskPid(table, inner))
    assert.equal(unshare(table, child, CLONE_NEWPID), 0)
    assert.notEqual(word(table, child + L.TASK_NS_FOR_CHILDREN), P.initPidNs(table))
    assert.equal(P.taskActivePidNs(table, child), P.initPidNs(table))
    assert.deepEqual([P.findVpid(table, child, 4), P.findVpid(table, box, 4)], [P.taskPid(table, inner), 0])
    assert.deepEqual(checkTasks(table, []), [])
  })

  test('row 31: findGetPid has its reference before its read section ends', () => {
    const table = smallTable(quiet)
    const [own, pid] = allocPids(table, P.initPidNs(table), 2) as [P.PidRef, P.PidRef]
    const current = taskWith(table, own)
    let nesting = 0
    const set = (to: number): void => {
      nesting = to
      if (to > 0 || P.findPidNs(table, 2, P.initPidNs(table)) === 0) return
      P.freePid(table, pid)
      P.rcuBarrier(table)
    }
    Object.defineProperty(table, 'rcuNesting', { get: () => nesting, set })
    assert.equal(P.findGetPid(table, current, 2), pid)
    assert.deepEqual([slotLive(table, pid), P.pidNr(table, pid), P.findVpid(table, current, 2)], [true, 2, 0])
    P.putPid(table, pid)
    assert.deepEqual([slotLive(table, pid), P.findGetPid(table, current, 2)], [false, 0])
    sound(table)
  })

  test('row 32: getPid adds one, to a pid that is being freed too, and takes NULL', () => {
    const table = smallTable(quiet)
    const ns = P.initPidNs(table)
    allocPids(table, ns, 2)
    P.rcuReadLock(table)
    const pid = P.findPidNs(table, 2, ns)
    P.freePid(table, pid)
    assert.equal(word(table, pid + L.PID_COUNT), 1, 'the first reference falls after the grace period')
    assert.equal(P.getPid(table, pid), pid)
    P.rcuReadUnlock(table)
    P.rcuBarrier(table)
    assert.deepEqual([word(table, pid + L.PID_COUNT), slotLive(table, pid)], [1, true])
    P.putPid(table, pid)
    assert.equal(slotLive(table, pid), false)
    const header = table.words.slice(0, L.HEADER_WORDS)
    assert.equal(P.getPid(table, 0 as P.PidRef), 0)
    assert.deepEqual(table.words.slice(0, L.HEADER_WORDS), header)
    sound(table)
  })

  test('row 33: findGePid passes over a number whose bit is set but which is not hashed yet', () => {
    const table = smallTable()
    const [outer, ns] = nest(table, 1)
    const [one, five] = [1, 5].map((nr) => allocNr(table, ns, nr)) as [P.PidRef, P.PidRef]
    assert.deepEqual(
      [1, 2, 6].map((nr) => P.findGePid(table, nr, ns)),
      [one, five, 0],
    )
    table.words[ns + L.NS_LAST_PID] = 2
    table.words[outer + L.NS_LAST_PID] = 31
    const held: number[] = []
    // An interrupt, once the number in ns is taken and the page for the one outside has been installed.
    table.irqQueue.push(() => {
      held.push(bitOf(table, ns, 3), P.findPidNs(table, 3, ns), P.nextPidmap(table, ns, 1))
      held.push(P.findGePid(table, 2, ns), P.findGePid(table, 3, ns))
    })
    const pid = made(P.allocPid(table, ns))
    assert.deepEqual(held, [1, 0, 3, five, five])
    assert.deepEqual([P.pidNr(table, pid), P.findGePid(table, 2, ns)], [32, pid])
    sound(table)
  })

  test('row 34: all processes of a namespace are listed, in order of number, by findGePid', () => {
    const table = bootTable(quiet, hooks)
    const init = word(table, L.H_INIT_TASK) as P.TaskRef
    const box = made(copyProcess(table, init, CLONE_NEWPID, SIGCHLD, []))
    made(copyProcess(table, box, CLONE_PTHREAD, 0, []))
    const last = made(copyProcess(table, box, 0, SIGCHLD, []))
    const list = (ns: P.NsRef): [nr: number, task: P.TaskRef][] => {
      const listed: [number, P.TaskRef][] = []
      for (let pid = P.findGePid(table, 1, ns); pid !== 0; ) {
        const [nr, task] = [P.pidNrNs(table, pid, ns), P.pidTask(table, pid, P.PIDTYPE_PID)]
        if (P.taskLeader(table, task) === task) listed.push([nr, task])
        pid = P.findGePid(table, nr + 1, ns)
      }
      return listed
    }
    assert.deepEqual(list(P.taskActivePidNs(table, box)), [
      [1, box],
      [3, last],
    ])
    assert.deepEqual(list(P.initPidNs(table)), [
      [1, init],
      [2, box],
      [4, last],
    ])
    assert.deepEqual(checkTasks(table, []), [])
  })

  test('row 35: findTaskByPidTypeNs is the most general; the others fix the role, the namespace, or both', () => {
    const table = smallTable(quiet)
    const [outer, ns] = nest(table, 1)
    allocPids(table, outer, 2)
    const [one, two] = allocPids(table, ns, 2).map((pid) => taskWith(table, pid)) as [P.TaskRef, P.TaskRef]
    P.initTaskPid(table, two, P.PIDTYPE_PGID, P.taskPid(table, one))
    P.attachPid(table, two, P.PIDTYPE_PGID)
    const find = (type: number, nr: number): P.TaskRef => P.findTaskByPidTypeNs(table, type, nr, ns)
    assert.deepEqual([find(P.PIDTYPE_PID, 1), find(P.PIDTYPE_PGID, 1), find(P.PIDTYPE_SID, 1)], [one, two, 0])
    assert.deepEqual([P.findTaskByPidNs(table, 2, ns), P.findTaskByPidNs(table, 4, outer)], [two, two])
    assert.deepEqual([P.findTaskByVpid(table, one, 2), P.findTaskByVpid(table, one, 4)], [two, 0])
    assert.deepEqual([P.findTaskByPid(table, 2), P.findTaskByPid(table, 4)], [0, two])
    assert.equal(P.pidTask(table, P.findPidNs(table, 3, outer), P.PIDTYPE_PID), one)
    sound(table)
  })

  test('row 36: kill finds its target by number: who has the number in the own namespace, or nobody', () => {
    const kernel = Kernel.boot()
    const { init } = kernel
    const leader = init.fork()
    const box = init.clone({ flags: CLONE_NEWPID })
    const inner = box.fork()
    box.kill(2, SIGKILL)
    assert.deepEqual([leader.state, inner.state], ['S', 'Z'])
    leader.setpgid(0, 0)
    const member = leader.fork()
    init.kill(2, SIGKILL)
    assert.equal(init.waitpidSync(2)?.signal, 'SIGKILL')
    assert.throws(
      () => init.kill(2, 0),
      { code: 'ESRCH', errno: -ESRCH },
      'the number has no process, though it is a group',
    )
    assert.equal(init.kill(-2, SIGKILL), 0)
    assert.equal(member.state, 'Z')
    const thread = box.clone({ flags: CLONE_PTHREAD })
    init.kill(thread.nspid[0] as number, SIGKILL)
    assert.deepEqual([box.state, thread.state], ['Z', 'X'])
    assert.deepEqual(kernel.check(), [])
  })
})
