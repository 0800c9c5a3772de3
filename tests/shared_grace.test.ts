/*
 * Grace periods among workers, step by step: two or three workers' views of one table, in one thread, so that each step
 * is where the test puts it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as L from '#internal/shared/mm/layout.js'
import { slotLive } from '#internal/shared/mm/slab.js'
import { addWorker, findWorker, markEnded, workerNr } from '#internal/shared/mm/worker.js'
import * as P from '#internal/shared/pid/index.js'
import { tableOver } from '#internal/shared/pid/table.js'
import { graceOver, gracePeriod } from '#internal/shared/sync/grace_period.js'
import { rcuLength } from '#internal/shared/sync/rcu.js'

const NO_THREAD = { id: 0, started: 0 }

interface View {
  readonly table: P.PidTable
  /** Ends this worker's turn. */
  endTurn(): void
}

interface World {
  readonly ns: P.NsRef
  readonly writer: View
  readonly reader: View
  readonly other: View
  readonly stalls: [worker: number, ms: number][]
}

/** Three workers, none of which reads. `gp`: where the counter begins. */
function newWorld(lookup: 'hash' | 'idr' = 'hash', gp = 0): World {
  const stalls: [number, number][] = []
  const view = (make: (surroundings: object) => P.PidTable): View => {
    const deferred: (() => void)[] = []
    const onStall = (worker: number, ms: number): void => void stalls.push([worker, ms])
    const table = make({ defer: (run: () => void) => void deferred.push(run), onStall })
    assert.ok(addWorker(table, NO_THREAD, () => undefined))
    return {
      table,
      endTurn: () => {
        for (const run of deferred.splice(0)) run()
      },
    }
  }
  const writer = view((surroundings) => P.createPidTable({ lookup, ...surroundings }))
  const { words } = writer.table
  words[L.H_RCU_GP] = gp
  const [reader, other] = [1, 2].map(() => view((surroundings) => tableOver(words, surroundings)))
  const ns = P.initPidNs(writer.table)
  // A namespace without its number 1 would be dead.
  assert.equal(P.pidNr(writer.table, P.allocPid(writer.table, ns)), 1)
  return { ns, writer, reader: reader as View, other: other as View, stalls }
}

/** Everybody's turn ends; then nothing waits, and nothing is wrong. */
function sound({ writer, reader, other }: World): void {
  for (const view of [reader, other, writer]) view.endTurn()
  assert.equal(rcuLength(writer.table), 0)
  assert.deepEqual(P.checkPids(writer.table), [])
}

const isLive = ({ table }: View, pid: P.PidRef): boolean => slotLive(table, pid)

for (const lookup of ['hash', 'idr'] as const) {
  for (const gp of [0, 0x7ffffffa, -6]) {
    test(`what a reader found stays until its turn ends, whoever frees it (${lookup}, counter at ${gp})`, () => {
      const world = newWorld(lookup, gp)
      const { ns, writer, reader, other } = world
      for (let round = 0; round < 6; round++) {
        const pid = P.allocPid(writer.table, ns)
        const nr = P.pidNr(writer.table, pid)
        P.rcuReadLock(reader.table)
        assert.equal(P.findPidNs(reader.table, nr, ns), pid)
        P.freePid(writer.table, pid)
        assert.equal(P.rcuBarrier(writer.table), false)
        assert.equal(P.findPidNs(reader.table, nr, ns), 0)
        assert.deepEqual([isLive(writer, pid), P.pidNr(reader.table, pid)], [true, nr])
        // Who comes now cannot find it, and is in nobody's way.
        P.rcuReadLock(other.table)
        P.rcuReadUnlock(other.table)
        P.rcuReadUnlock(reader.table)
        writer.endTurn()
        assert.equal(isLive(writer, pid), true)
        other.endTurn()
        reader.endTurn()
        assert.equal(isLive(writer, pid), false, 'the last reader has run the callback')
      }
      sound(world)
    })
  }
}

test('one move of the counter is not enough: a reader that came while it was made holds up the second', () => {
  const world = newWorld()
  const { ns, writer, reader, other } = world
  const pid = P.allocPid(writer.table, ns)
  // The other worker wants the counter moved, and has found the reader offline, when that comes and finds the pid.
  const { words } = other.table
  const load = Atomics.load
  const announcement = reader.table.reader
  Atomics.load = ((array: Int32Array, at: number) => {
    const value = load(array, at)
    if (array === words && at === announcement && value === 0) {
      Atomics.load = load
      P.rcuReadLock(reader.table)
      assert.equal(P.findPidNs(reader.table, 2, ns), pid)
      P.freePid(writer.table, pid)
    }
    return value
  }) as typeof load
  graceOver(other.table, gracePeriod(other.table))
  assert.equal(Atomics.load, load)
  writer.endTurn()
  assert.deepEqual([isLive(writer, pid), P.pidNr(reader.table, pid)], [true, 2])
  P.rcuReadUnlock(reader.table)
  reader.endTurn()
  assert.equal(isLive(writer, pid), false)
  sound(world)
})

test('sections nest, and a worker that reads in a long loop lets grace periods end', () => {
  const world = newWorld()
  const { ns, writer, reader } = world
  const pid = P.allocPid(writer.table, ns)
  P.rcuReadLock(reader.table)
  P.rcuReadLock(reader.table)
  P.freePid(writer.table, pid)
  P.rcuReadUnlock(reader.table)
  writer.endTurn()
  assert.equal(isLive(writer, pid), true)
  P.rcuReadUnlock(reader.table)
  for (let i = 0; i < 1000 && isLive(writer, pid); i++) {
    P.rcuReadLock(reader.table)
    P.rcuReadUnlock(reader.table)
    if (i % 64 === 0) P.rcuBarrier(writer.table)
  }
  assert.equal(isLive(writer, pid), false)
  sound(world)
})

test('a section that outlasts its turn is waited for, and the worker goes offline in the next one', () => {
  const world = newWorld()
  const { ns, writer, reader } = world
  const pid = P.allocPid(writer.table, ns)
  P.rcuReadLock(reader.table)
  reader.endTurn()
  P.freePid(writer.table, pid)
  writer.endTurn()
  assert.equal(isLive(writer, pid), true)
  P.rcuReadUnlock(reader.table)
  reader.endTurn()
  assert.equal(isLive(writer, pid), false)
  sound(world)
})

test('callRcu allocates nothing, and hundreds of callbacks wait for one reader, and run in their order', () => {
  const world = newWorld()
  const { ns, writer, reader } = world
  P.rcuReadLock(reader.table)
  const brk = writer.table.words[L.H_BRK]
  for (let i = 0; i < 300; i++) P.freePid(writer.table, P.allocPid(writer.table, ns))
  assert.equal(rcuLength(writer.table), 300)
  assert.ok((writer.table.words[L.H_BRK] as number) > (brk as number), 'none was used again')
  P.rcuReadUnlock(reader.table)
  reader.endTurn()
  assert.equal(rcuLength(writer.table), 0)
  sound(world)
})

test('a reader in the way for long is told of, once, by its number and how long, and nothing is freed', () => {
  const world = newWorld()
  const { ns, writer, reader, stalls } = world
  writer.table.stallMs = 15
  const pid = P.allocPid(writer.table, ns)
  P.rcuReadLock(reader.table)
  P.freePid(writer.table, pid)
  const begin = Date.now()
  while (stalls.length === 0) {
    P.rcuBarrier(writer.table)
    writer.endTurn()
    assert.ok(Date.now() < begin + 20_000)
  }
  for (let i = 0; i < 4; i++) P.rcuBarrier(writer.table)
  writer.endTurn()
  const [[worker, ms] = [0, 0]] = stalls
  assert.deepEqual([stalls.length, worker, ms >= 15], [1, workerNr(reader.table), true])
  assert.equal(isLive(writer, pid), true)
  P.rcuReadUnlock(reader.table)
  sound(world)
})

test('a worker that is known to have ended is in nobody’s way, and its callbacks are run by others', () => {
  const world = newWorld()
  const { ns, writer, reader, other } = world
  const pid = P.allocPid(writer.table, ns)
  P.rcuReadLock(reader.table)
  P.freePid(other.table, pid)
  P.rcuBarrier(writer.table)
  assert.equal(isLive(writer, pid), true)
  for (const { table } of [reader, other]) markEnded(table.words, findWorker(table.words, workerNr(table)))
  assert.equal(P.rcuBarrier(writer.table), true)
  assert.equal(isLive(writer, pid), false)
  writer.endTurn()
  assert.deepEqual(P.checkPids(writer.table), [])
})

test('who asks for proof gets the dead reader out of the way, though nobody told', () => {
  const world = newWorld()
  const { ns, writer, reader } = world
  const pid = P.allocPid(writer.table, ns)
  P.rcuReadLock(reader.table)
  P.freePid(writer.table, pid)
  writer.table.hasEnded = (owner) => owner === reader.table.owner
  for (let i = 0; i < 100 && isLive(writer, pid); i++) P.rcuBarrier(writer.table)
  assert.equal(isLive(writer, pid), false)
  P.rcuReadUnlock(reader.table)
  sound(world)
})

test('synchronizeRcu resolves once the sections open at its call are closed', async () => {
  const world = newWorld()
  const { writer, reader, other } = world
  await P.synchronizeRcu(writer.table)
  P.rcuReadLock(reader.table)
  let over = false
  const waited = P.synchronizeRcu(writer.table).then(() => {
    over = true
  })
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 2))
  assert.equal(over, false)
  P.rcuReadUnlock(reader.table)
  reader.endTurn()
  // Opened after the call: not waited for for ever.
  P.rcuReadLock(other.table)
  P.rcuReadUnlock(other.table)
  other.endTurn()
  const alive = setInterval(() => {}, 1000)
  await waited
  clearInterval(alive)
  P.rcuReadLock(writer.table)
  assert.throws(() => P.synchronizeRcu(writer.table), /panic: synchronizeRcu inside a read section/)
  P.rcuReadUnlock(writer.table)
  sound(world)
})

test('a namespace that a reader searches keeps its pages until the reader is done', () => {
  const world = newWorld()
  const { ns, writer, reader } = world
  const inner = P.createPidNamespace(writer.table, ns)
  const page = writer.table.words[P.pidmapEntry(inner, 0) + L.PIDMAP_PAGE] as number
  P.rcuReadLock(reader.table)
  P.putPidNs(writer.table, inner)
  P.rcuBarrier(writer.table)
  assert.equal(slotLive(writer.table, page - L.PAGE_BITS), true)
  assert.equal(P.findGePid(reader.table, 1, inner), 0)
  P.rcuReadUnlock(reader.table)
  reader.endTurn()
  assert.equal(slotLive(writer.table, page - L.PAGE_BITS), false)
  sound(world)
})
