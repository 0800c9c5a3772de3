/** Numbers that a creation passed over although they are free by now: it came before they were. */
import { RESERVED_PIDS } from '../../abi/index.ts'
import { isNumberTaken } from '../../inside.ts'
import type { Span } from '../acts.ts'
import { type SpanReplay, STEPS } from './replay.ts'
import type { Actor } from './world.ts'

/**
 * The numbers from `next` to below `nr`, or to below that of another creation under way, have become free since this one began:
 * it may have come before that.
 */
export function passReleased(
  replay: SpanReplay,
  { task }: Actor,
  { line, last }: Span,
  next: number,
  nr: number,
): boolean {
  const { world, seen, flights } = replay
  const isUnderWay = (n: number): boolean =>
    flights.creations
      .values()
      .some(
        ({ span: { outcome }, actor: by, done }) =>
          !done && outcome?.kind === 'returned' && outcome.value === n && by.task.level === task.level,
      )
  if (line === last || next < 0 || task.level !== world.level || isNumberTaken(task, nr)) return false
  const limit = task.sysctl('kernel.pid_max')
  let n = next
  for (let step = 0; n !== nr; step++) {
    const departed = world.departed.get(n)
    const released = departed === undefined ? seen.gone.get(n) : departed.line || departed.gone
    if (step === STEPS) return false
    if (!isNumberTaken(task, n) && (released ?? 0) < line) {
      if (step === 0 || !isUnderWay(n)) return false
      break
    }
    n = n + 1 < limit ? n + 1 : RESERVED_PIDS
  }
  task.sysctl('kernel.ns_last_pid', n - 1)
  return true
}
