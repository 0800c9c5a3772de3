/**
 * What a worker leaves in the table when it ends: its processes, and the references that its waits held.
 * Context: tasklistLock. Runs no task: whoever is concerned goes on the run queue.
 */
import { SIGKILL } from '../abi/signal.ts'
import type { PidfdRef, PidRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { forEachSlot, kmemCacheFree, kmemCacheZalloc } from '../mm/slab.ts'
import { putPid } from '../pid/pid.ts'
import { taskTgid } from '../pid/task_link.ts'
import { sendSignal, TO_GROUP } from './signal_send.ts'
import type { TaskTable } from './table.ts'
import * as T from './task.ts'

/** Kills, as the kernel kills, the processes that belong to this worker. */
export function killTasksOf(table: TaskTable, worker: number): void {
  const w = table.words
  for (let p = T.firstProcess(table); p !== 0; p = T.nextProcess(table, p)) {
    if (w[taskTgid(table, p) + L.PID_WORKER] === worker) sendSignal(table, SIGKILL, p, TO_GROUP, true)
  }
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
  for (let p = T.firstProcess(table); p !== 0; p = T.nextProcess(table, p)) {
    for (let t = T.firstThread(table, T.signalOf(table, p)); t !== 0; t = T.nextThread(table, t))
      table.words[t + L.TASK_FLAGS] &= ~T.PF_WAITING
  }
}
