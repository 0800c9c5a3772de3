/**
 * Ends as ftrace shows them: sched_process_exit is their beginning, and what the end brings about comes at some time
 * after it, at the latest with the signal to the parent. Reaping is shown only by the result of a wait, if at all.
 */

import {
  CLD_CONTINUED,
  CLD_DUMPED,
  CLD_EXITED,
  CLD_STOPPED,
  CLD_TRAPPED,
  PR_SET_CHILD_SUBREAPER,
  SIGCHLD,
  SIGCONT,
  SIGKILL,
} from '../../abi/index.ts'
import { endThread } from '../../inside.ts'
import type { ExitsAct, FreedAct, SentAct } from '../acts.ts'
import { processOf } from './calls.ts'
import { forgetChange, noteContinued } from './changes.ts'
import { refuteChoices } from './choice.ts'
import { learnExitSignal } from './exit_signal.ts'
import { childrenOf } from './kin.ts'
import { end, forceEnd, forceReap, isCalling, reapSilently, settleNaming } from './order.ts'
import type { Outer } from './outer.ts'
import { count, differ, type SpanReplay, tell } from './replay.ts'
import { checkTarget } from './sending.ts'
import { type Actor, dropActor, noteRelease, numberOf, type Proc, takeOverEnd } from './world.ts'

/** So many ends are kept waiting for a reason to perform them. */
const PENDING = 32
/** So many dead processes are kept for parents of whom no wait is seen, at most twice as many for a while. */
const UNREAPED = 256
/** So many seconds after its end a process that has been waited for is shown by sched_process_free. */
const GRACE = 0.1

export function beginExit(replay: SpanReplay, outer: Outer, actor: Actor, act: ExitsAct): void {
  actor.exiting ??= actor.proc.exiting ?? 0
  outer.pending.set(actor, act.line)
  outer.ended.set(actor.proc, act.time)
  outer.time = act.time
  if (outer.pending.size > PENDING) performOldest(replay, outer)
  if (outer.ended.size > 2 * UNREAPED) reapOldest(replay, outer, act.line)
}

function performOldest(replay: SpanReplay, outer: Outer): void {
  for (const [actor, line] of outer.pending) {
    if (!mayPerform(actor)) {
      outer.pending.delete(actor)
      outer.pending.set(actor, line)
      continue
    }
    performExit(replay, outer, actor, line)
    return
  }
}

/** The first thread of a process is a zombie until the last one has ended. */
function mayPerform(actor: Actor): boolean {
  return actor.id !== actor.proc.id || actor.proc.actors.length === 1
}

function performExit(replay: SpanReplay, outer: Outer, actor: Actor, line: number): void {
  const { world } = replay
  const { proc, task } = actor
  outer.pending.delete(actor)
  const status = statusOf(outer, actor)
  if (proc.actors.length === 1) {
    if (!replay.seen.waits) reapBefore(replay, outer, proc, line)
    end(replay, actor, status, line)
    dropActor(world, actor)
    return
  }
  if (isCalling(actor)) {
    settleNaming(replay, proc)
    endThread(task, status)
    if (actor.id !== proc.id) noteRelease(world, actor.id)
    takeOverEnd(world, proc)
    tell(replay, line, actor.id, { op: 'exit', code: 0 })
  }
  dropActor(world, actor)
}

/** Where no waits are seen, a child that was not freed in time is a zombie. All others have been waited for. */
function reapBefore(replay: SpanReplay, outer: Outer, proc: Proc, line: number): void {
  const now = Number(outer.ended.get(proc))
  for (const child of childrenOf(proc)) {
    const ended = outer.ended.get(child)
    if (ended === undefined || (outer.shown.frees && now - Number(ended) > GRACE)) continue
    if (!child.dead) performEnds(replay, outer, child)
    if (child.dead) reapSilently(replay, child, line)
  }
}

function statusOf(outer: Outer, { proc, exiting, lastSignal }: Actor): number {
  if (lastSignal === 0) return exiting ?? 0
  return lastSignal === SIGKILL ? (outer.deadly.get(proc) ?? SIGKILL) : lastSignal
}

/** Performs what has begun of the end of a process. False: nothing had. */
export function performEnds(replay: SpanReplay, outer: Outer, proc: Proc): boolean {
  let moved = false
  for (let again = true; again; ) {
    again = false
    for (const actor of proc.actors) {
      const line = outer.pending.get(actor)
      if (line === undefined || !mayPerform(actor)) continue
      performExit(replay, outer, actor, line)
      again = moved = true
    }
  }
  return moved && proc.dead
}

/** Reaps a dead process that nobody has been seen to wait for, if that may have gone unseen. */
export function reapUntold(replay: SpanReplay, outer: Outer, proc: Proc, line: number): boolean {
  const { parent } = proc
  if (parent === undefined) return false
  const silent =
    !replay.seen.waits ||
    outer.reapers.has(parent) ||
    outer.views.get(parent)?.place === 'elsewhere' ||
    (outer.shown.signals && !outer.noticed.has(proc))
  return silent && reapSilently(replay, proc, line)
}

function reapOldest(replay: SpanReplay, outer: Outer, line: number): void {
  for (const proc of outer.ended.keys()) {
    if (outer.ended.size <= UNREAPED) return
    outer.ended.delete(proc)
    if (!proc.dead) performEnds(replay, outer, proc)
    if (proc.dead && !outer.shown.frees) forceReap(replay, proc, line)
  }
}

/** sched_process_free: whoever had the number has been reaped. */
export function noteFreed(replay: SpanReplay, outer: Outer, { of, line }: FreedAct): void {
  const { world, flights } = replay
  outer.shown.frees = true
  const proc = processOf(world, of)
  if (proc === undefined) return
  if (!proc.dead) forceEnd(replay, proc, line)
  if (!proc.dead || proc.numbers[0] !== of) return
  outer.ended.delete(proc)
  if (forceReap(replay, proc, line)) return
  for (const { actor } of flights.all.values()) if (actor.proc === proc.parent) return
  reapSilently(replay, proc, line)
}

/** Whom a signal is sent to: a task, or a process of which nothing but its number is left. */
export type Target = Pick<Actor, 'proc' | 'task'>

/** signal_generate. */
export function noteSent(replay: SpanReplay, outer: Outer, target: Target, act: SentAct): void {
  const { code, sig, by } = act
  const from = replay.world.actors.get(by)
  outer.shown.signals = true
  if (from !== undefined) checkTarget(replay, outer, from, target.proc, act)
  if (from !== undefined && !from.shown && outer.older.has(from.proc)) endOlder(replay, outer, from, act)
  if (from !== undefined && code >= CLD_EXITED && code <= CLD_DUMPED && from.exiting !== undefined) {
    noteEnd(replay, outer, from, target, act)
  } else if (sig === SIGCHLD && code > CLD_DUMPED && code <= CLD_CONTINUED) {
    if (code === CLD_TRAPPED) outer.tracers.add(target.proc)
    else if (from !== undefined) checkChange(replay, outer, from.proc, target.proc, act)
  } else if (sig !== SIGCHLD) {
    if (!act.ignored) outer.deadly.set(target.proc, sig)
    if (sig === SIGKILL) forgetChange(target.proc)
    else if (sig === SIGCONT) noteContinued(replay, outer, target.proc, act.line)
    replay.findings.sent(target.proc.id, sig, act.ignored)
  }
}

/** The first that is seen of a process from before the log is that it tells of its end, which has begun before the log. */
function endOlder(replay: SpanReplay, outer: Outer, { proc }: Actor, act: SentAct): void {
  const { line, time, by, sig, code } = act
  if (sig !== SIGCHLD || code < CLD_EXITED || code > CLD_DUMPED || outer.ended.size > 1) return
  // A tracer tells of those that it has found.
  if (outer.tracers.has(proc)) return
  for (const actor of proc.actors)
    beginExit(replay, outer, actor, { kind: 'exits', by, line, time, last: true })
}

/** A process has ended: its parent is told. */
function noteEnd(replay: SpanReplay, outer: Outer, from: Actor, target: Target, act: SentAct): void {
  const { proc } = from
  if (proc.parent !== target.proc && leavesDead(outer, proc)) return
  if (act.code === CLD_EXITED) for (const actor of proc.actors) actor.lastSignal = 0
  else if (from.lastSignal === 0) from.lastSignal = outer.deadly.get(proc) ?? SIGKILL
  outer.noticed.add(proc)
  learnExitSignal(outer, proc, act.sig)
  performEnds(replay, outer, proc)
  if (!proc.dead) return
  proc.gone = act.line
  if (proc.parent !== target.proc && proc.parent !== undefined) performEnds(replay, outer, proc.parent)
  compareParent(replay, outer, proc, target, act)
}

/** A stop or continuation is told to the parent, and to a tracer. */
function checkChange(replay: SpanReplay, outer: Outer, proc: Proc, target: Proc, act: SentAct): void {
  const { parent } = proc
  if (parent === undefined || parent === target || proc.formerParent !== undefined) return
  // The first that a tracer is told of whom it has attached to is a stop.
  if (act.code === CLD_STOPPED) outer.tracers.add(target)
  if (outer.older.has(proc) || outer.tracers.has(target) || outer.ended.has(parent)) return
  count(replay, false)
  differ(replay, act.line, undefined, `parent of pid ${numberOf(proc)}`, `${act.to}`, `${numberOf(parent)}`)
}

/** A process that ends tells those who adopt its dead children of each, before its own parent is told of it. */
function leavesDead({ ended }: Outer, proc: Proc): boolean {
  for (const child of childrenOf(proc)) if (child.dead || ended.has(child)) return true
  return false
}

function compareParent(replay: SpanReplay, outer: Outer, proc: Proc, target: Target, act: SentAct): void {
  const { parent } = proc
  if (proc.task.parent?.leader === target.proc.task) {
    count(replay, true)
    return
  }
  if (outer.older.has(proc) || outer.tracers.has(target.proc)) return
  // By one who has become a subreaper, or the init of a namespace, without a line; and the one before him by the same.
  const assumed = parent !== undefined && outer.adopters.has(parent)
  const adopted =
    proc.formerParent !== undefined && (parent === undefined || parent.task === replay.world.top || assumed)
  if (adopted && (outer.older.has(target.proc) || !outer.shown.prctls)) {
    if (assumed && parent.task.state === 'S') parent.task.prctl(PR_SET_CHILD_SUBREAPER, 0)
    if (target.task.state === 'S') target.task.prctl(PR_SET_CHILD_SUBREAPER, 1)
    outer.adopters.add(target.proc)
    return
  }
  count(replay, false)
  const actual = parent === undefined ? 'one outside the log' : `${parent.numbers[0]}`
  const [child] = proc.numbers
  differ(replay, act.line, undefined, `parent of pid ${child}`, `${act.to}`, actual)
}

/** The log is over. */
export function endOuter(replay: SpanReplay, outer: Outer, line: number): void {
  refuteChoices(replay, outer)
  for (const actor of [...outer.pending.keys()]) performEnds(replay, outer, actor.proc)
  for (const [proc, at] of outer.ended) {
    if (!proc.dead || forceReap(replay, proc, line)) continue
    const sure = replay.seen.waits || (outer.shown.frees && Number(outer.time) - Number(at) > GRACE)
    if (!sure) reapSilently(replay, proc, line)
  }
}
