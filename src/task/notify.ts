/**
 * Telling a parent that its child has died, stopped or gone on. Linux: kernel/signal.c (`do_notify_parent`,
 * `do_notify_parent_cldstop`), kernel/exit.c (`__wake_up_parent`).
 *
 * Context: tasklistLock.
 */
import { SA_NOCLDSTOP, SA_NOCLDWAIT, SIGCHLD } from '../abi/signal.ts'
import type { TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { taskPid } from '../pid/task_link.ts'
import { TASK_IDLE, TASK_ZAP_CHILDREN, wakeUpState } from './sched.ts'
import { fromAncestor, sendSignal, TO_GROUP, validSignal } from './signal_send.ts'
import { sigismember } from './sigset.ts'
import type { TaskTable } from './table.ts'
import * as T from './task.ts'

/**
 * The thread group of `leader` has ended: sends `sig` to its parent and wakes the parent's waits. A parent that has
 * executed a program since the fork gets SIGCHLD, whatever was asked for.
 *
 * Returns true when nobody will wait for it: the signal is SIGCHLD, and the parent ignores it (then it is not even
 * sent) or has set SA_NOCLDWAIT. Linux: `do_notify_parent`.
 */
export function doNotifyParent(
  table: TaskTable,
  current: TaskRef,
  leader: TaskRef,
  exitSignal: number,
): boolean {
  const w = table.words
  const parent = T.realParent(table, leader)
  table.hooks.notifyPidfd(taskPid(table, leader))
  if (parent === 0) return false
  let sig = exitSignal
  if (sig !== SIGCHLD && w[leader + L.TASK_PARENT_EXEC_ID] !== w[parent + L.TASK_SELF_EXEC_ID]) sig = SIGCHLD
  let autoreap = false
  if (sig === SIGCHLD) {
    const signal = T.signalOf(table, parent)
    const ignored = sigismember(w, signal + L.SIG_IGNORED, SIGCHLD)
    autoreap = ignored || (w[signal + L.SIG_CHLD_FLAGS] & SA_NOCLDWAIT) !== 0
    if (ignored) sig = 0
  }
  if (validSignal(sig) && sig !== 0) {
    sendSignal(table, sig, parent, TO_GROUP, fromAncestor(table, current, parent))
  }
  wakeUpParent(table, parent)
  return autoreap
}

/** A group stop is complete, or ended: SIGCHLD to the parent if it wants to know. Linux: `do_notify_parent_cldstop`. */
export function doNotifyParentCldstop(table: TaskTable, current: TaskRef): void {
  const w = table.words
  const leader = w[current + L.TASK_LEADER] as TaskRef
  const parent = T.realParent(table, leader)
  if (parent === 0) return
  const signal = T.signalOf(table, parent)
  const wanted =
    !sigismember(w, signal + L.SIG_IGNORED, SIGCHLD) && (w[signal + L.SIG_CHLD_FLAGS] & SA_NOCLDSTOP) === 0
  if (wanted) sendSignal(table, SIGCHLD, parent, TO_GROUP, fromAncestor(table, current, parent))
  wakeUpParent(table, parent)
}

/** Wakes every thread of the parent's group that waits for children. Linux: `__wake_up_parent`. */
export function wakeUpParent(table: TaskTable, parent: TaskRef): void {
  for (let t = T.firstThread(table, T.signalOf(table, parent)); t !== 0; t = T.nextThread(table, t)) {
    if (T.hasFlag(table, t, T.PF_WAITING)) wakeUpState(table, t, TASK_IDLE)
    wakeUpState(table, t, TASK_ZAP_CHILDREN)
  }
}
