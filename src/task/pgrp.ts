/**
 * Orphaned process groups: groups of which no member has a parent outside the group in the same session, so that
 * nobody is left to continue what is stopped. Linux: kernel/exit.c. Context: tasklistLock.
 */
import { SIGCONT, SIGHUP } from '../abi/signal.ts'
import type { PidRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { nextPidTask, pidTask } from '../pid/pid_task.ts'
import type { PidTable } from '../pid/table.ts'
import { NULL_TASK, taskPgrp, taskSession } from '../pid/task_link.ts'
import { killPgrpInfo } from './signal_send.ts'
import * as T from './task.ts'

/** Linux: `is_current_pgrp_orphaned`. */
export function isPgrpOrphaned(table: PidTable, task: TaskRef): boolean {
  return willBecomeOrphanedPgrp(table, taskPgrp(table, task), NULL_TASK)
}

/**
 * If the group of `task` has become orphaned and has a stopped member, sends it SIGHUP, then SIGCONT. `parent` is the
 * process that leaves `task` to another parent; NULL when it is `task` itself that exits. Linux: `kill_orphaned_pgrp`.
 */
export function killOrphanedPgrp(table: PidTable, task: TaskRef, parent: TaskRef): void {
  const pgrp = taskPgrp(table, task)
  const link = parent === 0 ? T.realParent(table, task) : parent
  if (link === 0 || taskPgrp(table, link) === pgrp || taskSession(table, link) !== taskSession(table, task))
    return
  const ignored = parent === 0 ? task : NULL_TASK
  if (!willBecomeOrphanedPgrp(table, pgrp, ignored) || !hasStoppedJobs(table, pgrp)) return
  killPgrpInfo(table, SIGHUP, pgrp, NULL_TASK, 0)
  killPgrpInfo(table, SIGCONT, pgrp, NULL_TASK, 0)
}

/** Will no member but `ignored` have a parent outside the group in its session? Linux: `will_become_orphaned_pgrp`. */
function willBecomeOrphanedPgrp(table: PidTable, pgrp: PidRef, ignored: TaskRef): boolean {
  for (let p = pidTask(table, pgrp, L.PIDTYPE_PGID); p !== 0; p = nextPidTask(table, p, L.PIDTYPE_PGID)) {
    const parent = T.realParent(table, p)
    if (p === ignored || parent === 0 || T.isGlobalInit(table, parent)) continue
    if (T.exitState(table, p) !== 0 && T.threadGroupEmpty(table, p)) continue
    if (taskPgrp(table, parent) !== pgrp && taskSession(table, parent) === taskSession(table, p)) return false
  }
  return true
}

/** Linux: `has_stopped_jobs`. */
function hasStoppedJobs(table: PidTable, pgrp: PidRef): boolean {
  for (let p = pidTask(table, pgrp, L.PIDTYPE_PGID); p !== 0; p = nextPidTask(table, p, L.PIDTYPE_PGID)) {
    if ((table.words[T.signalOf(table, p) + L.SIG_FLAGS] & T.SIGNAL_STOP_STOPPED) !== 0) return true
  }
  return false
}
