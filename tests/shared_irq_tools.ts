/** What the workers of tests/shared_irq.test.ts do at the same time, and how each of them has the table. */
import * as L from '#internal/shared/mm/layout.js'
import { addWorker } from '#internal/shared/mm/worker.js'
import { RCU_FREE_TASK } from '#internal/shared/pid/callbacks.js'
import * as P from '#internal/shared/pid/index.js'
import { tableOver } from '#internal/shared/pid/table.js'
import type { TableCallback } from '#internal/shared/sync/cpu.js'
import { rawSpinHeld } from '#internal/shared/sync/raw_spinlock.js'
import { initWork, scheduleWork } from '#internal/shared/sync/workqueue.js'

/** How often, by all workers together. */
export const QUEUED = 0
export const RAN = 1
export const WORKED = 2
export const WOKEN = 3
export const COUNTS = 4

export interface World {
  readonly table: P.PidTable
  readonly counts: Int32Array
  readonly problems: string[]
  /** What handlers of this worker have run. */
  ran: number
}

/** Room for all that is made: what is freed comes back when other workers' turns end. */
const LIMITS = { maxPids: 8192, maxNamespaces: 4096, bitsPerPage: 1024, pidMaxLimit: 32768 }
/** The only kind of work item besides the table's own. */
const OWN_WORK = 1
/** How often an RCU callback queues itself again. */
const TIMES = 2
const LOCKS = [L.H_TASKLIST_LOCK, L.H_PIDMAP_LOCK, L.H_SLAB_LOCK, L.H_QUEUE_LOCK]

/** This worker's view of a table, or a new one. */
export function openWorld(counts: Int32Array, words?: Int32Array): World {
  const problems: string[] = []
  const surroundings = {
    rcuFuncs: [(_: never, head: number) => rcuCallback(world, head)] as TableCallback[],
    onWakeUp: () => {
      Atomics.add(counts, WOKEN, 1)
      handler(world)
    },
    report: (error: unknown) => void problems.push(String(error)),
  }
  const table =
    words === undefined ? P.createPidTable({ ...LIMITS, ...surroundings }) : tableOver(words, surroundings)
  const world: World = { table, counts, problems, ran: 0 }
  const works = [...table.workFuncs, (_: never, work: number) => workItem(world, work)] as TableCallback[]
  Object.assign(table, { workFuncs: works })
  if (!addWorker(table, { id: 0, started: 0 }, () => undefined)) problems.push('no record')
  return world
}

function expect(world: World, what: string, is: unknown, expected: unknown): void {
  if (is !== expected && world.problems.length < 10)
    world.problems.push(`${what}: ${String(is)}, expected ${String(expected)}`)
}

/** What any callback may do: with no lock of this worker's held, whoever else holds or wants one. */
function callBack(world: World): void {
  const { table } = world
  const ns = P.initPidNs(table)
  for (const lock of LOCKS) expect(world, `lock ${lock} is its own`, rawSpinHeld(table, lock), false)
  const pid = P.allocPid(table, ns)
  expect(world, 'a pid', pid > 0, true)
  if (pid < 0) return
  P.rcuReadLock(table)
  expect(world, 'who has the number', P.findPidNs(table, P.pidNr(table, pid), ns), pid)
  P.rcuReadUnlock(table)
  P.freePid(table, pid)
}

function rcuCallback(world: World, head: number): void {
  const { table, counts } = world
  const task = (head - L.TASK_RCU) as P.TaskRef
  callBack(world)
  Atomics.add(counts, RAN, 1)
  table.words[task + L.TASK_EXIT_CODE] = (table.words[task + L.TASK_EXIT_CODE] as number) - 1
  if ((table.words[task + L.TASK_EXIT_CODE] as number) > 0) P.callRcu(table, head, RCU_FREE_TASK)
  else P.freeTaskStruct(table, task)
}

function workItem(world: World, work: number): void {
  callBack(world)
  Atomics.add(world.counts, WORKED, 1)
  P.freeTaskStruct(world.table, (work - L.TASK_SIBLING) as P.TaskRef)
}

function handler(world: World): void {
  expect(world, 'interrupts inside a handler', world.table.irqsOn, false)
  callBack(world)
  world.ran += 1
}

/** Callbacks and work items that call back, queued under a lock and without one. */
function queueCallbacks(world: World, round: number): void {
  const { table, counts } = world
  const [called, worked] = [P.allocTaskStruct(table), P.allocTaskStruct(table)]
  expect(world, 'two records', called !== 0 && worked !== 0, true)
  table.words[called + L.TASK_EXIT_CODE] = TIMES
  initWork(table, worked + L.TASK_SIBLING, OWN_WORK)
  Atomics.add(counts, QUEUED, 1)
  const flags = round % 2 === 0 ? P.spinLockIrqSave(table, L.H_PIDMAP_LOCK) : P.localIrqSave(table)
  P.callRcu(table, called + L.TASK_RCU, RCU_FREE_TASK)
  scheduleWork(table, worked + L.TASK_SIBLING)
  if (round % 2 === 0) P.spinUnlockIrqRestore(table, L.H_PIDMAP_LOCK, flags)
  else P.localIrqRestore(table, flags)
}

/** Nested saves around a lock that others want, with handlers pending: only what found interrupts on puts them on. */
function nestSections(world: World, off: boolean): void {
  const { table } = world
  if (off) P.localIrqDisable(table)
  const before = world.ran
  const outer = P.localIrqSave(table)
  const middle = P.spinLockIrqSave(table, L.H_PIDMAP_LOCK)
  P.raiseIrq(table, () => handler(world))
  const inner = P.localIrqSave(table)
  P.localIrqRestore(table, inner)
  P.spinUnlockIrqRestore(table, L.H_PIDMAP_LOCK, middle)
  endOfNamespace(world)
  expect(world, 'handlers run inside the outer section', world.ran, before)
  expect(world, 'interrupts inside the outer section', table.irqsOn, false)
  P.localIrqRestore(table, outer)
  expect(world, 'interrupts after it', table.irqsOn, !off)
  if (off) expect(world, 'handlers run with interrupts off', world.ran, before)
  P.localIrqEnable(table)
  expect(world, 'handlers run when interrupts are on', world.ran, before + 2)
}

/** An init that exits is woken by the last number but one of its namespace. */
function endOfNamespace({ table }: World): void {
  const ns = P.createPidNamespace(table, P.initPidNs(table))
  const pids = [P.allocPid(table, ns), P.allocPid(table, ns)]
  const reaper = P.allocTaskStruct(table)
  P.setChildReaper(table, ns, reaper)
  P.disablePidAllocation(table, ns)
  for (const pid of pids.reverse()) P.freePid(table, pid)
  P.putPidNs(table, ns)
  P.freeTaskStruct(table, reaper)
}

/** One worker's part, in turns of its event loop. */
export async function play(world: World, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    queueCallbacks(world, round)
    nestSections(world, round % 3 === 0)
    if (round % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

/** All of them together have run everything that was queued. */
export function allRan({ counts }: World): boolean {
  const queued = Atomics.load(counts, QUEUED)
  return Atomics.load(counts, RAN) === TIMES * queued && Atomics.load(counts, WORKED) === queued
}
