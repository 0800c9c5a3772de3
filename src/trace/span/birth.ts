/**
 * Births as ftrace shows them: the number in the outermost namespace must be the next free one.
 *
 * Where it is not: (1) another birth was first, on another CPU, and its event came later; (2) the number's holder has
 * ended, and was reaped unseen; (3) pid_max is not in the log; (4) the numbers passed over are held by whoever was there
 * before; (5) the caller has chosen it (choice.ts). (4) is a *guess*: it stands until one of these numbers turns up,
 * and is a difference then, unless it was (5).
 */
import { __WALL, RESERVED_PIDS } from '../../abi/index.ts'
import { endProcess, endThread, findTask, isNumberTaken, peekNumber } from '../../inside.ts'
import type { BirthAct, Span, ToldAct } from '../acts.ts'
import { processOf } from './calls.ts'
import {
  chooseNumbers,
  isRetakeable,
  isToldChoice,
  judgeByBirth,
  mayBeChosen,
  noteChosen,
  noteGuess,
  retake,
} from './choice.ts'
import { clone } from './clone.ts'
import { learnPidMax, welcome } from './create.ts'
import { noteExitSignal } from './exit_signal.ts'
import { forceEnd, forceReap } from './order.ts'
import { meetOlder, type Outer } from './outer.ts'
import { count, differ, resultText, SKIPPED, type SpanReplay, STEPS, skip, unskip } from './replay.ts'
import { inheritView } from './view.ts'
import { type Actor, dropActor, takeOverEnd, takeOverReap } from './world.ts'

/** A birth that has passed over numbers. */
export interface Guess {
  readonly act: BirthAct
  readonly parent: Actor
  /** The number that should have been given. */
  readonly from: number
  readonly nr: number
  made: Actor | undefined
  /** How many of the numbers have not turned up as births that came late. */
  open: number
  /** How many births there had been. */
  readonly at: number
}

type Fit = 'fits' | 'reordered' | 'first' | 'limit' | 'guess' | 'late' | 'chosen' | 'differs'

/** So many numbers may be passed over at once. */
const GAP = 4096
/** How many births may be told before one that was first. */
const LATE = 64
/** What a step back from shows nothing but the end of a lap. */
const USUAL = 32768
const UNLIMITED = 4194304

export function performBirth(replay: SpanReplay, outer: Outer, actor: Actor, act: BirthAct): void {
  const { world } = replay
  const nr = numberOf(replay, act)
  const span = spanOf(act, nr)
  replay.differences.remember(span)
  if (actor.task.state !== 'S') {
    count(replay, false)
    differ(replay, act.line, actor, 'clone', `${nr}`, 'the caller has ended')
    return
  }
  judgeByBirth(replay, outer, actor, act.told)
  const cursor = world.top.sysctl('kernel.ns_last_pid')
  const guess = guessOf(outer, actor, act, nr)
  const fit = fitNumber(replay, outer, guess)
  const setTid = act.choosable ? chooseNumbers(replay, actor, act, nr, fit === 'chosen') : undefined
  const from = peekNumber(actor.task)
  const call = span.call as Extract<Span['call'], { op: 'clone' }>
  const child = clone(actor.task, { ...call, setTid })
  if (fit === 'late') world.top.sysctl('kernel.ns_last_pid', cursor)
  outer.births++
  outer.time = act.time
  if (typeof child === 'number') {
    count(replay, false)
    differ(replay, act.line, actor, 'clone', `${nr}`, resultText(child))
    meetOlder(replay, outer, { by: nr, line: act.line, time: act.time, comm: '', tgid: 0 })
    return
  }
  const got = world.top.tidOf(child)
  note(replay, outer, guess, fit, got)
  guess.made = welcome(replay, actor, span, child, got)
  if (fit === 'guess') outer.unproven.set(guess.made, guess)
  if (fit !== 'chosen') noteGuess(outer, guess, fit === 'guess' || fit === 'limit')
  if (setTid !== undefined && actor.task.level > world.level)
    noteChosen(replay, outer, actor, guess.made, act, from)
  if (guess.made.proc !== actor.proc) noteExitSignal(outer, guess.made.proc, act.exitSignal, act.flags)
  inheritView(outer, actor.proc, guess.made.proc)
}

function guessOf({ births }: Outer, parent: Actor, act: BirthAct, nr: number): Guess & { from: number } {
  return { act, parent, from: 0, nr, made: undefined, open: 0, at: births }
}

/** Both events of a birth tell the number. If they do not agree, the one that is next is right. */
function numberOf(replay: SpanReplay, act: BirthAct): number {
  const { child, again, line, againLine } = act
  if (again === 0 || again === child) return child
  const next = peekNumber(replay.world.top)
  const right = again === next ? again : child
  const first = replay.outer?.births === 0
  const what = 'pid of the new task'
  count(replay, false)
  if (first || right === again) differ(replay, line, undefined, what, `${child}`, `${again}`)
  if (first || right === child) differ(replay, againLine, undefined, what, `${again}`, `${child}`)
  return right
}

function spanOf({ by, line, time, flags, exitSignal }: BirthAct, nr: number): Span {
  return {
    by,
    line,
    time,
    call: { op: 'clone', flags, exitSignal: Math.abs(exitSignal), setTid: undefined },
    last: line,
    outcome: { kind: 'returned', value: nr, outer: nr, status: undefined, info: undefined, fd: undefined },
  }
}

function note(replay: SpanReplay, outer: Outer, guess: Guess, fit: Fit, got: number): void {
  const { act, parent, nr } = guess
  switch (fit) {
    case 'first':
    case 'guess':
      skip(replay, SKIPPED.foreignNumber)
      return
    case 'limit':
      skip(replay, SKIPPED.limit)
      return
    case 'chosen':
      if (got === nr) skip(replay, SKIPPED.chosen)
      else count(replay, false)
      break
    case 'late':
      confirm(replay, outer, nr)
      count(replay, got === nr, true)
      break
    default:
      count(replay, got === nr, fit === 'reordered')
  }
  if (got !== nr) differ(replay, act.line, parent, 'clone', `${nr}`, `${got}`)
}

/** Makes `nr` the next number of the outermost namespace, by any order that the log allows. */
function fitNumber(replay: SpanReplay, outer: Outer, guess: { from: number } & Guess): Fit {
  const { top } = replay.world
  const { nr, act } = guess
  let fit: Fit = 'fits'
  for (let step = 0; step < STEPS; step++) {
    const next = peekNumber(top)
    if (next === nr) {
      outer.holes.delete(nr)
      return fit
    }
    const hole = outer.holes.get(nr)
    if (outer.births === 0 && !isNumberTaken(top, nr)) {
      top.sysctl('kernel.ns_last_pid', nr - 1)
      return 'first'
    }
    if (hole !== undefined && isRetakeable(outer, hole)) {
      retake(replay, outer, hole)
    } else if (hole !== undefined) {
      top.sysctl('kernel.ns_last_pid', nr - 1)
      if (isLate(outer, hole, act)) return 'late'
      refute(replay, outer, hole)
      top.sysctl('kernel.ns_last_pid', nr - 1)
    } else if (free(replay, outer, nr, act.line)) {
      if (fit === 'fits') fit = 'reordered'
    } else if (outer.limit !== undefined && nr >= top.sysctl('kernel.pid_max')) {
      unlimit(replay, outer, outer.limit)
    } else if (next > nr && learnPidMax(replay, top, nr, true)) {
      fit = 'limit'
      guess.from = next
      if (top.sysctl('kernel.pid_max') !== USUAL) outer.limit = guess
    } else {
      if (fit !== 'limit') guess.from = next
      return passOver(outer, replay, guess) ?? (mayBeChosen(replay, guess) ? 'chosen' : 'differs')
    }
  }
  return 'differs'
}

/** The number may have been taken before the birth that passed it over. */
function isLate({ births }: Outer, hole: Guess, { since }: BirthAct): boolean {
  return since <= hole.act.line && births - hole.at <= LATE
}

/** A birth that came late explains why another one has passed over its number. */
function confirm(replay: SpanReplay, outer: Outer, nr: number): void {
  const hole = outer.holes.get(nr)
  if (hole === undefined) return
  outer.holes.delete(nr)
  if (--hole.open > 0) return
  unskip(replay, SKIPPED.foreignNumber)
  count(replay, true, true)
  if (hole.made !== undefined) outer.unproven.delete(hole.made)
}

/** The holder of a number has gone, or is about to; or it never was that number's holder. */
function free(replay: SpanReplay, outer: Outer, nr: number, line: number): boolean {
  const { world } = replay
  if (!isNumberTaken(world.top, nr)) return false
  const holder = world.actors.get(nr)
  const guess = holder === undefined ? undefined : outer.unproven.get(holder)
  if (guess !== undefined) {
    refute(replay, outer, guess)
    return true
  }
  const proc = processOf(world, nr)
  if (proc === undefined) return freePinned(replay, nr, line)
  const before = proc.actors.length
  return forceReap(replay, proc, line) || forceEnd(replay, proc, line) || proc.actors.length < before
}

/** Only a group or session holds the number: whoever is in it may be gone. */
function freePinned(replay: SpanReplay, nr: number, line: number): boolean {
  const { world } = replay
  const { level } = world
  for (const proc of world.procs.values()) {
    const { nspgid, nssid } = proc.task
    if (nspgid[level] !== nr && nssid[level] !== nr) continue
    if (forceReap(replay, proc, line) || forceEnd(replay, proc, line)) return true
  }
  return false
}

/** Learns that the numbers from the next one to below `nr` are taken; undefined: it cannot be. */
function passOver(outer: Outer, replay: SpanReplay, guess: Guess): Fit | undefined {
  const { top } = replay.world
  const { from, nr } = guess
  const limit = top.sysctl('kernel.pid_max')
  const wraps = nr < from
  const length = wraps ? limit - from + nr - RESERVED_PIDS : nr - from
  if (from < 0 || length > GAP || nr >= limit || isNumberTaken(top, nr) || (wraps && nr < RESERVED_PIDS))
    return undefined
  for (let i = 0; i < length; i++) {
    const n = from + i < limit ? from + i : from + i - limit + RESERVED_PIDS
    if (outer.holes.has(n) || isNumberTaken(top, n)) continue
    outer.holes.set(n, guess)
    guess.open++
  }
  top.sysctl('kernel.ns_last_pid', nr - 1)
  return guess.open > 0 ? 'guess' : 'fits'
}

/** It was no limit: the number that came round was wrong. */
function unlimit(replay: SpanReplay, outer: Outer, guess: Guess): void {
  const { top } = replay.world
  outer.limit = undefined
  top.sysctl('kernel.pid_max', UNLIMITED)
  if (isRetakeable(outer, guess)) {
    retake(replay, outer, guess, SKIPPED.limit)
    return
  }
  refute(replay, outer, guess, SKIPPED.limit)
  top.sysctl('kernel.ns_last_pid', guess.from)
}

/** One of the numbers passed over has turned up: they were not taken, and the birth had the first of them. */
export function refute(
  replay: SpanReplay,
  outer: Outer,
  guess: Guess,
  reason: string = SKIPPED.foreignNumber,
): void {
  const { act, parent, from, nr, made } = guess
  for (const [n, of] of outer.holes) if (of === guess) outer.holes.delete(n)
  unskip(replay, reason)
  count(replay, false)
  differ(replay, act.line, parent, 'clone', `${nr}`, `${from}`)
  if (made === undefined) return
  outer.unproven.delete(made)
  unmake(replay, made)
  if (parent.task.state !== 'S' || isNumberTaken(replay.world.top, from)) return
  const span = spanOf(act, from)
  const { top } = replay.world
  const cursor = top.sysctl('kernel.ns_last_pid')
  top.sysctl('kernel.ns_last_pid', from - 1)
  const child = clone(parent.task, span.call as Extract<Span['call'], { op: 'clone' }>)
  if (typeof child !== 'number') welcome(replay, parent, span, child, from)
  if (cursor !== nr) top.sysctl('kernel.ns_last_pid', cursor)
}

/** It has had no line of its own: nothing has come of it. */
function unmake(replay: SpanReplay, made: Actor): void {
  const { world } = replay
  const { proc, task } = made
  if (proc.task === task) endProcess(task, 0)
  else endThread(task, 0)
  dropActor(world, made)
  if (proc.task !== task) return
  takeOverEnd(world, proc)
  if (task.state === 'X') return
  const parent = task.parent
  parent?.waitpidSync(parent.pidOf(task), __WALL)
  takeOverReap(world, proc)
}

/** `sys_clone -> 0x5`: the number that the caller sees. */
export function compareTold(
  replay: SpanReplay,
  outer: Outer,
  actor: Actor,
  { child, value, line }: ToldAct,
): void {
  const { world } = replay
  const born = world.actors.get(child)
  const depth = actor.task.level - world.level
  const task = born?.task ?? findTask(world.top, child)
  const number =
    task === undefined || task.state === 'X'
      ? world.departed.get(child)?.numbers[depth]
      : actor.task.tidOf(task)
  if (number === undefined) return
  if (isToldChoice(outer, line)) return
  count(replay, number === value)
  if (number !== value) differ(replay, line, actor, 'clone', `${value}`, `${number}`)
}
