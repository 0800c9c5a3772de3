/**
 * The tasks that the log knows, each beside its counterpart in the library, and the comparison of the two.
 *
 * Invariant: `known` has one entry per task that the log says exists. A mismatch that lasts makes each comparison
 * unequal but is noted once. Costs O(tasks) each time.
 */
import type { Kernel, Task } from '../../index.ts'
import { type Mismatch, stateMismatches } from '../compare.ts'
import type { Change, TaskState } from '../event.ts'
import { shows, stateOf } from '../task_state.ts'

export interface Picture {
  kernel: Kernel
  /** The init of the log's own namespace. */
  root: Task
  readonly known: Map<number, Known>
  /** What was noted about tasks that the log does not know, and about the table's invariants. */
  readonly told: { readonly strays: WeakSet<Task>; readonly violations: Set<string> }
}

export interface Known {
  /** As the log last told it. */
  state: TaskState
  /** Undefined where the library did not make it. */
  task: Task | undefined
  /** The mismatch that was noted last. */
  told: string
}

/** A table that is broken in ever new ways has been told of often enough. */
const VIOLATIONS_TOLD = 1000

/** `keys`: the tasks that the mismatch is about. */
export type NoteMismatch = (mismatch: Mismatch, keys: readonly number[]) => undefined

export function createPicture(kernel: Kernel, root: Task, rootKey: number, rootState: TaskState): Picture {
  const known = new Map<number, Known>([[rootKey, { state: rootState, task: root, told: '' }]])
  return { kernel, root, known, told: { strays: new WeakSet(), violations: new Set() } }
}

/** Goes on with a restored kernel, in which the same handles name the same tasks. */
export function moveTo(picture: Picture, kernel: Kernel): void {
  for (const entry of picture.known.values()) {
    if (entry.task !== undefined && entry.task.state !== 'X') entry.task = kernel.task(entry.task.handle)
  }
  picture.root = kernel.task(picture.root.handle)
  picture.kernel = kernel
}

/** Takes over what the log says has changed; `made` is the library's counterpart of a task that the log names first here. */
export function redraw(
  picture: Picture,
  changed: readonly Change[],
  made: Task | undefined,
  note: NoteMismatch,
): boolean {
  const { known, root } = picture
  let equal = true
  for (const [key, state] of changed) {
    const entry = known.get(key)
    if (state === null) {
      known.delete(key)
      if (entry?.task === undefined) continue
      const left = stateOf(entry.task, root)
      if (left === undefined) continue
      equal = false
      picture.told.strays.add(entry.task)
      for (const mismatch of stateMismatches(undefined, left)) note(mismatch, [key])
    } else if (entry === undefined) {
      known.set(key, { state, task: made, told: '' })
    } else {
      entry.state = state
    }
  }
  return equal
}

/** Whether the library shows what the log knows: the state of each task, and no task besides. */
export function compare(picture: Picture, note: NoteMismatch): boolean {
  let equal = true
  for (const [key, entry] of picture.known) if (!compareOne(picture, key, entry, note)) equal = false
  const tasks = picture.kernel.tasks()
  // The kernel's own init is the one task that no log tells of.
  if (equal && tasks.length === picture.known.size + 1) return true
  return compareStrays(picture, tasks, note) && equal
}

function compareOne({ root }: Picture, key: number, entry: Known, note: NoteMismatch): boolean {
  if (entry.task !== undefined && shows(entry.task, root, entry.state)) {
    entry.told = ''
    return true
  }
  const actual = entry.task === undefined ? undefined : stateOf(entry.task, root)
  const mismatches = stateMismatches(entry.state, actual)
  const told = mismatches.map(({ what, expected, actual }) => `${what} ${expected} ${actual}`).join('\n')
  if (told !== entry.told) for (const mismatch of mismatches) note(mismatch, [key])
  entry.told = told
  return false
}

function compareStrays(picture: Picture, tasks: readonly Task[], note: NoteMismatch): boolean {
  const { kernel, root, known, told } = picture
  const expected = new Set<Task | undefined>([kernel.init])
  for (const { task } of known.values()) expected.add(task)
  let equal = true
  for (const task of tasks) {
    if (expected.has(task)) continue
    equal = false
    if (told.strays.has(task)) continue
    told.strays.add(task)
    note({ what: 'tasks', expected: 'no more tasks', actual: `one with pid ${root.tidOf(task)}` }, [])
  }
  return equal
}

/** Whether every invariant of the library's table holds. */
export function compareInvariants({ kernel, told }: Picture, note: NoteMismatch): boolean {
  const violations = kernel.check()
  for (const violation of violations) {
    if (told.violations.has(violation) || told.violations.size >= VIOLATIONS_TOLD) continue
    told.violations.add(violation)
    note({ what: 'invariants', expected: 'kernel.check() finds nothing', actual: violation }, [])
  }
  return violations.length === 0
}

/** Compares the log's own list of who is left. */
export function compareLeft({ known, root }: Picture, left: readonly Change[], note: NoteMismatch): boolean {
  let equal = true
  for (const [key, state] of left) {
    const task = known.get(key)?.task
    if (task !== undefined && state !== null && shows(task, root, state)) continue
    equal = false
    const actual = task === undefined ? undefined : stateOf(task, root)
    for (const mismatch of stateMismatches(state ?? undefined, actual)) note(mismatch, [key])
  }
  return equal
}
