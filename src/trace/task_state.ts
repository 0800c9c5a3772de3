/**
 * What the library's tasks show of themselves, in the terms of a log: seen from the log's own namespace, so the level
 * above it is left out.
 */
import type { Task } from '../index.ts'
import type { TaskState } from './event.ts'

/** `undefined`: the task is gone. */
export function stateOf(task: Task, root: Task): TaskState | undefined {
  const state = letterOf(task)
  if (state === 'X') return undefined
  return {
    state,
    ppid: ppidOf(task, root),
    tgid: task.nstgid.slice(root.level),
    pid: task.nspid.slice(root.level),
    pgid: task.nspgid.slice(root.level),
    sid: task.nssid.slice(root.level),
  }
}

/** Whether `task` shows exactly `state`; the same as comparing with `stateOf`, without building it. */
export function shows(task: Task, root: Task, state: TaskState): boolean {
  if (letterOf(task) !== state.state || ppidOf(task, root) !== state.ppid) return false
  const { level } = root
  return (
    sameNumbers(task.nspid, level, state.pid) &&
    sameNumbers(task.nstgid, level, state.tgid) &&
    sameNumbers(task.nspgid, level, state.pgid) &&
    sameNumbers(task.nssid, level, state.sid)
  )
}

function letterOf(task: Task): TaskState['state'] | 'X' {
  const { state } = task
  return state === 'S' && task.exiting ? 'E' : state
}

function ppidOf(task: Task, root: Task): number {
  const { parent } = task
  return parent === undefined ? 0 : root.pidOf(parent)
}

function sameNumbers(actual: readonly number[], skip: number, expected: readonly number[]): boolean {
  if (actual.length - skip !== expected.length) return false
  for (let i = 0; i < expected.length; i++) if (actual[i + skip] !== expected[i]) return false
  return true
}
