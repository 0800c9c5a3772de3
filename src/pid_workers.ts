/**
 * One table of `pidns/pid` in several workers: how a worker becomes known to the others as a reader, and how it leaves.
 *
 * All who use a bare table read and write it, under its own locks. Of a kernel's table only the kernels' calls write,
 * inside tasklistLock; who joins it here reads beside them, and waits for nobody.
 *
 * Invariant: whoever opens a read section has a record, so that nothing is freed under it (sync/grace_period.ts).
 */
import { platform } from '#platform'
import { EAGAIN, ENOSYS } from './abi/errno.ts'
import { int32, KernelError, record, show } from './errors.ts'
import { SHARED, type Words } from './lib/atomic.ts'
import { panic } from './lib/panic.ts'
import * as L from './mm/layout.ts'
import {
  addWorker,
  dropEnded,
  findWorker,
  markEnded,
  markReading,
  removeWorker,
  workerNr,
} from './mm/worker.ts'
import { type PidTable, type Surroundings, tableOver } from './pid/table.ts'
import { hasLeft } from './sync/grace_period.ts'
import { RCU_LIST_WORDS, rcuBarrier } from './sync/rcu.ts'

/** Names a table to other workers: opaque, made to be posted. */
export interface PidTableHandle {
  /** The table itself. */
  readonly words: Int32Array
}

/** What a worker that joins a table may bring along. */
export type JoinPidTableOptions = Omit<Surroundings, 'rcuFuncs'>

/**
 * What other workers need to use this table too, to be posted to them and given to {@link joinPidTable}. Numbers that
 * stand for records ({@link NsRef}, {@link PidRef}) mean the same in every worker, and can be posted beside it.
 *
 * From now on what {@link rcuReadLock} opens is waited for by all of them. A section must not stay open across an
 * `await`, nor may what was found in it be used after it without a reference.
 *
 * A worker that only reads may end at any moment, by `terminate()` too. One that allocates or frees must return from
 * that call first: a bare table keeps no journal, so that a number would stay half made, and what a lock guards half
 * changed; whoever comes to that lock panics. Only `pidns/shared` undoes what a dead worker began.
 *
 * Context: outside read sections, in the worker that made the table. Throws KernelError: ENOSYS, not a table of
 * `pidns/shared/pid`; EAGAIN, 64 workers use it. Source: no analogue; liburcu's `rcu_register_thread`.
 *
 * @example
 * ```ts
 * import { isMainThread, Worker, workerData } from 'node:worker_threads'
 * import * as pids from 'pidns/shared/pid'
 *
 * if (isMainThread) {
 *   const table = pids.createPidTable({ lookup: 'idr' })
 *   const ns = pids.initPidNs(table)
 *   const first = pids.allocPid(table, ns)
 *   const worker = new Worker(new URL(import.meta.url), { workerData: pids.sharePidTable(table) })
 *   worker.once('exit', () => {
 *     pids.rcuReadLock(table)
 *     const second = pids.findPidNs(table, 2, ns)
 *     console.log(second !== first, pids.pidNr(table, second)) // => true 2
 *     pids.rcuReadUnlock(table)
 *   })
 * } else {
 *   const table = pids.joinPidTable(workerData)
 *   pids.allocPid(table, pids.initPidNs(table))
 *   pids.leavePidTable(table)
 * }
 * ```
 */
export function sharePidTable(table: PidTable): PidTableHandle {
  if (SHARED === 0) throw new KernelError(ENOSYS, 'sharePidTable')
  if (table.rcuNesting > 0) panic('sharePidTable inside a read section')
  if (table.reader === 0) beReader(table, 'sharePidTable')
  return { words: table.words }
}

/**
 * The table of a {@link sharePidTable}, in this worker: the same numbers, while the other workers go on using it.
 *
 * A kernel can be joined so too, by its {@link KernelHandle}: to look numbers up ({@link findPidNs}, {@link findGePid},
 * {@link nextPidmap}, {@link pidNr} and their kin) beside its calls, without waiting for any. Nothing else may be called on
 * such a table: references and numbers are the kernels' business, which undo them when one of their workers dies.
 * What was found is good to the section's end, unless the call that made it is undone meanwhile.
 *
 * `options.onStall` is told of a worker that reads without a break, outside all locks.
 *
 * Context: any worker that may share memory with that one; on a browser's main thread locks can only be spun for.
 * Throws TypeError: not a handle; RangeError: of another version; KernelError: EAGAIN, 64 workers use it; ENOSYS, this
 * is not `pidns/shared/pid`.
 */
export function joinPidTable(handle: PidTableHandle, options: JoinPidTableOptions = {}): PidTable {
  if (SHARED === 0) throw new KernelError(ENOSYS, 'joinPidTable')
  const words = wordsOfHandle(handle)
  const table = tableOver(words, record('options', options))
  beReader(table, 'joinPidTable')
  if (isKernels(words)) readOnly(table)
  return table
}

/** This worker's number among those that use the table: what {@link Surroundings.onStall} calls it; 0: it has left. */
export function pidTableWorker(table: PidTable): number {
  return hasLeft(table) ? 0 : workerNr(table)
}

/**
 * Tells that the worker of this number ({@link pidTableWorker}) has ended, and reads no more: to be called on proof alone,
 * such as the `exit` event of a Worker. On Linux whoever waits for it finds that out by itself. Numbers that no worker
 * has are none's. Throws TypeError, RangeError: not an int32.
 */
export function pidTableWorkerEnded(table: PidTable, worker: number): void {
  const at = int32('worker', worker) > 0 ? findWorker(table.words, worker) : 0
  if (at !== 0 && worker !== pidTableWorker(table)) markEnded(table.words, at, worker)
}

/**
 * This worker uses the table no more: its place among the 64 is free, and it is in nobody's way. What it allocated
 * stays. The table object is of no use then; a read section on it throws RangeError. To end without it is no fault.
 * Context: outside read sections.
 */
export function leavePidTable(table: PidTable): void {
  if (hasLeft(table)) return
  rcuBarrier(table)
  removeWorker(table)
}

/** The words of a table of either level. Throws TypeError, RangeError. */
export function wordsOfHandle(handle: PidTableHandle): Words {
  const { words } = record('handle', handle)
  if (!(words instanceof Int32Array) || words[L.H_MAGIC] !== L.MAGIC || words[L.H_WORDS] >= words.length)
    throw new TypeError(`"handle" expected what a kernel or sharePidTable gave, got ${show(handle)}`)
  if (words[L.H_VERSION] !== L.VERSION)
    throw new RangeError(`"handle" has version ${words[L.H_VERSION]}, expected ${L.VERSION}`)
  return words
}

/** Do tasks live in it? */
export function isKernels(words: Words): boolean {
  return words[L.H_INIT_TASK] !== 0
}

function beReader(table: PidTable, call: string): void {
  const thread = platform.thread()
  const { hasEnded } = platform
  let added = addWorker(table, thread, hasEnded)
  // Of a kernel's table the kernels see to that.
  if (!added && !isKernels(table.words)) {
    dropEnded(table.words, thread, hasEnded)
    added = addWorker(table, thread, hasEnded)
  }
  if (!added) throw new KernelError(EAGAIN, call)
}

/**
 * Callbacks and work items of a kernel's table run inside its lock, and never here: this view's lists are words of the
 * worker's own record, and nothing is ever on them.
 */
function readOnly(table: PidTable): void {
  const own = findWorker(table.words, workerNr(table))
  markReading(table.words, own, workerNr(table))
  table.outerLock = L.H_TASKLIST_LOCK
  table.rcuList = own + L.WORKER_LISTS
  table.workList = own + L.WORKER_LISTS + RCU_LIST_WORDS
}
