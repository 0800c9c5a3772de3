/**
 * The functions that caught signals call: for each signal which worker has the function, and what that worker knows it
 * by. Processes have one record together by fork, until one of them changes it. Linux: `struct sighand_struct`, which
 * fork copies.
 *
 * Context: tasklistLock, or the one thread.
 */
import { ENOMEM } from '../abi/errno.ts'
import { NSIG } from '../abi/limits.ts'
import type { SighandRef, SignalRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { forEachSlot, kmemCacheAlloc, kmemCacheFree, kmemCacheZalloc } from '../mm/slab.ts'
import { sigismember } from './sigset.ts'
import type { TaskTable } from './table.ts'

const workerAt = (hand: number, sig: number): number => hand + L.HAND_WORKERS + sig - 1
const functionAt = (hand: number, sig: number): number => hand + L.HAND_FUNCTIONS + sig - 1

export function sighandOf(table: TaskTable, signal: SignalRef): SighandRef {
  return table.words[signal + L.SIG_SIGHAND] as SighandRef
}

/** The worker that has the function which this caught signal calls; 0: nobody has one. */
export function handlerWorker(table: TaskTable, signal: SignalRef, sig: number): number {
  return caughtWord(table, signal, sig, workerAt)
}

/** What that worker knows the function by. */
export function handlerFunction(table: TaskTable, signal: SignalRef, sig: number): number {
  return caughtWord(table, signal, sig, functionAt)
}

/** A caught signal calls this function from now on. Returns 0, -ENOMEM: nothing has changed. */
export function setHandlerFunction(
  table: TaskTable,
  signal: SignalRef,
  sig: number,
  worker: number,
  fn: number,
): number {
  const hand = unsharedSighand(table, signal)
  if (hand === 0) return -ENOMEM
  table.words[workerAt(hand, sig)] = worker
  table.words[functionAt(hand, sig)] = fn
  return 0
}

/** A new process has its parent's. */
export function shareSighand(table: TaskTable, from: SignalRef, to: SignalRef): void {
  const hand = sighandOf(table, from)
  table.words[hand + L.HAND_COUNT] += 1
  table.words[to + L.SIG_SIGHAND] = hand
}

/** The process has none any more: it executes another program, or is gone. Linux: `__cleanup_sighand`. */
export function putSighand(table: TaskTable, signal: SignalRef): void {
  const w = table.words
  const hand = sighandOf(table, signal)
  if (hand === 0) return
  w[signal + L.SIG_SIGHAND] = 0
  w[hand + L.HAND_COUNT] -= 1
  if (w[hand + L.HAND_COUNT] === 0) kmemCacheFree(table, L.SLAB_SIGHAND, hand)
}

/** What the worker knows the functions by that some process may call. O(records). */
export function functionsOf(table: TaskTable, worker: number): Set<number> {
  const w = table.words
  const found = new Set<number>()
  forEachSlot(table, L.SLAB_SIGHAND, (hand) => {
    for (let sig = 1; sig <= NSIG; sig++)
      if (w[workerAt(hand, sig)] === worker) found.add(w[functionAt(hand, sig)])
  })
  return found
}

/** No record names a function of this worker any more. */
export function clearFunctionsOf(table: TaskTable, worker: number): void {
  const w = table.words
  forEachSlot(table, L.SLAB_SIGHAND, (hand) => {
    for (let sig = 1; sig <= NSIG; sig++) {
      if (w[workerAt(hand, sig)] !== worker) continue
      w[workerAt(hand, sig)] = 0
      w[functionAt(hand, sig)] = 0
    }
  })
}

function caughtWord(
  table: TaskTable,
  signal: SignalRef,
  sig: number,
  at: (hand: number, sig: number) => number,
): number {
  const hand = sighandOf(table, signal)
  const isCaught = hand !== 0 && sigismember(table.words, signal + L.SIG_CAUGHT, sig)
  return isCaught ? table.words[at(hand, sig)] : 0
}

/** The process's record, for it alone; 0: memory is exhausted. */
function unsharedSighand(table: TaskTable, signal: SignalRef): SighandRef {
  const w = table.words
  const hand = sighandOf(table, signal)
  if (hand !== 0 && w[hand + L.HAND_COUNT] === 1) return hand
  const own = (
    hand === 0 ? kmemCacheZalloc(table, L.SLAB_SIGHAND) : kmemCacheAlloc(table, L.SLAB_SIGHAND)
  ) as SighandRef
  if (own === 0) return own
  if (hand !== 0) {
    for (let i = L.HAND_WORKERS; i < L.HAND_SLOT_WORDS; i++) w[own + i] = w[hand + i]
    w[hand + L.HAND_COUNT] -= 1
  }
  w[own + L.HAND_COUNT] = 1
  w[signal + L.SIG_SIGHAND] = own
  return own
}
