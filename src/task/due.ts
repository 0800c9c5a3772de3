/**
 * What calls leave for workers: a handler to be called, a driver to be told, a record to be let go. Where several workers
 * use the table, the function or driver may be in another one than the call that concerns it; so the table says what is
 * due, and each worker takes what is its own at the end of its next call.
 *
 *      H_DUE --> task --> task --> ...          each with one at least of
 *                 |
 *                 |   TASK_CALLS    signals taken whose handlers have not been called: a bit each
 *                 |   TASK_TELL     what its driver has not been told
 *                 |   released      its driver's worker does not know yet: the record stays until it does
 *
 * A handler's worker is that of its process's sighand, a driver's is TASK_DRIVER. Nothing here needs memory: a signal
 * that comes again before its handler has been called is one with the first, as a pending signal is on Linux; a
 * driver is told of the last stop or continuation, and of the end.
 *
 * Context: tasklistLock.
 */
import { SHARED } from '../lib/atomic.ts'
import { listAddTail, listDelInit, listNext } from '../lib/list.ts'
import type { TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { ownWorker, rouseWorker, workerNr } from '../mm/worker.ts'
import { RCU_FREE_TASK } from '../pid/callbacks.ts'
import { taskPid } from '../pid/task_link.ts'
import { callRcu } from '../sync/rcu.ts'
import { TASK_IDLE, taskState } from './sched.ts'
import { handlerFunction, handlerWorker } from './sighand.ts'
import { signalWakeUp } from './signal_send.ts'
import { sigaddset, sigdelset, sigemptyset, sigisempty, sigismember, sigsInOrder } from './sigset.ts'
import type { TaskTable } from './table.ts'
import * as T from './task.ts'

/** What a worker does about what it takes. */
export interface DueSink {
  /** A handler is to be called: the function, by what this worker knows it. */
  call(task: TaskRef, sig: number, fn: number): void
  /** The task's driver is to be told. */
  tell(task: TaskRef, sig: number): void
  /** The task is gone: its driver stands behind nothing. */
  forget(task: TaskRef): void
}

/** The task has taken a signal that a function handles: to be called when the task goes on ({@link rouseHandlers}). */
export function noteCall(table: TaskTable, task: TaskRef, sig: number): void {
  sigaddset(table.words, task + L.TASK_CALLS, sig)
  enlist(table, task)
}

/** The task goes on: its handlers may be called. */
export function rouseHandlers(table: TaskTable, task: TaskRef): void {
  if (!T.hasFlag(table, task, T.PF_DUE)) return
  for (const sig of sigsInOrder(table.words, task + L.TASK_CALLS))
    rouseWorker(table, handlerWorker(table, T.signalOf(table, task), sig))
}

/** The task was stopped, continued or ended by `sig`: its driver is to be told. */
export function noteTell(table: TaskTable, task: TaskRef, sig: number): void {
  const w = table.words
  w[task + L.TASK_TELL] = sig
  enlist(table, task)
  rouseWorker(table, w[task + L.TASK_DRIVER])
}

/** Handlers that have not been called never are. */
export function dropCalls(table: TaskTable, task: TaskRef): void {
  if (!T.hasFlag(table, task, T.PF_DUE)) return
  sigemptyset(table.words, task + L.TASK_CALLS)
  delistIfDone(table, task)
}

/** A signal whose handler has not been called counts as not taken yet. */
export function untakeCall(table: TaskTable, task: TaskRef, sig: number): void {
  const w = table.words
  if (!T.hasFlag(table, task, T.PF_DUE) || !sigismember(w, task + L.TASK_CALLS, sig)) return
  sigdelset(w, task + L.TASK_CALLS, sig)
  delistIfDone(table, task)
  sigaddset(w, task + L.TASK_PENDING, sig)
  signalWakeUp(table, task, false)
}

/** A handler that has not been called never is. */
export function dropCall(table: TaskTable, task: TaskRef, sig: number): void {
  if (!T.hasFlag(table, task, T.PF_DUE)) return
  sigdelset(table.words, task + L.TASK_CALLS, sig)
  delistIfDone(table, task)
}

/** The signals that the task has come to block count as not taken yet. */
export function untakeBlocked(table: TaskTable, task: TaskRef): void {
  if (!T.hasFlag(table, task, T.PF_DUE)) return
  for (const sig of sigsInOrder(table.words, task + L.TASK_CALLS))
    if (sigismember(table.words, task + L.TASK_BLOCKED, sig)) untakeCall(table, task, sig)
}

/**
 * The task is released. True: the worker of its driver lets the record go, when it has been told; nobody else does.
 */
export function keptForDriver(table: TaskTable, task: TaskRef): boolean {
  const flags = table.words[task + L.TASK_FLAGS] & (T.PF_DRIVEN | T.PF_DUE)
  if (SHARED === 0 || flags === 0) return false
  sigemptyset(table.words, task + L.TASK_CALLS)
  if (table.words[task + L.TASK_DRIVER] === 0) {
    delistIfDone(table, task)
    return false
  }
  enlist(table, task)
  rouseWorker(table, table.words[task + L.TASK_DRIVER])
  return true
}

/** No driver stands behind the task any more. */
export function dropDriver(table: TaskTable, task: TaskRef): void {
  const w = table.words
  w[task + L.TASK_FLAGS] &= ~(T.PF_DRIVEN | T.PF_HOLD_EXIT)
  w[task + L.TASK_DRIVER] = 0
  w[task + L.TASK_TELL] = 0
  if (!T.hasFlag(table, task, T.PF_DUE)) return
  delistIfDone(table, task)
  if (isReleased(table, task)) callRcu(table, task + L.TASK_RCU, RCU_FREE_TASK)
}

/** Calls `visit` with each task about which something is due; that one may come off the list. */
export function forEachDue(table: TaskTable, visit: (task: TaskRef) => void): void {
  const w = table.words
  for (let node = listNext(w, L.H_DUE); node !== L.H_DUE; ) {
    const task = (node - L.TASK_DUE) as TaskRef
    node = listNext(w, node)
    visit(task)
  }
}

/** Is something due that this worker has to do? Context: any. */
export function isDue(table: TaskTable): boolean {
  const own = ownWorker(table)
  return own !== 0 && table.words[own + L.WORKER_DUE] !== 0
}

/** This worker takes what is its own, of the task that has waited longest first. */
export function takeDue(table: TaskTable, sink: DueSink): void {
  table.words[ownWorker(table) + L.WORKER_DUE] = 0
  forEachDue(table, (task) => {
    if (table.words[task + L.TASK_DRIVER] === workerNr(table)) takeTell(table, task, sink)
    if (T.hasFlag(table, task, T.PF_DUE)) takeCalls(table, task, sink)
  })
}

function takeTell(table: TaskTable, task: TaskRef, sink: DueSink): void {
  const w = table.words
  const sig = w[task + L.TASK_TELL]
  w[task + L.TASK_TELL] = 0
  if (sig !== 0) sink.tell(task, sig)
  if (isReleased(table, task)) {
    sink.forget(task)
    dropDriver(table, task)
  } else {
    delistIfDone(table, task)
  }
}

/** As on a stack: what was taken first lies below what was taken after it. */
function takeCalls(table: TaskTable, task: TaskRef, sink: DueSink): void {
  const w = table.words
  if (T.hasFlag(table, task, T.PF_EXITING)) sigemptyset(w, task + L.TASK_CALLS)
  const signal = T.signalOf(table, task)
  const own: number[] = []
  const goesOn = taskState(table, task) === TASK_IDLE
  for (const sig of goesOn ? sigsInOrder(w, task + L.TASK_CALLS) : []) {
    const worker = handlerWorker(table, signal, sig)
    if (worker === workerNr(table)) own.push(sig)
    if (worker === workerNr(table) || worker === 0) sigdelset(w, task + L.TASK_CALLS, sig)
  }
  delistIfDone(table, task)
  for (const sig of own.reverse()) sink.call(task, sig, handlerFunction(table, signal, sig))
}

function enlist(table: TaskTable, task: TaskRef): void {
  if (T.hasFlag(table, task, T.PF_DUE)) return
  table.words[task + L.TASK_FLAGS] |= T.PF_DUE
  listAddTail(table.words, task + L.TASK_DUE, L.H_DUE)
}

function delistIfDone(table: TaskTable, task: TaskRef): void {
  const w = table.words
  const isDone = sigisempty(w, task + L.TASK_CALLS) && w[task + L.TASK_TELL] === 0
  if (!isDone || (w[task + L.TASK_DRIVER] !== 0 && isReleased(table, task))) return
  w[task + L.TASK_FLAGS] &= ~T.PF_DUE
  listDelInit(w, task + L.TASK_DUE)
}

function isReleased(table: TaskTable, task: TaskRef): boolean {
  return taskPid(table, task) === 0
}
