/**
 * kill(2), tkill(2) and tgkill(2). Linux: kernel/signal.c (`kill_something_info`, `do_tkill`). Context: `current` calls.
 * Permissions are not modelled: every caller may signal whoever it can name.
 */
import { EINVAL, ESRCH } from '../abi/errno.ts'
import type { PidRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { findVpid } from '../pid/pid.ts'
import { findTaskByVpid, pidTask, taskPidNrNs } from '../pid/pid_task.ts'
import { type PidType, taskActivePidNs, taskPgrp } from '../pid/task_link.ts'
import { fromAncestor, groupSendSigInfo, killPgrpInfo, TO_GROUP, TO_THREAD } from './signal_send.ts'
import type { TaskTable } from './table.ts'
import * as T from './task.ts'

const INT_MIN = -0x80000000

/**
 * kill(2): `pid` above 0, the thread group of that thread; 0, the caller's process group; -1, every process that the
 * caller sees but number 1 and itself; below -1, the group -pid.
 *
 * Returns 0 or -ESRCH: nobody there, or INT_MIN; -EINVAL: no such signal (whether somebody is there is tested first).
 * Linux: `kill_something_info`.
 */
export function killSomethingInfo(table: TaskTable, current: TaskRef, pid: number, sig: number): number {
  if (pid > 0) return sendTo(table, current, sig, findTaskByVpid(table, current, pid), TO_GROUP)
  if (pid === INT_MIN) return -ESRCH
  if (pid === -1) return killAll(table, current, sig)
  const pgrp = pid === 0 ? taskPgrp(table, current) : findVpid(table, current, -pid)
  return killPgrpInfo(table, sig, pgrp, current, -ESRCH)
}

/**
 * tgkill(2): the one thread `tid`, if it is in the group `tgid`. Returns 0, -EINVAL: a number is not positive, or no
 * such signal (whether somebody is there is tested first); -ESRCH: no such thread there.
 */
export function tgkill(table: TaskTable, current: TaskRef, tgid: number, tid: number, sig: number): number {
  return tid <= 0 || tgid <= 0 ? -EINVAL : doTkill(table, current, tgid, tid, sig)
}

/** tkill(2): as {@link tgkill}, but in whatever group the thread is. */
export function tkill(table: TaskTable, current: TaskRef, tid: number, sig: number): number {
  return tid <= 0 ? -EINVAL : doTkill(table, current, 0, tid, sig)
}

/**
 * Signals whom a pidfd stands for: the thread or thread group of `pid`, or the process group named after it.
 * Returns 0, -ESRCH: nobody is left, -EINVAL: no such signal. Linux: `kill_pid_info_type`, `kill_pgrp_info`.
 */
export function killPidInfoType(
  table: TaskTable,
  current: TaskRef,
  sig: number,
  pid: PidRef,
  type: PidType,
): number {
  if (type === L.PIDTYPE_PGID) return killPgrpInfo(table, sig, pid, current, -ESRCH)
  return sendTo(table, current, sig, pidTask(table, pid, L.PIDTYPE_PID), type)
}

/** `tgid` 0: any. Linux: `do_send_specific`. */
function doTkill(table: TaskTable, current: TaskRef, tgid: number, tid: number, sig: number): number {
  const task = findTaskByVpid(table, current, tid)
  if (task === 0) return -ESRCH
  const group = taskPidNrNs(table, task, L.PIDTYPE_TGID, taskActivePidNs(table, current))
  return tgid !== 0 && group !== tgid ? -ESRCH : sendTo(table, current, sig, task, TO_THREAD)
}

function sendTo(table: TaskTable, current: TaskRef, sig: number, task: TaskRef, type: PidType): number {
  if (task === 0) return -ESRCH
  return groupSendSigInfo(table, sig, task, type, fromAncestor(table, current, task))
}

function killAll(table: TaskTable, current: TaskRef, sig: number): number {
  const ns = taskActivePidNs(table, current)
  let retval = -ESRCH
  for (let p = T.firstProcess(table); p !== 0; p = T.nextProcess(table, p)) {
    if (taskPidNrNs(table, p, L.PIDTYPE_PID, ns) <= 1 || T.sameThreadGroup(table, p, current)) continue
    retval = sendTo(table, current, sig, p, TO_GROUP)
  }
  return retval
}
