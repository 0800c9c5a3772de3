/**
 * Births in a clone3(2), whose caller may have asked for the numbers (set_tid): ftrace does not show whether it did.
 *
 * A number that is not the next one is taken for chosen where nothing else explains it. A chosen number leaves the cursor
 * where it was, so the next birth tells: it gets the number that has been passed over, or the one after the chosen one.
 * Below the outermost namespace the child tells as well, and one that nothing bears out was none.
 */
import { CLONE_NEWPID } from '../../abi/index.ts'
import { activeNs, isNumberTaken, peekNumber } from '../../inside.ts'
import type { BirthAct, Span } from '../acts.ts'
import type { Guess } from './birth.ts'
import type { Outer } from './outer.ts'
import { count, differ, SKIPPED, type SpanReplay, skip, unskip } from './replay.ts'
import type { Actor } from './world.ts'

/** A number below the outermost namespace that was taken for chosen, and that no line has told again. */
export interface Chosen {
  readonly by: Actor
  readonly made: Actor
  readonly ns: number
  /** Where the number stands. */
  readonly line: number
  readonly told: number
  /** The number that was next. */
  readonly from: number
  /** The next birth has got that one: some number was chosen. */
  sure: boolean
}

/** So many wait to be judged; more in a row are chosen. */
const KEPT = 16

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
  const next = peekNumber(task)
  const chosen = told > 0 && told !== next && !isNumberTaken(task, told)
  if (!chosen && !outermost) return undefined
  const own = chosen ? told : next
  return outermost ? [...inner, own, nr] : [...inner, own]
}

/** Whether a birth may have chosen its outermost number: two lines tell it, and nobody has it. */
export function mayBeChosen({ world }: SpanReplay, { act, parent, nr }: Guess): boolean {
  const { top } = world
  if (!act.choosable || isNumberTaken(top, nr) || nr >= top.sysctl('kernel.pid_max')) return false
  const depth = parent.task.level - world.level
  return depth === 0 ? act.again === nr || act.told === nr : depth === 1 && act.again === nr
}

/** Below the outermost namespace the result of the call alone tells the number. */
export function noteChosen(
  replay: SpanReplay,
  { chosen }: Outer,
  by: Actor,
  made: Actor,
  { told, toldLine: line }: BirthAct,
  from: number,
): void {
  if (told === 0 || told === from) return
  chosen.push({ by, made, ns: activeNs(by.task), line, told, from, sure: false })
  if (chosen.length > KEPT) prove(replay, chosen, 0)
}

function makeSure(replay: SpanReplay, choice: Chosen): void {
  if (!choice.sure) skip(replay, SKIPPED.chosen)
  choice.sure = true
}

function prove(replay: SpanReplay, chosen: Chosen[], at: number): void {
  makeSure(replay, chosen[at] as Chosen)
  chosen.splice(at, 1)
}

function refute(replay: SpanReplay, chosen: Chosen[], at: number): void {
  const { line, by, told, from, sure } = chosen[at] as Chosen
  chosen.splice(at, 1)
  if (sure) unskip(replay, SKIPPED.chosen)
  count(replay, false)
  differ(replay, line, by, 'clone', `${told}`, `${from}`)
}

/** `sys_clone3 -> 0xfa`: whether the number was taken for chosen because it stands there. */
export function isToldChoice({ chosen }: Outer, line: number): boolean {
  return chosen.some((it) => it.line === line)
}

/** A task is made in the namespace of `by`, and gets `told`: the number passed over, or the one after it? */
export function judgeByBirth(replay: SpanReplay, { chosen }: Outer, { task }: Actor, told: number): void {
  if (chosen.length === 0 || told === 0) return
  const ns = activeNs(task)
  for (let at = chosen.length - 1; at >= 0; at--) {
    const choice = chosen[at] as Chosen
    const { ns: its, from } = choice
    if (its !== ns || choice.sure) continue
    if (told === from) makeSure(replay, choice)
    else if (told === choice.told && choice.made.task.state !== 'X') refute(replay, chosen, at)
    else if (told === nextBehind(task, from)) {
      refute(replay, chosen, at)
      task.sysctl('kernel.ns_last_pid', from)
    }
  }
}

/** The number that would be next if `from` had been given. */
function nextBehind(task: Actor['task'], from: number): number {
  const cursor = task.sysctl('kernel.ns_last_pid')
  task.sysctl('kernel.ns_last_pid', from)
  const next = peekNumber(task)
  task.sysctl('kernel.ns_last_pid', cursor)
  return next
}

/** `actor` tells its own number. Whether that has refuted a choice, so that there is nothing to compare it with. */
export function judgeByChild(replay: SpanReplay, { chosen }: Outer, actor: Actor, span: Span): boolean {
  const { call, outcome } = span
  const tells = call.op === 'gettid' || (call.op === 'getpid' && actor.proc.task === actor.task)
  if (!tells || outcome?.kind !== 'returned') return false
  const at = chosen.findIndex(({ made }) => made === actor)
  if (at < 0) return false
  if ((chosen[at] as Chosen).told === outcome.value) {
    prove(replay, chosen, at)
    return false
  }
  refute(replay, chosen, at)
  skip(replay, SKIPPED.chosen)
  return true
}

/** A result or question of `actor` holds `nr`, and fits or does not. */
export function judgeByResult(
  replay: SpanReplay,
  { chosen }: Outer,
  { task, proc }: Actor,
  nr: number,
  fits: boolean,
): void {
  const ns = activeNs(task)
  for (let at = chosen.length - 1; at >= 0; at--) {
    const { by, told, from, ns: its } = chosen[at] as Chosen
    if (its !== ns) continue
    if (fits && told === nr) prove(replay, chosen, at)
    else if (!fits && (from === nr || by.proc === proc)) refute(replay, chosen, at)
  }
}

/** The log is at its end: whatever has been borne out by nothing is wrong. */
export function refuteChoices(replay: SpanReplay, { chosen }: Outer): void {
  for (let at = chosen.length - 1; at >= 0; at--) if (!(chosen[at] as Chosen).sure) refute(replay, chosen, at)
}

/** Guesses of births that may have chosen their numbers, with no other birth between them: the cursor may never have moved. */
export function noteGuess({ guesses }: Outer, guess: Guess, passesOver: boolean): void {
  if (passesOver && guess.act.choosable) guesses.push(guess)
  else if (!guess.act.choosable) guesses.length = 0
  if (guesses.length > KEPT) guesses.shift()
}

export function isRetakeable({ guesses }: Outer, guess: Guess): boolean {
  return guesses.includes(guess)
}

/** The number was chosen, and so were those that came after it: the cursor has never left its place. */
export function retake(
  replay: SpanReplay,
  { holes, unproven, guesses }: Outer,
  guess: Guess,
  reason: string = SKIPPED.foreignNumber,
): void {
  for (const it of guesses.splice(guesses.indexOf(guess))) {
    for (const [n, of] of holes) if (of === it) holes.delete(n)
    if (it.made !== undefined) unproven.delete(it.made)
    unskip(replay, it === guess ? reason : SKIPPED.foreignNumber)
    skip(replay, SKIPPED.chosen)
  }
  replay.world.top.sysctl('kernel.ns_last_pid', guess.from - 1)
}
