/**
 * The end of a task: its numbers, its place in every list, its record. Linux: kernel/exit.c (`release_task`,
 * `__exit_signal`, `__unhash_process`). Context: takes tasklistLock's place as its callers hold it.
 */
import { listDelInit } from '../lib/list.ts'
import type { SignalRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { kmemCacheFree } from '../mm/slab.ts'
import { RCU_FREE_TASK } from '../pid/callbacks.ts'
import { detachPid, freeTaskStruct } from '../pid/pid_task.ts'
import { callRcu } from '../sync/rcu.ts'
import { refcountDecAndTest } from '../sync/refcount.ts'
import { keptForDriver } from './due.ts'
import { doNotifyParent } from './notify.ts'
import { wakeUpProcess } from './sched.ts'
import { putSighand } from './sighand.ts'
import type { TaskTable } from './table.ts'
import * as T from './task.ts'

/**
 * Takes a dead task out of all lists, frees its numbers (unless they still name a group or session) and leaves the
 * record to RCU. The last other thread of a dead leader's group makes the leader known to its parent; where nobody
 * will wait for it, it is released too. `current`: who does it.
 */
export function releaseTask(table: TaskTable, current: TaskRef, task: TaskRef): void {
  const w = table.words
  const leader = w[task + L.TASK_LEADER] as TaskRef
  table.hooks.taskReleased(task)
  exitSignal(table, task)
  let zapLeader = false
  if (leader !== task && T.threadGroupEmpty(table, leader) && T.exitState(table, leader) === T.EXIT_ZOMBIE) {
    const signal = T.signalOf(table, leader)
    // Today's kernel: what is known of a dead leader from now on is how its group ended.
    if (w[L.H_ERA] !== L.ERA_4_14 && (w[signal + L.SIG_FLAGS] & T.SIGNAL_GROUP_EXIT) !== 0)
      w[leader + L.TASK_EXIT_CODE] = w[signal + L.SIG_GROUP_EXIT_CODE]
    zapLeader = doNotifyParent(table, current, leader, w[leader + L.TASK_EXIT_SIGNAL])
    if (zapLeader) w[leader + L.TASK_EXIT_STATE] = T.EXIT_DEAD
  }
  if (!keptForDriver(table, task)) callRcu(table, task + L.TASK_RCU, RCU_FREE_TASK)
  if (zapLeader) releaseTask(table, current, leader)
}

/** The RCU callback of {@link releaseTask}. Linux: `delayed_put_task_struct`. */
export function delayedPutTaskStruct(table: TaskTable, rcuHead: number): void {
  const task = (rcuHead - L.TASK_RCU) as TaskRef
  const signal = T.signalOf(table, task)
  freeTaskStruct(table, task)
  putSignalStruct(table, signal)
}

/** One reference less to what the threads share. Linux: `put_signal_struct`. */
export function putSignalStruct(table: TaskTable, signal: SignalRef): void {
  if (refcountDecAndTest(table.words, signal + L.SIG_COUNT)) kmemCacheFree(table, L.SLAB_SIGNAL, signal)
}

/** Queues a dead task for release at the end of the exit that is under way: the last one queued goes first. */
export function queueDead(table: TaskTable, task: TaskRef): void {
  const w = table.words
  w[task + L.TASK_EXIT_STATE] = T.EXIT_DEAD
  w[task + L.TASK_RUN_NEXT] = w[L.H_DEAD]
  w[L.H_DEAD] = task
}

/** Releases what {@link queueDead} gathered. */
export function releaseDead(table: TaskTable, current: TaskRef): void {
  const w = table.words
  while (w[L.H_DEAD] !== 0) {
    const task = w[L.H_DEAD] as TaskRef
    w[L.H_DEAD] = w[task + L.TASK_RUN_NEXT]
    releaseTask(table, current, task)
  }
}

/** Leaves the thread group and all lists. Linux: `__exit_signal`, `__unhash_process`. */
function exitSignal(table: TaskTable, task: TaskRef): void {
  const w = table.words
  const signal = T.signalOf(table, task)
  const leader = T.threadGroupLeader(table, task)
  if (!leader) {
    if (w[signal + L.SIG_NOTIFY_COUNT] > 0) {
      w[signal + L.SIG_NOTIFY_COUNT] -= 1
      if (w[signal + L.SIG_NOTIFY_COUNT] === 0)
        wakeUpProcess(table, w[signal + L.SIG_GROUP_EXEC_TASK] as TaskRef)
    }
    if (w[signal + L.SIG_CURR_TARGET] === task) {
      w[signal + L.SIG_CURR_TARGET] = T.nextThreadRound(table, task)
    }
  }
  w[signal + L.SIG_NR_THREADS] -= 1
  if (w[signal + L.SIG_NR_THREADS] === 0) putSighand(table, signal)
  w[L.H_THREADS] -= 1
  detachPid(table, task, L.PIDTYPE_PID)
  if (leader) {
    detachPid(table, task, L.PIDTYPE_PGID)
    detachPid(table, task, L.PIDTYPE_SID)
    listDelInit(w, task + L.TASK_TASKS)
    listDelInit(w, task + L.TASK_SIBLING)
  }
  listDelInit(w, task + L.TASK_THREAD_NODE)
}
