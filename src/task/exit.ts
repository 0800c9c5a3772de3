/**
 * Exit. Linux: kernel/exit.c (`do_exit`, `do_group_exit`, `exit_notify`, `forget_original_parent`).
 *
 * An exit is a state machine, never a function that blocks. A thread passes through:
 *
 *      alive -> PF_EXITING -> [TASK_ZAP_CHILDREN -> TASK_ZAP_PIDS] -> [TASK_HELD] -> TASK_DEAD, a zombie or released
 *
 * where only the last thread of a namespace's init passes through the first brackets, and only a task with a driver
 * that asked for it through the second; either may rest there.
 *
 * Context: the exiting task runs.
 */
import { SIGCHLD, SIGKILL } from '../abi/signal.ts'
import { listEmpty, listSpliceTailInit } from '../lib/list.ts'
import { panic } from '../lib/panic.ts'
import type { NsRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { putPidNs } from '../pid/pid_ns_ref.ts'
import { taskActivePidNs, taskPid } from '../pid/task_link.ts'
import { doNotifyParent } from './notify.ts'
import { killOrphanedPgrp } from './pgrp.ts'
import { queueDead, releaseDead } from './release.ts'
import { TASK_DEAD, TASK_HELD, wakeUpProcess, wakeUpState } from './sched.ts'
import { exitSignals } from './signal.ts'
import { fromAncestor, groupSendSigInfo, TO_GROUP, zapOtherThreads } from './signal_send.ts'
import type { TaskTable } from './table.ts'
import * as T from './task.ts'
import { zapPidNsProcesses, zapResume } from './zap.ts'

/**
 * Ends the whole thread group of `task`, which runs, with `code` (as wait4(2) shows it) unless its end has already
 * begun with another one. Linux: `do_group_exit`.
 */
export function doGroupExit(table: TaskTable, task: TaskRef, code: number): void {
  const w = table.words
  const signal = T.signalOf(table, task)
  let own = code
  if ((w[signal + L.SIG_FLAGS] & T.SIGNAL_GROUP_EXIT) !== 0) {
    own = w[signal + L.SIG_GROUP_EXIT_CODE]
  } else if (w[signal + L.SIG_GROUP_EXEC_TASK] !== 0) {
    own = 0
  } else {
    w[signal + L.SIG_GROUP_EXIT_CODE] = code
    w[signal + L.SIG_FLAGS] = T.SIGNAL_GROUP_EXIT
    zapOtherThreads(table, task)
  }
  doExit(table, task, own)
}

/** Ends this thread with `code`; the last one ends the group. Linux: `do_exit`. */
export function doExit(table: TaskTable, task: TaskRef, code: number): void {
  const w = table.words
  const signal = T.signalOf(table, task)
  if (w[signal + L.SIG_LIVE] === 1) synchronizeGroupExit(table, task, code)
  exitSignals(table, task)
  if (T.hasFlag(table, task, T.PF_WAITING)) table.hooks.abortWaits(task)
  w[signal + L.SIG_LIVE] -= 1
  w[task + L.TASK_EXIT_CODE] = code
  exitTaskNamespaces(table, task)

  if (T.hasFlag(table, task, T.PF_DRIVEN)) table.hooks.tellDriver(task, code & 0x7f || SIGKILL)
  const reaper = findChildReaper(table, task)
  if (reaper !== 0) finishExit(table, task, reaper)
}

/** Goes on with an exit that rested in the end of its namespace, from the state in which it did. */
export function exitResume(table: TaskTable, task: TaskRef, from: number): void {
  if (from === TASK_HELD || zapResume(table, task, from)) {
    finishExit(table, task, table.words[taskActivePidNs(table, task) + L.NS_CHILD_REAPER] as TaskRef)
  }
}

/** The driver has reported: a held exit goes on, on the run queue. */
export function releaseExit(table: TaskTable, task: TaskRef): void {
  table.words[task + L.TASK_FLAGS] &= ~(T.PF_HOLD_EXIT | T.PF_DRIVEN)
  wakeUpState(table, task, TASK_HELD)
}

/** The last step, unless a driver holds it back. */
function finishExit(table: TaskTable, task: TaskRef, reaper: TaskRef): void {
  if (T.hasFlag(table, task, T.PF_HOLD_EXIT)) table.words[task + L.TASK_STATE] = TASK_HELD
  else exitNotify(table, task, reaper)
}

/**
 * The last thread to exit decides the group's status where no group exit did. The seeds' kernel has no such rule:
 * there it is the leader's own. Linux: `synchronize_group_exit`.
 */
function synchronizeGroupExit(table: TaskTable, task: TaskRef, code: number): void {
  const w = table.words
  const signal = T.signalOf(table, task)
  if ((w[signal + L.SIG_FLAGS] & T.SIGNAL_GROUP_EXIT) !== 0 || w[L.H_ERA] === L.ERA_4_14) return
  w[signal + L.SIG_FLAGS] = T.SIGNAL_GROUP_EXIT
  w[signal + L.SIG_GROUP_EXIT_CODE] = code
  w[signal + L.SIG_GROUP_STOP_COUNT] = 0
}

/** Linux: `exit_task_namespaces`. */
function exitTaskNamespaces(table: TaskTable, task: TaskRef): void {
  const ns = table.words[task + L.TASK_NS_FOR_CHILDREN] as NsRef
  table.words[task + L.TASK_NS_FOR_CHILDREN] = 0
  putPidNs(table, ns)
}

/**
 * The reaper of the exiting task's own namespace. If the task is that itself, another thread of its group takes its
 * place; if there is none, the namespace ends.
 * Returns the reaper (the task itself once its namespace is empty), NULL when the task rests. Linux: `find_child_reaper`.
 */
function findChildReaper(table: TaskTable, father: TaskRef): TaskRef {
  const w = table.words
  const ns = taskActivePidNs(table, father)
  const reaper = w[ns + L.NS_CHILD_REAPER] as TaskRef
  if (reaper !== father) return reaper
  const other = T.findAliveThread(table, father)
  if (other !== 0) {
    w[ns + L.NS_CHILD_REAPER] = other
    return other
  }
  if (ns === w[L.H_INIT_NS]) panic('attempted to kill init')
  return (zapPidNsProcesses(table, father) ? father : 0) as TaskRef
}

/** Children go to a new parent, the own parent is told, and the thread is dead. Linux: `exit_notify`. */
function exitNotify(table: TaskTable, task: TaskRef, childReaper: TaskRef): void {
  const w = table.words
  const signal = T.signalOf(table, task)
  const leader = w[task + L.TASK_LEADER] as TaskRef
  forgetOriginalParent(table, task, childReaper)
  if (w[signal + L.SIG_LIVE] === 0) killOrphanedPgrp(table, leader, 0 as TaskRef)
  w[task + L.TASK_EXIT_STATE] = T.EXIT_ZOMBIE
  w[task + L.TASK_STATE] = TASK_DEAD
  const autoreap = T.threadGroupLeader(table, task)
    ? T.threadGroupEmpty(table, task) && doNotifyParent(table, task, task, w[task + L.TASK_EXIT_SIGNAL])
    : true
  if (!T.threadGroupLeader(table, task)) table.hooks.notifyPidfd(taskPid(table, task))
  if (autoreap) queueDead(table, task)
  // In execve, a thread waits for its leader to be dead.
  if (w[signal + L.SIG_NOTIFY_COUNT] < 0) wakeUpProcess(table, w[signal + L.SIG_GROUP_EXEC_TASK] as TaskRef)
  releaseDead(table, task)
}

/** Gives the children of an exiting thread to a new parent. Linux: `forget_original_parent`. */
function forgetOriginalParent(table: TaskTable, father: TaskRef, childReaper: TaskRef): void {
  const w = table.words
  if (listEmpty(w, father + L.TASK_CHILDREN)) return
  const reaper = findNewReaper(table, father, childReaper)
  for (let p = T.firstChild(table, father); p !== 0; p = T.nextSibling(table, father, p)) {
    for (let t = T.firstThread(table, T.signalOf(table, p)); t !== 0; t = T.nextThread(table, t)) {
      w[t + L.TASK_REAL_PARENT] = reaper
      const sig = w[t + L.TASK_PDEATH_SIGNAL]
      if (sig !== 0) groupSendSigInfo(table, sig, t, TO_GROUP, fromAncestor(table, father, t))
    }
    if (!T.sameThreadGroup(table, reaper, father)) reparentLeader(table, father, p)
  }
  listSpliceTailInit(w, father + L.TASK_CHILDREN, reaper + L.TASK_CHILDREN)
}

/**
 * Who adopts the children: another thread of the group, else the nearest subreaper among the ancestors of the same
 * namespace level, else the namespace's reaper. Linux: `find_new_reaper`.
 */
function findNewReaper(table: TaskTable, father: TaskRef, childReaper: TaskRef): TaskRef {
  const w = table.words
  const thread = T.findAliveThread(table, father)
  if (thread !== 0) return thread
  if ((w[T.signalOf(table, father) + L.SIG_SUBREAPER] & L.SUBREAPER_HAS) === 0) return childReaper
  const level = w[taskPid(table, father) + L.PID_LEVEL]
  let up = T.realParent(table, father)
  while (up !== 0 && w[taskPid(table, up) + L.PID_LEVEL] === level) {
    if ((w[T.signalOf(table, up) + L.SIG_SUBREAPER] & L.SUBREAPER_IS) !== 0) {
      const alive = T.findAliveThread(table, up)
      if (alive !== 0) return alive
    }
    up = T.realParent(table, up)
  }
  return childReaper
}

/** A child has come to another process: told if it is dead, and its group may be orphaned. Linux: `reparent_leader`. */
function reparentLeader(table: TaskTable, father: TaskRef, child: TaskRef): void {
  const w = table.words
  if (T.exitState(table, child) === T.EXIT_DEAD) return
  w[child + L.TASK_EXIT_SIGNAL] = SIGCHLD
  if (T.exitState(table, child) === T.EXIT_ZOMBIE && T.threadGroupEmpty(table, child)) {
    if (doNotifyParent(table, father, child, SIGCHLD)) queueDead(table, child)
  }
  killOrphanedPgrp(table, child, father)
}
