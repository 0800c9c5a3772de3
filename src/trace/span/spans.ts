/**
 * Replays a log of real programs: takes its acts in the order of lines, and performs each when it must have taken effect.
 * Which order that is: order.ts.
 *
 * Costs O(1) per act, besides what a kill of a group, the end of a namespace and an answer that first does not fit cost.
 */
import { SA_NOCLDWAIT, SIGCHLD, SIGKILL } from '../../abi/index.ts'
import type { Act, GoneAct, Span, SpanStart, SupersededAct } from '../acts.ts'
import { createDifferences } from '../differences.ts'
import { createFindings } from '../findings/findings.ts'
import { buildTree } from '../findings/tree.ts'
import { NumberMap } from '../number_map.ts'
import type { ReplayOptions, ReplayResult } from '../replay.ts'
import { TRACE_LIST } from '../strace_list.ts'
import { TraceError } from '../trace_error.ts'
import { createAhead, holdBack, isUnclear, letOut } from './ahead.ts'
import { compareComments } from './comments.ts'
import { create } from './create.ts'
import { createElders, performRest, readOn } from './elders.ts'
import { endOuter, performEnds, reapUntold } from './exits.ts'
import { addFlight, createFlights, type Flight, removeFlight } from './flights.ts'
import { checkEnd, checkKilled, comeBack, leaveFor, outliveKill } from './leave.ts'
import { lose } from './lost.ts'
import { meet } from './meet.ts'
import { end, execute, forceEnd, goOn, isSimple, stop } from './order.ts'
import { createOuter } from './outer.ts'
import { count, differ, SKIPPED, type SpanReplay, skip, tell } from './replay.ts'
import { noteSignals } from './sending.ts'
import { enterSimple, settle } from './settle.ts'
import { compareSpan, forgetExits, meetUnborn, performShown } from './shown.ts'
import { settleSignal } from './signal.ts'
import { dropNotice, noteEndTold } from './told.ts'
import { mayBeNew } from './under_way.ts'
import { settleWait } from './wait.ts'
import {
  type Actor,
  addActor,
  createWorld,
  dropActor,
  noteChange,
  noteRelease,
  numberOf,
  reapUnseen,
  removeActor,
  TOP_ID,
  TOP_STATE,
  takeOverLead,
  type World,
} from './world.ts'

/** So many ends are remembered. */
const GONE = 256
/** Dead processes kept for a parent outside the log that has surely reaped them. */
const UNREAPED_KEPT = 512
/** The invariants are walked once in so many acts for each task, and not more often: a walk costs an act or two a task. */
const CHECK_EVERY = 8
/** A walk with few tasks costs as much as one with so many. */
const CHECK_LEAST = 1024

/** Whoever waits for the end of the first process is not to be kept waiting. */
export function startSpans(
  start: SpanStart,
  options: ReplayOptions & { readonly until?: 'root' | undefined } = {},
): SpanReplay {
  const world = createWorld(start.spans, options)
  return {
    world,
    differences: createDifferences(),
    findings: createFindings(TOP_ID, TOP_STATE, (a, b) => sees(world, a, b)),
    counts: { events: 0, checked: 0, matched: 0, reordered: 0, skipped: {} },
    now: { time: '' },
    ahead: start.spans.source === 'strace' && options.until !== 'root' ? createAhead() : undefined,
    elders: start.spans.source === 'strace' && options.until !== 'root' ? createElders() : undefined,
    flights: createFlights(),
    seen: {
      signals: new Set(),
      stops: false,
      exits: false,
      gone: new NumberMap(),
      ends: false,
      exitsEnd: false,
      dispositions: false,
      groups: false,
      namespaces: false,
      waits: false,
      birth: false,
      unordered: { noted: [], wrong: 0 },
      unwaited: 0,
      mustWait: options.waits !== false,
      rootGone: 0,
      program: 0,
      root: undefined,
    },
    foreign: new Map(),
    outer: start.spans.source === 'ftrace' ? createOuter({ performEnds, reapUntold }) : undefined,
    groups: new Map(),
    guessed: new Set(),
    lost: [],
    uncertain: 0,
    check: options.check !== false,
    unchecked: 0,
  }
}

function sees({ tasks }: World, a: number, b: number): boolean {
  const [viewer, other] = [tasks.get(a), tasks.get(b)]
  return viewer !== undefined && other !== undefined && viewer.pidOf(other) !== 0
}

/** Performs and compares one act, or holds it back until it is known whose it is. */
export function replayAct(replay: SpanReplay, act: Act): undefined {
  const { elders } = replay
  if (elders === undefined || elders.holds === false) replayNext(replay, act)
  else readOn(elders, act, (it) => replayNext(replay, it))
}

function replayNext(replay: SpanReplay, act: Act): undefined {
  const { ahead, world } = replay
  if (ahead === undefined || world.deepest === world.level) performSafely(replay, act)
  else if (ahead.acts.length > 0 || isUnclear(replay, act))
    holdBack(replay, ahead, act, (it) => performSafely(replay, it))
  else performSafely(replay, act)
}

/** Whatever the library does is an answer to compare, never an error of the replay. */
function performSafely(replay: SpanReplay, act: Act): undefined {
  try {
    perform(replay, act)
  } catch (error) {
    if (error instanceof TraceError) throw error
    count(replay, false)
    differ(replay, lineOf(act), undefined, 'library', 'no exception', String(error))
  }
}

/** An act that is no call. */
type OtherAct = Exclude<Act, { readonly span: Span }>

function perform(replay: SpanReplay, act: Act): void {
  if (replay.counts.events++ === 0) replay.seen.birth = 'span' in act && act.span.call.op === 'execve'
  switch (act.kind) {
    case 'call':
    case 'enter':
    case 'leave':
      replay.now.time = act.span.time
      performCall(replay, act.kind, act.span)
      break
    default:
      replay.now.time = act.time
      performOther(replay, act)
  }
  if (replay.check && ++replay.unchecked >= CHECK_EVERY * (CHECK_LEAST + replay.world.procs.size))
    walk(replay, lineOf(act))
}

function performCall(replay: SpanReplay, kind: 'call' | 'enter' | 'leave', span: Span): void {
  if (span.call.op === 'execve') replay.seen.program = span.line
  if (kind === 'enter') enterLong(replay, span)
  else if (kind === 'call') {
    const actor = actorOf(replay, span.by, span.line, span.time)
    enter(replay, actor, span)
    compare(replay, span, actor, undefined)
  } else {
    const flight = replay.flights.all.get(span.line)
    const actor = flight?.actor ?? actorOf(replay, span.by, span.line, span.time)
    const { checked, matched } = replay.counts
    const noted = replay.differences.listed.length
    compare(replay, span, actor, flight)
    if (flight !== undefined) removeFlight(replay.flights, flight)
    const wrong = replay.counts.checked - checked - (replay.counts.matched - matched)
    if (wrong > 0 && span.call.op !== 'clone')
      actor.suspect = { noted: replay.differences.listed.slice(noted), wrong }
  }
}

/** Of a task that is killed in a call, strace prints as the result what it last read of another task. */
function forgive(replay: SpanReplay, actor: Actor, status: number): void {
  const { suspect } = actor
  if (suspect === undefined || status !== SIGKILL) return
  replay.differences.retract(suspect.noted)
  replay.counts.checked -= suspect.wrong
  skip(replay, SKIPPED.killed)
}

function performOther(replay: SpanReplay, act: OtherAct): void {
  switch (act.kind) {
    case 'signal':
      settleSignal(replay, actorOf(replay, act.by, act.line, act.time), act)
      break
    case 'stopped':
      stop(replay, findStopping(replay, act.by, act.line, act.time), act.sig)
      break
    case 'gone':
      gone(replay, act)
      break
    case 'superseded':
      supersede(replay, act)
      break
    case 'other':
      actorOf(replay, act.by, act.line, act.time)
      break
    case 'comments':
      compareComments(replay, actorOf(replay, act.by, act.line, act.time), act)
      break
    case 'clash':
      count(replay, false)
      differ(replay, act.line, undefined, act.what, act.expected, act.actual)
      break
    default:
      if (replay.outer !== undefined)
        performShown(replay, replay.outer, act, (key, line, time) => actorOf(replay, key, line, time))
  }
}

function lineOf(act: Act): number {
  return 'span' in act ? act.span.line : act.line
}

/** The task of a line. Whoever acts is not stopped any more. */
function actorOf(replay: SpanReplay, key: number, line: number, time: string): Actor {
  const { outer, world, seen } = replay
  const actor =
    world.actors.get(key) ??
    (outer === undefined
      ? meet(replay, key, line, time)
      : meetUnborn(replay, outer, { by: key, line, time, comm: '', tgid: 0 }))
  if (outer !== undefined && outer.unproven.size > 0) outer.unproven.delete(actor)
  actor.suspect = undefined
  if (actor.proc.stopped && actor.task.state === 'T') goOn(replay, actor.proc)
  actor.shown = true
  const left = actor.left > 0 && actor.left < line && outer === undefined
  if (left && (seen.exitsEnd || !mayBeNew(replay, key))) comeBack(replay, actor, line)
  return actor
}

/** The task of the line of a stop, which a wait may have told before. */
function findStopping(replay: SpanReplay, key: number, line: number, time: string): Actor {
  const actor = replay.world.actors.get(key)
  return actor?.task.state === 'T' ? actor : actorOf(replay, key, line, time)
}

/** The task of the line of an end, which may have called exit. */
function findLeaving(replay: SpanReplay, key: number, line: number, time: string): Actor {
  const actor = replay.world.actors.get(key)
  if (actor === undefined) return actorOf(replay, key, line, time)
  if (actor.task.state === 'T') goOn(replay, actor.proc)
  return actor
}

/** What a call does as soon as it is called. */
function enter(replay: SpanReplay, actor: Actor, span: Span): void {
  const { call, line } = span
  replay.differences.remember(span)
  const { killedAt } = actor.proc
  if (killedAt > 0 && killedAt < line && span.outcome?.kind !== 'lost' && replay.outer === undefined)
    outliveKill(replay, actor, line)
  // Whoever goes on, was not killed by it.
  actor.lastSignal = 0
  if (call.op === 'exit_group' || call.op === 'exit') leaveFor(replay, actor, call, line)
}

function enterLong(replay: SpanReplay, span: Span): void {
  const actor = actorOf(replay, span.by, span.line, span.time)
  enter(replay, actor, span)
  const { call } = span
  if (call.op === 'exit' || call.op === 'exit_group') return
  if (call.op === 'wait4' || call.op === 'waitid') replay.seen.waits = true
  if (replay.outer !== undefined) noteSignals(replay, replay.outer, actor, span)
  const flight = addFlight(replay.flights, span, actor)
  if (isSimple(call)) flight.done = enterSimple(replay, actor, span, call)
}

function compare(replay: SpanReplay, span: Span, actor: Actor, flight: Flight | undefined): void {
  const { outer } = replay
  if (outer === undefined) leave(replay, span, actor, flight)
  else compareSpan(replay, outer, actor, span, () => leave(replay, span, actor, flight))
}

/** What came of a call, at its last line. */
function leave(replay: SpanReplay, span: Span, actor: Actor, flight: Flight | undefined): void {
  const { call } = span
  switch (call.op) {
    case 'clone':
      if (span.outcome?.kind === 'lost' && flight?.done !== true) lose(replay, actor, span)
      else create(replay, actor, span)
      return
    case 'wait4':
    case 'waitid':
      settleWait(replay, actor, span, call, flight)
      return
    case 'execve':
      if (span.outcome?.kind === 'returned' && flight?.done !== true) execute(replay, actor, span)
      return
    case 'exit':
    case 'exit_group':
      return
    case 'comm':
      if (actor.task.state === 'S') actor.task.comm = call.name
      return
    case 'rt_sigaction':
      replay.seen.dispositions = true
      if (call.sig === SIGCHLD && actor.task.state === 'S' && span.outcome?.kind === 'returned') {
        const handler = call.handler === 'ign' ? 'ign' : 'dfl'
        if (call.handler !== 'fn') dropNotice(actor.proc)
        if (call.handler === 'ign') actor.proc.ignored = true
        actor.task.sigaction(SIGCHLD, { handler, flags: call.flags & SA_NOCLDWAIT })
      }
      return
    default:
      settle(replay, actor, span, call, flight?.done === true)
  }
}

function gone(replay: SpanReplay, { by, line, time, status }: GoneAct): void {
  const { world, seen, outer } = replay
  const actor = findLeaving(replay, by, line, time)
  const { proc } = actor
  forgive(replay, actor, status)
  if (outer === undefined) {
    checkEnd(replay, actor, status, line)
    checkKilled(replay, actor, status)
  }
  seen.gone.keep(by, line, GONE)
  seen.ends = true
  if ((status & 0x7f) === 0) seen.exitsEnd = true
  end(replay, actor, status, line, outer === undefined)
  dropActor(world, actor)
  if (proc.actors.length > 0) return
  proc.gone = line
  if (!proc.dead) endLate(replay, actor, status, line)
  if (proc.zombie && proc.parent !== undefined) seen.unwaited++
  noteEndTold(proc)
  if (proc === seen.root) seen.rootGone = line
  if (world.unreaped.size > 2 * UNREAPED_KEPT) reapOldest(replay, line)
}

/** The last thread is gone, so the process is, whatever the library still has of it. */
function endLate(replay: SpanReplay, actor: Actor, status: number, line: number): void {
  addActor(actor.proc, actor)
  end(replay, actor, status, line)
  removeActor(actor)
}

/** Half of them at once: a Set is slow to find its first member behind those that were deleted. */
function reapOldest(replay: SpanReplay, line: number): void {
  for (const proc of replay.world.unreaped) {
    reapUnseen(replay.world, proc)
    tell(replay, line, proc.id, { op: 'wait4', pid: -1, options: 0 })
    if (replay.world.unreaped.size <= UNREAPED_KEPT) return
  }
}

/** A thread that is not the first one has executed a program: it is the first one now, and alone. */
function supersede(replay: SpanReplay, { by, line, time, thread }: SupersededAct): void {
  const { world } = replay
  const leader = findLeaving(replay, by, line, time)
  if (replay.outer !== undefined) forgetExits(replay.outer, leader)
  const actor = world.actors.get(thread)
  if (actor?.proc !== leader.proc || leader.id !== leader.proc.id || thread === by) {
    count(replay, false)
    differ(replay, line, leader, 'the thread that executes a program', `${thread}`, 'not of this process')
    return
  }
  if (actor.task.state === 'S') actor.task.execve()
  for (const other of actor.proc.actors) {
    if (other === actor) continue
    if (other.id !== leader.id) noteRelease(world, other.id)
    dropActor(world, other)
  }
  noteRelease(world, actor.id)
  world.actors.delete(thread)
  actor.key = by
  actor.id = leader.id
  world.actors.set(by, actor)
  takeOverLead(world, actor)
  noteChange(world, actor.proc)
  tell(replay, line, actor.id, { op: 'execve', file: '', command: '' })
}

function walk(replay: SpanReplay, line: number): void {
  replay.unchecked = 0
  for (const violation of replay.world.kernel.check().slice(0, 10)) {
    count(replay, false)
    differ(replay, line, undefined, 'invariants', 'kernel.check() finds nothing', violation)
  }
}

/** The log is over: what had begun, takes effect. */
export function endSpans(replay: SpanReplay, line: number): undefined {
  const { world, seen, ahead, elders } = replay
  if (elders !== undefined) performRest(elders, (it) => replayNext(replay, it))
  if (ahead !== undefined) letOut(replay, ahead, true, (it) => performSafely(replay, it))
  if (world.origin.source === 'strace' && seen.unwaited > 0 && !seen.waits && seen.mustWait)
    throw noWaits(seen.unwaited)
  if (replay.outer !== undefined) endOuter(replay, replay.outer, line)
  for (const proc of world.procs.values()) if (proc.exiting !== undefined) forceEnd(replay, proc, line)
  for (const proc of [...world.unreaped]) {
    reapUnseen(world, proc)
    tell(replay, line, proc.id, { op: 'wait4', pid: -1, options: 0 })
  }
  if (replay.check) walk(replay, line)
}

/** Either nobody ever waited, or, by far more often, the filter of strace left the waits out. */
function noWaits(ended: number): TraceError {
  const what = `${ended} ${ended === 1 ? 'child' : 'children'} ended, and there is no line of wait4 or waitid`
  const how = `make the log with strace -f -o FILE -e trace=${TRACE_LIST} CMD`
  return new TraceError(0, `${what}: ${how}; if these programs never wait, say so (--no-waits)`)
}

export function spansResult({ world, counts, differences, findings, seen }: SpanReplay): ReplayResult {
  return {
    ...counts,
    differences: differences.listed,
    trail: differences.trail,
    processes: world.processes,
    findings: findings.list(),
    tree: buildTree(world.top, world.kernel.tasks()),
    left: findings.left(seen.root === undefined ? 0 : numberOf(seen.root)),
  }
}

export function disposeSpans({ world }: SpanReplay): undefined {
  world.kernel.dispose()
}
