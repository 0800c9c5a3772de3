/**
 * Stops in a log of ftrace. That a process has stopped is told by the signal to its parent, unless that one does not want
 * any (SA_NOCLDSTOP), or the log has none; that it goes on, by the SIGCONT that is sent to it.
 */
import { __WALL, P_PID, SIGCONT, SIGSTOP, WCONTINUED, WNOHANG, WSTOPPED } from '../../abi/index.ts'
import type { Span } from '../acts.ts'
import { goOn, stop } from './order.ts'
import type { Outer } from './outer.ts'
import type { SpanReplay } from './replay.ts'
import { STOPPING } from './signal.ts'
import type { Proc } from './world.ts'

/** SIGCONT has been sent: whoever has stopped goes on at once, whether it takes the signal or not. */
export function noteContinued(replay: SpanReplay, outer: Outer, proc: Proc, line: number): void {
  if (proc.task.state === 'T') goOn(replay, proc)
  else outer.continued.set(proc, line)
}

/** Whoever is being killed has not stopped any more, nor does it go on: its parent is told of its end alone. */
export function forgetChange({ task }: Proc): boolean {
  const { parent } = task
  if (parent?.state !== 'S' || (task.state !== 'S' && task.state !== 'T')) return false
  return parent.waitidSync(P_PID, parent.pidOf(task), WSTOPPED | WCONTINUED | WNOHANG | __WALL) !== null
}

/** A process that goes on and may be about to end by a signal. */
export function mayBeDying({ deadly }: Outer, proc: Proc): boolean {
  const sig = deadly.get(proc)
  return sig !== undefined && sig !== SIGCONT && !STOPPING.has(sig) && !proc.dead && proc.task.state === 'S'
}

/** A child that has not ended was found: it has stopped, or goes on. */
export function changeUntold(replay: SpanReplay, proc: Proc, { call }: Span): boolean {
  const { outer } = replay
  if (outer === undefined || !('options' in call)) return false
  const told = outer.shown.signals
  const [sig, line] = told ? stopOf(proc) : [SIGSTOP, 0]
  if (sig === 0) return false
  const continued = told && (outer.continued.get(proc) ?? 0) > line
  if ((call.options & WSTOPPED) !== 0 && proc.task.state === 'S' && !continued) {
    for (const actor of proc.actors) stop(replay, actor, sig)
    return true
  }
  if ((call.options & WCONTINUED) === 0 || (told && !continued)) return false
  if (told) for (const actor of proc.actors) stop(replay, actor, sig)
  goOn(replay, proc)
  return true
}

/** The signal that may have stopped it, and the line in which it took that, as far as the log tells. */
function stopOf({ actors }: Proc): readonly [sig: number, line: number] {
  for (const { lastSignal, signalLine } of actors)
    if (STOPPING.has(lastSignal)) return [lastSignal, signalLine]
  return [0, 0]
}
