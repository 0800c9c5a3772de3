/**
 * Groups that a child may have got: a process forks while somebody moves it to another group. The child has the old group
 * or the new one; which, only a later result shows.
 */

import { moveToGroup, numberAt } from '../../inside.ts'
import type { Span } from '../acts.ts'
import { childrenOf } from './kin.ts'
import type { SpanReplay } from './replay.ts'
import { noteChange, type Proc } from './world.ts'

/** The group of a process as kernel.init sees it. */
export function groupOf({ task }: Proc): number {
  return numberAt(task, 'pgid', 0)
}

/** A child has been made by a call whose lines overlap those in which its creator came to another group. */
export function noteInherited({ line }: Span, parent: Proc, child: Proc): void {
  const { moved } = parent
  if (moved !== undefined && moved.last >= line && moved.from !== groupOf(child))
    child.otherGroup = moved.from
}

/** A process was put into a group. Whether it is another one than before. */
export function noteMoved(proc: Proc, from: number, { line, last }: Span): boolean {
  const to = groupOf(proc)
  proc.otherGroup = undefined
  if (to === from) return false
  proc.moved = { from, line, last }
  for (const child of childrenOf(proc))
    if (child.made >= line && child.otherGroup === undefined && groupOf(child) === from) child.otherGroup = to
  return true
}

/** Moves a process to the other group that it may have got. */
export function regroup({ world }: SpanReplay, proc: Proc): boolean {
  const { otherGroup, task } = proc
  if (otherGroup === undefined || task.state === 'X') return false
  const from = groupOf(proc)
  if (!moveToGroup(world.kernel.init, task, otherGroup)) return false
  proc.otherGroup = from
  noteChange(world, proc)
  return true
}
