/**
 * Births in a clone3(2), whose caller may have asked for the numbers (set_tid): ftrace does not show whether it did.
 *
 * A number that is not the next one is taken for chosen where nothing else explains it. A chosen number leaves the cursor
 * where it was, so the next birth tells: it gets the number that has been passed over, or the one after the chosen one.
 */
import { CLONE_NEWPID } from '../abi/index.ts'
import { isNumberTaken, peekNumber } from '../inside.ts'
import type { BirthAct } from './span.ts'
import type { Guess } from './span_birth.ts'
import type { Outer } from './span_outer.ts'
import { differ, SKIPPED, type SpanReplay, skip, unskip } from './span_replay.ts'
import type { Actor } from './span_world.ts'

/** A number below the outermost namespace that was taken for chosen. */
export interface Chosen {
  readonly by: Actor
  line: number
  readonly told: number
  /** The number that was next. */
  readonly from: number
}

/** So many are remembered. */
const CHOSEN_KEPT = 16

/** The numbers to ask for, from the innermost namespace outwards; undefined: none. `outermost`: `nr` is chosen too. */
export function chooseNumbers(
  { world }: SpanReplay,
  { task }: Actor,
  { flags, told }: BirthAct,
  nr: number,
  outermost: boolean,
): number[] | undefined {
  const inner = (flags & CLONE_NEWPID) !== 0 ? [1] : []
  if (task.level === world.level) return outermost ? [...inner, nr] : undefined
  const chosen = told > 0 && told !== peekNumber(task) && !isNumberTaken(task, told)
  if (!chosen && !outermost) return undefined
  const own = told > 0 ? told : peekNumber(task)
  return outermost && task.level === world.level + 1 ? [...inner, own, nr] : [...inner, own]
}

/** Below the outermost namespace the result of the call alone tells the number. */
export function noteChosen(outer: Outer, by: Actor, { line, told }: BirthAct, from: number): void {
  outer.chosen.push({ by, line, told, from })
  if (outer.chosen.length > CHOSEN_KEPT) outer.chosen.shift()
}

/** `sys_clone3 -> 0xfa`: the number was taken for chosen because it stands there. */
export function isToldChoice({ chosen }: Outer, by: Actor, value: number, line: number): boolean {
  const found = chosen.find((it) => it.by === by && it.told === value)
  if (found !== undefined) found.line = line
  return found !== undefined
}

/**
 * A result of `by` holds `nr`, and fits or does not. If it does not, what was taken for chosen and borne out by nothing since
 * may be the wrong one.
 */
export function judgeChoices(
  replay: SpanReplay,
  { chosen }: Outer,
  { task }: Actor,
  nr: number,
  fits: boolean,
): void {
  for (let at = chosen.length - 1; at >= 0; at--) {
    const { by, told, line, from } = chosen[at] as Chosen
    if (by.task.level !== task.level || (fits && told !== nr)) continue
    chosen.splice(at, 1)
    if (!fits) differ(replay, line, by, 'clone', `${told}`, `${from}`)
  }
}

/** The birth that has passed over numbers may have chosen its own, and nothing has followed it. */
export function isChosen({ world }: SpanReplay, { act, nr }: Guess): boolean {
  return act.choosable && world.top.sysctl('kernel.ns_last_pid') === nr
}

/** The number was chosen: the cursor has never left its place. */
export function retake(
  replay: SpanReplay,
  outer: Outer,
  guess: Guess,
  reason: string = SKIPPED.foreignNumber,
): void {
  for (const [n, of] of outer.holes) if (of === guess) outer.holes.delete(n)
  if (guess.made !== undefined) outer.unproven.delete(guess.made)
  unskip(replay, reason)
  skip(replay, SKIPPED.chosen)
  replay.world.top.sysctl('kernel.ns_last_pid', guess.from - 1)
}
