/**
 * Reading a task and its thread group: the small questions that every file of this room asks.
 * Linux: include/linux/sched.h, sched/signal.h.
 *
 * Context: tasklistLock, or the one thread.
 */
import { listNext } from '../lib/list.ts'
import type { PidRef, SignalRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { pidTask } from '../pid/pid_task.ts'
import type { PidTable } from '../pid/table.ts'
import { NULL_TASK, taskActivePidNs } from '../pid/task_link.ts'

/** Words of TASK_FLAGS. */
export const PF_EXITING = 0x4
/** Forked, and has not executed a program since. */
export const PF_FORKNOEXEC = 0x40
/** A signal wants to be looked at before the task goes on (TIF_SIGPENDING). */
export const TIF_SIGPENDING = 0x1000
/** On the run queue. */
export const PF_QUEUED = 0x2000
/** Somebody waits for this task's children. */
export const PF_WAITING = 0x4000
/** Something real stands behind the task, and is told of signals (TaskHooks.tellDriver) ... */
export const PF_DRIVEN = 0x8000
/** ... and its end is waited for before the task is dead. */
export const PF_HOLD_EXIT = 0x10000

/** TASK_EXIT_STATE: dead but not waited for; gone. 0 while alive. */
export const EXIT_ZOMBIE = 0x20
export const EXIT_DEAD = 0x10

/** SIG_FLAGS. */
export const SIGNAL_STOP_STOPPED = 0x1
export const SIGNAL_STOP_CONTINUED = 0x2
export const SIGNAL_GROUP_EXIT = 0x4
export const SIGNAL_CLD_STOPPED = 0x10
export const SIGNAL_CLD_CONTINUED = 0x20
export const SIGNAL_CLD_MASK: number = SIGNAL_CLD_STOPPED | SIGNAL_CLD_CONTINUED
export const SIGNAL_STOP_MASK: number = SIGNAL_CLD_MASK | SIGNAL_STOP_STOPPED | SIGNAL_STOP_CONTINUED
/** Number 1 of its namespace: gets only the signals that it wants. */
export const SIGNAL_UNKILLABLE = 0x40

/** What the task's thread group shares. */
export function signalOf(table: PidTable, task: TaskRef): SignalRef {
  return table.words[task + L.TASK_SIGNAL] as SignalRef
}

export function realParent(table: PidTable, task: TaskRef): TaskRef {
  return table.words[task + L.TASK_REAL_PARENT] as TaskRef
}

export function hasFlag(table: PidTable, task: TaskRef, flag: number): boolean {
  return (table.words[task + L.TASK_FLAGS] & flag) !== 0
}

export function exitState(table: PidTable, task: TaskRef): number {
  return table.words[task + L.TASK_EXIT_STATE]
}

/** Is it the leader of its thread group? Linux: `thread_group_leader`. */
export function threadGroupLeader(table: PidTable, task: TaskRef): boolean {
  return table.words[task + L.TASK_EXIT_SIGNAL] >= 0
}

export function sameThreadGroup(table: PidTable, a: TaskRef, b: TaskRef): boolean {
  return signalOf(table, a) === signalOf(table, b)
}

/** Is it the only thread of its group that still holds a number? Linux: `thread_group_empty`. */
export function threadGroupEmpty(table: PidTable, task: TaskRef): boolean {
  return table.words[signalOf(table, task) + L.SIG_NR_THREADS] <= 1
}

/** A leader that is dead while other threads of its group live on. Linux: `delay_group_leader`. */
export function delayGroupLeader(table: PidTable, task: TaskRef): boolean {
  return threadGroupLeader(table, task) && !threadGroupEmpty(table, task)
}

/** Number 1 at level 0. Linux: `is_global_init`. */
export function isGlobalInit(table: PidTable, task: TaskRef): boolean {
  return task !== 0 && signalOf(table, task) === signalOf(table, table.words[L.H_INIT_TASK] as TaskRef)
}

/** The first thread of the group, or the one after `thread`; NULL at the end. Linux: a step of `for_each_thread`. */
export function firstThread(table: PidTable, signal: SignalRef): TaskRef {
  return threadOfNode(signal, listNext(table.words, signal + L.SIG_THREADS))
}

export function nextThread(table: PidTable, thread: TaskRef): TaskRef {
  return threadOfNode(signalOf(table, thread), listNext(table.words, thread + L.TASK_THREAD_NODE))
}

/** The thread after `thread`, the first one after the last: going on until it comes round meets all others of the group. */
export function nextThreadRound(table: PidTable, thread: TaskRef): TaskRef {
  return nextThread(table, thread) || firstThread(table, signalOf(table, thread))
}

/** The first child of this thread, or the one after `child`; NULL at the end. */
export function firstChild(table: PidTable, parent: TaskRef): TaskRef {
  return siblingOfNode(parent, listNext(table.words, parent + L.TASK_CHILDREN))
}

export function nextSibling(table: PidTable, parent: TaskRef, child: TaskRef): TaskRef {
  return siblingOfNode(parent, listNext(table.words, child + L.TASK_SIBLING))
}

/** The first leader of all, or the one after `leader`; NULL at the end. Linux: a step of `for_each_process`. */
export function firstProcess(table: PidTable): TaskRef {
  return processOfNode(listNext(table.words, L.H_TASKS))
}

export function nextProcess(table: PidTable, leader: TaskRef): TaskRef {
  return processOfNode(listNext(table.words, leader + L.TASK_TASKS))
}

/** The first thread of the group that has not begun to exit. Linux: `find_alive_thread`. */
export function findAliveThread(table: PidTable, task: TaskRef): TaskRef {
  let thread = firstThread(table, signalOf(table, task))
  while (thread !== 0 && hasFlag(table, thread, PF_EXITING)) thread = nextThread(table, thread)
  return thread
}

/** The leader that owns this process ID, NULL for a thread's own. Linux: `pid_task(pid, PIDTYPE_TGID)`. */
export function pidTgidTask(table: PidTable, pid: PidRef): TaskRef {
  const task = pidTask(table, pid, L.PIDTYPE_PID)
  return task !== 0 && threadGroupLeader(table, task) ? task : NULL_TASK
}

/** Does `observer` have a number in the namespace where `task` lives? If not, it looks at it from an ancestor. */
export function sharesPidNs(table: PidTable, observer: TaskRef, task: TaskRef): boolean {
  const w = table.words
  const ns = taskActivePidNs(table, task)
  let up = taskActivePidNs(table, observer)
  if (ns === 0 || up === 0) return false
  while (w[up + L.NS_LEVEL] > w[ns + L.NS_LEVEL]) up = w[up + L.NS_PARENT] as typeof up
  return up === ns
}

function threadOfNode(signal: SignalRef, node: number): TaskRef {
  return (node === signal + L.SIG_THREADS ? 0 : node - L.TASK_THREAD_NODE) as TaskRef
}

function siblingOfNode(parent: TaskRef, node: number): TaskRef {
  return (node === parent + L.TASK_CHILDREN ? 0 : node - L.TASK_SIBLING) as TaskRef
}

function processOfNode(node: number): TaskRef {
  return (node === L.H_TASKS ? 0 : node - L.TASK_TASKS) as TaskRef
}
