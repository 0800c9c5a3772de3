/**
 * What the library's tasks show of themselves, in the terms of a log: seen from the log's own namespace, so the level
 * above it is left out.
 */
import type { Task } from '../index.ts'
import { hasNumbers, numbersFrom } from '../inside.ts'
import type { TaskState } from './event.ts'

/** `undefined`: the task is gone. */
export function stateOf(task: Task, root: Task): TaskState | undefined {
  const state = letterOf(task)
  if (state === 'X') return undefined
  const pid = numbersFrom(task, 'pid', root.level)
  return {
    state,
    ppid: ppidOf(task, root),
    tgid: task.leader === task ? pid : numbersFrom(task, 'tgid', root.level),
    pid,
    pgid: numbersFrom(task, 'pgid', root.level),
    sid: numbersFrom(task, 'sid', root.level),
  }
}

/** Whether `task` shows exactly `state`; the same as comparing with `stateOf`, without building it. */
export function shows(task: Task, root: Task, state: TaskState): boolean {
  if (letterOf(task) !== state.state || ppidOf(task, root) !== state.ppid) return false
  const { level } = root
  return (
    hasNumbers(task, 'pid', level, state.pid) &&
    hasNumbers(task, 'tgid', level, state.tgid) &&
    hasNumbers(task, 'pgid', level, state.pgid) &&
    hasNumbers(task, 'sid', level, state.sid)
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
