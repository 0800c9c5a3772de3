/**
 * Sending signals: whether a signal is dropped, where it is kept, who is woken. Linux: kernel/signal.c
 * (`prepare_signal`, `complete_signal`, `send_signal_locked`, `group_send_sig_info`).
 *
 * Context: tasklistLock, or the one thread. Runs no task: whoever is concerned goes on the run queue.
 */
import { EINVAL } from '../abi/errno.ts'
import { NSIG } from '../abi/limits.ts'
import * as S from '../abi/signal.ts'
import type { PidRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { nextPidTask, pidTask } from '../pid/pid_task.ts'
import type { PidTable } from '../pid/table.ts'
import { NULL_TASK, type PidType } from '../pid/task_link.ts'
import {
  TASK_INTERRUPTIBLE,
  TASK_RUNNING,
  TASK_STOPPED,
  TASK_WAKEKILL,
  taskState,
  wakeUpState,
} from './sched.ts'
import { sigaddset, sigdelset, sigismember } from './sigset.ts'
import * as T from './task.ts'

/** To the whole thread group, as kill(2) sends. Any other type than PIDTYPE_PID means the same here. */
export const TO_GROUP: PidType = L.PIDTYPE_TGID
/** To one thread alone, as tgkill(2) sends. */
export const TO_THREAD: PidType = L.PIDTYPE_PID

/** Two more bits of TASK_FLAGS: the thread is to take part in a group stop; it counts in SIG_GROUP_STOP_COUNT. */
export const JOBCTL_STOP_PENDING = 0x20000
export const JOBCTL_STOP_CONSUME = 0x40000
export const JOBCTL_PENDING_MASK: number = JOBCTL_STOP_PENDING | JOBCTL_STOP_CONSUME

const STOP_SIGNALS = [S.SIGSTOP, S.SIGTSTP, S.SIGTTIN, S.SIGTTOU]
const LEGACY_SIGNALS = 32

/** Is it a signal number, 0 included? Linux: `valid_signal`. */
export function validSignal(sig: number): boolean {
  return sig >= 0 && sig <= NSIG
}

/** SIGKILL and SIGSTOP: no disposition applies to them. Linux: `sig_kernel_only`. */
export function sigKernelOnly(sig: number): boolean {
  return sig === S.SIGKILL || sig === S.SIGSTOP
}

/** Signals that stop by default. Linux: `sig_kernel_stop`. */
export function sigKernelStop(sig: number): boolean {
  return sig >= S.SIGSTOP && sig <= S.SIGTTOU
}

/** Signals that do nothing by default. Linux: `sig_kernel_ignore`. */
export function sigKernelIgnore(sig: number): boolean {
  return sig === S.SIGCHLD || sig === S.SIGCONT || sig === S.SIGURG || sig === S.SIGWINCH
}

/**
 * Sends `sig` to a thread group (`type` {@link TO_GROUP} or PIDTYPE_PGID) or a thread. Signal 0 only asks whether it could.
 * `force`: the sender is the kernel, or in an ancestor namespace ({@link fromAncestor}).
 * Returns 0, also when the signal is dropped, or -EINVAL: no such signal. Linux: `group_send_sig_info`.
 */
export function groupSendSigInfo(
  table: PidTable,
  sig: number,
  task: TaskRef,
  type: PidType,
  force: boolean,
): number {
  if (!validSignal(sig)) return -EINVAL
  if (sig !== 0) sendSignal(table, sig, task, type, force)
  return 0
}

/**
 * Sends `sig` to every member of a process group, newest first.
 * Returns 0 if one took it, else the last error, or `-ESRCH` given as `empty` when there is no member.
 * Linux: `__kill_pgrp_info`.
 */
export function killPgrpInfo(
  table: PidTable,
  sig: number,
  pgrp: PidRef,
  sender: TaskRef,
  empty: number,
): number {
  let success = false
  let retval = empty
  for (let p = pidTask(table, pgrp, L.PIDTYPE_PGID); p !== 0; p = nextPidTask(table, p, L.PIDTYPE_PGID)) {
    const force = sender === NULL_TASK || fromAncestor(table, sender, p)
    retval = groupSendSigInfo(table, sig, p, L.PIDTYPE_PGID, force)
    success ||= retval === 0
  }
  return success ? 0 : retval
}

/** Does the sender look at the target from an ancestor of its namespace? */
export function fromAncestor(table: PidTable, sender: TaskRef, target: TaskRef): boolean {
  return !T.sharesPidNs(table, sender, target)
}

/** Keeps the signal for its target and wakes whoever is to take it. Linux: `__send_signal_locked`. */
export function sendSignal(table: PidTable, sig: number, task: TaskRef, type: PidType, force: boolean): void {
  const w = table.words
  if (!prepareSignal(table, sig, task, force)) return
  const pending = type === TO_THREAD ? task + L.TASK_PENDING : T.signalOf(table, task) + L.SIG_SHARED_PENDING
  if (sig < LEGACY_SIGNALS && sigismember(w, pending, sig)) return
  sigaddset(w, pending, sig)
  completeSignal(table, sig, task, type)
}

/** Makes a thread look at its signals; `fatal` also ends a stop or a wait in execve. Linux: `signal_wake_up`. */
export function signalWakeUp(table: PidTable, task: TaskRef, fatal: boolean): void {
  table.words[task + L.TASK_FLAGS] |= T.TIF_SIGPENDING
  wakeUpState(table, task, TASK_INTERRUPTIBLE | (fatal ? TASK_WAKEKILL : 0))
}

/**
 * Kills all other threads of the group, beginning with the one after the caller, and returns how many there are, dead
 * ones included.
 * Linux: `zap_other_threads`.
 */
export function zapOtherThreads(table: PidTable, task: TaskRef): number {
  const w = table.words
  const signal = T.signalOf(table, task)
  w[signal + L.SIG_GROUP_STOP_COUNT] = 0
  let count = 0
  for (let t = T.nextThreadRound(table, task); t !== task; t = T.nextThreadRound(table, t)) {
    w[t + L.TASK_FLAGS] &= ~JOBCTL_PENDING_MASK
    count += 1
    if (T.exitState(table, t) === 0) killThread(table, t)
  }
  return count
}

/** Has the signal its default action, neither ignored nor caught? */
export function sigDefault(table: PidTable, task: TaskRef, sig: number): boolean {
  const w = table.words
  const signal = T.signalOf(table, task)
  return !sigismember(w, signal + L.SIG_IGNORED, sig) && !sigismember(w, signal + L.SIG_CAUGHT, sig)
}

/** Will the signal do nothing at all to this thread group? One that is blocked may later. Linux: `sig_ignored`. */
export function sigIgnored(table: PidTable, task: TaskRef, sig: number, force: boolean): boolean {
  const w = table.words
  const signal = T.signalOf(table, task)
  if (sigismember(w, task + L.TASK_BLOCKED, sig)) return false
  if (T.isGlobalInit(table, task) && sigKernelOnly(sig)) return true
  if (!sigDefault(table, task, sig)) return sigismember(w, signal + L.SIG_IGNORED, sig)
  const unkillable = (w[signal + L.SIG_FLAGS] & T.SIGNAL_UNKILLABLE) !== 0
  return sigKernelIgnore(sig) || (unkillable && !(force && sigKernelOnly(sig)))
}

/** The effects that a signal has even if it is then dropped, and whether it is. Linux: `prepare_signal`. */
function prepareSignal(table: PidTable, sig: number, task: TaskRef, force: boolean): boolean {
  const w = table.words
  const signal = T.signalOf(table, task)
  if ((w[signal + L.SIG_FLAGS] & T.SIGNAL_GROUP_EXIT) !== 0) return false
  if (sigKernelStop(sig)) {
    flush(table, task, S.SIGCONT)
  } else if (sig === S.SIGCONT) {
    for (const stop of STOP_SIGNALS) flush(table, task, stop)
    continueGroup(table, task)
  }
  return !sigIgnored(table, task, sig, force)
}

/** Takes a pending signal away from the group and from each of its threads. */
function flush(table: PidTable, task: TaskRef, sig: number): void {
  const signal = T.signalOf(table, task)
  sigdelset(table.words, signal + L.SIG_SHARED_PENDING, sig)
  for (let t = T.firstThread(table, signal); t !== 0; t = T.nextThread(table, t)) {
    sigdelset(table.words, t + L.TASK_PENDING, sig)
  }
}

/** SIGCONT: ends a stop, complete or under way, and notes for the parent what it ended. */
function continueGroup(table: PidTable, task: TaskRef): void {
  const w = table.words
  const signal = T.signalOf(table, task)
  for (let t = T.firstThread(table, signal); t !== 0; t = T.nextThread(table, t)) {
    w[t + L.TASK_FLAGS] &= ~JOBCTL_PENDING_MASK
    wakeUpState(table, t, TASK_STOPPED)
  }
  let why = 0
  if ((w[signal + L.SIG_FLAGS] & T.SIGNAL_STOP_STOPPED) !== 0) why = T.SIGNAL_CLD_CONTINUED
  else if (w[signal + L.SIG_GROUP_STOP_COUNT] !== 0) why = T.SIGNAL_CLD_STOPPED
  if (why === 0) return
  w[signal + L.SIG_FLAGS] = (w[signal + L.SIG_FLAGS] & ~T.SIGNAL_STOP_MASK) | why | T.SIGNAL_STOP_CONTINUED
  w[signal + L.SIG_GROUP_STOP_COUNT] = 0
  w[signal + L.SIG_GROUP_EXIT_CODE] = 0
}

/** Chooses the thread that takes the signal; a fatal one begins the end of the whole group. Linux: `complete_signal`. */
function completeSignal(table: PidTable, sig: number, task: TaskRef, type: PidType): void {
  const w = table.words
  const target = chooseThread(table, sig, task, type)
  if (target === 0) return
  if (!sigFatal(table, task, sig) || sigKernelCoredump(sig)) {
    signalWakeUp(table, target, sig === S.SIGKILL)
    return
  }
  const signal = T.signalOf(table, task)
  w[signal + L.SIG_FLAGS] = T.SIGNAL_GROUP_EXIT
  w[signal + L.SIG_GROUP_EXIT_CODE] = sig
  w[signal + L.SIG_GROUP_STOP_COUNT] = 0
  for (let t = T.firstThread(table, signal); t !== 0; t = T.nextThread(table, t)) {
    w[t + L.TASK_FLAGS] &= ~JOBCTL_PENDING_MASK
    killThread(table, t)
  }
}

/** The thread itself if it wants the signal; for a group, else the next that does, from the last one that took one. */
function chooseThread(table: PidTable, sig: number, task: TaskRef, type: PidType): TaskRef {
  if (wantsSignal(table, sig, task)) return task
  if (type === TO_THREAD || T.threadGroupEmpty(table, task)) return NULL_TASK
  const signal = T.signalOf(table, task)
  const first = table.words[signal + L.SIG_CURR_TARGET] as TaskRef
  let t = first
  while (!wantsSignal(table, sig, t)) {
    t = T.nextThreadRound(table, t)
    if (t === first) return NULL_TASK
  }
  table.words[signal + L.SIG_CURR_TARGET] = t
  return t
}

/** Linux: `wants_signal`. */
function wantsSignal(table: PidTable, sig: number, task: TaskRef): boolean {
  if (sigismember(table.words, task + L.TASK_BLOCKED, sig) || T.hasFlag(table, task, T.PF_EXITING))
    return false
  if (sig === S.SIGKILL) return true
  const state = taskState(table, task)
  if (state === TASK_STOPPED) return false
  return state === TASK_RUNNING || !T.hasFlag(table, task, T.TIF_SIGPENDING)
}

/** Does the signal end the group by default? Linux: `sig_fatal`. */
function sigFatal(table: PidTable, task: TaskRef, sig: number): boolean {
  return !sigKernelIgnore(sig) && !sigKernelStop(sig) && sigDefault(table, task, sig)
}

/** Signals that dump core by default: the thread that takes one ends the others. Linux: `sig_kernel_coredump`. */
function sigKernelCoredump(sig: number): boolean {
  switch (sig) {
    case S.SIGQUIT:
    case S.SIGILL:
    case S.SIGTRAP:
    case S.SIGABRT:
    case S.SIGFPE:
    case S.SIGSEGV:
    case S.SIGBUS:
    case S.SIGSYS:
    case S.SIGXCPU:
    case S.SIGXFSZ:
      return true
    default:
      return false
  }
}

function killThread(table: PidTable, thread: TaskRef): void {
  sigaddset(table.words, thread + L.TASK_PENDING, S.SIGKILL)
  signalWakeUp(table, thread, true)
}
