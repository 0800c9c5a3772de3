/**
 * Running tasks: from the entry of a call to its return, everyone whom it woke included. Linux: the entry code, and
 * the scheduler as one processor sees it.
 */
import { SIGCONT } from '../abi/signal.ts'
import { SHARED } from '../lib/atomic.ts'
import { panic } from '../lib/panic.ts'
import type { TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { journalCheckpoint } from '../sync/journal.ts'
import { execResume } from './exec.ts'
import { doGroupExit, exitResume } from './exit.ts'
import * as R from './sched.ts'
import { getSignal } from './signal.ts'
import type { TaskTable } from './table.ts'
import * as T from './task.ts'

/**
 * A call by `task` begins: it runs. A stopped task may call too (its owner decides that), and stays stopped.
 */
export function syscallEnter(table: TaskTable, task: TaskRef): void {
  if (R.taskState(table, task) === R.TASK_IDLE) table.words[task + L.TASK_STATE] = R.TASK_RUNNING
}

/**
 * The call is done: the caller looks at its own signals before anybody else runs. Returns false when it stopped or
 * died then, so that it sees no result.
 */
export function syscallReturn(table: TaskTable, task: TaskRef): boolean {
  const state = R.taskState(table, task)
  if (state === R.TASK_RUNNING) {
    returnToUser(table, task, false)
    return R.taskState(table, task) === R.TASK_IDLE
  }
  return state === R.TASK_IDLE || state === R.TASK_STOPPED
}

/** Runs whoever is on the queue, until it is empty. */
export function schedule(table: TaskTable): void {
  for (let task = R.dequeueTask(table); task !== 0; task = R.dequeueTask(table)) {
    runTask(table, task)
    if (SHARED !== 0) journalCheckpoint(table)
  }
}

function runTask(table: TaskTable, task: TaskRef): void {
  const rested = R.taskState(table, task)
  table.words[task + L.TASK_STATE] = R.TASK_RUNNING
  switch (rested) {
    case R.TASK_IDLE:
      returnToUser(table, task, false)
      break
    case R.TASK_CONTINUED:
      if (T.hasFlag(table, task, T.PF_DRIVEN)) table.hooks.tellDriver(task, SIGCONT)
      returnToUser(table, task, true)
      break
    case R.TASK_ZAP_CHILDREN:
    case R.TASK_ZAP_PIDS:
    case R.TASK_HELD:
      exitResume(table, task, rested)
      break
    case R.TASK_EXEC_THREADS:
    case R.TASK_EXEC_LEADER:
      resumeExec(table, task, rested)
      break
    default:
      panic(`a task in state ${rested} is on the run queue`)
  }
}

/** A wait in execve ends when the other threads are gone, or with the task's own death. */
function resumeExec(table: TaskTable, task: TaskRef, rested: number): void {
  const signal = T.signalOf(table, task)
  if ((table.words[signal + L.SIG_FLAGS] & T.SIGNAL_GROUP_EXIT) !== 0) {
    table.words[signal + L.SIG_GROUP_EXEC_TASK] = 0
    table.words[signal + L.SIG_NOTIFY_COUNT] = 0
    returnToUser(table, task, false)
  } else if (execResume(table, task, rested)) {
    returnToUser(table, task, false)
  }
}

/**
 * Takes pending signals, if some are announced or the task was stopped until now; what is left of the task then rests.
 * Linux: `exit_to_user_mode`.
 */
function returnToUser(table: TaskTable, task: TaskRef, wasStopped: boolean): void {
  if (wasStopped || T.hasFlag(table, task, T.TIF_SIGPENDING)) {
    const fatal = getSignal(table, task)
    if (fatal !== 0) doGroupExit(table, task, fatal)
    if (R.taskState(table, task) !== R.TASK_RUNNING) return
    table.hooks.runHandlers(task)
  }
  table.words[task + L.TASK_STATE] = R.TASK_IDLE
  if (T.hasFlag(table, task, T.PF_WAITING)) table.hooks.resumeWaits(task)
}
