/** Whom the signals of a kill(2) in a log of ftrace go to: signal_generate between its two lines tells each. */
import type { SentAct, Span } from '../acts.ts'
import { procOf } from './order.ts'
import type { Outer } from './outer.ts'
import { count, differ, type SpanReplay } from './replay.ts'
import { targets } from './settle.ts'
import type { Actor, Proc } from './world.ts'

const SI_USER = 0
const SI_TKILL = -6

export interface Sending {
  readonly line: number
  readonly last: number
  readonly sig: number
  readonly code: number
  /** To one process, or to these and whoever else may be in their group. */
  readonly one: boolean
  readonly procs: readonly Proc[]
}

/** A call that has sent a signal. Its own lines stand around those of the signals. */
export function noteSignals(
  replay: SpanReplay,
  outer: Outer,
  actor: Actor,
  { call, line, last, outcome }: Span,
): void {
  if ((call.op !== 'kill' && call.op !== 'tgkill') || outcome?.kind !== 'returned') return
  if (outer.views.get(actor.proc)?.place === 'elsewhere') return
  const nr = call.op === 'kill' ? call.pid : call.tid
  if (nr === 0 || nr === -1) return
  const one = nr > 0
  const named = one && call.op === 'tgkill' && call.tgid > 0 ? call.tgid : nr
  const found = one ? procOf(replay, actor, named) : undefined
  const procs = one ? (found === undefined ? [] : [found]) : targets(replay, actor, nr)
  if (procs.length === 0 || procs.some((it) => outer.older.has(it))) return
  outer.sending.set(actor, {
    line,
    last,
    sig: call.sig,
    code: call.op === 'kill' ? SI_USER : SI_TKILL,
    one,
    procs,
  })
}

/** A signal that such a call has sent goes to whom the call names. */
export function checkTarget(replay: SpanReplay, outer: Outer, from: Actor, target: Proc, act: SentAct): void {
  const sending = outer.sending.get(from)
  if (sending === undefined || act.code !== sending.code || act.sig !== sending.sig) return
  if (act.line < sending.line || act.line > sending.last || sending.procs.includes(target)) return
  // Who is in a group is known of those alone whom the log has seen from their births.
  if (!sending.one && !outer.older.has(target)) return
  count(replay, false)
  const actual = sending.procs.map((it) => it.numbers[0]).join(', ')
  differ(replay, act.line, from, `signal ${act.sig}`, `${act.to}`, actual)
}
