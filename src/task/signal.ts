/**
 * Taking signals: what a task does about those that wait for it, before it goes on. Linux: kernel/signal.c
 * (`get_signal`, `do_signal_stop`, `exit_signals`).
 *
 * Context: the task itself runs.
 */
import { SIGKILL, SIGSEGV, SIGSTOP } from '../abi/signal.ts'
import type { TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { doNotifyParentCldstop } from './notify.ts'
import { isPgrpOrphaned } from './pgrp.ts'
import { TASK_STOPPED, taskState } from './sched.ts'
import {
  JOBCTL_STOP_CONSUME,
  JOBCTL_STOP_PENDING,
  sigKernelIgnore,
  sigKernelOnly,
  sigKernelStop,
  signalWakeUp,
} from './signal_send.ts'
import { sigdelset, sigismember, sigtakeNext, sigunblocked } from './sigset.ts'
import type { TaskTable } from './table.ts'
import * as T from './task.ts'

/**
 * Takes the pending signals one by one.
 * Returns: the signal that ends the thread group, or 0: nothing is left to do, or the task has stopped (its state is
 * then TASK_STOPPED; when it is continued it comes here again). Linux: `get_signal`.
 */
export function getSignal(table: TaskTable, task: TaskRef): number {
  const w = table.words
  const signal = T.signalOf(table, task)
  for (;;) {
    if ((w[signal + L.SIG_FLAGS] & T.SIGNAL_CLD_MASK) !== 0) {
      w[signal + L.SIG_FLAGS] &= ~T.SIGNAL_CLD_MASK
      doNotifyParentCldstop(table, task)
      continue
    }
    if ((w[signal + L.SIG_FLAGS] & T.SIGNAL_GROUP_EXIT) !== 0 || w[signal + L.SIG_GROUP_EXEC_TASK] !== 0) {
      sigdelset(w, task + L.TASK_PENDING, SIGKILL)
      return SIGKILL
    }
    if ((w[task + L.TASK_FLAGS] & JOBCTL_STOP_PENDING) !== 0) {
      participateInStop(table, task)
      return 0
    }
    const sig = dequeueSignal(table, task)
    if (sig === 0) return 0
    if (sigismember(w, signal + L.SIG_IGNORED, sig)) continue
    if (sigismember(w, signal + L.SIG_CAUGHT, sig)) {
      if (!table.hooks.deliverSignal(task, sig) && !T.isGlobalInit(table, task)) return SIGSEGV
      continue
    }
    if (sigKernelIgnore(sig)) continue
    if ((w[signal + L.SIG_FLAGS] & T.SIGNAL_UNKILLABLE) !== 0 && !sigKernelOnly(sig)) continue
    if (!sigKernelStop(sig)) return sig
    if (sig !== SIGSTOP && isPgrpOrphaned(table, task)) continue
    if (beginGroupStop(table, task, sig)) {
      participateInStop(table, task)
      return 0
    }
  }
}

/**
 * A thread begins to exit: it takes no more signals, hands those of the group to the others, and counts no longer in
 * a group stop. Linux: `exit_signals`.
 */
export function exitSignals(table: TaskTable, task: TaskRef): void {
  const w = table.words
  const signal = T.signalOf(table, task)
  w[task + L.TASK_FLAGS] |= T.PF_EXITING
  const dying = (w[signal + L.SIG_FLAGS] & T.SIGNAL_GROUP_EXIT) !== 0
  if (T.threadGroupEmpty(table, task) || dying || !T.hasFlag(table, task, T.TIF_SIGPENDING)) return
  retargetSharedPending(table, task)
  if ((w[task + L.TASK_FLAGS] & JOBCTL_STOP_PENDING) !== 0 && taskParticipateGroupStop(table, task)) {
    doNotifyParentCldstop(table, task)
  }
}

/** The next signal, the thread's own before the group's; 0 when none is left. Linux: `dequeue_signal`. */
function dequeueSignal(table: TaskTable, task: TaskRef): number {
  const w = table.words
  const blocked = task + L.TASK_BLOCKED
  const shared = T.signalOf(table, task) + L.SIG_SHARED_PENDING
  const sig = sigtakeNext(w, task + L.TASK_PENDING, blocked) || sigtakeNext(w, shared, blocked)
  recalcSigpending(table, task)
  return sig
}

/** Announces what the thread has to look at, or that there is nothing. Linux: `recalc_sigpending`. */
export function recalcSigpending(table: TaskTable, task: TaskRef): void {
  const w = table.words
  const blocked = task + L.TASK_BLOCKED
  const some =
    (w[task + L.TASK_FLAGS] & JOBCTL_STOP_PENDING) !== 0 ||
    sigunblocked(w, task + L.TASK_PENDING, blocked) ||
    sigunblocked(w, T.signalOf(table, task) + L.SIG_SHARED_PENDING, blocked)
  if (some) w[task + L.TASK_FLAGS] |= T.TIF_SIGPENDING
  else w[task + L.TASK_FLAGS] &= ~T.TIF_SIGPENDING
}

/** Lets the thread stop, and the last one tell the parent. Linux: the second half of `do_signal_stop`. */
function participateInStop(table: TaskTable, task: TaskRef): void {
  const notify = taskParticipateGroupStop(table, task)
  table.words[task + L.TASK_STATE] = TASK_STOPPED
  if (T.hasFlag(table, task, T.PF_DRIVEN)) table.hooks.tellDriver(task, SIGSTOP)
  if (notify) doNotifyParentCldstop(table, task)
}

/**
 * A stop signal was taken: all threads of the group are to stop. False when the group is about to die or to be
 * replaced by execve. Linux: the first half of `do_signal_stop`.
 */
function beginGroupStop(table: TaskTable, task: TaskRef, sig: number): boolean {
  const w = table.words
  const signal = T.signalOf(table, task)
  if ((w[signal + L.SIG_FLAGS] & T.SIGNAL_GROUP_EXIT) !== 0 || w[signal + L.SIG_GROUP_EXEC_TASK] !== 0)
    return false
  if ((w[signal + L.SIG_FLAGS] & T.SIGNAL_STOP_STOPPED) === 0) w[signal + L.SIG_GROUP_EXIT_CODE] = sig
  w[signal + L.SIG_GROUP_STOP_COUNT] = 0
  if (setStopPending(table, task)) w[signal + L.SIG_GROUP_STOP_COUNT] += 1
  for (let t = T.nextThreadRound(table, task); t !== task; t = T.nextThreadRound(table, t)) {
    if (taskState(table, t) === TASK_STOPPED || !setStopPending(table, t)) continue
    w[signal + L.SIG_GROUP_STOP_COUNT] += 1
    signalWakeUp(table, t, false)
  }
  return true
}

/** Linux: `task_set_jobctl_pending`. */
function setStopPending(table: TaskTable, task: TaskRef): boolean {
  const w = table.words
  if (T.hasFlag(table, task, T.PF_EXITING) || sigismember(w, task + L.TASK_PENDING, SIGKILL)) return false
  w[task + L.TASK_FLAGS] |= JOBCTL_STOP_PENDING | JOBCTL_STOP_CONSUME
  return true
}

/** The thread stops or exits: true if the group stop is complete with it. Linux: `task_participate_group_stop`. */
function taskParticipateGroupStop(table: TaskTable, task: TaskRef): boolean {
  const w = table.words
  const signal = T.signalOf(table, task)
  const counts = (w[task + L.TASK_FLAGS] & JOBCTL_STOP_CONSUME) !== 0
  w[task + L.TASK_FLAGS] &= ~(JOBCTL_STOP_PENDING | JOBCTL_STOP_CONSUME)
  if (!counts) return false
  if (w[signal + L.SIG_GROUP_STOP_COUNT] > 0) w[signal + L.SIG_GROUP_STOP_COUNT] -= 1
  if (w[signal + L.SIG_GROUP_STOP_COUNT] > 0) return false
  if ((w[signal + L.SIG_FLAGS] & T.SIGNAL_STOP_STOPPED) !== 0) return false
  w[signal + L.SIG_FLAGS] = (w[signal + L.SIG_FLAGS] & ~T.SIGNAL_STOP_MASK) | T.SIGNAL_STOP_STOPPED
  return true
}

/**
 * The thread will not take what is pending for its group: wakes others that may. Linux: `retarget_shared_pending`.
 */
export function retargetSharedPending(table: TaskTable, task: TaskRef): void {
  const w = table.words
  const shared = T.signalOf(table, task) + L.SIG_SHARED_PENDING
  let low = w[shared]
  let high = w[shared + 1]
  for (
    let t = T.nextThreadRound(table, task);
    t !== task && (low | high) !== 0;
    t = T.nextThreadRound(table, t)
  ) {
    if (T.hasFlag(table, t, T.PF_EXITING) || !sigunblocked(w, shared, t + L.TASK_BLOCKED)) continue
    low &= w[t + L.TASK_BLOCKED]
    high &= w[t + L.TASK_BLOCKED + 1]
    if (!T.hasFlag(table, t, T.TIF_SIGPENDING)) signalWakeUp(table, t, false)
  }
}
