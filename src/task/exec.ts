/**
 * execve(2), as far as it concerns processes: every other thread of the group ends, and the caller takes over the
 * leader's numbers. Linux: fs/exec.c (`begin_new_exec`, `de_thread`).
 *
 * The caller may have to rest twice (TASK_EXEC_THREADS, TASK_EXEC_LEADER) until the others are gone; the run queue
 * then goes on with it.
 *
 * Context: the task itself runs.
 */
import { EAGAIN } from '../abi/errno.ts'
import { SIGCHLD } from '../abi/signal.ts'
import { listReplaceInit } from '../lib/list.ts'
import type { TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { changePid, transferPid } from '../pid/pid_task.ts'
import { taskPid } from '../pid/task_link.ts'
import { dropCalls } from './due.ts'
import { releaseTask } from './release.ts'
import { TASK_EXEC_LEADER, TASK_EXEC_THREADS } from './sched.ts'
import { putSighand } from './sighand.ts'
import { zapOtherThreads } from './signal_send.ts'
import { sigemptyset } from './sigset.ts'
import type { TaskTable } from './table.ts'
import * as T from './task.ts'

/**
 * Begins. Returns true when the task executes its program now, false when it rests until the other threads are gone,
 * -EAGAIN when the group is ending, or another thread is in execve.
 */
export function deThread(table: TaskTable, task: TaskRef): boolean | number {
  const w = table.words
  const signal = T.signalOf(table, task)
  if (T.threadGroupEmpty(table, task)) return finishExec(table, task)
  if ((w[signal + L.SIG_FLAGS] & T.SIGNAL_GROUP_EXIT) !== 0 || w[signal + L.SIG_GROUP_EXEC_TASK] !== 0)
    return -EAGAIN
  w[signal + L.SIG_GROUP_EXEC_TASK] = task
  // A leader that is not the caller stays until the caller has taken its place: it is not waited for here.
  w[signal + L.SIG_NOTIFY_COUNT] = zapOtherThreads(table, task) - (T.threadGroupLeader(table, task) ? 0 : 1)
  return execResume(table, task, TASK_EXEC_THREADS)
}

/**
 * Goes on from where {@link deThread} rested. Returns true when the task executes its program, false when it rests
 * again.
 */
export function execResume(table: TaskTable, task: TaskRef, from: number): boolean {
  const w = table.words
  const signal = T.signalOf(table, task)
  if (from === TASK_EXEC_THREADS && w[signal + L.SIG_NOTIFY_COUNT] > 0) {
    w[task + L.TASK_STATE] = TASK_EXEC_THREADS
    return false
  }
  if (!T.threadGroupLeader(table, task)) {
    const leader = w[task + L.TASK_LEADER] as TaskRef
    if (T.exitState(table, leader) === 0) {
      w[signal + L.SIG_NOTIFY_COUNT] = -1
      w[task + L.TASK_STATE] = TASK_EXEC_LEADER
      return false
    }
    takeOverLeader(table, task, leader)
  }
  w[signal + L.SIG_GROUP_EXEC_TASK] = 0
  w[signal + L.SIG_NOTIFY_COUNT] = 0
  return finishExec(table, task)
}

/** The caller becomes the leader: its number, its group and session, its place among its parent's children. */
function takeOverLeader(table: TaskTable, task: TaskRef, leader: TaskRef): void {
  const w = table.words
  changePid(table, task, L.PIDTYPE_PID, taskPid(table, leader))
  transferPid(table, leader, task, L.PIDTYPE_PGID)
  transferPid(table, leader, task, L.PIDTYPE_SID)
  listReplaceInit(w, leader + L.TASK_TASKS, task + L.TASK_TASKS)
  listReplaceInit(w, leader + L.TASK_SIBLING, task + L.TASK_SIBLING)
  w[task + L.TASK_LEADER] = task
  w[leader + L.TASK_LEADER] = task
  w[task + L.TASK_EXIT_SIGNAL] = SIGCHLD
  w[leader + L.TASK_EXIT_SIGNAL] = -1
  w[leader + L.TASK_EXIT_STATE] = T.EXIT_DEAD
  if (w[L.H_INIT_TASK] === leader) w[L.H_INIT_TASK] = task
  releaseTask(table, task, leader)
}

/** What a new program changes: caught signals and flags are reset, ignored ones stay ignored. */
function finishExec(table: TaskTable, task: TaskRef): true {
  const w = table.words
  w[task + L.TASK_EXIT_SIGNAL] = SIGCHLD
  w[task + L.TASK_SELF_EXEC_ID] += 1
  w[task + L.TASK_FLAGS] &= ~T.PF_FORKNOEXEC
  const signal = T.signalOf(table, task)
  sigemptyset(w, signal + L.SIG_CAUGHT)
  putSighand(table, signal)
  dropCalls(table, task)
  w[signal + L.SIG_CHLD_FLAGS] = 0
  return true
}
