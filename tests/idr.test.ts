/*
 * The other way to find a number, `lookup: 'idr'`: the tests of the pid room once more on it, and what is its own. The
 * model, the cases and the recordings run both ways in their own files.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Kernel } from 'pidns'
import * as P from 'pidns/pid'
import * as L from '#internal/mm/layout.js'
import { slabLive } from '#internal/mm/slab.js'
import { leafOf } from '#internal/pid/pid_idr.js'
import { made, sound } from './pid_tools.ts'

process.env.PIDNS_LOOKUP = 'idr'
await import('./pid_task.test.ts')
await import('./rcu.test.ts')
await import('./irq.test.ts')
await import('./seeds_allocating.ts')

const table = (): P.PidTable => P.createPidTable({ lookup: 'idr', pidMax: 4194304, defer: () => {} })

/** Number 1 of the initial namespace, with a task: other numbers can be asked for. */
function makeInit(t: P.PidTable): void {
  const init = made(P.allocPid(t, P.initPidNs(t)))
  const task = made(P.allocTaskStruct(t))
  P.initTaskPid(t, task, P.PIDTYPE_PID, init)
  P.setChildReaper(t, P.initPidNs(t), task)
}

function allocAt(t: P.PidTable, nr: number): P.PidRef {
  return made(P.allocPid(t, P.initPidNs(t), [nr]))
}

describe('the radix tree of numbers', () => {
  it('has one leaf while numbers are small, a top above leaves once one is not, nothing when all are gone', () => {
    const t = table()
    const nodes = (): number[] => [slabLive(t, L.SLAB_IDR_LEAF), slabLive(t, L.SLAB_IDR_TOP)]
    assert.deepEqual(nodes(), [0, 0])
    makeInit(t)
    assert.deepEqual(nodes(), [1, 0])
    const pids = [allocAt(t, 1024)]
    assert.deepEqual(nodes(), [2, 1])
    pids.push(P.findPidNs(t, 1, P.initPidNs(t)))
    sound(t)
    P.setChildReaper(t, P.initPidNs(t), 0 as P.TaskRef)
    for (const pid of pids) P.freePid(t, pid)
    P.rcuBarrier(t)
    assert.deepEqual(nodes(), [0, 0])
    sound(t)
  })

  it('finds each number that was published, and no other', () => {
    const t = table()
    const ns = P.initPidNs(t)
    makeInit(t)
    const numbers = [2, 1023, 1024, 1025, 70000, 4194303]
    const pids = new Map(numbers.map((nr) => [nr, allocAt(t, nr)]))
    for (const nr of numbers) assert.equal(P.findPidNs(t, nr, ns), pids.get(nr))
    for (const nr of [0, 3, 2047, 2048, 69999, 4194302, 4194304, -1, 0x7fffffff, -0x80000000]) {
      assert.equal(P.findPidNs(t, nr, ns), 0, `${nr}`)
    }
    sound(t)
    for (const pid of pids.values()) P.freePid(t, pid)
    for (const nr of numbers) assert.equal(P.findPidNs(t, nr, ns), 0)
    sound(t)
  })

  it('keeps a node that a reader may stand on as it is, empty, until the grace period is over', () => {
    const t = table()
    const ns = P.initPidNs(t)
    const pid = made(P.allocPid(t, ns))
    const leaf = leafOf(t, ns, 1)
    P.rcuReadLock(t)
    P.freePid(t, pid)
    assert.equal(leafOf(t, ns, 1), 0)
    assert.equal(t.words[leaf + L.IDR_SLOTS + 1], 0)
    assert.equal(slabLive(t, L.SLAB_IDR_LEAF), 1)
    P.rcuReadUnlock(t)
    P.rcuBarrier(t)
    assert.equal(slabLive(t, L.SLAB_IDR_LEAF), 0)
    sound(t)
  })

  it('needs nodes before a number is taken for good: where one cannot be had, nothing has happened', () => {
    for (const nr of [5, 5000]) {
      for (let n = 1, failed = true; failed; n++) {
        const t = table()
        makeInit(t)
        const ns = P.createPidNamespace(t, P.initPidNs(t))
        const before = liveSlots(t)
        P.failNth(t, n)
        const pid = P.allocPid(t, ns, [1, nr])
        failed = pid < 0
        P.failNth(t, 0)
        if (failed) assert.equal(pid, -12, `allocation ${n}`)
        P.rcuBarrier(t)
        if (failed) assert.deepEqual(liveSlots(t), before, `allocation ${n}`)
        sound(t)
      }
    }
  })

  it('reads three words in a lookup, root, top and leaf, whatever is in the tree', () => {
    const t = table()
    const ns = P.initPidNs(t)
    while ((t.words[ns + L.NS_NR_HASHED] as number) < 20000 - 0x80000000) made(P.allocPid(t, ns))
    assert.equal(
      wordsRead(t, (seen) => P.findPidNs(seen, 12345, ns)),
      3,
    )
    sound(t)
  })

  it('is part of an image, and what it names is walked by check()', () => {
    const kernel = Kernel.boot({ lookup: 'idr' })
    for (let i = 0; i < 3000; i++) kernel.init.fork()
    const copy = Kernel.restore(kernel.save())
    assert.deepEqual(copy.check(), [])
    copy.init.kill(2000, 9)
    assert.equal(copy.init.waitpidSync(2000)?.signal, 'SIGKILL')
    assert.deepEqual([kernel.check(), copy.check()], [[], []])
  })
})

/** Slots in use of the slabs of numbers and of leaves; a top may stay. */
function liveSlots(t: P.PidTable): number[] {
  return [L.SLAB_PID, L.SLAB_PID + 1, L.SLAB_IDR_LEAF].map((slab) => slabLive(t, slab))
}

/** How many words of the table a call reads. */
function wordsRead(t: P.PidTable, call: (seen: P.PidTable) => unknown): number {
  let count = 0
  const words = new Proxy(t.words, {
    get: (target, key) => {
      if (typeof key === 'string' && /^\d+$/.test(key)) count += 1
      return Reflect.get(target, key, target) as unknown
    },
  })
  call({ ...t, words })
  return count
}
