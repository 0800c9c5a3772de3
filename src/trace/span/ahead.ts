/**
 * Acts that are held back while it is not known whose they are: a key comes up, and several tasks may have it. What comes
 * after tells which, as a rule: whoever has it asks for its own number, or ends with a status that its parent is told.
 *
 * Invariant: acts come out in the order in which they went in; at most `AHEAD` are held. Nothing is where each creation
 * tells the key of whom it made.
 */

import { peekNumber } from '../../inside.ts'
import type { Act, Span, SpanCall } from '../acts.ts'
import { NumberMap } from '../number_map.ts'
import type { Flight } from './flights.ts'
import type { SpanReplay } from './replay.ts'
import { isTold, untold } from './under_way.ts'
import { type Actor, dropActor, type Proc } from './world.ts'

/** What is held, and what it tells. */
export interface Ahead {
  acts: Act[]
  /** Those before it have come out. */
  at: number
  /** By key: what its lines have told of its own number. */
  readonly own: NumberMap<OwnNumber>
  /** By key. */
  readonly ends: NumberMap<Ending>
  readonly reports: Report[]
}

/** 0: not told. Whatever tells it may be wrong, so once is not enough. */
interface OwnNumber {
  tid: number
  tgid: number
  times: number
}

interface Ending {
  readonly status: number
  /** Of its `+++`; 0: not seen. */
  readonly line: number
}

/** The end of a child, as its parent is told of it. */
interface Report {
  readonly line: number
  readonly by: number
  readonly nr: number
  readonly status: number
}

/** Who may have a key: one that is nameless, or whoever is just being made. */
export interface Candidate {
  readonly actor: Actor | undefined
  readonly flight: Flight | undefined
}

const AHEAD = 256
/** So often a task's own number has to be told. */
const SURE = 2
const CLD_EXITED = 1
const CLD_DUMPED = 3
/** In the low bits of a status: stopped, or gone on. */
const STOPPED = 0x7f
const HALF_OF_NUMBERS = 1 << 14

export function createAhead(): Ahead {
  return { acts: [], at: 0, own: new NumberMap(), ends: new NumberMap(), reports: [] }
}

/** Takes an act, and performs what may be performed. */
export function holdBack(replay: SpanReplay, ahead: Ahead, act: Act, perform: (act: Act) => void): undefined {
  note(ahead, act)
  ahead.acts.push(act)
  letOut(replay, ahead, false, perform)
}

/** `all`: the log is over. */
export function letOut(
  replay: SpanReplay,
  ahead: Ahead,
  all: boolean,
  perform: (act: Act) => void,
): undefined {
  while (ahead.at < ahead.acts.length) {
    const act = ahead.acts[ahead.at] as Act
    const full = all || ahead.acts.length - ahead.at > AHEAD
    if (!full && isUnclear(replay, act) && !isClear(replay, ahead, keyOf(act))) break
    perform(act)
    ahead.at++
    forget(ahead, act)
  }
  if (ahead.at < ahead.acts.length && ahead.at <= AHEAD) return
  ahead.acts = ahead.acts.slice(ahead.at)
  ahead.at = 0
  if (ahead.acts.length > 0) return
  ahead.own.clear()
  ahead.ends.clear()
  ahead.reports.length = 0
}

/** What was told before the acts that are held is of others who had the same numbers. */
function forget({ own, ends, reports }: Ahead, act: Act): undefined {
  const line = 'span' in act ? (act.kind === 'enter' ? act.span.line : act.span.last) : act.line
  while (reports.length > 0 && (reports[0] as Report).line <= line) reports.shift()
  if (act.kind !== 'gone') return
  own.delete(act.by)
  ends.delete(act.by)
}

function keyOf(act: Act): number {
  return 'span' in act ? act.span.by : act.by
}

/** Whether several tasks may be the one of this act. */
export function isUnclear(replay: SpanReplay, act: Act): boolean {
  const key = keyOf(act)
  const { world, seen } = replay
  if (act.kind === 'leave' || world.actors.has(key) || seen.root === undefined) return false
  dropSilent(replay)
  return !isTold(replay, key) && world.nameless.size + untold(replay).length > 1
}

/** With -qq the threads of a process that exits may have no line at all: once it has been waited for, none will come. */
function dropSilent({ world, seen }: SpanReplay): undefined {
  if (seen.exitsEnd) return
  for (const actor of world.nameless)
    if (actor.task.state === 'X' && actor.proc.task.state === 'X') dropActor(world, actor)
}

/** Whether a number that one of its lines tells is that of one only. */
function isClear(replay: SpanReplay, ahead: Ahead, key: number): boolean {
  const own = ahead.own.get(key)
  if (own === undefined || own.times < SURE) return false
  return candidates(replay).filter((it) => isNumbered(it, own)).length === 1
}

function note({ own, ends, reports }: Ahead, act: Act): undefined {
  if ('span' in act) {
    const { by, call } = act.span
    if (act.kind !== 'enter') noteCall(own, reports, act.span)
    if (call.op === 'exit_group' && !ends.has(by)) ends.set(by, { status: (call.code & 0xff) << 8, line: 0 })
  } else if (act.kind === 'gone')
    ends.set(act.by, { status: act.status & 0x7f || act.status, line: act.line })
  else if (act.kind === 'signal' && act.pid !== undefined && act.status !== undefined) {
    const { by, pid: nr, code, line } = act
    if (code >= CLD_EXITED && code <= CLD_DUMPED)
      reports.push({ by, nr, line, status: code === CLD_EXITED ? (act.status & 0xff) << 8 : act.status })
  }
}

function noteCall(own: Ahead['own'], reports: Report[], { by, call, last: line, outcome }: Span): undefined {
  if (outcome?.kind !== 'returned') return
  const { value: nr, status } = outcome
  if (call.op === 'gettid') noteOwn(own, by, 'tid', nr)
  else if (call.op === 'getpid' || call.op === 'setsid') noteOwn(own, by, 'tgid', nr)
  else if (call.op === 'wait4' && nr > 0 && status !== undefined && (status & 0x7f) !== STOPPED)
    reports.push({ by, nr, line, status: status & 0x7f || status })
}

function noteOwn(own: Ahead['own'], by: number, kind: 'tid' | 'tgid', nr: number): undefined {
  const known = own.get(by)
  if (known === undefined) own.set(by, { tid: 0, tgid: 0, times: 1, [kind]: nr })
  else if (known[kind] === nr || known[kind] === 0) {
    known[kind] = nr
    known.times++
  } else own.set(by, { tid: 0, tgid: 0, times: 0 })
}

function candidates(replay: SpanReplay): Candidate[] {
  const all: Candidate[] = []
  for (const actor of replay.world.nameless) all.push({ actor, flight: undefined })
  for (const flight of untold(replay).sort(byNumber)) all.push({ actor: undefined, flight })
  return all
}

/** Those of one namespace get their numbers one after the other. */
function byNumber(a: Flight, b: Flight): number {
  const [one, other] = [a.actor.task, b.actor.task]
  if (one.level !== other.level || one.pidOf(other) === 0) return a.span.line - b.span.line
  return isBefore(resultOf(a), resultOf(b)) ? -1 : 1
}

function resultOf({ span: { outcome } }: Flight): number {
  return outcome?.kind === 'returned' ? outcome.value : 0
}

/** Who has a key that several may have; undefined: that does not tell. */
export function foresee(replay: SpanReplay, key: number): Candidate | undefined {
  const { ahead } = replay
  if (ahead === undefined || ahead.acts.length === 0) return undefined
  dropSilent(replay)
  const all = candidates(replay)
  if (all.length < 2) return undefined
  // Keys go up in the order in which tasks are made.
  const before = unknownKeys(replay, ahead).filter((other) => isBefore(other, key))
  const own = possibleFor(replay, ahead, all, key)
  const ordered = own.filter((it) => mayStandAt(replay, ahead, all, it, before.length))
  const possible = ordered.length > 0 ? ordered : own
  const expected = possible.find((it) => expectedKey(replay, all, it) === key)
  if (expected !== undefined) return expected
  if (before.length === 0 && possible.length === all.length) return undefined
  return nearest(all, possible, before.length)
}

function nearest(
  all: readonly Candidate[],
  possible: readonly Candidate[],
  rank: number,
): Candidate | undefined {
  const distance = (it: Candidate): number => Math.abs(all.indexOf(it) - rank)
  let best: Candidate | undefined
  for (const it of possible) if (best === undefined || distance(it) < distance(best)) best = it
  return best
}

/** Whether so many keys before its own can be those of the others: not more than there are, nor fewer than have ended. */
function mayStandAt(
  replay: SpanReplay,
  ahead: Ahead,
  all: readonly Candidate[],
  candidate: Candidate,
  before: number,
): boolean {
  const others = all.filter((other) => other !== candidate)
  if (before > others.filter((other) => !isSurelyBefore(candidate, other)).length) return false
  const earlier = others.filter((other) => isSurelyBefore(other, candidate))
  return earlier.filter((other) => reportOf(replay, ahead, other) !== undefined).length <= before
}

/** Whether one was made before the other began to be. */
function isSurelyBefore({ actor }: Candidate, other: Candidate): boolean {
  const made = actor !== undefined && actor.task === actor.proc.task ? actor.proc.made : 0
  if (made === 0) return false
  const { proc } = other.actor ?? {}
  if (proc === undefined) return made < (other.flight?.span.line ?? 0)
  return other.actor?.task === proc.task && made < proc.born
}

/** Somebody who was made later has a smaller key. */
function isTooLate({ actor }: Candidate, key: number): boolean {
  return actor !== undefined && actor.below > 0 && isBefore(actor.below, key)
}

function isNumbered(candidate: Candidate, { tid, tgid }: OwnNumber): boolean {
  if (tid > 0 && numberOf(candidate, 'tid') !== tid) return false
  return tgid === 0 || numberOf(candidate, 'tgid') === tgid
}

function possibleFor(replay: SpanReplay, ahead: Ahead, all: readonly Candidate[], key: number): Candidate[] {
  const own = ahead.own.get(key)
  const numbered = own === undefined ? all : all.filter((it) => isNumbered(it, own))
  // Where nobody has the numbers that it tells, one of them is wrong.
  return (numbered.length > 0 ? numbered : all).filter(
    (it) => mayEnd(replay, ahead, it, key) && !isTooLate(it, key),
  )
}

/** If nobody outside the log has taken a number. Creations under way come one after the other. */
function expectedKey({ world }: SpanReplay, all: readonly Candidate[], candidate: Candidate): number {
  const { actor } = candidate
  if (actor !== undefined) return world.top.tidOf(actor.task) + actor.late
  const first = all.findIndex(({ flight }) => flight !== undefined)
  return peekNumber(world.top) + all.indexOf(candidate) - first
}

function isBefore(a: number, b: number): boolean {
  return Math.abs(a - b) < HALF_OF_NUMBERS ? a < b : a > b
}

/** Keys that come up among what is held, and that nobody has so far. */
function unknownKeys({ world }: SpanReplay, { acts, at }: Ahead): number[] {
  const keys = new Set<number>()
  for (let i = at; i < acts.length; i++) {
    const key = keyOf(acts[i] as Act)
    if (!world.actors.has(key)) keys.add(key)
  }
  return [...keys]
}

/** As it sees itself, or as its creator does. */
function numberOf({ actor, flight }: Candidate, op: 'tid' | 'tgid'): number {
  if (actor !== undefined) {
    const { task } = actor
    return op === 'tid' ? task.tidOf(task) : (actor.proc.numbers.at(-1) as number)
  }
  const { span, actor: by } = flight as Flight
  if (op === 'tgid' && isThread(span.call)) return by.proc.numbers.at(-1) as number
  return resultOf(flight as Flight)
}

const CLONE_THREAD = 0x10000

function isThread(call: SpanCall): boolean {
  return call.op === 'clone' && (call.flags & CLONE_THREAD) !== 0
}

/** Whether what the parent is told of the end of this child agrees with how the key ends. */
function mayEnd(replay: SpanReplay, ahead: Ahead, candidate: Candidate, key: number): boolean {
  const end = ahead.ends.get(key)
  const told = end && reportOf(replay, ahead, candidate)
  return told === undefined || (told.status === end?.status && end.line < told.line)
}

/** What its parent is told of its end. */
function reportOf({ world }: SpanReplay, { reports }: Ahead, candidate: Candidate): Report | undefined {
  const { actor, flight } = candidate
  const parent: Proc | undefined = actor === undefined ? flight?.actor.proc : actor.proc.parent
  if (parent === undefined || reports.length === 0) return undefined
  const nr = actor === undefined ? numberOf(candidate, 'tid') : parent.task.pidOf(actor.proc.task)
  return reports.find((it) => it.nr === nr && world.actors.get(it.by)?.proc === parent)
}
