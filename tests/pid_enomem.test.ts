/* Every allocation of an operation fails once: the error is ENOMEM, nothing is left behind, and all works afterwards. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ENOMEM } from 'pidns'
import * as P from 'pidns/pid'
import * as L from '#internal/mm/layout.js'
import { forEachSlot } from '#internal/mm/slab.js'
import { allocPids, made, nest, records, smallTable, sound, word } from './pid_tools.ts'

interface Scene {
  table: P.PidTable
  /** What is to fail; gives a record or an errno. */
  operate(): number
  /** Gives back what `operate` made. */
  undo(ref: number): void
  /** What must work afterwards, instead of another `operate`. */
  again?(): number
}

/** What exists; pages of the pidmap stay as long as their namespace, so only stray ones count. */
function what(table: P.PidTable): object {
  const { pages, ...others } = records(table)
  let owned = 0
  forEachSlot(table, L.SLAB_NS, (ns) => {
    for (let i = 0; i < table.pidmapEntries; i++) {
      if (word(table, P.pidmapEntry(ns as P.NsRef, i) + L.PIDMAP_PAGE) !== 0) owned += 1
    }
  })
  return { ...others, strayPages: pages - owned }
}

/** Lets allocation 1, 2, ... of the operation fail, each on a new scene, until it has no more. */
function failEach(allocations: number, scene: () => Scene): void {
  for (let n = 1; ; n++) {
    const { table, operate, undo, again } = scene()
    const before = what(table)
    P.failNth(table, n)
    const ref = operate()
    const failed = word(table, L.H_FAIL_NTH) === 0
    P.failNth(table, 0)
    if (ref > 0) undo(ref)
    else assert.equal(ref, -ENOMEM)
    assert.deepEqual(what(table), before, `after the failure of allocation ${n}`)
    sound(table)
    undo(made((again ?? operate)()))
    assert.deepEqual(what(table), before)
    sound(table)
    if (failed) continue
    assert.ok(ref > 0, 'it failed though no allocation did')
    assert.equal(n - 1, allocations, 'allocations that could fail')
    return
  }
}

const quiet = { defer: () => {} }

describe('failure of the n-th allocation', () => {
  it('of createPidNamespace, where both slabs need another chunk', () => {
    failEach(4, () => {
      const table = smallTable(quiet)
      for (let i = 0; i < 14; i++) made(P.createPidNamespace(table, P.initPidNs(table)))
      return {
        table,
        operate: () => P.createPidNamespace(table, P.initPidNs(table)),
        undo: (ns) => P.putPidNs(table, ns as P.NsRef),
      }
    })
  })

  it('of allocPid at level 0, where a page of the pidmap is missing', () => {
    failEach(2, () => {
      const table = smallTable(quiet)
      const ns = P.initPidNs(table)
      allocPids(table, ns, 31)
      return { table, operate: () => P.allocPid(table, ns), undo: (pid) => P.freePid(table, pid as P.PidRef) }
    })
  })

  it('of allocPid at level 3 with nothing allocated before, where the hash grows: it may end the namespace only', () => {
    failEach(4, () => {
      const table = smallTable(quiet)
      const [outer, , parent, ns] = nest(table, 3)
      allocPids(table, outer, 8)
      let other = 0 as P.NsRef
      return {
        table,
        operate: () => P.allocPid(table, ns),
        undo: (pid) => {
          P.freePid(table, pid as P.PidRef)
          if (other !== 0) P.putPidNs(table, other)
        },
        again: () => {
          other = made(P.createPidNamespace(table, parent))
          return P.allocPid(table, other)
        },
      }
    })
  })

  it('of allocPid with numbers asked for, in pages that do not exist at any level, where the hash grows', () => {
    failEach(5, () => {
      const table = smallTable(quiet)
      const spaces = nest(table, 2)
      allocPids(table, spaces[2], 1)
      for (const ns of spaces) P.setChildReaper(table, ns, made(P.allocTaskStruct(table)))
      return {
        table,
        operate: () => P.allocPid(table, spaces[2], [40, 70, 100]),
        undo: (pid) => P.freePid(table, pid as P.PidRef),
      }
    })
  })

  it('of a first fork: namespace, number, task', () => {
    failEach(7, () => {
      const table = smallTable(quiet)
      allocPids(table, P.initPidNs(table), 1)
      let made = { ns: 0 as P.NsRef, pid: 0 as P.PidRef }
      const operate = (): number => {
        const ns = P.createPidNamespace(table, P.initPidNs(table))
        if (ns < 0) return ns
        const pid = P.allocPid(table, ns)
        const task = pid < 0 ? 0 : P.allocTaskStruct(table)
        made = { ns, pid }
        if (task !== 0) return task
        if (pid > 0) P.freePid(table, pid)
        P.putPidNs(table, ns)
        return pid < 0 ? pid : -ENOMEM
      }
      const undo = (task: number): void => {
        P.freeTaskStruct(table, task as P.TaskRef)
        P.freePid(table, made.pid)
        P.putPidNs(table, made.ns)
      }
      return { table, operate, undo }
    })
  })
})
