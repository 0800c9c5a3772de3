/* Rows 9 to 22 of docs/seeds.md: freeing a struct pid. Run by seeds.test.ts. */
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { CLONE_NEWPID, CLONE_PTHREAD, EEXIST, ENOMEM, Kernel, SIGCHLD, WNOHANG } from 'pidns'
import * as P from 'pidns/pid'
import * as L from '#internal/mm/layout.js'
import { slotLive } from '#internal/mm/slab.js'
import { hlistFirstRcu, hlistNextRcu } from '#internal/sync/hlist.js'
import { bootTable } from '#internal/task/boot.js'
import { copyProcess } from '#internal/task/fork.js'
import { schedule } from '#internal/task/run.js'
import {
  allocNr,
  allocPids,
  bitOf,
  interleave,
  made,
  nest,
  numbersOfOneBucket,
  records,
  smallTable,
  sound,
  taskWith,
  watchWords,
  word,
} from './pid_tools.ts'
import { hashWord, hooks, nrHashed, quiet, test } from './seeds_row.ts'

describe('the seeds: freeing a struct pid', () => {
  test('row 9: spinUnlockIrqRestore leaves interrupts off that were off, spinUnlockIrq switches them on', () => {
    const table = smallTable()
    const lock = L.H_TASKLIST_LOCK
    const ran: string[] = []
    const outer = P.localIrqSave(table)
    P.raiseIrq(table, () => ran.push('handler'))
    const flags = P.spinLockIrqSave(table, lock)
    assert.deepEqual([outer, flags], [true, false])
    P.spinUnlockIrqRestore(table, lock, flags)
    assert.deepEqual([table.irqsOn, ran], [false, []])
    P.spinLockIrq(table, lock)
    P.spinUnlockIrq(table, lock)
    assert.deepEqual([table.irqsOn, ran], [true, ['handler']], 'the section of the caller is broken open')
    P.localIrqDisable(table)
    P.localIrqRestore(table, outer)
    assert.equal(table.irqsOn, true)
    sound(table)
  })

  test('row 10: freePid goes through the levels from 0 up, all under one hold of the lock', () => {
    const table = smallTable()
    const spaces = nest(table, 2)
    const pids = allocPids(table, spaces[2], 3)
    const reapers = spaces.map((ns) => {
      const reaper = made(P.allocTaskStruct(table))
      P.setChildReaper(table, ns, reaper)
      P.disablePidAllocation(table, ns)
      return reaper
    })
    const woken: number[] = []
    table.hooks.wakeUpProcess = (task) => woken.push(task)
    const lock: number[] = []
    const write = (at: number, value: number): void => void (at === L.H_PIDMAP_LOCK && lock.push(value))
    watchWords(table, { write }, () => P.freePid(table, pids[2] as P.PidRef))
    assert.deepEqual(woken, reapers)
    assert.deepEqual(lock, [table.owner, 0])
    sound(table)
  })

  test('row 11: a reader that stands on a deleted node finds the rest of the chain', () => {
    const table = smallTable(quiet)
    const ns = P.initPidNs(table)
    const [a, b, c] = numbersOfOneBucket(table, ns, 3).map((nr) => allocNr(table, ns, nr)) as [
      P.PidRef,
      P.PidRef,
      P.PidRef,
    ]
    const node = (pid: P.PidRef): number => P.upidAt(pid, 0) + L.UPID_CHAIN
    P.rcuReadLock(table)
    assert.equal(hlistFirstRcu(table.words, hashWord(table, P.pidNr(table, a), ns)), node(c))
    P.freePid(table, c)
    assert.equal(hlistNextRcu(table.words, node(c)), node(b))
    P.freePid(table, b)
    assert.equal(hlistNextRcu(table.words, node(b)), node(a))
    P.rcuReadUnlock(table)
    P.rcuBarrier(table)
    sound(table)
  })

  test('row 12: a node is filled, then published with one store, in the bucket that lookups use', () => {
    const table = smallTable()
    const ns = P.initPidNs(table)
    const [old, nr] = numbersOfOneBucket(table, ns, 2) as [number, number]
    const first = allocNr(table, ns, old)
    const head = hashWord(table, nr, ns)
    const upidOf = (node: number): number => node - L.UPID_CHAIN
    let published = 0
    const write = (at: number, value: number): void => {
      assert.equal(P.findPidNs(table, old, ns), first)
      if (published !== 0) assert.ok(at < upidOf(published) || at >= published + 2, 'it is complete by now')
      if (at !== head) return
      assert.equal(published, 0)
      published = value
      assert.deepEqual(
        [word(table, value), word(table, value + 1)],
        [P.upidAt(first, 0) + L.UPID_CHAIN, head],
      )
      assert.deepEqual(
        [word(table, upidOf(value) + L.UPID_NR), word(table, upidOf(value) + L.UPID_NS)],
        [nr, ns],
      )
    }
    const pid = watchWords(table, { write }, () => allocNr(table, ns, nr))
    assert.equal(published, P.upidAt(pid, 0) + L.UPID_CHAIN)
    assert.equal(hlistFirstRcu(table.words, head), published)
    sound(table)
  })

  test('row 13: nr_hashed counts every struct pid with a number there, nested and group-only ones too', () => {
    const table = smallTable(quiet)
    const spaces = nest(table, 2)
    const counts = (): number[] => spaces.map((ns) => nrHashed(table, ns))
    const [leader, thread] = allocPids(table, spaces[1], 2) as [P.PidRef, P.PidRef]
    allocPids(table, spaces[2], 1)
    assert.deepEqual(counts(), [3, 3, 1])
    const [first, second] = [taskWith(table, leader), taskWith(table, thread)]
    P.initTaskPid(table, second, P.PIDTYPE_PGID, leader)
    P.attachPid(table, second, P.PIDTYPE_PGID)
    P.detachPid(table, first, P.PIDTYPE_PID)
    assert.deepEqual(counts(), [3, 3, 1], 'the number lives on as a group')
    P.detachPid(table, second, P.PIDTYPE_PGID)
    assert.deepEqual(counts(), [2, 2, 1])
    sound(table)
  })

  test('row 14: at 2 the last thread of an init whose leader is dead is woken, and init can be reaped', () => {
    const kernel = Kernel.boot()
    const { init } = kernel
    const leader = init.clone({ flags: CLONE_NEWPID })
    const thread = leader.clone({ flags: CLONE_PTHREAD })
    const outsider = init.fork()
    const ns = leader.openNs('pid')
    outsider.setns(ns, CLONE_NEWPID)
    ns.close()
    const guest = outsider.fork()
    leader.exitThread(3)
    thread.exitThread(4)
    assert.deepEqual([leader.state, thread.exiting, guest.state], ['Z', true, 'Z'])
    assert.equal(init.waitpidSync(init.pidOf(leader), WNOHANG), null)
    assert.equal(outsider.waitpidSync(-1)?.signal, 'SIGKILL')
    assert.deepEqual([leader.state, thread.state], ['Z', 'X'])
    assert.equal(init.waitpidSync(init.pidOf(leader), WNOHANG)?.code, 4)
    assert.deepEqual(kernel.check(), [])
  })

  test('row 15: a wake-up of an init that is not exiting changes nothing', () => {
    const run = (passOn: boolean): { words: Int32Array; wakes: number } => {
      const table = bootTable({ ...quiet, maxPids: 16, maxNamespaces: 2 }, hooks)
      const wakeUp = table.hooks.wakeUpProcess
      let wakes = 0
      table.hooks.wakeUpProcess = (task) => {
        wakes += 1
        if (passOn) wakeUp(task)
      }
      const box = made(copyProcess(table, word(table, L.H_INIT_TASK) as P.TaskRef, CLONE_NEWPID, SIGCHLD, []))
      const ns = P.taskActivePidNs(table, box)
      const pids = allocPids(table, ns, 5)
      for (const pid of pids.splice(2)) P.freePid(table, pid)
      assert.deepEqual(
        [nrHashed(table, ns), wakes],
        [3, 0],
        'with PIDNS_HASH_ADDING the word is never 2 or 1',
      )
      P.disablePidAllocation(table, ns)
      for (const pid of pids) P.freePid(table, pid)
      schedule(table)
      sound(table)
      return { words: table.words.slice(0, word(table, L.H_BRK)), wakes }
    }
    const woken = run(true)
    assert.equal(woken.wakes, 2)
    assert.deepEqual(woken.words, run(false).words)
  })

  test('row 16: where the first fork fails after allocPid the namespace is dead, and emptied once', () => {
    for (const reaper of [0, 1]) {
      const table = smallTable()
      const [outer, ns] = nest(table, 1)
      allocPids(table, outer, 1)
      const pid = made(P.allocPid(table, ns))
      if (reaper === 1) P.setChildReaper(table, ns, made(P.allocTaskStruct(table)))
      const flags = P.localIrqSave(table)
      P.freePid(table, pid)
      assert.equal(word(table, ns + L.NS_NR_HASHED), 0)
      const work = ns + L.NS_PROC_WORK
      assert.deepEqual([word(table, table.workList), word(table, table.workList + 1)], [work, work])
      assert.notEqual(word(table, ns + L.NS_PROC_MNT), 0)
      P.localIrqRestore(table, flags)
      assert.equal(word(table, ns + L.NS_PROC_MNT), 0)
      assert.equal(P.allocPid(table, ns), -ENOMEM)
      assert.deepEqual(P.checkPids(table), reaper === 1 ? ['1 warnings'] : [])
    }
  })

  test('row 17: number 1 mounts procfs, the last number gone unmounts it, a leaked mount is found', () => {
    const table = smallTable()
    const [outer, ns] = nest(table, 1)
    allocPids(table, outer, 1)
    const [one, two] = allocPids(table, ns, 2) as [P.PidRef, P.PidRef]
    P.putPidNs(table, ns)
    assert.equal(word(table, word(table, ns + L.NS_PROC_MNT) + L.MOUNT_NS), ns)
    assert.equal(records(table).mounts, 2)
    P.disablePidAllocation(table, ns)
    P.freePid(table, one)
    assert.equal(records(table).mounts, 2)
    P.freePid(table, two)
    assert.deepEqual(records(table), { pids: 1, namespaces: 1, pages: 1, mounts: 1 })
    const leak = made(P.kernMount(table, outer))
    assert.match(P.checkPids(table).join(), /a mount of namespace \d+ \(level 0\) has leaked/)
    P.kernUnmount(table, leak)
    sound(table)
  })

  test('row 18: waking and scheduling run nothing until the lock is free and interrupts are on again', () => {
    const ran: string[] = []
    const errors: unknown[] = []
    const table: P.PidTable = smallTable({
      report: (error) => errors.push(error),
      onWakeUp: (task) => {
        ran.push(`wake ${task}`)
        assert.equal(word(table, L.H_PIDMAP_LOCK), 0)
        P.freePid(table, made(P.allocPid(table, P.initPidNs(table))))
      },
    })
    const [outer, ns] = nest(table, 1)
    allocPids(table, outer, 1)
    const [one, two, three] = allocPids(table, ns, 3) as [P.PidRef, P.PidRef, P.PidRef]
    const reaper = made(P.allocTaskStruct(table))
    P.setChildReaper(table, ns, reaper)
    P.disablePidAllocation(table, ns)
    P.freePid(table, three)
    assert.deepEqual(ran, [`wake ${reaper}`])
    const flags = P.localIrqSave(table)
    P.freePid(table, two)
    P.freePid(table, one)
    assert.deepEqual([ran.length, word(table, L.H_MOUNTS)], [1, 2])
    P.localIrqRestore(table, flags)
    assert.deepEqual([ran.length, word(table, L.H_MOUNTS), errors], [2, 1, []])
    sound(table)
  })

  test('row 19: the bits are freed after the lock: between the two a number is busy but not findable', () => {
    const seen: unknown[] = []
    const table: P.PidTable = smallTable({
      onWakeUp: () => {
        const found = [P.findPidNs(table, 2, ns), P.findPidNs(table, 2, outer), P.findGePid(table, 2, ns)]
        seen.push(
          found,
          P.nextPidmap(table, ns, 1),
          P.allocPidmapAt(table, ns, 2),
          P.allocPidmapAt(table, outer, 2),
        )
      },
    })
    const [outer, ns] = nest(table, 1)
    const [, two] = allocPids(table, ns, 2) as [P.PidRef, P.PidRef]
    P.setChildReaper(table, ns, made(P.allocTaskStruct(table)))
    P.disablePidAllocation(table, ns)
    P.freePid(table, two)
    assert.deepEqual(seen, [[0, 0, 0], 2, -EEXIST, -EEXIST])
    assert.deepEqual([bitOf(table, ns, 2), bitOf(table, outer, 2)], [0, 0])
    sound(table)
  })

  test('row 20: freePid returns inside a read section and allocates nothing; the reader still reads the old pid', () => {
    const table = smallTable(quiet)
    const ns = P.initPidNs(table)
    const pids = allocPids(table, ns, 60)
    P.rcuReadLock(table)
    const old = P.findPidNs(table, 21, ns)
    P.failNth(table, 1)
    for (const pid of pids.splice(20)) P.freePid(table, pid)
    assert.equal(word(table, L.H_FAIL_NTH), 1)
    P.failNth(table, 0)
    assert.equal(P.findPidNs(table, 21, ns), 0)
    assert.deepEqual([slotLive(table, old), P.pidNr(table, old)], [true, 21])
    assert.ok(allocPids(table, ns, 40).every((pid) => pid !== old))
    P.rcuReadUnlock(table)
    assert.equal(slotLive(table, old), true)
    P.rcuBarrier(table)
    assert.equal(slotLive(table, old), false)
    sound(table)
  })

  test('row 21: the reaper is the init of the namespace: orphans become its children, and it waits for them', () => {
    const kernel = Kernel.boot()
    const box = kernel.init.clone({ flags: CLONE_NEWPID })
    const parent = box.fork()
    const orphan = parent.fork()
    parent.exit()
    assert.equal(orphan.parent, box)
    orphan.exit(7)
    assert.deepEqual([box.waitpidSync(2)?.code, box.waitpidSync(3)?.code], [0, 7])
    assert.deepEqual(kernel.check(), [])
  })

  test('row 22: a lookup goes right whatever is added and removed at whichever of its steps', () => {
    const scene = (): { table: P.PidTable; ns: P.NsRef; pids: P.PidRef[]; fresh: number } => {
      const table = smallTable(quiet)
      const ns = P.initPidNs(table)
      const [fresh, ...numbers] = numbersOfOneBucket(table, ns, 5) as [number, ...number[]]
      return { table, ns, pids: numbers.map((nr) => allocNr(table, ns, nr)), fresh }
    }
    const look = ({ table, ns, pids: [stays, goes] }: ReturnType<typeof scene>): void => {
      P.rcuReadLock(table)
      assert.equal(P.findPidNs(table, P.pidNr(table, stays as P.PidRef), ns), stays)
      const found = P.findPidNs(table, P.pidNr(table, goes as P.PidRef), ns)
      assert.ok(found === 0 || found === goes)
      P.rcuReadUnlock(table)
    }
    const update = ({ table, ns, pids, fresh }: ReturnType<typeof scene>): void => {
      for (const pid of pids.slice(1)) P.freePid(table, pid)
      allocNr(table, ns, fresh)
    }
    const steps = interleave(scene, look, update)
    assert.ok(steps > 20, `${steps} interleavings`)

    const now = scene()
    let looks = 0
    const write = (): void => {
      look(now)
      looks += 1
    }
    watchWords(now.table, { write }, () => update(now))
    assert.ok(looks > 20, `${looks} looks in the middle of the update`)
    sound(now.table)
  })
})
