/**
 * The run queue: whoever was killed, stopped, continued or woken runs, first come first served and without time
 * slices, before the call that caused it returns. A task "runs" by looking at its signals, or by going on with an
 * exit or an execve that had to wait; then it rests again.
 *
 * Linux: kernel/sched/, seen from one processor under SCHED_FIFO.
 *
 * Invariant: a task is on the queue at most once (PF_QUEUED), and never while it runs (TASK_RUNNING) or once it is dead.
 */

import type { TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import type { PidTable } from '../pid/table.ts'
import { hasFlag, PF_QUEUED } from './task.ts'

/** TASK_STATE: runs now. */
export const TASK_RUNNING = 0
/** Rests in user space's interruptible wait, until a signal or a child wants it. */
export const TASK_IDLE = 0x01
/** An init that exits: waits for its children; then for all other numbers of its namespace. */
export const TASK_ZAP_CHILDREN = 0x02
export const TASK_ZAP_PIDS = 0x04
/** Stopped by job control. */
export const TASK_STOPPED = 0x08
/** In execve: waits for the other threads to be gone; then for the leader to be dead. */
export const TASK_EXEC_THREADS = 0x10
export const TASK_EXEC_LEADER = 0x20
/** Has exited. */
export const TASK_DEAD = 0x40
/** Has exited but for what its driver still has to report. */
export const TASK_HELD = 0x100
/** Was stopped, and is on the queue: looks at its signals first, though none may have woken it. */
export const TASK_CONTINUED = 0x80

/** What an ordinary wake-up ends, and what a fatal signal ends besides. */
export const TASK_INTERRUPTIBLE: number = TASK_IDLE | TASK_ZAP_CHILDREN | TASK_ZAP_PIDS
export const TASK_NORMAL: number = TASK_INTERRUPTIBLE | TASK_EXEC_THREADS | TASK_EXEC_LEADER
export const TASK_WAKEKILL: number = TASK_STOPPED | TASK_EXEC_THREADS | TASK_EXEC_LEADER

export function taskState(table: PidTable, task: TaskRef): number {
  return table.words[task + L.TASK_STATE]
}

/** Wakes a task that rests, whatever it waits for; a stopped one stays stopped. Linux: `wake_up_process`. */
export function wakeUpProcess(table: PidTable, task: TaskRef): void {
  if (task !== 0) wakeUpState(table, task, TASK_NORMAL)
}

/**
 * Puts the task at the end of the queue if it rests in one of `states`. A stopped task that is woken is no longer
 * stopped. Linux: `wake_up_state`.
 */
export function wakeUpState(table: PidTable, task: TaskRef, states: number): void {
  const w = table.words
  const state = w[task + L.TASK_STATE]
  if ((state & states) === 0 || hasFlag(table, task, PF_QUEUED)) return
  if (state === TASK_STOPPED) w[task + L.TASK_STATE] = TASK_CONTINUED
  w[task + L.TASK_FLAGS] |= PF_QUEUED
  w[task + L.TASK_RUN_NEXT] = 0
  const last = w[L.H_RUN_LAST]
  if (last === 0) w[L.H_RUN_FIRST] = task
  else w[last + L.TASK_RUN_NEXT] = task
  w[L.H_RUN_LAST] = task
}

/** The head of the queue, taken off it; 0 when it is empty. */
export function dequeueTask(table: PidTable): TaskRef {
  const w = table.words
  const task = w[L.H_RUN_FIRST] as TaskRef
  if (task === 0) return task
  w[L.H_RUN_FIRST] = w[task + L.TASK_RUN_NEXT]
  if (w[L.H_RUN_FIRST] === 0) w[L.H_RUN_LAST] = 0
  w[task + L.TASK_FLAGS] &= ~PF_QUEUED
  return task
}
