/**
 * A table with tasks: makes it and its first process.
 */
import { panic } from '../lib/panic.ts'
import { createPidTable, type PidTableOptions } from '../pid/table.ts'
import { createInitTask } from './fork.ts'
import { delayedPutTaskStruct } from './release.ts'
import { wakeUpProcess } from './sched.ts'
import type { TaskHooks, TaskTable } from './table.ts'

/** Makes a table whose initial namespace has its init. Throws RangeError as createPidTable does. */
export function bootTable(
  options: Omit<PidTableOptions, 'onWakeUp'>,
  hooks: Omit<TaskHooks, 'wakeUpProcess'>,
): TaskTable {
  const table = createPidTable({ ...options, rcuFuncs: [delayedPutTaskStruct] }) as TaskTable
  table.hooks = { wakeUpProcess: (task) => wakeUpProcess(table, task), ...hooks }
  if (createInitTask(table) === 0) panic('no memory for init')
  return table
}
