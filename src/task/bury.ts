/**
 * What a worker leaves in the table when it ends: its processes, its handlers and drivers, and the references that its waits held.
 * Context: tasklistLock. Runs no task: whoever is concerned goes on the run queue.
 */
import { NSIG } from '../abi/limits.ts'
import { SIGKILL } from '../abi/signal.ts'
import type { PidfdRef, PidRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { forEachSlot, kmemCacheFree, kmemCacheZalloc } from '../mm/slab.ts'
import { putPid } from '../pid/pid.ts'
import { taskPid, taskTgid } from '../pid/task_link.ts'
import { driverWorker, dropCalls, dropDriver, forEachDue, untakeCall } from './due.ts'
import { releaseExit } from './exit.ts'
import { TASK_HELD, wakeUpState } from './sched.ts'
import { clearFunctionsOf, handlerWorker, putSighand } from './sighand.ts'
import { sendSignal, TO_GROUP } from './signal_send.ts'
import { sigdelset } from './sigset.ts'
import type { TaskTable } from './table.ts'
import * as T from './task.ts'

/** Kills, as the kernel kills, the processes that belong to this worker. */
export function killTasksOf(table: TaskTable, worker: number): void {
  const w = table.words
  for (let p = T.firstProcess(table); p !== 0; p = T.nextProcess(table, p)) {
    if (w[taskTgid(table, p) + L.PID_WORKER] === worker) sendSignal(table, SIGKILL, p, TO_GROUP, true)
  }
}

/**
 * The functions of this worker are called no more: their signals have their default again, as after execve(2), and those
 * whose handlers have not been called meet it.
 */
export function dropHandlersOf(table: TaskTable, worker: number): void {
  const w = table.words
  for (let p = T.firstProcess(table); p !== 0; p = T.nextProcess(table, p)) {
    const signal = T.signalOf(table, p)
    if (w[signal + L.SIG_SIGHAND] === 0) continue
    for (let sig = 1; sig <= NSIG; sig++) {
      if (handlerWorker(table, signal, sig) !== worker) continue
      sigdelset(w, signal + L.SIG_CAUGHT, sig)
      for (let t = T.firstThread(table, signal); t !== 0; t = T.nextThread(table, t))
        untakeCall(table, t, sig)
    }
  }
  clearFunctionsOf(table, worker)
}

/**
 * The drivers of this worker tell nothing any more, and cannot be told: held exits go on. `kill`: what they stood for is out
 * of reach, and the tasks end with it.
 */
export function dropDriversOf(table: TaskTable, worker: number, kill: boolean): void {
  forEachDue(table, (task) => {
    if (driverWorker(table, task) === worker && taskPid(table, task) === 0) dropDriver(table, task)
  })
  forEachTask(table, (task) => {
    if (driverWorker(table, task) !== worker) return
    dropDriver(table, task)
    releaseExit(table, task)
    if (kill) sendSignal(table, SIGKILL, task, TO_GROUP, true)
  })
}

/** From now on the process ends with this worker. */
export function claimTask(table: TaskTable, task: TaskRef, worker: number): void {
  table.words[taskTgid(table, task) + L.PID_WORKER] = worker
}

/**
 * Notes that a wait of this worker holds a reference to `pid`, so that others can give it back; returns the record, 0 where
 * memory is exhausted.
 */
export function nameWait(table: TaskTable, pid: PidRef, worker: number): PidfdRef {
  const file = kmemCacheZalloc(table, L.SLAB_PIDFD) as PidfdRef
  if (file === 0) return file
  table.words[file + L.PIDFD_PID] = pid
  table.words[file + L.PIDFD_FLAGS] = -worker
  return file
}

/** Gives back the references that waits of this worker hold; 0: of any. */
export function putWaitsOf(table: TaskTable, worker: number): void {
  const w = table.words
  const found: PidfdRef[] = []
  forEachSlot(table, L.SLAB_PIDFD, (file) => {
    const flags = w[file + L.PIDFD_FLAGS]
    if (flags < 0 && (worker === 0 || flags === -worker)) found.push(file as PidfdRef)
  })
  for (const file of found) {
    putPid(table, w[file + L.PIDFD_PID] as PidRef)
    kmemCacheFree(table, L.SLAB_PIDFD, file)
  }
}

/** Nobody waits for anybody, as far as the table knows. */
export function unmarkWaiting(table: TaskTable): void {
  forEachTask(table, (task) => {
    table.words[task + L.TASK_FLAGS] &= ~T.PF_WAITING
  })
}

/** No worker uses the table that did: none has a function or a driver of it. Context: a restored table. */
export function forgetWorkers(table: TaskTable): void {
  putWaitsOf(table, 0)
  forEachDue(table, (task) => dropDriver(table, task))
  for (let p = T.firstProcess(table); p !== 0; p = T.nextProcess(table, p))
    putSighand(table, T.signalOf(table, p))
  forEachTask(table, (task) => {
    dropCalls(table, task)
    dropDriver(table, task)
    // Its driver held its exit back.
    wakeUpState(table, task, TASK_HELD)
  })
}

function forEachTask(table: TaskTable, visit: (task: TaskRef) => void): void {
  for (let p = T.firstProcess(table); p !== 0; p = T.nextProcess(table, p)) {
    for (let t = T.firstThread(table, T.signalOf(table, p)); t !== 0; t = T.nextThread(table, t)) visit(t)
  }
}
