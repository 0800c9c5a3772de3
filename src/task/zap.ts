/**
 * The end of a namespace: the last thread of its init kills everything in it and waits until all of it is gone.
 * Linux: kernel/pid_namespace.c (`zap_pid_ns_processes`), kernel/exit.c (`find_child_reaper`).
 *
 * The kernel's function sleeps twice. Here each sleep is a state of the exiting task (TASK_ZAP_CHILDREN,
 * TASK_ZAP_PIDS): {@link zapPidNsProcesses} and {@link zapResume} say whether it rests, and the run queue goes on
 * with it when a child ends or freePid wakes it.
 *
 * What it may wait for outside the namespace: a zombie whose parent lives outside (it came in by setns(2)) holds its
 * number until that parent waits for it.
 */
import { SIGCHLD, SIGKILL } from '../abi/signal.ts'
import { __WALL, WEXITED } from '../abi/wait.ts'
import type { TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { disablePidAllocation } from '../pid/pid.ts'
import { findTaskByPidNs } from '../pid/pid_task.ts'
import { nextPidmap } from '../pid/pidmap.ts'
import { taskActivePidNs } from '../pid/task_link.ts'
import { TASK_ZAP_CHILDREN, TASK_ZAP_PIDS } from './sched.ts'
import { groupSendSigInfo, TO_GROUP } from './signal_send.ts'
import { sigaddset, sigismember } from './sigset.ts'
import type { TaskTable } from './table.ts'
import * as T from './task.ts'
import { doWait, newWaitOpts } from './wait.ts'

/** Begins the end. Returns true when nothing is left in the namespace but the caller's own thread group. */
export function zapPidNsProcesses(table: TaskTable, reaper: TaskRef): boolean {
  const w = table.words
  const ns = taskActivePidNs(table, reaper)
  disablePidAllocation(table, ns)
  // Children that die from now on leave no zombie.
  sigaddset(w, T.signalOf(table, reaper) + L.SIG_IGNORED, SIGCHLD)
  for (let nr = nextPidmap(table, ns, 1); nr > 0; nr = nextPidmap(table, ns, nr)) {
    const task = findTaskByPidNs(table, nr, ns)
    if (task !== 0 && !sigismember(w, task + L.TASK_PENDING, SIGKILL)) {
      groupSendSigInfo(table, SIGKILL, task, TO_GROUP, true)
    }
  }
  return zapResume(table, reaper, TASK_ZAP_CHILDREN)
}

/** Goes on from where the reaper rested. Returns true when it need not rest again. */
export function zapResume(table: TaskTable, reaper: TaskRef, from: number): boolean {
  const w = table.words
  const ns = taskActivePidNs(table, reaper)
  if (from === TASK_ZAP_CHILDREN && !reapAll(table, reaper)) {
    w[reaper + L.TASK_STATE] = TASK_ZAP_CHILDREN
    return false
  }
  // The caller's own number, and its leader's, which as a zombie beside it holds number 1.
  const own = T.threadGroupLeader(table, reaper) ? 1 : 2
  if (w[ns + L.NS_NR_HASHED] !== own) {
    w[reaper + L.TASK_STATE] = TASK_ZAP_PIDS
    return false
  }
  if (w[ns + L.NS_REBOOT] !== 0) w[T.signalOf(table, reaper) + L.SIG_GROUP_EXIT_CODE] = w[ns + L.NS_REBOOT]
  return true
}

/** Waits for every child that is dead; false while one lives. */
function reapAll(table: TaskTable, reaper: TaskRef): boolean {
  const wo = newWaitOpts()
  wo.flags = WEXITED | __WALL
  let found: number
  do found = doWait(table, reaper, wo)
  while (found > 0)
  return found < 0
}
