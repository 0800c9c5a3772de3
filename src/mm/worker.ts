/**
 * The workers that use a table: a record each, behind the table's words, from which the others tell whether a worker
 * that holds a lock has ended. Taken, filled in and marked without a lock: the lock may be what its dead holder keeps.
 */
import { load, rawAdd, rawCompareExchange, rawStore, type Words, wake } from '../lib/atomic.ts'
import { LEFT } from '../sync/grace_period.ts'
import { journalBegin } from '../sync/journal.ts'
import type { Memory } from './arena.ts'
import * as L from './layout.ts'

/** A thread as its surroundings name it; `id` 0: they cannot tell whether it lives. */
export interface Thread {
  readonly id: number
  /** When it began: another thread may get the same name later. Below 0: whenever it began. */
  readonly started: number
}

type HasEnded = (thread: Thread) => boolean | undefined

/** The number of the worker whose view this is. */
export function workerNr(mem: Memory): number {
  return mem.owner >> 1
}

/**
 * Notes this worker's thread, and keeps a journal from now on. False: as many workers use the table as may.
 * `hasEnded` is asked of other workers' threads.
 */
export function addWorker(mem: Memory, thread: Thread, hasEnded: HasEnded): boolean {
  const w = mem.words
  const at = takeRecord(w, thread, hasEnded)
  if (at === 0) return false
  rawStore(w, at + L.WORKER_THREAD, thread.id)
  rawStore(w, at + L.WORKER_STARTED, thread.started)
  rawStore(w, at + L.WORKER_LISTENS, 0)
  rawStore(w, at + L.WORKER_READER, 0)
  rawStore(w, at + L.WORKER_HOLDS, 0)
  rawStore(w, at + L.WORKER_DUE, 0)
  rawStore(w, at + L.WORKER_STATE, workerNr(mem) << L.WORKER_STATE_SHIFT)
  rawStore(w, at + L.WORKER_NR, workerNr(mem))
  mem.journal = recordAt(w, L.MAX_WORKERS)
  mem.reader = at + L.WORKER_READER
  mem.rcuOffline = true
  mem.hasEnded = (owner) => workerHasEnded(w, owner >> 1, hasEnded)
  return true
}

/** This worker uses the table no more, and must not read it: to announce that it does would throw RangeError. */
export function removeWorker(mem: Memory): void {
  const own = findWorker(mem.words, workerNr(mem))
  mem.reader = LEFT
  mem.rcuOffline = true
  if (own === 0) return
  rawStore(mem.words, own + L.WORKER_READER, 0)
  rawStore(mem.words, own + L.WORKER_NR, 0)
}

const LOCKS = [L.H_PIDMAP_LOCK, L.H_SLAB_LOCK, L.H_QUEUE_LOCK]

/** Frees the records of workers that have ended, where nothing else of them is to be put in order. */
export function dropEnded(words: Words, thread: Thread, hasEnded: HasEnded): void {
  const filling = NO_THREAD - thread.id
  forEachWorker(words, (at, nr) => {
    if (workerHasEnded(words, nr, hasEnded) !== true) return
    // Whoever waits for a lock that it holds must be able to ask.
    if (LOCKS.some((lock) => load(words, lock) >> 1 === nr)) return
    if (rawCompareExchange(words, at + L.WORKER_NR, nr, filling) !== nr) return
    rawStore(words, at + L.WORKER_READER, 0)
    rawStore(words, at + L.WORKER_NR, 0)
  })
}

/** The record of the worker of this number; 0: there is none. */
export function findWorker(words: Words, nr: number): number {
  for (let i = 0; i < L.MAX_WORKERS; i++) {
    const at = recordAt(words, i)
    if (load(words, at + L.WORKER_NR) === nr) return at
  }
  return 0
}

/** This worker's own record; 0: it has none. */
export function ownWorker(mem: Memory): number {
  return mem.reader <= 0 ? 0 : mem.reader - L.WORKER_READER
}

/**
 * Something is left for the worker to do, which it does at the end of its next call: makes it call soon, wherever it
 * sleeps. Context: tasklistLock.
 */
export function rouseWorker(mem: Memory, nr: number): void {
  const w = mem.words
  const at = nr === workerNr(mem) ? ownWorker(mem) : findWorker(w, nr)
  if (nr === 0 || at === 0 || w[at + L.WORKER_DUE] !== 0) return
  w[at + L.WORKER_DUE] = 1
  if (nr === workerNr(mem)) return
  wake(w, at + L.WORKER_DUE, ALL)
  if (w[at + L.WORKER_LISTENS] === 0) return
  // It may be blocked in a wait.
  rawAdd(w, L.H_RING, 1)
  wake(w, L.H_RING, ALL)
}

const ALL = 0x7fffffff

/**
 * The worker of this number, which had this record, has ended: whoever tells so has proof. False: the record is not its own any
 * more, for what it left has been put in order meanwhile.
 */
export function markEnded(words: Words, at: number, nr: number): boolean {
  if (!addState(words, at, nr, L.WORKER_ENDED)) return false
  rawStore(words, L.H_DEATHS, 1)
  return true
}

/** The worker of this number uses the table no more. */
export function markDone(words: Words, at: number, nr: number): void {
  addState(words, at, nr, L.WORKER_DONE)
}

/** It has no kernel, and only looks numbers up. */
export function markReading(words: Words, at: number, nr: number): void {
  addState(words, at, nr, L.WORKER_READS)
}

function addState(words: Words, at: number, nr: number, bit: number): boolean {
  for (;;) {
    const state = load(words, at + L.WORKER_STATE)
    if (state >> L.WORKER_STATE_SHIFT !== nr) return false
    if (rawCompareExchange(words, at + L.WORKER_STATE, state, state | bit) === state) return true
  }
}

/** Is it known that the worker that has this record has ended? */
export function isEnded(words: Words, at: number): boolean {
  return (load(words, at + L.WORKER_STATE) & L.WORKER_ENDED) !== 0
}

/** Has it a kernel, and not disposed of it? */
export function makesCalls(words: Words, at: number): boolean {
  return (load(words, at + L.WORKER_STATE) & (L.WORKER_DONE | L.WORKER_READS)) === 0
}

/**
 * What these workers left is in order, and stays so whatever becomes of the call; then others may have their records. They
 * are taken without a lock: to undo that they are free would take them from who has them by then.
 * Context: inside a call, where the table is sound.
 */
export function forgetWorkers(mem: Memory, records: readonly number[]): void {
  journalBegin(mem)
  for (const at of records) {
    rawStore(mem.words, at + L.WORKER_READER, 0)
    rawStore(mem.words, at + L.WORKER_NR, 0)
  }
}

/** Calls `visit` with each worker's record. */
export function forEachWorker(words: Words, visit: (at: number, nr: number) => void): void {
  for (let i = 0; i < L.MAX_WORKERS; i++) {
    const at = recordAt(words, i)
    const nr = load(words, at + L.WORKER_NR)
    if (nr > 0) visit(at, nr)
  }
}

/** The thread of a worker. */
export function threadOf(words: Words, at: number): Thread {
  return { id: words[at + L.WORKER_THREAD], started: words[at + L.WORKER_STARTED] }
}

function workerHasEnded(words: Words, nr: number, hasEnded: HasEnded): boolean | undefined {
  const at = findWorker(words, nr)
  if (at === 0) return undefined
  const state = load(words, at + L.WORKER_STATE)
  if (state >> L.WORKER_STATE_SHIFT === nr && (state & L.WORKER_ENDED) !== 0) return true
  const thread = threadOf(words, at)
  // Others may have proved it before, and the record be another one's: now, or by the time that the answer is there.
  if (load(words, at + L.WORKER_NR) !== nr) return undefined
  const ended = thread.id === 0 ? undefined : hasEnded(thread)
  return ended === true ? markEnded(words, at, nr) || undefined : ended
}

/**
 * A record that nobody has, one of a kernel that this very thread has disposed of (it cannot be in a call of that), or one
 * whose thread ended while it filled it in.
 */
function takeRecord(words: Words, thread: Thread, hasEnded: HasEnded): number {
  for (let i = 0; i < L.MAX_WORKERS; i++) {
    const at = recordAt(words, i)
    const nr = load(words, at + L.WORKER_NR)
    const isFree =
      nr === 0 ||
      (nr > 0 && isDoneBy(words, at, thread)) ||
      (nr < NO_THREAD && hasEnded({ id: NO_THREAD - nr, started: -1 }) === true)
    if (!isFree || rawCompareExchange(words, at + L.WORKER_NR, nr, NO_THREAD - thread.id) !== nr) continue
    noteUsed(words, i + 1)
    return at
  }
  return 0
}

/** Whoever looks for readers looks at so many records. */
function noteUsed(words: Words, count: number): void {
  for (;;) {
    const used = load(words, L.H_RECORDS)
    if (used >= count || rawCompareExchange(words, L.H_RECORDS, used, count) === used) return
  }
}

/** What {@link L.WORKER_NR} is while a thread that has no name fills it in. */
const NO_THREAD = -1

const FLAGS = (1 << L.WORKER_STATE_SHIFT) - 1

function isDoneBy(words: Words, at: number, thread: Thread): boolean {
  const own = threadOf(words, at)
  const same = thread.id !== 0 && own.id === thread.id && own.started === thread.started
  return same && (load(words, at + L.WORKER_STATE) & FLAGS) === L.WORKER_DONE
}

function recordAt(words: Words, i: number): number {
  return words[L.H_WORDS] + i * L.WORKER_WORDS
}
