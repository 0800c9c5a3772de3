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

/**
 * The same of the leader of a process whose numbers are known. Its group and session are mostly those of a state from
 * before, or of its parent: then their numbers are not listed again.
 */
export function stateOfLeader(
  task: Task,
  root: Task,
  numbers: readonly number[],
  before: TaskState | undefined,
): TaskState | undefined {
  const state = letterOf(task)
  if (state === 'X') return undefined
  return {
    state,
    ppid: ppidOf(task, root),
    tgid: numbers,
    pid: numbers,
    pgid: numbersLike(task, 'pgid', root.level, before?.pgid),
    sid: numbersLike(task, 'sid', root.level, before?.sid),
  }
}

function numbersLike(
  task: Task,
  kind: 'pgid' | 'sid',
  level: number,
  before: readonly number[] | undefined,
): readonly number[] {
  return before !== undefined && hasNumbers(task, kind, level, before)
    ? before
    : numbersFrom(task, kind, level)
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
