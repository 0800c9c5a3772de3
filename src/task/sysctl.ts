/**
 * The sysctls of a PID namespace: kernel.ns_last_pid and kernel.pid_max, of the namespace that the caller is in.
 * Linux: kernel/pid_namespace.c (`pid_ns_ctl_handler`), kernel/pid.c. In the seeds' era pid_max is one for all.
 */
import { EINVAL } from '../abi/errno.ts'
import { load, store } from '../lib/atomic.ts'
import type { NsRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { pidMaxOf } from '../pid/pidmap.ts'
import { taskActivePidNs } from '../pid/task_link.ts'
import type { TaskTable } from './table.ts'

/** The number given out last; lastPidNone where none was but by set_tid. */
export function getNsLastPid(table: TaskTable, current: TaskRef): number {
  return load(table.words, taskActivePidNs(table, current) + L.NS_LAST_PID)
}

/** The next number tried is `value` + 1. Returns 0, or -EINVAL: not in 0 .. pid_max. */
export function setNsLastPid(table: TaskTable, current: TaskRef, value: number): number {
  const ns = taskActivePidNs(table, current)
  if (value < 0 || value > pidMaxOf(table, ns)) return -EINVAL
  store(table.words, ns + L.NS_LAST_PID, value)
  return 0
}

/** One more than the largest number that the namespace gives out. */
export function getPidMax(table: TaskTable, current: TaskRef): number {
  return pidMaxOf(table, taskActivePidNs(table, current))
}

/** Returns 0, or -EINVAL: below the smallest or above the largest pid_max. Numbers above a lowered one stay. */
export function setPidMax(table: TaskTable, current: TaskRef, value: number): number {
  const w = table.words
  if (value < w[L.H_PID_MAX_MIN] || value > w[L.H_PID_MAX_LIMIT]) return -EINVAL
  const ns = w[L.H_ERA] === L.ERA_4_14 ? (w[L.H_INIT_NS] as NsRef) : taskActivePidNs(table, current)
  store(w, ns + L.NS_PID_MAX, value)
  return 0
}
