/**
 * Process groups and sessions. Linux: kernel/sys.c. Context: tasklistLock, or the one thread; `current` calls.
 */
import { EACCES, EINVAL, EPERM, ESRCH } from '../abi/errno.ts'
import type { TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { findVpid, pidVnr } from '../pid/pid.ts'
import { changePid, findTaskByVpid, pidTask, taskPidNrNs } from '../pid/pid_task.ts'
import { taskActivePidNs, taskLeader, taskPgrp, taskPid, taskSession } from '../pid/task_link.ts'
import type { TaskTable } from './table.ts'
import * as T from './task.ts'

/**
 * setpgid(2). Returns 0, or, tested in this order: -EINVAL: `pgid` is negative; -ESRCH: no such thread; -EINVAL: it
 * leads no thread group; then for a child -EPERM: in another session, -EACCES: it has executed a program; -ESRCH:
 * neither the caller nor its child; -EPERM: a session leader; -EPERM: no group `pgid` in the caller's session.
 */
export function setpgid(table: TaskTable, current: TaskRef, pidArg: number, pgidArg: number): number {
  const error = testSetpgid(table, current, pidArg, pgidArg)
  if (error < 0) return error
  const p = pidArg === 0 ? taskLeader(table, current) : findTaskByVpid(table, current, pidArg)
  const pgrp = pgidArg === 0 ? taskPid(table, p) : findVpid(table, current, pgidArg)
  if (taskPgrp(table, p) !== pgrp) changePid(table, p, L.PIDTYPE_PGID, pgrp)
  return 0
}

/** What setpgid(2) would return. Changes nothing. */
export function testSetpgid(table: TaskTable, current: TaskRef, pidArg: number, pgidArg: number): number {
  const w = table.words
  const leader = taskLeader(table, current)
  const pid =
    pidArg === 0 ? taskPidNrNs(table, leader, L.PIDTYPE_PID, taskActivePidNs(table, current)) : pidArg
  const pgid = pgidArg === 0 ? pid : pgidArg
  if (pgid < 0) return -EINVAL
  const p = findTaskByVpid(table, current, pid)
  if (p === 0) return -ESRCH
  if (!T.threadGroupLeader(table, p)) return -EINVAL
  const parent = T.realParent(table, p)
  if (parent !== 0 && T.sameThreadGroup(table, parent, leader)) {
    if (taskSession(table, p) !== taskSession(table, leader)) return -EPERM
    if (!T.hasFlag(table, p, T.PF_FORKNOEXEC)) return -EACCES
  } else if (p !== leader) {
    return -ESRCH
  }
  if (w[T.signalOf(table, p) + L.SIG_LEADER] !== 0) return -EPERM
  if (pgid === pid) return 0
  const member = pidTask(table, findVpid(table, current, pgid), L.PIDTYPE_PGID)
  return member === 0 || taskSession(table, member) !== taskSession(table, leader) ? -EPERM : 0
}

/** getpgid(2): the group's number as the caller sees it (0 if it does not), or -ESRCH. `pid` 0: the caller. */
export function getpgid(table: TaskTable, current: TaskRef, pid: number): number {
  const p = pid === 0 ? current : findTaskByVpid(table, current, pid)
  return p === 0 ? -ESRCH : pidVnr(table, current, taskPgrp(table, p))
}

/** getsid(2): the session's number as the caller sees it (0 if it does not), or -ESRCH. `pid` 0: the caller. */
export function getsid(table: TaskTable, current: TaskRef, pid: number): number {
  const p = pid === 0 ? current : findTaskByVpid(table, current, pid)
  return p === 0 ? -ESRCH : pidVnr(table, current, taskSession(table, p))
}

/**
 * setsid(2): a new session and a new group, both named after the caller's process.
 * Returns the session's number, or -EPERM: it leads a session already, or a group of its number exists. Linux: `ksys_setsid`.
 */
export function setsid(table: TaskTable, current: TaskRef): number {
  const w = table.words
  const leader = taskLeader(table, current)
  const sid = taskPid(table, leader)
  const signal = T.signalOf(table, leader)
  if (w[signal + L.SIG_LEADER] !== 0 || pidTask(table, sid, L.PIDTYPE_PGID) !== 0) return -EPERM
  w[signal + L.SIG_LEADER] = 1
  if (taskSession(table, leader) !== sid) changePid(table, leader, L.PIDTYPE_SID, sid)
  if (taskPgrp(table, leader) !== sid) changePid(table, leader, L.PIDTYPE_PGID, sid)
  return pidVnr(table, current, sid)
}
