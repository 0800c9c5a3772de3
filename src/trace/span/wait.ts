/**
 * Compares what a wait found: which child, and its status.
 *
 * A wait may have looked before an end that the log shows within its lines: then another child, or none, is right as well.
 * An end whose `+++` came before the wait began has happened.
 */

import {
  __WALL,
  __WCLONE,
  __WNOTHREAD,
  EAGAIN,
  EBADF,
  ECHILD,
  EINTR,
  EINVAL,
  P_ALL,
  P_PGID,
  P_PID,
  P_PIDFD,
  SIGSTOP,
  WCONTINUED,
  WEXITED,
  WNOHANG,
  WNOWAIT,
  WSTOPPED,
} from '../../abi/index.ts'
import { KernelError, type Task } from '../../index.ts'
import type { Span, SpanCall, SpanOutcome } from '../acts.ts'
import { spanText } from '../describe.ts'
import type { WaitInfo } from '../event.ts'
import { isUntold, peekWait, waitTarget } from './calls.ts'
import { changeUntold, forgetChange, mayBeDying } from './changes.ts'
import { learnByNone, learnByWait } from './exit_signal.ts'
import type { Flight } from './flights.ts'
import { childrenOf } from './kin.ts'
import { end, forceEnd, forceReap, goOn, isCalling, procOf, stop } from './order.ts'
import {
  blameBirth,
  count,
  differ,
  nameOf,
  resultText,
  SKIPPED,
  type SpanReplay,
  skip,
  tell,
} from './replay.ts'
import { mayStandBehind } from './standing.ts'
import { reapSilent, settleWaitid, strangeChild } from './untold.ts'
import { type Actor, type Proc, takeOverReap } from './world.ts'

type Wait = Extract<SpanCall, { op: 'wait4' | 'waitid' }>

/** A wait as waitid(2) has it. */
interface Selector {
  readonly idtype: number
  readonly id: number
  readonly options: number
}

const STOPPED = 0x7f
const NOBODY = -1
/** So many children that have been waited for unseen are stepped over at once. */
const PASSED_MAX = 64
const CONTINUED = 0xffff

export function settleWait(
  replay: SpanReplay,
  actor: Actor,
  span: Span,
  call: Wait,
  flight: Flight | undefined,
): void {
  replay.seen.waits = true
  const { outcome } = span
  if (outcome?.kind === 'lost') noteLost(replay, actor, call)
  if (outcome === undefined || outcome.kind === 'lost' || outcome.kind === 'open') return
  const found = flight?.found ?? 0
  // It is at its end, and finds nobody else.
  if (flight !== undefined && found === 0) flight.found = NOBODY
  if (outcome.kind === 'restarted') {
    settleInterrupted(replay, actor, span, call)
    return
  }
  if (outcome.kind === 'failed') {
    if (outcome.errno === EINTR) settleInterrupted(replay, actor, span, call)
    else if (call.op === 'waitid' && call.idtype > P_PGID)
      settleDescriptor(replay, actor, span, call, outcome.errno)
    else settleFailure(replay, actor, span, call, -outcome.errno)
    return
  }
  const nr = outcome.info === undefined ? outcome.value : outcome.info.si_pid
  if (found !== 0) {
    compareFound(replay, actor, span, call, nr, found)
    return
  }
  const selector = selectorOf(replay, actor, call, nr)
  // The only child that has ended is the one that is found: no need to look first.
  if (nr > 0 && isOnlyDead(replay, actor, selector, nr)) {
    take(replay, actor, span, call, selector.options, nr, false)
    return
  }
  const seen = peek(actor.task, selector)
  if (replay.outer !== undefined && call.op === 'waitid') {
    const untold = settleWaitid(replay, replay.outer, actor, call, seen)
    if (untold !== undefined) settleChild(replay, actor, span, call, selector, untold, seen)
    return
  }
  if (nr === 0) settleNothing(replay, actor, span, call, seen)
  else settleChild(replay, actor, span, call, selector, nr, seen)
}

/** Killed before it saw the result: whom it would find, it may have found. */
function noteLost(replay: SpanReplay, actor: Actor, call: Wait): void {
  const { outer } = replay
  const { proc, task } = actor
  if (outer !== undefined || (call.options & WNOWAIT) !== 0) return
  const selector = selectorOf(replay, actor, call)
  const nr = selector.idtype === P_PID ? selector.id : peek(task, selector)
  // Whoever has ended has left its children to another, and sees them no more.
  const viewer = isCalling(actor) ? actor : proc.parent?.actors[0]
  if (nr <= 0 || viewer?.task.level !== task.level) return
  const child = procOf(replay, viewer, nr)
  if (child !== undefined && (child.parent === proc || child.formerParent === proc)) child.lostWait = true
}

/** A signal came while it waited: there was somebody to wait for. */
function settleInterrupted(replay: SpanReplay, actor: Actor, span: Span, call: Wait): void {
  const { proc } = actor
  // Another thread may have waited for the last of them.
  if (proc.actors.length > 1 || (proc.old && !replay.seen.birth) || replay.outer !== undefined) return
  if (call.op === 'waitid' && call.idtype > P_PGID) return
  if (peek(actor.task, selectorOf(replay, actor, call)) !== -ECHILD) return
  count(replay, false)
  differ(replay, span.line, actor, spanText(call), 'somebody to wait for', resultText(-ECHILD))
}

function isOnlyDead(replay: SpanReplay, actor: Actor, { idtype }: Selector, nr: number): boolean {
  const { proc } = actor
  if (proc.zombies !== 1 || idtype !== P_ALL || !isCalling(actor)) return false
  const child = procOf(replay, actor, nr)
  return child?.dead === true && child.parent === proc
}

/** `found`: whom it has found, for a descriptor of whose process no line tells. */
function selectorOf({ world }: SpanReplay, actor: Actor, call: Wait, found = 0): Selector {
  const { proc } = actor
  if (call.op === 'waitid') {
    const { idtype, id, fd, options } = call
    if (idtype <= P_PGID) return { idtype, id, options }
    const target = waitTarget(world, actor, fd)
    const unknown = fd !== undefined && isUntold(proc, fd)
    // Whoever has been waited for, is as little its child as it is itself.
    const gone = target < 0 && idtype === P_PIDFD && fd !== undefined
    if (!unknown) return { idtype: P_PID, id: gone ? actor.task.pid : target, options }
    return found > 0 ? { idtype: P_PID, id: found, options } : { idtype: P_ALL, id: 0, options }
  }
  const { pid } = call
  const options =
    (call.options & (WSTOPPED | WCONTINUED | WNOHANG | __WALL | __WCLONE | __WNOTHREAD)) | WEXITED
  if (pid > 0) return { idtype: P_PID, id: pid, options }
  if (pid === -1) return { idtype: P_ALL, id: 0, options }
  return { idtype: P_PGID, id: pid === 0 ? 0 : -pid, options }
}

function peek(task: Task, { idtype, id, options }: Selector): number {
  if (task.state === 'X' || task.state === 'Z') return -ECHILD
  return peekWait(task, idtype, id, options | WNOWAIT)
}

/** The call with whatever arguments it has, which are wrong. */
function ask(task: Task, call: Wait): number {
  try {
    if (call.op === 'waitid') task.waitidSync(call.idtype, call.id, call.options)
    else task.waitpidSync(call.pid, call.options)
    return 0
  } catch (error) {
    return error instanceof KernelError ? error.errno : 0
  }
}

/** A wait for the process of a pidfd. One that is not to block (PIDFD_NONBLOCK) says EAGAIN where another would wait. */
function settleDescriptor(
  replay: SpanReplay,
  actor: Actor,
  span: Span,
  call: Extract<Wait, { op: 'waitid' }>,
  errno: number,
): void {
  const { idtype, fd } = call
  if (idtype !== P_PIDFD || errno === EINVAL) settleFailure(replay, actor, span, call, -errno)
  else if (errno === EBADF || (fd !== undefined && isUntold(actor.proc, fd))) skip(replay, SKIPPED.pidfd)
  else if (errno === EAGAIN)
    settleNothing(replay, actor, span, call, peek(actor.task, selectorOf(replay, actor, call)))
  else settleFailure(replay, actor, span, call, -errno)
}

/** It was performed early, when its child's number was used again. */
function compareFound(
  replay: SpanReplay,
  actor: Actor,
  span: Span,
  call: Wait,
  nr: number,
  found: number,
): void {
  count(replay, nr === found, true)
  if (nr !== found) differ(replay, span.last, actor, spanText(call), `${nr}`, `${found}`)
}

function settleFailure(replay: SpanReplay, actor: Actor, span: Span, call: Wait, expected: number): void {
  const selector = selectorOf(replay, actor, call)
  const first = expected === -EINVAL ? ask(actor.task, call) : peek(actor.task, selector)
  if (first === expected) {
    count(replay, true)
    return
  }
  if (expected === -ECHILD && first >= 0) {
    if (
      replay.outer !== undefined &&
      learnByNone(replay.outer, actor.proc, call, (it) => covers(actor, selector, it))
    ) {
      skip(replay, SKIPPED.memory)
      return
    }
    if (reapSilent(replay, actor.proc, span.last) && peek(actor.task, selector) === expected) {
      count(replay, true, true)
      return
    }
    for (const child of childrenOf(actor.proc)) if (child.lostWait) forceReap(replay, child, span.last)
    if (peek(actor.task, selector) !== expected && reapIgnored(replay, actor, span, selector)) return
    for (const child of childrenOf(actor.proc)) {
      forceEnd(replay, child, span.last)
      if (child.lostWait) forceReap(replay, child, span.last)
    }
    if (peek(actor.task, selector) === expected) {
      count(replay, true, true)
      return
    }
  }
  count(replay, false)
  differ(replay, span.last, actor, spanText(call), resultText(expected), resultText(first))
}

/**
 * Where no dispositions are in the log, no children although some have ended means that SIGCHLD was ignored; where no ends
 * are, that they came when it was.
 */
function reapIgnored(replay: SpanReplay, actor: Actor, { last }: Span, selector: Selector): boolean {
  const { proc, task } = actor
  const { seen } = replay
  if (seen.dispositions && (seen.exitsEnd || !proc.ignored)) return false
  for (const child of childrenOf(proc)) if (!child.dead) forceEnd(replay, child, last)
  if (childrenOf(proc).some((child) => !child.dead)) return false
  for (const child of childrenOf(proc)) {
    task.waitpidSync(task.pidOf(child.task), __WALL)
    takeOverReap(replay.world, child)
  }
  tell(replay, last, actor.id, { op: 'wait4', pid: -1, options: 0 })
  if (peek(task, selector) !== -ECHILD) return false
  skip(replay, SKIPPED.disposition)
  return true
}

/** WNOHANG found nothing. Right, if whoever is dead now may not have been when it looked. */
function settleNothing(replay: SpanReplay, actor: Actor, span: Span, call: Wait, seen: number): void {
  if (seen === -ECHILD && actor.proc.old && !replay.seen.birth) {
    skip(replay, SKIPPED.older)
    return
  }
  if (seen > 0 && reapSilent(replay, actor.proc, span.line)) {
    settleNothing(replay, actor, span, call, peek(actor.task, selectorOf(replay, actor, call)))
    return
  }
  const other = seen > 0 ? passKilled(replay, actor, selectorOf(replay, actor, call), seen, 0) : seen
  if (other !== seen) {
    settleNothing(replay, actor, span, call, other)
    return
  }
  const overlaps = seen > 0 && endsWithin(replay, actor, seen, span)
  count(replay, seen === 0 || overlaps, overlaps)
  if (seen === 0 || overlaps) return
  // Nobody of that number: the selector is wrong, else the result.
  differ(replay, seen < 0 ? span.line : span.last, actor, spanText(call), '0', resultText(seen))
}

/** Whether the log shows the end of this child, if at all, after the wait began. */
function endsWithin(replay: SpanReplay, actor: Actor, nr: number, { line }: Span): boolean {
  const proc = procOf(replay, actor, nr)
  return proc?.dead === true && (proc.gone === 0 || proc.gone > line)
}

function settleChild(
  replay: SpanReplay,
  actor: Actor,
  span: Span,
  call: Wait,
  selector: Selector,
  nr: number,
  seen: number,
): void {
  const { last } = span
  const proc = procOf(replay, actor, nr)
  let reordered = false
  let found = seen
  // strace may tell of a stop when the signal that ends it has been sent.
  if (found === nr && statusOf(span.outcome) === CONTINUED && proc !== undefined) goOn(replay, proc)
  if (found !== nr && proc !== undefined && proc !== actor.proc) {
    reordered = bringAbout(replay, actor, proc, span) && replay.seen.ends
    found = peek(actor.task, selector)
    found = passKilled(replay, actor, selector, found, nr)
    const counts = (it: Proc): boolean =>
      covers(actor, selector, it) && (it.gone === 0 || it.gone < span.line)
    const before = found > 0 && found !== nr ? procOf(replay, actor, found) : undefined
    if (
      before !== undefined &&
      (endsWithin(replay, actor, found, span) || !isExit(span) || mayStandBehind(before, proc, counts))
    ) {
      // The other one's end came after the wait had looked.
      if (covers(actor, selector, proc))
        found = peek(actor.task, { idtype: P_PID, id: nr, options: selector.options })
      reordered = true
    } else if (before !== undefined && replay.outer !== undefined) {
      found = passUntold(replay, actor, selector, nr, last)
    }
  }
  if (found === nr) {
    take(replay, actor, span, call, selector.options, nr, reordered)
    return
  }
  const reason =
    replay.outer === undefined
      ? unknownChild(replay, actor, proc, nr)
      : strangeChild(replay.outer, actor, proc, seen, call.options)
  if (reason !== undefined) {
    skip(replay, reason)
    // Whom its tracer has found, its parent is still to find.
    if (proc !== undefined && reason !== SKIPPED.traced) forceReap(replay, proc, last)
    return
  }
  count(replay, false)
  // A child that another selector would have found: the selector is wrong, else the result.
  const chosen = { ...selector, idtype: P_PID, id: nr }
  const line = selector.idtype !== P_ALL && found <= 0 && peek(actor.task, chosen) === nr ? span.line : last
  differ(replay, line, actor, spanText(call), `${nr}`, resultText(found))
  if (selector.idtype === P_PID && selector.id !== nr && line !== span.line)
    differ(replay, span.line, actor, spanText(call), `${selector.id}`, `${nr} at line ${last}`)
  if (proc?.parent !== actor.proc) blameBirth(replay, proc, nameOf(actor))
  const before = proc === undefined ? replay.world.departed.get(nr) : undefined
  if (before !== undefined && before.parent === actor.proc && before.line > 0)
    differ(replay, before.line, actor, 'wait', `${nr}`, `found again at line ${last}`)
}

/** A child that goes on and has been sent a signal since: if that is to end it, it is not found any more until it has ended. */
function passKilled(replay: SpanReplay, actor: Actor, selector: Selector, first: number, nr: number): number {
  let found = first
  while (replay.outer !== undefined && found > 0 && found !== nr) {
    const other = procOf(replay, actor, found)
    if (other === undefined || !mayBeDying(replay.outer, other) || !forgetChange(other)) break
    found = peek(actor.task, selector)
  }
  return found
}

/** Reaps children that stand before the one that was found, where that may have gone unseen. */
function passUntold(replay: SpanReplay, actor: Actor, selector: Selector, nr: number, line: number): number {
  let found = peek(actor.task, selector)
  for (let step = 0; found > 0 && found !== nr && step < PASSED_MAX; step++) {
    const other = procOf(replay, actor, found)
    if (other?.dead !== true || !forceReap(replay, other, line)) return found
    found = peek(actor.task, selector)
  }
  return found
}

/** Whether a selector means this child. */
function covers({ task }: Actor, { idtype, id }: Selector, child: Proc): boolean {
  if (idtype === P_PID) return task.pidOf(child.task) === id
  const group = child.task.nspgid[task.level]
  return idtype !== P_PGID || group === (id === 0 ? task.nspgid[task.level] : id)
}

/** Why only now shows whose child it was. */
function unknownChild(
  { seen, world }: SpanReplay,
  actor: Actor,
  proc: Proc | undefined,
  nr: number,
): string | undefined {
  if (proc?.guessed && proc.parent !== actor.proc) return SKIPPED.killed
  // Neither a process nor a thread of it is its own child.
  if (seen.birth || proc === actor.proc) return undefined
  const older = proc === undefined ? !world.departed.has(nr) : proc.parent === undefined
  return older ? SKIPPED.older : undefined
}

/** Lets come about what the wait has seen of this child: its end, its stop, its adoption. */
function bringAbout(replay: SpanReplay, actor: Actor, proc: Proc, span: Span): boolean {
  const { outcome, last } = span
  const status = statusOf(outcome)
  const parent = proc.parent
  let moved = false
  if (replay.outer !== undefined) learnByWait(replay.outer, proc, span.call as Wait)
  if (parent !== undefined && parent !== actor.proc) moved = forceEnd(replay, parent, last)
  if (status === CONTINUED) {
    goOn(replay, proc)
    return true
  }
  if (status !== undefined && (status & 0xff) === STOPPED) {
    for (const child of proc.actors) stop(replay, child, status >> 8)
    return true
  }
  if (proc.dead) return moved
  if (forceEnd(replay, proc, last)) return true
  if (changeUntold(replay, proc, span)) return true
  // Without `+++` lines this is the first that is heard of the end.
  const [first] = proc.actors
  if (replay.seen.ends || first === undefined || status === undefined) return moved
  end(replay, first, status, last)
  return true
}

function isExit({ outcome }: Span): boolean {
  const status = statusOf(outcome)
  return status === undefined || (status !== CONTINUED && (status & 0xff) !== STOPPED)
}

const CLD_EXITED = 1
const CLD_DUMPED = 3
const CLD_STOPPED = 5
const CLD_CONTINUED = 6

/** The status as wait4(2) has it; undefined: the caller asked for none. */
function statusOf(outcome: SpanOutcome | undefined): number | undefined {
  if (outcome?.kind !== 'returned') return undefined
  const { status, info } = outcome
  return info === undefined ? status : statusOfInfo(info)
}

function statusOfInfo(info: WaitInfo): number {
  switch (info.si_code) {
    case CLD_EXITED:
      return (info.si_status & 0xff) << 8
    case CLD_STOPPED:
      return (info.si_status << 8) | STOPPED
    case CLD_CONTINUED:
      return CONTINUED
    default:
      return info.si_status | (info.si_code === CLD_DUMPED ? 0x80 : 0)
  }
}

/** Performs the wait, which finds this child. */
function take(
  replay: SpanReplay,
  actor: Actor,
  span: Span,
  call: Wait,
  options: number,
  nr: number,
  reordered: boolean,
): void {
  const { task } = actor
  const proc = procOf(replay, actor, nr)
  const info = task.waitidSync(P_PID, nr, options | WNOHANG)
  const status = info === null ? undefined : statusOfInfo(info)
  const other = proc?.stoppedBy ?? 0
  const actual = other > 0 && status === ((SIGSTOP << 8) | STOPPED) ? (other << 8) | STOPPED : status
  const expected = statusOf(span.outcome)
  const equal = expected === undefined || actual === expected
  count(replay, equal, reordered)
  if (!equal) {
    const text = (status: number | undefined): string => `${nr} with status ${status}`
    differ(replay, span.last, actor, spanText(call), text(expected), text(actual))
  }
  if (proc === undefined || proc.task.state !== 'X') return
  takeOverReap(replay.world, proc)
  const { firstEnd } = actor.proc
  if (firstEnd?.told === proc.told) firstEnd.waited = span.last
  const departed = replay.world.departed.get(proc.numbers[0] as number)
  if (departed !== undefined) departed.line = span.last
  tell(replay, span.last, actor.id, call)
}
