/**
 * What calls leave for workers: a handler to be called, a driver to be told, a record to be let go. Where several workers
 * use the table, the function or driver may be in another one than the call that concerns it; so the table says what is
 * due, and each worker takes what is its own at the end of its next call.
 *
 *      task ---> DUE_DRIVER   the worker that has its driver; 0: none
 *                DUE_TELL     what that has not been told
 *                DUE_CALLS    signals taken whose handlers have not been called: a bit each
 *                DUE_NODE     in H_DUE while there is something to tell or to call, or while the task is released and its
 *                             driver's worker does not know yet: the task's record stays until it does
 *
 * A handler's worker is that of its process's sighand. A task has a record of this kind while it has a driver, or
 * handlers to be called: so there are no more of them than tasks, however many signals come. One that comes again before
 * its handler has been called is one with the first, as a pending signal is on Linux; a driver is told of the last
 * stop or continuation, and of the end.
 *
 * Context: tasklistLock.
 */
import { ENOMEM } from '../abi/errno.ts'
import { initListHead, listAddTail, listDelInit, listEmpty, listNext } from '../lib/list.ts'
import type { DueRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { kmemCacheFree, kmemCacheZalloc } from '../mm/slab.ts'
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

/** The worker that has the task's driver; 0: none has. */
export function driverWorker(table: TaskTable, task: TaskRef): number {
  const due = dueOf(table, task)
  return due === 0 ? 0 : table.words[due + L.DUE_DRIVER]
}

/** This worker has a driver for the task. Returns 0, -ENOMEM. */
export function setDriver(table: TaskTable, task: TaskRef): number {
  const due = makeDue(table, task)
  if (due === 0) return -ENOMEM
  table.words[due + L.DUE_DRIVER] = workerNr(table)
  table.words[task + L.TASK_FLAGS] |= T.PF_DRIVEN
  return 0
}

/** No driver stands behind the task any more. */
export function dropDriver(table: TaskTable, task: TaskRef): void {
  const w = table.words
  const due = dueOf(table, task)
  w[task + L.TASK_FLAGS] &= ~(T.PF_DRIVEN | T.PF_HOLD_EXIT)
  if (due === 0) return
  const isKept = w[due + L.DUE_DRIVER] !== 0 && isReleased(table, task)
  w[due + L.DUE_DRIVER] = 0
  w[due + L.DUE_TELL] = 0
  putDue(table, due)
  if (isKept) callRcu(table, task + L.TASK_RCU, RCU_FREE_TASK)
}

/**
 * The task has taken a signal that a function handles, to be called when the task goes on ({@link rouseHandlers}). False:
 * there is no memory to note it.
 */
export function noteCall(table: TaskTable, task: TaskRef, sig: number): boolean {
  const due = makeDue(table, task)
  if (due === 0) return false
  sigaddset(table.words, due + L.DUE_CALLS, sig)
  enlist(table, due)
  return true
}

/** The task goes on: its handlers may be called. */
export function rouseHandlers(table: TaskTable, task: TaskRef): void {
  for (const sig of calls(table, task)) rouseWorker(table, handlerWorker(table, T.signalOf(table, task), sig))
}

/** A task with a driver was stopped, continued or ended by `sig`: its driver is to be told. */
export function noteTell(table: TaskTable, task: TaskRef, sig: number): void {
  const w = table.words
  const due = dueOf(table, task)
  w[due + L.DUE_TELL] = sig
  enlist(table, due)
  rouseWorker(table, w[due + L.DUE_DRIVER])
}

/** Handlers that have not been called never are. */
export function dropCalls(table: TaskTable, task: TaskRef): void {
  const due = dueOf(table, task)
  if (due === 0) return
  sigemptyset(table.words, due + L.DUE_CALLS)
  putDue(table, due)
}

/** A handler that has not been called never is. */
export function dropCall(table: TaskTable, task: TaskRef, sig: number): boolean {
  const due = dueOf(table, task)
  if (due === 0 || !sigismember(table.words, due + L.DUE_CALLS, sig)) return false
  sigdelset(table.words, due + L.DUE_CALLS, sig)
  putDue(table, due)
  return true
}

/** A signal whose handler has not been called counts as not taken yet. */
export function untakeCall(table: TaskTable, task: TaskRef, sig: number): void {
  if (!dropCall(table, task, sig)) return
  sigaddset(table.words, task + L.TASK_PENDING, sig)
  signalWakeUp(table, task, false)
}

/** Those that the task has come to block count as not taken yet. */
export function untakeBlocked(table: TaskTable, task: TaskRef): void {
  for (const sig of calls(table, task))
    if (sigismember(table.words, task + L.TASK_BLOCKED, sig)) untakeCall(table, task, sig)
}

/**
 * The task has been released. True: the worker of its driver lets the record go, when it has been told; nobody else does.
 */
export function keptForDriver(table: TaskTable, task: TaskRef): boolean {
  const due = dueOf(table, task)
  if (due === 0) return false
  dropCalls(table, task)
  const worker = driverWorker(table, task)
  if (worker === 0) return false
  enlist(table, due)
  rouseWorker(table, worker)
  return true
}

/** Calls `visit` with each task about which something is due; that one may come off the list. */
export function forEachDue(table: TaskTable, visit: (task: TaskRef) => void): void {
  const w = table.words
  for (let node = listNext(w, L.H_DUE); node !== L.H_DUE; ) {
    const task = w[node - L.DUE_NODE + L.DUE_TASK] as TaskRef
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
    if (driverWorker(table, task) === workerNr(table)) takeTell(table, task, sink)
    takeCalls(table, task, sink)
  })
}

function takeTell(table: TaskTable, task: TaskRef, sink: DueSink): void {
  const w = table.words
  const due = dueOf(table, task)
  const sig = w[due + L.DUE_TELL]
  w[due + L.DUE_TELL] = 0
  if (sig !== 0) sink.tell(task, sig)
  if (!isReleased(table, task)) return
  sink.forget(task)
  dropDriver(table, task)
}

/** As on a stack: what was taken first lies below what was taken after it. */
function takeCalls(table: TaskTable, task: TaskRef, sink: DueSink): void {
  const signal = T.signalOf(table, task)
  if (T.hasFlag(table, task, T.PF_EXITING)) dropCalls(table, task)
  const own: number[] = []
  for (const sig of taskState(table, task) === TASK_IDLE ? calls(table, task) : []) {
    const worker = handlerWorker(table, signal, sig)
    if (worker === workerNr(table)) own.push(sig)
    if (worker === workerNr(table) || worker === 0) dropCall(table, task, sig)
  }
  for (const sig of own.reverse()) sink.call(task, sig, handlerFunction(table, signal, sig))
  const due = dueOf(table, task)
  if (due !== 0) putDue(table, due)
}

/** The signals whose handlers have not been called, in the order in which they are taken. */
function calls(table: TaskTable, task: TaskRef): number[] {
  const due = dueOf(table, task)
  return due === 0 ? [] : sigsInOrder(table.words, due + L.DUE_CALLS)
}

export function dueOf(table: TaskTable, task: TaskRef): DueRef {
  return table.words[task + L.TASK_DUE] as DueRef
}

/** The task's record, a new one if it has none; 0: memory is exhausted. */
function makeDue(table: TaskTable, task: TaskRef): DueRef {
  const known = dueOf(table, task)
  if (known !== 0) return known
  const due = kmemCacheZalloc(table, L.SLAB_DUE) as DueRef
  if (due === 0) return due
  table.words[due + L.DUE_TASK] = task
  initListHead(table.words, due + L.DUE_NODE)
  table.words[task + L.TASK_DUE] = due
  return due
}

function enlist(table: TaskTable, due: DueRef): void {
  const w = table.words
  if (listEmpty(w, due + L.DUE_NODE)) listAddTail(w, due + L.DUE_NODE, L.H_DUE)
}

/** Off the list if nothing is left to tell or call; and given back if the task has no driver either. */
function putDue(table: TaskTable, due: DueRef): void {
  const w = table.words
  const task = w[due + L.DUE_TASK] as TaskRef
  const hasDriver = w[due + L.DUE_DRIVER] !== 0
  if (!sigisempty(w, due + L.DUE_CALLS) || w[due + L.DUE_TELL] !== 0) return
  if (hasDriver && isReleased(table, task)) return
  listDelInit(w, due + L.DUE_NODE)
  if (hasDriver) return
  w[task + L.TASK_DUE] = 0
  kmemCacheFree(table, L.SLAB_DUE, due)
}

function isReleased(table: TaskTable, task: TaskRef): boolean {
  return taskPid(table, task) === 0
}
