/**
 * Between `struct pid` and tasks: who carries a number as its own (PIDTYPE_PID), as its group's (PIDTYPE_PGID), as its
 * session's (PIDTYPE_SID). Linux: kernel/pid.c (`attach_pid` and its kin, `find_task_by_*`).
 *
 * Each `struct pid` heads one list of tasks for each type, newest first: the order of group signals. Only a thread
 * group's leader is on lists of PIDTYPE_PGID and PIDTYPE_SID; its other threads reach them through it. A `struct pid`
 * that no list needs any more is freed on the spot, so a number stays taken while it is anybody's group or session.
 *
 * Context: changes need tasklistLock; lookups need it or a read section.
 */

import type { NsRef, PidRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { kmemCacheFree, kmemCacheZalloc } from '../mm/slab.ts'
import { hlistAddHeadRcu, hlistDelRcu, hlistFirstRcu, hlistNextRcu, hlistReplaceRcu } from '../sync/hlist.ts'
import { rcuReadLock, rcuReadUnlock } from '../sync/rcu.ts'
import { findPidNs, freePid, getPid } from './pid.ts'
import type { PidTable } from './table.ts'
import {
  linkOf,
  NULL_TASK,
  type PidType,
  taskActivePidNs,
  taskLeader,
  taskPid,
  taskPidPtr,
} from './task_link.ts'
import { NULL_PID, pidNrNs } from './upid.ts'

/** A task record of all zeros, its own leader, linked to nothing; 0 when memory is exhausted. */
export function allocTaskStruct(table: PidTable): TaskRef {
  const task = kmemCacheZalloc(table, L.SLAB_TASK) as TaskRef
  if (task !== 0) table.words[task + L.TASK_LEADER] = task
  return task
}

/** Gives the record back. Context: the task is attached to nothing. */
export function freeTaskStruct(table: PidTable, task: TaskRef): void {
  kmemCacheFree(table, L.SLAB_TASK, task)
}

/** Stores the `struct pid` that {@link attachPid} will use. Linux: `init_task_pid`. */
export function initTaskPid(table: PidTable, task: TaskRef, type: PidType, pid: PidRef): void {
  table.words[linkOf(task, type) + L.LINK_PID] = pid
}

/** Puts the task in front of the list of the `struct pid` in its link. Context: tasklistLock. Linux: `attach_pid`. */
export function attachPid(table: PidTable, task: TaskRef, type: PidType): void {
  const link = linkOf(task, type)
  hlistAddHeadRcu(table.words, link + L.LINK_NODE, table.words[link + L.LINK_PID] + L.PID_TASKS + type)
}

/** Takes the task off the list; what nobody carries any more is freed. Context: tasklistLock. Linux: `detach_pid`. */
export function detachPid(table: PidTable, task: TaskRef, type: PidType): void {
  changePidLocked(table, task, type, NULL_PID)
}

/** From one `struct pid` to another. Context: tasklistLock. Linux: `change_pid`. */
export function changePid(table: PidTable, task: TaskRef, type: PidType, pid: PidRef): void {
  changePidLocked(table, task, type, pid)
  attachPid(table, task, type)
}

/** `next` takes over the place of `old` in the list, and its `struct pid`. Context: tasklistLock. Linux: `transfer_pid`. */
export function transferPid(table: PidTable, old: TaskRef, next: TaskRef, type: PidType): void {
  const from = linkOf(old, type)
  const to = linkOf(next, type)
  table.words[to + L.LINK_PID] = table.words[from + L.LINK_PID]
  hlistReplaceRcu(table.words, from + L.LINK_NODE, to + L.LINK_NODE)
}

/** The first task on the list, NULL when there is none or `pid` is NULL. Linux: `pid_task`. */
export function pidTask(table: PidTable, pid: PidRef, type: PidType): TaskRef {
  if (pid === 0) return NULL_TASK
  const node = hlistFirstRcu(table.words, pid + L.PID_TASKS + type)
  return node === 0 ? NULL_TASK : taskOfNode(node, type)
}

/** The task behind `task` on the list of its link of this type. Linux: a step of `do_each_pid_task`. */
export function nextPidTask(table: PidTable, task: TaskRef, type: PidType): TaskRef {
  const node = hlistNextRcu(table.words, linkOf(task, type) + L.LINK_NODE)
  return node === 0 ? NULL_TASK : taskOfNode(node, type)
}

/** The task whose number `nr` is in `ns`, in the role `type`: what all others build on. Linux: `find_task_by_pid_type_ns`. */
export function findTaskByPidTypeNs(table: PidTable, type: PidType, nr: number, ns: NsRef): TaskRef {
  return pidTask(table, findPidNs(table, nr, ns), type)
}

/** The thread whose own number `nr` is in `ns`. Linux: `find_task_by_pid_ns`. */
export function findTaskByPidNs(table: PidTable, nr: number, ns: NsRef): TaskRef {
  return findTaskByPidTypeNs(table, L.PIDTYPE_PID, nr, ns)
}

/** The thread with this number as `current` sees it. Linux: `find_task_by_vpid`. */
export function findTaskByVpid(table: PidTable, current: TaskRef, vnr: number): TaskRef {
  return findTaskByPidNs(table, vnr, taskActivePidNs(table, current))
}

/** The thread with this number at level 0. Linux: `find_task_by_pid`. */
export function findTaskByPid(table: PidTable, nr: number): TaskRef {
  return findTaskByPidNs(table, nr, table.words[L.H_INIT_NS] as NsRef)
}

/** The `struct pid` of the task in this role, with a reference. PGID and SID are the leader's. Linux: `get_task_pid`. */
export function getTaskPid(table: PidTable, task: TaskRef, type: PidType): PidRef {
  rcuReadLock(table)
  const owner = type === L.PIDTYPE_PID ? task : taskLeader(table, task)
  const pid = getPid(table, taskPidPtr(table, owner, type))
  rcuReadUnlock(table)
  return pid
}

/**
 * The task's number in `ns` in the role `type` (PIDTYPE_TGID: the leader's own number); 0 where `ns` does not see it
 * or the task is released. Linux: `__task_pid_nr_ns`.
 */
export function taskPidNrNs(table: PidTable, task: TaskRef, type: PidType, ns: NsRef): number {
  if (taskPid(table, task) === 0) return 0
  if (type === L.PIDTYPE_PID) return pidNrNs(table, taskPid(table, task), ns)
  const own = type === L.PIDTYPE_TGID ? L.PIDTYPE_PID : type
  return pidNrNs(table, taskPidPtr(table, taskLeader(table, task), own), ns)
}

/** Off the list, and the new pointer in; frees the old `struct pid` if no list of any type needs it. Linux: `__change_pid`. */
function changePidLocked(table: PidTable, task: TaskRef, type: PidType, pid: PidRef): void {
  const w = table.words
  const link = linkOf(task, type)
  const old = w[link + L.LINK_PID] as PidRef
  hlistDelRcu(w, link + L.LINK_NODE)
  w[link + L.LINK_PID] = pid
  for (let t = L.PIDTYPE_MAX - 1; t >= 0; t--) {
    if (hlistFirstRcu(w, old + L.PID_TASKS + t) !== 0) return
  }
  freePid(table, old)
}

function taskOfNode(node: number, type: PidType): TaskRef {
  return (node - L.LINK_NODE - L.TASK_LINKS - type * L.LINK_WORDS) as TaskRef
}
