/* PID namespaces: how many and how deep, who holds them, how they die. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CLONE_NEWPID, EAGAIN, EEXIST, EINVAL, ENOMEM, ENOSPC, Kernel } from 'pidns'
import * as P from 'pidns/pid'
import * as L from '#internal/mm/layout.js'
import { allocPids, made, nest, records, smallTable, sound, taskWith, word } from './pid_tools.ts'

const quiet = { defer: () => {} }
const alive = (table: P.PidTable): number => records(table).namespaces - 1

describe('createPidNamespace', () => {
  it('makes 32 levels, and fails with ENOSPC at the 33rd', () => {
    const table = smallTable()
    const spaces = nest(table, 32)
    assert.deepEqual(
      spaces.map((ns) => word(table, ns + L.NS_LEVEL)),
      Array.from({ length: 33 }, (_, i) => i),
    )
    assert.equal(P.createPidNamespace(table, spaces[32] as P.NsRef), -ENOSPC)
    const pid = made(P.allocPid(table, spaces[32] as P.NsRef))
    assert.deepEqual(
      spaces.map((ns) => P.pidNrNs(table, pid, ns)),
      Array(33).fill(1),
    )
    sound(table)
  })

  it('makes as many as maxNamespaces, then fails with ENOSPC until one is gone', () => {
    const table = smallTable({ ...quiet, maxNamespaces: 3 })
    const outer = P.initPidNs(table)
    const spaces = Array.from({ length: 3 }, () => made(P.createPidNamespace(table, outer)))
    assert.equal(P.createPidNamespace(table, outer), -ENOSPC)
    P.rcuReadLock(table)
    P.putPidNs(table, spaces[1] as P.NsRef)
    assert.equal(P.createPidNamespace(table, outer), -ENOSPC, 'its grace period is not over')
    P.rcuReadUnlock(table)
    made(P.createPidNamespace(table, outer))
    assert.equal(P.createPidNamespace(table, outer), -ENOSPC)
    sound(table)
  })

  it('makes one that is empty, with number 1 next and its own inode', () => {
    const table = smallTable()
    const [outer, a] = nest(table, 1)
    const b = made(P.createPidNamespace(table, outer))
    for (const ns of [a, b]) {
      assert.equal(P.nextPidmap(table, ns, 0), -1)
      assert.equal(word(table, ns + L.NS_NR_HASHED), P.PIDNS_HASH_ADDING)
      assert.equal(P.pidNrNs(table, made(P.allocPid(table, ns)), ns), 1)
    }
    assert.deepEqual(
      [outer, a, b].map((ns) => word(table, ns + L.NS_INUM) >>> 0),
      [0xeffffffc, 0xf0000000, 0xf0000001],
    )
    sound(table)
  })

  it('reuses the records of namespaces that are gone', () => {
    const table = smallTable({ ...quiet, maxNamespaces: 2 })
    allocPids(table, P.initPidNs(table), 1)
    for (let i = 0; i < 20; i++) {
      const [, one, two] = nest(table, 2)
      P.putPidNs(table, one)
      const pid = made(P.allocPid(table, two))
      P.putPidNs(table, two)
      P.disablePidAllocation(table, two)
      P.freePid(table, pid)
      assert.equal(alive(table), 0)
    }
    assert.deepEqual(records(table), { pids: 1, namespaces: 1, pages: 1, mounts: 1 })
    sound(table)
  })
})

describe('copyPidNs', () => {
  it('gives the same with one more reference, or a new one, but not to who is between two', () => {
    const table = smallTable(quiet)
    const [outer, inner] = nest(table, 1)
    const current = taskWith(table, made(P.allocPid(table, outer)))
    assert.equal(P.copyPidNs(table, 0, current, inner), inner)
    assert.equal(word(table, inner + L.NS_COUNT), 2)
    assert.equal(P.copyPidNs(table, CLONE_NEWPID, current, inner), -EINVAL)
    const made1 = made(P.copyPidNs(table, CLONE_NEWPID, current, outer))
    assert.deepEqual([word(table, made1 + L.NS_PARENT), word(table, made1 + L.NS_COUNT)], [outer, 1])
    sound(table)
  })
})

describe('references', () => {
  it('of pids, children and mounts keep a namespace; with the last it goes, and its parents with it', () => {
    const table = smallTable(quiet)
    const [outer, a, b, c] = nest(table, 3)
    allocPids(table, outer, 1)
    const pid = made(P.allocPid(table, c))
    for (const ns of [a, b, c]) P.putPidNs(table, ns)
    assert.deepEqual(
      [a, b, c].map((ns) => word(table, ns + L.NS_COUNT)),
      [1, 1, 2],
      'child; child; pid and mount',
    )
    P.disablePidAllocation(table, c)
    P.freePid(table, pid)
    assert.equal(word(table, c + L.NS_COUNT), 1, 'the pid lives until the grace period is over')
    assert.equal(alive(table), 0)
    sound(table)
  })

  it('of a pid that somebody holds keep its namespace, dead, and its number is free meanwhile', () => {
    const table = smallTable(quiet)
    const [outer, ns] = nest(table, 1)
    allocPids(table, outer, 1)
    const pid = P.getPid(table, made(P.allocPid(table, ns)))
    P.putPidNs(table, ns)
    P.disablePidAllocation(table, ns)
    P.freePid(table, pid)
    assert.equal(alive(table), 1)
    assert.equal(P.pidNr(table, pid), 2)
    assert.equal(P.allocPid(table, ns), -ENOMEM)
    assert.equal(P.nextPidmap(table, outer, 1), -1)
    P.putPid(table, pid)
    assert.equal(alive(table), 0)
    sound(table)
  })

  it('to the initial namespace are not counted', () => {
    const table = smallTable()
    const ns = P.initPidNs(table)
    for (let i = 0; i < 5; i++) P.putPidNs(table, ns)
    assert.equal(P.getPidNs(table, ns), ns)
    assert.deepEqual([word(table, ns + L.NS_COUNT), records(table).namespaces], [1, 1])
    sound(table)
  })

  it('panic where one is taken or dropped that nobody holds', () => {
    for (const [use, what] of [
      [P.putPidNs, /panic: reference dropped that nobody held/],
      [P.getPidNs, /panic: reference taken to a record that has none/],
    ] as const) {
      const table = smallTable(quiet)
      const [, ns] = nest(table, 1)
      P.putPidNs(table, ns)
      assert.equal(word(table, ns + L.NS_COUNT), 0)
      assert.throws(() => use(table, ns), what)
    }
  })
})

describe('the mount of procfs', () => {
  it('is made by pidNsPrepareProc, or fails with ENOMEM, and the namespace of a first process that lacks it is dead', () => {
    const table = smallTable(quiet)
    const [outer, ns] = nest(table, 1)
    allocPids(table, outer, 1)
    P.failNth(table, 1)
    assert.equal(P.pidNsPrepareProc(table, ns), -ENOMEM)
    assert.equal(P.pidNsPrepareProc(table, ns), 0)
    assert.equal(word(table, ns + L.NS_COUNT), 2)
    P.pidNsReleaseProc(table, ns)
    P.pidNsReleaseProc(table, ns)
    assert.deepEqual([word(table, ns + L.NS_COUNT), word(table, ns + L.NS_PROC_MNT)], [1, 0])
    // Of a first pid at a level: the record, its chunk, the mount.
    P.failNth(table, 3)
    assert.deepEqual([P.allocPid(table, ns), P.allocPid(table, ns)], [-ENOMEM, -ENOMEM])
    assert.equal(word(table, ns + L.NS_NR_HASHED), 0)
    sound(table)
  })
})

describe('pidnsIsAncestor', () => {
  it('knows a namespace itself and those above it', () => {
    const table = smallTable()
    const [outer, a, b] = nest(table, 2)
    const sibling = made(P.createPidNamespace(table, outer))
    const is = (ns: P.NsRef, ancestor: P.NsRef): boolean => P.pidnsIsAncestor(table, ns, ancestor)
    assert.deepEqual([is(b, b), is(b, a), is(b, outer), is(outer, outer)], [true, true, true, true])
    assert.deepEqual(
      [is(a, b), is(b, sibling), is(sibling, a), is(outer, sibling)],
      [false, false, false, false],
    )
    sound(table)
  })
})

describe('allocPid in a namespace', () => {
  it('that is dead fails with ENOMEM, frees what it took and keeps no reference', () => {
    const table = smallTable(quiet)
    const [outer, ns] = nest(table, 1)
    const pids = allocPids(table, ns, 2)
    P.disablePidAllocation(table, ns)
    const before = [word(table, ns + L.NS_COUNT), P.nextPidmap(table, outer, 2), records(table)]
    assert.equal(P.allocPid(table, ns), -ENOMEM)
    assert.deepEqual([word(table, ns + L.NS_COUNT), P.nextPidmap(table, outer, 2), records(table)], before)
    for (const pid of pids) P.freePid(table, pid)
    assert.equal(P.allocPid(table, ns), -ENOMEM)
    sound(table)
  })

  it('that is empty begins with 1 again where an outer one was full, in both eras', () => {
    for (const era of ['4.14', 'latest'] as const) {
      const table = smallTable({ ...quiet, era, pidMax: 6 })
      const outer = P.initPidNs(table)
      const pids = allocPids(table, outer, 5)
      const ns = made(P.createPidNamespace(table, outer))
      for (let i = 0; i < 3; i++) assert.equal(P.allocPid(table, ns), -EAGAIN)
      P.freePid(table, pids[4] as P.PidRef)
      assert.equal(P.pidNrNs(table, made(P.allocPid(table, ns)), ns), 1)
      assert.equal(P.allocPid(table, ns), -EAGAIN)
      P.freePid(table, pids[3] as P.PidRef)
      assert.equal(
        P.pidNrNs(table, made(P.allocPid(table, ns)), ns),
        3,
        'later the number passed over stays so',
      )
      sound(table)
    }
  })

  it('with numbers asked for: their errors, in the order innermost to outermost, leave nothing behind', () => {
    const table = smallTable(quiet)
    const [outer, ns] = nest(table, 1)
    P.setChildReaper(table, outer, made(P.allocTaskStruct(table)))
    allocPids(table, outer, 3)
    const ask = (...numbers: number[]): number => P.allocPid(table, ns, numbers)
    assert.deepEqual([ask(1, 1, 1), ask(2), ask(0), ask(-1), ask(128)], Array(5).fill(-EINVAL))
    assert.deepEqual([ask(1, 2), ask(1, 128), ask(1, 0)], [-EEXIST, -EINVAL, -EINVAL])
    assert.equal(records(table).pids, 3)
    const first = made(P.allocPid(table, ns, [1, 50]))
    assert.deepEqual([P.pidNrNs(table, first, ns), P.pidNr(table, first)], [1, 50])
    P.setChildReaper(table, ns, made(P.allocTaskStruct(table)))
    assert.equal(ask(1), -EEXIST)
    const second = made(P.allocPid(table, ns, [7]))
    assert.deepEqual([P.pidNrNs(table, second, ns), P.pidNr(table, second)], [7, 4])
    assert.equal(P.pidNrNs(table, made(P.allocPid(table, ns)), ns), 2)
    sound(table)
  })

  it('leaves no mount behind where number 1 is asked for a second time', () => {
    const table = smallTable(quiet)
    const [outer, ns] = nest(table, 1)
    allocPids(table, outer, 1)
    const [one, two] = allocPids(table, ns, 2) as [P.PidRef, P.PidRef]
    P.freePid(table, one)
    const again = made(P.allocPid(table, ns, [1]))
    assert.equal(records(table).mounts, 2)
    P.disablePidAllocation(table, ns)
    for (const pid of [again, two]) P.freePid(table, pid)
    assert.equal(records(table).mounts, 1)
    assert.equal(P.allocPid(table, ns, [1]), -ENOMEM)
    assert.equal(records(table).mounts, 1)
    P.putPidNs(table, ns)
    assert.equal(alive(table), 0)
    sound(table)
  })

  it('leaves no mount behind where a task joined a dead namespace and asks for number 1 there', () => {
    const kernel = Kernel.boot()
    const box = kernel.init.clone({ flags: CLONE_NEWPID })
    const other = kernel.init.fork()
    const ns = box.openNs('pid')
    other.setns(ns, CLONE_NEWPID)
    ns.close()
    box.exit()
    kernel.init.waitpidSync(-1)
    assert.throws(() => other.clone({ setTid: [1] }), { code: 'ENOMEM' })
    assert.deepEqual(kernel.check(), [])
  })

  it('in era 4.14 leads to an init even where the first fork met a full outer namespace', () => {
    const kernel = Kernel.boot({ era: '4.14', pidMax: 301 })
    const { init } = kernel
    const maker = init.fork()
    maker.unshare(CLONE_NEWPID)
    while (init.pidOf(init.fork()) < 300);
    assert.throws(() => maker.fork(), { code: 'EAGAIN' })
    init.kill(300, 9)
    init.waitpidSync(300)
    const child = maker.fork()
    assert.deepEqual(child.nspid, [300, 1])
    child.exit(5)
    assert.equal(maker.waitpidSync(300)?.code, 5)
    assert.deepEqual(kernel.check(), [])
  })
})
