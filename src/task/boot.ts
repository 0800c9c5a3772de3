/**
 * Tables with tasks: made anew, saved, restored.
 */
import { SHARED, type Words } from '../lib/atomic.ts'
import { panic } from '../lib/panic.ts'
import type { PidRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import {
  createPidTable,
  type PidTable,
  type PidTableOptions,
  type Surroundings,
  tableOver,
} from '../pid/table.ts'
import { taskTgid } from '../pid/task_link.ts'
import { localIrqRestore, localIrqSave, type TableCallback } from '../sync/cpu.ts'
import { rcuBarrier } from '../sync/rcu.ts'
import { forgetWorkers } from './bury.ts'
import { createInitTask } from './fork.ts'
import { delayedPutTaskStruct } from './release.ts'
import { schedule } from './run.ts'
import { wakeUpProcess } from './sched.ts'
import type { TaskHooks, TaskTable } from './table.ts'
import * as T from './task.ts'

type OwnHooks = Omit<TaskHooks, 'wakeUpProcess'>

/** Makes a table whose initial namespace has its init. Throws RangeError as createPidTable does. */
export function bootTable(options: Omit<PidTableOptions, 'onWakeUp'>, hooks: OwnHooks): TaskTable {
  const table = withHooks(createPidTable({ ...options, rcuFuncs: RCU_FUNCS }), hooks)
  if (createInitTask(table) === 0) panic('no memory for init')
  return table
}

/**
 * The words of a table as it is to be saved: without what only this realm has. Nobody waits, no driver stands behind a
 * task, and the references of waits (`waits`: the `struct pid` of each) are gone. Context: outside a call.
 */
export function wordsToSave(table: TaskTable, waits: readonly PidRef[]): Words {
  rcuBarrier(table)
  const words = table.words.slice(0, table.words[L.H_BRK])
  for (const own of OWN) words[own] = 0
  for (const pid of waits) words[pid + L.PID_COUNT] -= 1
  for (let p = T.firstProcess(table); p !== 0; p = T.nextProcess(table, p)) {
    words[taskTgid(table, p) + L.PID_WORKER] = 0
    for (let t = T.firstThread(table, T.signalOf(table, p)); t !== 0; t = T.nextThread(table, t)) {
      words[t + L.TASK_FLAGS] &= ~(T.PF_WAITING | T.PF_DRIVEN | T.PF_HOLD_EXIT)
    }
  }
  return words
}

/** What only the workers that use the table now have. */
const OWN = [
  L.H_TASKLIST_LOCK,
  L.H_WORKERS,
  L.H_RING,
  L.H_LISTENERS,
  L.H_RCU_GP,
  L.H_RECORDS,
  L.H_NAME,
  L.H_NAME + 1,
  L.H_JOURNAL,
  L.H_CALLS,
  L.H_DEATHS,
  L.H_BROKEN,
]

/** A table over restored words. Tasks whose exit a driver held back go on with it: their driver is not here. */
export function restoreTable(words: Words, surroundings: Surroundings, hooks: OwnHooks): TaskTable {
  const table = withHooks(tableOver(words, { ...surroundings, rcuFuncs: RCU_FUNCS }), hooks)
  const flags = localIrqSave(table)
  forgetWorkers(table)
  schedule(table)
  localIrqRestore(table, flags)
  return table
}

/** Another worker's view of a table that is in use. */
export function joinTable(words: Words, surroundings: Surroundings, hooks: OwnHooks): TaskTable {
  return withHooks(tableOver(words, { ...surroundings, rcuFuncs: RCU_FUNCS }), hooks)
}

/** By kind: RCU_FREE_TASK. */
const RCU_FUNCS: readonly TableCallback[] = [delayedPutTaskStruct]

function withHooks(bare: PidTable, hooks: OwnHooks): TaskTable {
  const table = bare as TaskTable
  if (SHARED !== 0) table.callLock = L.H_TASKLIST_LOCK
  table.hooks = { wakeUpProcess: (task) => wakeUpProcess(table, task), ...hooks }
  return table
}
