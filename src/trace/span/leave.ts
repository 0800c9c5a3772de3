/**
 * Calls of exit and the ends that follow them: whoever has called exit does nothing more, and whoever has exited has called
 * it. Where one of the two lines is missing, the number in front of it is wrong, or the one in front of the other.
 */
import type { SpanCall } from '../acts.ts'
import { count, differ, type SpanReplay } from './replay.ts'
import type { Actor } from './world.ts'

const SIGKILL = 9
const KILLED = 0x7f

export function leaveFor(
  { seen }: SpanReplay,
  actor: Actor,
  { op, code }: Extract<SpanCall, { op: 'exit' | 'exit_group' }>,
  line: number,
): void {
  const status = (code & 0xff) << 8
  if (op === 'exit_group') actor.proc.exiting ??= status
  else actor.exiting ??= status
  actor.left = line
  if (op === 'exit_group' || actor.proc.actors.length === 1) actor.proc.left = line
  seen.exits = true
}

/** A task that has called exit does something else. */
export function comeBack(replay: SpanReplay, actor: Actor, line: number): void {
  const { proc, left } = actor
  actor.left = 0
  actor.exiting = undefined
  proc.exiting = undefined
  count(replay, false)
  differ(replay, left, actor, 'exit', 'the end', `a line of it at line ${line}`)
  differ(replay, line, actor, 'a line of it', 'a living task', `exit at line ${left}`)
}

/** The end of a task that has not called exit, or that no signal has killed. */
export function checkEnd(replay: SpanReplay, actor: Actor, status: number, line: number): void {
  const { seen } = replay
  if (!seen.birth || actor.proc.dead || isCaused(replay, actor, status)) return
  count(replay, false)
  const sig = status & KILLED
  const others = replay.world.actors.values().filter((other) => other !== actor && hasLeft(other, status))
  differ(replay, line, actor, 'the end', 'its exit or a signal', 'neither')
  if (sig !== 0) blameSignals(replay, actor, sig, line)
  for (const other of others.length === 1 ? others : [])
    differ(replay, other.left, other, 'exit', 'its end', `that of pid ${actor.key} at line ${line}`)
}

/** Another one took the signal, and should not have. */
function blameSignals(replay: SpanReplay, actor: Actor, sig: number, line: number): void {
  const others = replay.world.actors.values().filter((it) => it !== actor && it.lastSignal === sig)
  for (const other of others.length === 1 ? others : [])
    differ(
      replay,
      other.signalLine,
      other,
      `signal ${sig}`,
      'its end',
      `that of pid ${actor.key} at line ${line}`,
    )
}

/** Whoever has been sent SIGKILL does something else. */
export function outliveKill(replay: SpanReplay, { proc }: Actor, line: number): void {
  const { killLine } = proc
  proc.killedAt = proc.killLine = 0
  proc.killed = false
  count(replay, false)
  const nr = proc.numbers[0]
  differ(replay, killLine, undefined, `SIGKILL to pid ${nr}`, 'its end', `a line of it at line ${line}`)
  differ(replay, line, undefined, `pid ${nr}`, 'a line of it', `SIGKILL at line ${killLine}`)
}

/** It has died of SIGKILL in its own call of kill, which was for somebody else, and nobody has killed it. */
export function checkKilled(replay: SpanReplay, { proc }: Actor, status: number): void {
  const { world, seen } = replay
  if (proc.lostKill === 0 || proc.killed || status !== SIGKILL || !world.owned || !seen.birth) return
  const { parent, formerParent, deathSignal } = proc
  const orphaned = formerParent !== undefined || parent === undefined || parent.left > 0 || parent.killed
  if (proc.numbers.length > 1 || (deathSignal === SIGKILL && orphaned)) return
  count(replay, false)
  differ(
    replay,
    proc.lostKill,
    undefined,
    `SIGKILL by pid ${proc.numbers[0]}`,
    'sent to itself',
    'sent to another',
  )
}

function hasLeft({ left, exiting, proc }: Actor, status: number): boolean {
  return left > 0 && (exiting ?? proc.exiting) === status
}

function isCaused({ seen, flights }: SpanReplay, { left, proc }: Actor, status: number): boolean {
  const sig = status & KILLED
  if (sig !== 0) {
    if (sig === SIGKILL || !seen.signals.has(sig)) return true
    // Another of its threads has died of it.
    if (proc.status > 0 && (proc.status & KILLED) === sig) return true
    for (const { lastSignal } of proc.actors) if (lastSignal === sig) return true
    return false
  }
  if (!seen.exits || left > 0 || proc.exiting !== undefined) return true
  for (const { span, actor } of flights.all.values())
    if (span.call.op === 'execve' && actor.proc === proc) return true
  return false
}
