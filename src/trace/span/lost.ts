/**
 * Children whose creators were killed before they saw the result: nobody tells their numbers, or whose they are.
 */
import { PR_GET_CHILD_SUBREAPER } from '../../abi/index.ts'
import type { Task } from '../../index.ts'
import { isNumberTaken, peekNumber } from '../../inside.ts'
import type { Span, SpanCall } from '../acts.ts'
import { type SpanReplay, tell } from './replay.ts'
import { type Actor, join, type Proc } from './world.ts'

/** Stands for the unseen call that made a task. */
export const ROOT_CALL: SpanCall = { op: 'clone', flags: 0, exitSignal: 0, setTid: undefined }

const LOST_KEPT = 64

/** A creator was killed before it returned: it may have made a child. */
export function lose({ lost }: SpanReplay, { proc }: Actor, span: Span): void {
  lost.push({ span, proc, parent: proc.parent })
  if (lost.length > LOST_KEPT) lost.shift()
}

/** Its creator was killed before it returned, and is gone by now: somebody has adopted it. */
export function orphaned(replay: SpanReplay, key: number, line: number, time: string): Actor | undefined {
  const { world } = replay
  // No further on than the creations under way can have come.
  if (world.owned && key - peekNumber(world.top) > replay.flights.all.size) return undefined
  const several = replay.lost.length > 1
  const child = adopt(replay, key)
  if (child === undefined) return undefined
  const born = join(world, child.task, child.proc, key, line, time)
  if (born.proc.parent !== child.proc) born.proc.formerParent = child.proc
  born.proc.guessed = several
  tell(replay, line, born.id, ROOT_CALL)
  return born
}

/** A number is missing, and a creator was killed before it returned: its child has the number. */
export function createLost(
  replay: SpanReplay,
  actor: Actor,
  missing: boolean,
  { line, time }: Span,
): boolean {
  if (!missing) return false
  const child = adopt(replay, peekNumber(replay.world.top), actor)
  if (child === undefined) return false
  const born = join(replay.world, child.task, child.proc, undefined, line, time)
  tell(replay, line, born.id, ROOT_CALL)
  return true
}

/** The child of a creator that has ended, made by whoever would have adopted it. `beside`: of the same namespace as that. */
function adopt(
  { world, lost }: SpanReplay,
  key: number,
  beside?: Actor,
): { task: Task; proc: Proc } | undefined {
  const depth = beside?.proc.numbers.length
  const first = lost.findIndex(({ proc }) => depth === undefined || proc.numbers.length === depth)
  const at = lost[first]
  if (at === undefined) return undefined
  lost.splice(first, 1)
  let adopter = at.proc.dead ? (at.proc.parent ?? at.parent) : at.proc
  while (adopter !== undefined && (adopter.dead || (adopter !== at.proc && !isReaper(adopter))))
    adopter = adopter.parent
  const parent = adopter?.task ?? (world.owned ? world.top : world.kernel.init)
  const next = peekNumber(world.top) === key
  const chosen = !next && parent.level <= world.level
  if (!next && !chosen && !isNumberTaken(world.top, key)) world.top.sysctl('kernel.ns_last_pid', key - 1)
  const task = parent.clone(chosen ? { setTid: [key] } : {})
  if (world.top.sysctl('kernel.ns_last_pid') < key) world.top.sysctl('kernel.ns_last_pid', key)
  return { task, proc: at.proc }
}

/** It adopts whoever loses a parent below it. */
function isReaper({ task, numbers }: Proc): boolean {
  return numbers.at(-1) === 1 || task.prctl(PR_GET_CHILD_SUBREAPER) !== 0
}
