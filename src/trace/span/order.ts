/**
 * The order of what overlaps. Lines order entries and returns; what the kernel did in between may have taken effect in
 * any order that these allow. Effects are performed as late as the log allows, and earlier when a result demands it.
 *
 * Windows: a call, from its first line to its last; an end, from its exit call (or the signal that killed) to `+++`; a reap
 * by a parent outside the log, from `+++` to the next use of the number.
 */
import { __WALL, P_PID, SIGCONT, SIGKILL, SIGSTOP, WEXITED, WNOWAIT } from '../../abi/index.ts'
import { endProcess, endThread, findTask, isDeadly } from '../../inside.ts'
import type { Span, SpanCall } from '../acts.ts'
import type { Killed } from '../findings/lives.ts'
import { own } from '../own.ts'
import { type Attempt, attempt, peekWait, type SimpleCall } from './calls.ts'
import { type Flight, flightsNaming } from './flights.ts'
import { groupOf, noteMoved } from './group.ts'
import { type SpanReplay, tell } from './replay.ts'
import {
  type Actor,
  noteChange,
  noteRelease,
  type Proc,
  procLedBy,
  reapUnseen,
  takeOverEnd,
  takeOverLead,
  takeOverReap,
} from './world.ts'

/** Whether `attempt` knows it. */
export function isSimple(call: SpanCall): call is SimpleCall {
  switch (call.op) {
    case 'clone':
    case 'execve':
    case 'exit':
    case 'exit_group':
    case 'wait4':
    case 'waitid':
    case 'comm':
    case 'rt_sigaction':
      return false
    default:
      return true
  }
}

/** What the log says came of a call; undefined: it does not say, or nothing did. */
export function expectedOf({ call, outcome }: Span): number | undefined {
  if (outcome === undefined) return undefined
  // Which descriptor it is, is no matter of processes.
  if (outcome.kind === 'returned') return call.op === 'pidfd_open' ? 0 : outcome.value
  return outcome.kind === 'failed' ? -outcome.errno : undefined
}

/** Tries a call, and takes into the books what it changed. */
export function tryCall(replay: SpanReplay, actor: Actor, span: Span, call: SimpleCall): Attempt {
  const target = regroups(call) ? movedBy(replay, actor, call) : undefined
  const group = target === undefined ? 0 : groupOf(target)
  const answer = attempt(replay.world, actor, call)
  if (typeof answer !== 'number' || answer < 0) return answer
  if (target === undefined || noteMoved(target, group, span))
    follow(replay, actor, call, span.last || span.line)
  return answer
}

function regroups({ op }: SimpleCall): boolean {
  return op === 'setpgid' || op === 'setsid'
}

function movedBy(replay: SpanReplay, actor: Actor, call: SimpleCall): Proc | undefined {
  return call.op === 'setpgid' && call.pid !== 0 ? procOf(replay, actor, call.pid) : actor.proc
}

function follow(replay: SpanReplay, actor: Actor, call: SimpleCall, line: number): void {
  const { world } = replay
  switch (call.op) {
    case 'setsid':
      noteChange(world, actor.proc)
      tell(replay, line, actor.id, call)
      return
    case 'setpgid': {
      const target = call.pid === 0 ? actor.proc : procOf(replay, actor, call.pid)
      if (target === undefined) return
      noteChange(world, target)
      tell(replay, line, actor.id, call)
      return
    }
    case 'kill':
      if (call.pid < 0 || call.pid === 0) tell(replay, line, actor.id, call)
  }
}

/** The process whose number `nr` is, to `actor`. */
export function procOf({ world }: SpanReplay, actor: Actor, nr: number): Proc | undefined {
  if (actor.task.state === 'X') return undefined
  const known = actor.task.level === world.level ? world.procs.get(nr) : undefined
  if (known !== undefined) return known
  const task = findTask(actor.task, nr)
  return task === undefined ? undefined : procLedBy(world, task.leader)
}

/** Performs a call under way before its return. False: it is done already, or would not answer as the log says. */
export function advance(replay: SpanReplay, flight: Flight): boolean {
  const { span, actor } = flight
  const { outcome } = span
  if (flight.done || actor.task.state === 'X') return false
  if (span.call.op === 'execve' && (outcome?.kind === 'returned' || outcome?.kind === 'lost'))
    execute(replay, flight.actor, span)
  else if (outcome?.kind !== 'returned') return false
  else if (!isSimple(span.call) || tryCall(replay, actor, span, span.call) !== expectedOf(span)) return false
  flight.done = true
  return true
}

/** All calls under way of others that may be performed now. */
export function advanceOthers(
  replay: SpanReplay,
  than: Span,
  which: (call: SpanCall) => boolean = () => true,
): boolean {
  let moved = false
  for (const flight of replay.flights.all.values())
    if (flight.span !== than && which(flight.span.call) && advance(replay, flight)) moved = true
  return moved
}

/** A process is about to be another one, or to end: whoever is on the way to it meets it as it was. */
export function settleNaming(replay: SpanReplay, proc: Proc): void {
  for (const flight of flightsNaming(replay.flights, proc)) {
    const { done, actor, named } = flight
    if (!done && actor.proc !== proc && procOf(replay, actor, named) === proc) advance(replay, flight)
  }
}

/** A successful execve. */
export function execute(replay: SpanReplay, actor: Actor, { call }: Span): void {
  if (call.op !== 'execve') return
  settleNaming(replay, actor.proc)
  const command = own(call.command)
  actor.proc.command = command
  replay.findings.rename(actor.proc.id, command)
  if (actor.task.state !== 'S') return
  actor.task.execve(call.file.slice(call.file.lastIndexOf('/') + 1))
  takeOverLead(replay.world, actor)
}

/**
 * The end of a task. A signal, or an exit_group that was called, ends the whole process, but its threads one after the other:
 * `shown` is the end of this one only, which says nothing of the others.
 */
export function end(replay: SpanReplay, actor: Actor, status: number, line: number, shown = false): void {
  const { proc, task } = actor
  const together = !shown && ((status & 0x7f) !== 0 || proc.exiting !== undefined)
  const whole = together || proc.actors.length === 1
  if (!isCalling(actor)) return
  settleNaming(replay, proc)
  const final = (status & 0x7f) !== 0 ? status : (proc.exiting ?? status)
  proc.status = final
  if (whole) endProcess(task, final)
  else endThread(task, shown ? final : status)
  if (!whole && actor.id !== proc.id) noteRelease(replay.world, actor.id)
  if (whole) for (const other of proc.actors) if (other.id !== proc.id) noteRelease(replay.world, other.id)
  takeOverEnd(replay.world, proc)
  tell(replay, line, actor.id, causeOf(replay, proc, final))
}

function causeOf({ outer }: SpanReplay, proc: Proc, status: number): SpanCall | Killed {
  const sig = status & 0x7f
  if (sig !== 0) return { op: 'killed', sig, sent: proc.killed || proc.deathSignal === SIGKILL }
  const told = outer === undefined || proc.exiting !== undefined
  return { op: 'exit_group', code: told ? (status >> 8) & 0xff : -1 }
}

/** A task that can call. */
export function isCalling({ task }: Actor): boolean {
  return (task.state === 'S' || task.state === 'T') && !task.exiting
}

/** Performs an end that has begun and that the log has not shown yet. False: none has. */
export function forceEnd(replay: SpanReplay, proc: Proc, line: number): boolean {
  if (proc.dead) return false
  if (replay.outer !== undefined) return replay.outer.rules.performEnds(replay, replay.outer, proc)
  for (const actor of proc.actors) {
    const status =
      proc.exiting ?? (proc.killed ? SIGKILL : isDeadly(actor.lastSignal) ? actor.lastSignal : actor.exiting)
    if (status === undefined || !isCalling(actor)) continue
    end(replay, actor, status, line)
    if (proc.dead) return true
  }
  return false
}

/** A dead process whose parent is outside the log, or waits just now, is gone. */
export function forceReap(replay: SpanReplay, proc: Proc, line: number): boolean {
  if (!proc.dead) return false
  if (reapUnseen(replay.world, proc)) {
    tell(replay, line, proc.id, { op: 'wait4', pid: -1, options: 0 })
    return true
  }
  if (replay.outer?.rules.reapUntold(replay, replay.outer, proc, line)) return true
  if (proc.lostWait && reapSilently(replay, proc, line)) return true
  return reapByWait(replay, proc, line)
}

/** Its parent has waited for it, in a call that the log does not show, or not the end of. */
export function reapSilently(replay: SpanReplay, proc: Proc, line: number): boolean {
  const { parent } = proc.task
  if (parent === undefined || proc.task.state !== 'Z') return false
  parent.waitpidSync(parent.pidOf(proc.task), __WALL)
  takeOverReap(replay.world, proc)
  tell(replay, line, proc.id, { op: 'wait4', pid: -1, options: 0 })
  return true
}

function reapByWait(replay: SpanReplay, proc: Proc, line: number): boolean {
  for (const flight of replay.flights.all.values()) {
    const { span, actor } = flight
    if (flight.found !== 0 || actor.proc !== proc.parent || actor.task.state !== 'S') continue
    if (span.call.op !== 'wait4' || (span.call.pid > 0 && procOf(replay, actor, span.call.pid) !== proc))
      continue
    const nr = actor.task.pidOf(proc.task)
    if (peekWait(actor.task, P_PID, nr, WEXITED | WNOWAIT) !== nr) continue
    flight.found = nr
    actor.task.waitpidSync(nr)
    takeOverReap(replay.world, proc)
    tell(replay, line, actor.id, span.call)
    return true
  }
  return false
}

/** Lets a stopped process go on. */
export function goOn({ world }: SpanReplay, proc: Proc): void {
  if (proc.task.state === 'T') world.kernel.init.kill(world.kernel.init.pidOf(proc.task), SIGCONT)
}

/** Stops a process. */
export function stop({ world }: SpanReplay, actor: Actor, sig: number): void {
  const { init } = world.kernel
  actor.proc.stopped = true
  if (actor.task.state !== 'S') return
  const nr = init.pidOf(actor.proc.task)
  if (nr === 0) return
  init.kill(nr, sig)
  // A group that nobody could continue does not stop by itself; the log says that it did.
  actor.proc.stoppedBy = actor.task.state === 'S' ? sig : 0
  if (actor.task.state === 'S') init.kill(nr, SIGSTOP)
}
