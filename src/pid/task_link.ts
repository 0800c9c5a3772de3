/**
 * Reading a task's links: all that the pid room knows of a task. Linux: include/linux/sched.h (`task_pid` and kin).
 * Context: tasklistLock or a read section.
 */

import type { NsRef, PidRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import type { PidTable } from './table.ts'
import { nsOfPid } from './upid.ts'

/** PIDTYPE_PID, PIDTYPE_PGID or PIDTYPE_SID. */
export type PidType = number

/** No task. */
export const NULL_TASK: TaskRef = 0 as TaskRef

/** The `struct pid` that the task's own link of this type holds, attached or not. */
export function taskPidPtr(table: PidTable, task: TaskRef, type: PidType): PidRef {
  return table.words[linkOf(task, type) + L.LINK_PID] as PidRef
}

/** The task's own `struct pid`, NULL once it is released. Linux: `task_pid`. */
export function taskPid(table: PidTable, task: TaskRef): PidRef {
  return taskPidPtr(table, task, L.PIDTYPE_PID)
}

/** The namespace that the task itself is numbered in; unshare(2) and setns(2) do not change it. Linux: `task_active_pid_ns`. */
export function taskActivePidNs(table: PidTable, task: TaskRef): NsRef {
  return nsOfPid(table, taskPid(table, task))
}

/** The leader of the task's thread group; a task alone is its own. */
export function taskLeader(table: PidTable, task: TaskRef): TaskRef {
  return table.words[task + L.TASK_LEADER] as TaskRef
}

/** The `struct pid` of the thread group's leader. Linux: `task_tgid`. */
export function taskTgid(table: PidTable, task: TaskRef): PidRef {
  return taskPidPtr(table, taskLeader(table, task), L.PIDTYPE_PID)
}

/** The process group. Linux: `task_pgrp`. */
export function taskPgrp(table: PidTable, task: TaskRef): PidRef {
  return taskPidPtr(table, taskLeader(table, task), L.PIDTYPE_PGID)
}

/** The session. Linux: `task_session`. */
export function taskSession(table: PidTable, task: TaskRef): PidRef {
  return taskPidPtr(table, taskLeader(table, task), L.PIDTYPE_SID)
}

/** The words of the task's link of this type: its node on the list, and the `struct pid`. */
export function linkOf(task: TaskRef, type: PidType): number {
  return task + L.TASK_LINKS + type * L.LINK_WORDS
}
