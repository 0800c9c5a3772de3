/**
 * Waiting for children. Linux: kernel/exit.c (`do_wait`, `wait_consider_task`, `kernel_wait4`, `kernel_waitid`).
 *
 * Nothing here blocks: a wait that finds no event says so, and whoever wants to wait marks the task
 * ({@link setWaiting}) and asks again when the run queue hands it back (TaskHooks.resumeWaits).
 *
 * Context: tasklistLock, or the one thread.
 */
import { EBADF, ECHILD, EINVAL, ESRCH } from '../abi/errno.ts'
import {
  CLD_CONTINUED,
  CLD_DUMPED,
  CLD_EXITED,
  CLD_KILLED,
  CLD_STOPPED,
  SIGCHLD,
  SIGCONT,
} from '../abi/signal.ts'
import * as W from '../abi/wait.ts'
import type { PidRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { findGetPid, getPid, putPid } from '../pid/pid.ts'
import { getTaskPid, pidTask } from '../pid/pid_task.ts'
import { type PidType, taskActivePidNs, taskPid, taskPidPtr } from '../pid/task_link.ts'
import { NULL_PID, pidNrNs } from '../pid/upid.ts'
import { releaseTask } from './release.ts'
import type { TaskTable } from './table.ts'
import * as T from './task.ts'

/** What is waited for (who, which events), and what was found. */
export interface WaitOpts {
  /** PIDTYPE_PID, PIDTYPE_PGID, or PIDTYPE_MAX for any child. */
  type: PidType
  /** Whose number it is; holds a reference until {@link putWaitOpts}. */
  pid: PidRef
  flags: number
  /** A pidfd of PIDFD_NONBLOCK: where the wait would go on, it is -EAGAIN. */
  nonblock: boolean
  /** The child's number as the waiter sees it, 0 while nothing was found. */
  nr: number
  /** Its status as wait4(2) gives it. */
  stat: number
  /** si_code and si_status of waitid(2). */
  cause: number
  status: number
  /** No child is eligible at all, rather than none ready. */
  childless: boolean
}

const WAIT4_OPTIONS = W.WNOHANG | W.WUNTRACED | W.WCONTINUED | W.__WNOTHREAD | W.__WCLONE | W.__WALL
const WAITID_OPTIONS = WAIT4_OPTIONS | W.WNOWAIT | W.WEXITED
const INT_MIN = -0x80000000

/**
 * Reads wait4(2)'s arguments. Returns 0, or -EINVAL: unknown option; -ESRCH: `upid` is INT_MIN (the seeds' kernel
 * too, since 4.13). Linux: `kernel_wait4`.
 */
export function wait4Opts(
  table: TaskTable,
  current: TaskRef,
  upid: number,
  options: number,
  wo: WaitOpts,
): number {
  if ((options & ~WAIT4_OPTIONS) !== 0) return -EINVAL
  if (upid === INT_MIN) return -ESRCH
  wo.flags = options | W.WEXITED
  if (upid === -1) setWho(wo, L.PIDTYPE_MAX, NULL_PID)
  else if (upid < 0) setWho(wo, L.PIDTYPE_PGID, findGetPid(table, current, -upid))
  else if (upid === 0) setWho(wo, L.PIDTYPE_PGID, getTaskPid(table, current, L.PIDTYPE_PGID))
  else setWho(wo, L.PIDTYPE_PID, findGetPid(table, current, upid))
  return 0
}

/**
 * Reads waitid(2)'s arguments; with P_PIDFD, `pidfdPid` is the `struct pid` that the pidfd stands for, NULL where
 * `upid` is the number of no pidfd.
 * Returns 0, or -EINVAL: unknown option, none of the three events, bad ID type, an ID out of range (0 as group means
 * the caller's own, but not in the seeds' era); -EBADF: not a pidfd. Linux: `kernel_waitid`.
 */
export function waitidOpts(
  table: TaskTable,
  current: TaskRef,
  which: number,
  upid: number,
  pidfdPid: PidRef,
  options: number,
  wo: WaitOpts,
): number {
  if ((options & ~WAITID_OPTIONS) !== 0) return -EINVAL
  if ((options & (W.WEXITED | W.WSTOPPED | W.WCONTINUED)) === 0) return -EINVAL
  wo.flags = options
  switch (which) {
    case W.P_ALL:
      setWho(wo, L.PIDTYPE_MAX, NULL_PID)
      return 0
    case W.P_PID:
      if (upid <= 0) return -EINVAL
      setWho(wo, L.PIDTYPE_PID, findGetPid(table, current, upid))
      return 0
    case W.P_PGID:
      if (upid < 0 || (upid === 0 && table.words[L.H_ERA] === L.ERA_4_14)) return -EINVAL
      setWho(
        wo,
        L.PIDTYPE_PGID,
        upid === 0 ? getTaskPid(table, current, L.PIDTYPE_PGID) : findGetPid(table, current, upid),
      )
      return 0
    case W.P_PIDFD:
      if (upid < 0) return -EINVAL
      if (pidfdPid === 0) return -EBADF
      setWho(wo, L.PIDTYPE_PID, getPid(table, pidfdPid))
      return 0
    default:
      return -EINVAL
  }
}

/** Empty options, for wait4Opts or waitidOpts to fill in. */
export function newWaitOpts(): WaitOpts {
  return {
    type: L.PIDTYPE_MAX,
    pid: NULL_PID,
    flags: 0,
    nonblock: false,
    nr: 0,
    stat: 0,
    cause: 0,
    status: 0,
    childless: false,
  }
}

/** Gives back the reference in the options. */
export function putWaitOpts(table: TaskTable, wo: WaitOpts): void {
  putPid(table, wo.pid)
  wo.pid = NULL_PID
}

/**
 * Looks once for an event among the children of `current` and, unless __WNOTHREAD, of the other threads of its group:
 * the caller's own first, each thread's in order of arrival; the first event found is taken (WNOWAIT: only shown).
 *
 * Returns: the child's number in the caller's namespace, 0 when children are eligible but nothing has happened, or
 * -ECHILD when none is. `wo` has the details. Linux: `do_wait`.
 */
export function doWait(table: TaskTable, current: TaskRef, wo: WaitOpts): number {
  wo.nr = 0
  wo.childless = true
  if (wo.type !== L.PIDTYPE_MAX && (wo.pid === 0 || pidTask(table, wo.pid, wo.type) === 0)) return -ECHILD
  if (wo.type === L.PIDTYPE_PID) {
    const child = T.pidTgidTask(table, wo.pid)
    if (child !== 0 && isEffectivelyChild(table, current, child, wo))
      waitConsiderTask(table, current, child, wo)
  } else {
    let thread = current
    do {
      waitThreadChildren(table, current, thread, wo)
      if (wo.nr !== 0 || (wo.flags & W.__WNOTHREAD) !== 0) break
      thread = T.nextThreadRound(table, thread)
    } while (thread !== current)
  }
  if (wo.nr !== 0) return wo.nr
  return wo.childless ? -ECHILD : 0
}

/** Marks that somebody waits for this task's children, or no longer does. */
export function setWaiting(table: TaskTable, task: TaskRef, waiting: boolean): void {
  if (waiting) table.words[task + L.TASK_FLAGS] |= T.PF_WAITING
  else table.words[task + L.TASK_FLAGS] &= ~T.PF_WAITING
}

function setWho(wo: WaitOpts, type: PidType, pid: PidRef): void {
  wo.type = type
  wo.pid = pid
}

function waitThreadChildren(table: TaskTable, current: TaskRef, thread: TaskRef, wo: WaitOpts): void {
  for (let child = T.firstChild(table, thread); child !== 0; child = T.nextSibling(table, thread, child)) {
    waitConsiderTask(table, current, child, wo)
    if (wo.nr !== 0) return
  }
}

/** Linux: `is_effectively_child`. */
function isEffectivelyChild(table: TaskTable, current: TaskRef, child: TaskRef, wo: WaitOpts): boolean {
  const parent = T.realParent(table, child)
  if (parent === current) return true
  return parent !== 0 && (wo.flags & W.__WNOTHREAD) === 0 && T.sameThreadGroup(table, current, parent)
}

/** Linux: `wait_consider_task`: death, then a stop, then a continuation. */
function waitConsiderTask(table: TaskTable, current: TaskRef, child: TaskRef, wo: WaitOpts): void {
  const exitState = T.exitState(table, child)
  if (exitState === T.EXIT_DEAD || !eligibleChild(table, child, wo)) return
  if (exitState === T.EXIT_ZOMBIE && !T.delayGroupLeader(table, child)) {
    waitTaskZombie(table, current, child, wo)
    return
  }
  wo.childless = false
  waitTaskStopped(table, current, child, wo)
  if (wo.nr === 0) waitTaskContinued(table, current, child, wo)
}

/** Linux: `eligible_child`: the right number, and a kind of child that the options ask for. */
function eligibleChild(table: TaskTable, child: TaskRef, wo: WaitOpts): boolean {
  if (wo.type !== L.PIDTYPE_MAX && taskPidPtr(table, child, wo.type) !== wo.pid) return false
  if ((wo.flags & W.__WALL) !== 0) return true
  const clone = table.words[child + L.TASK_EXIT_SIGNAL] !== SIGCHLD
  return clone === ((wo.flags & W.__WCLONE) !== 0)
}

/** Linux: `wait_task_zombie`. */
function waitTaskZombie(table: TaskTable, current: TaskRef, child: TaskRef, wo: WaitOpts): void {
  if ((wo.flags & W.WEXITED) === 0) return
  const w = table.words
  const signal = T.signalOf(table, child)
  const groupExit = (w[signal + L.SIG_FLAGS] & T.SIGNAL_GROUP_EXIT) !== 0
  const stat = groupExit ? w[signal + L.SIG_GROUP_EXIT_CODE] : w[child + L.TASK_EXIT_CODE]
  found(table, current, child, wo)
  wo.stat = stat
  if ((stat & 0x7f) === 0) {
    wo.cause = CLD_EXITED
    wo.status = stat >> 8
  } else {
    wo.cause = (stat & 0x80) === 0 ? CLD_KILLED : CLD_DUMPED
    wo.status = stat & 0x7f
  }
  if ((wo.flags & W.WNOWAIT) !== 0) return
  w[child + L.TASK_EXIT_STATE] = T.EXIT_DEAD
  releaseTask(table, current, child)
}

/** Linux: `wait_task_stopped`. */
function waitTaskStopped(table: TaskTable, current: TaskRef, child: TaskRef, wo: WaitOpts): void {
  const w = table.words
  const signal = T.signalOf(table, child)
  if ((wo.flags & W.WSTOPPED) === 0 || (w[signal + L.SIG_FLAGS] & T.SIGNAL_STOP_STOPPED) === 0) return
  const sig = w[signal + L.SIG_GROUP_EXIT_CODE]
  if (sig === 0) return
  if ((wo.flags & W.WNOWAIT) === 0) w[signal + L.SIG_GROUP_EXIT_CODE] = 0
  found(table, current, child, wo)
  wo.stat = (sig << 8) | 0x7f
  wo.cause = CLD_STOPPED
  wo.status = sig
}

/** Linux: `wait_task_continued`. */
function waitTaskContinued(table: TaskTable, current: TaskRef, child: TaskRef, wo: WaitOpts): void {
  const w = table.words
  const signal = T.signalOf(table, child)
  if ((wo.flags & W.WCONTINUED) === 0 || (w[signal + L.SIG_FLAGS] & T.SIGNAL_STOP_CONTINUED) === 0) return
  if ((wo.flags & W.WNOWAIT) === 0) w[signal + L.SIG_FLAGS] &= ~T.SIGNAL_STOP_CONTINUED
  found(table, current, child, wo)
  wo.stat = 0xffff
  wo.cause = CLD_CONTINUED
  wo.status = SIGCONT
}

function found(table: TaskTable, current: TaskRef, child: TaskRef, wo: WaitOpts): void {
  wo.nr = pidNrNs(table, taskPid(table, child), taskActivePidNs(table, current))
}
