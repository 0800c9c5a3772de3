/**
 * What a process does about signals: sigaction(2), sigprocmask(2), sigpending(2). Linux: kernel/signal.c.
 * Context: `current` calls.
 */
import { EINVAL } from '../abi/errno.ts'
import { NSIG } from '../abi/limits.ts'
import { SIG_BLOCK, SIG_IGN, SIG_SETMASK, SIG_UNBLOCK, SIGCHLD } from '../abi/signal.ts'
import { SHARED } from '../lib/atomic.ts'
import type { SignalRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { workerNr } from '../mm/worker.ts'
import { dropCall, rouseHandlers, untakeBlocked, untakeCall } from './due.ts'
import { setHandlerFunction } from './sighand.ts'
import { recalcSigpending, retargetSharedPending } from './signal.ts'
import { sigKernelIgnore, sigKernelOnly } from './signal_send.ts'
import { SIGSET_WORDS, sigaddset, sigdelset, sigismember } from './sigset.ts'
import type { TaskTable } from './table.ts'
import * as T from './task.ts'

/** A handler takes the signal (TaskHooks.deliverSignal). */
export const SIG_CATCH = 'catch'

/**
 * Sets the disposition of a signal for the whole process. What is pending and now ignored is dropped. `fn`: what this worker knows
 * the function by that a caught one calls; 0: none.
 * Returns 0, -EINVAL: no such signal, or SIGKILL or SIGSTOP; -ENOMEM. Linux: `do_sigaction`.
 */
export function doSigaction(
  table: TaskTable,
  current: TaskRef,
  sig: number,
  handler: 'dfl' | 'ign' | 'catch',
  flags: number,
  fn = 0,
): number {
  if (sig < 1 || sig > NSIG || sigKernelOnly(sig)) return -EINVAL
  const w = table.words
  const signal = T.signalOf(table, current)
  if (handler === SIG_CATCH && (fn !== 0 || w[signal + L.SIG_SIGHAND] !== 0)) {
    const error = setHandlerFunction(table, signal, sig, workerNr(table), fn)
    if (error < 0) return error
  }
  sigdelset(w, signal + L.SIG_IGNORED, sig)
  sigdelset(w, signal + L.SIG_CAUGHT, sig)
  if (handler === SIG_IGN) sigaddset(w, signal + L.SIG_IGNORED, sig)
  else if (handler === SIG_CATCH) sigaddset(w, signal + L.SIG_CAUGHT, sig)
  if (sig === SIGCHLD) w[signal + L.SIG_CHLD_FLAGS] = flags
  const ignored = handler === SIG_IGN || (handler !== SIG_CATCH && sigKernelIgnore(sig))
  if (SHARED !== 0) settleCalls(table, signal, sig, handler === SIG_CATCH, ignored)
  if (!ignored) return 0
  sigdelset(w, signal + L.SIG_SHARED_PENDING, sig)
  for (let t = T.firstThread(table, signal); t !== 0; t = T.nextThread(table, t)) {
    sigdelset(w, t + L.TASK_PENDING, sig)
  }
  return 0
}

/** Handlers of the signal that have not been called: the new one is, or the signal meets what it now does. */
function settleCalls(
  table: TaskTable,
  signal: SignalRef,
  sig: number,
  caught: boolean,
  ignored: boolean,
): void {
  for (let t = T.firstThread(table, signal); t !== 0; t = T.nextThread(table, t)) {
    if (caught) rouseHandlers(table, t)
    else if (ignored) dropCall(table, t, sig)
    else untakeCall(table, t, sig)
  }
}

/**
 * Changes which signals the calling thread blocks. SIGKILL and SIGSTOP cannot be blocked and are passed over.
 * Returns 0, -EINVAL: `how` is none of the three. Linux: `sigprocmask`.
 */
export function doSigprocmask(
  table: TaskTable,
  current: TaskRef,
  how: number,
  signals: readonly number[],
): number {
  const w = table.words
  const blocked = current + L.TASK_BLOCKED
  if (how !== SIG_BLOCK && how !== SIG_UNBLOCK && how !== SIG_SETMASK) return -EINVAL
  if (how === SIG_SETMASK) w.fill(0, blocked, blocked + SIGSET_WORDS)
  for (const sig of signals) {
    if (sigKernelOnly(sig)) continue
    if (how === SIG_UNBLOCK) sigdelset(w, blocked, sig)
    else sigaddset(w, blocked, sig)
  }
  // What this thread blocks from now on may be pending for the group, and another thread may take it.
  retargetSharedPending(table, current)
  untakeBlocked(table, current)
  recalcSigpending(table, current)
  return 0
}

/** The signals that the calling thread blocks, rising. */
export function blockedSignals(table: TaskTable, current: TaskRef): number[] {
  return signalsThat((sig) => sigismember(table.words, current + L.TASK_BLOCKED, sig))
}

/** The signals that wait, blocked, for the calling thread or its process, rising. Linux: `do_sigpending`. */
export function pendingSignals(table: TaskTable, current: TaskRef): number[] {
  const w = table.words
  const shared = T.signalOf(table, current) + L.SIG_SHARED_PENDING
  const pending = (sig: number): boolean =>
    sigismember(w, current + L.TASK_PENDING, sig) || sigismember(w, shared, sig)
  return signalsThat((sig) => pending(sig) && sigismember(w, current + L.TASK_BLOCKED, sig))
}

function signalsThat(hold: (sig: number) => boolean): number[] {
  const found: number[] = []
  for (let sig = 1; sig <= NSIG; sig++) if (hold(sig)) found.push(sig)
  return found
}
