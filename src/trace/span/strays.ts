/**
 * Tasks of a log of ftrace of which no line has told what they are: threads from before the log, and processes whose parents have
 * entered another namespace.
 */

import type { Span } from '../acts.ts'
import { spanText } from '../describe.ts'
import type { Outer } from './outer.ts'
import { count, differ, SKIPPED, type SpanReplay, skip } from './replay.ts'
import { type Actor, numberOf } from './world.ts'

/**
 * A thread from before the log stands here as a process, until it or a child of its asks whose thread it is. True: this was
 * asked, and the answer is learnt, or compared with what has been learnt.
 */
export function judgeThread(replay: SpanReplay, outer: Outer, actor: Actor, span: Span): boolean {
  const { call, outcome } = span
  if (outcome?.kind !== 'returned') return false
  const { proc } = actor
  const asked = call.op === 'getpid' ? proc : call.op === 'getppid' ? proc.parent : undefined
  if (asked === undefined || !outer.older.has(asked)) return false
  const own = numberOf(asked)
  const leader = outer.leaders.get(asked)
  if (leader?.nr === own || (leader === undefined && outer.views.get(asked)?.place === 'elsewhere'))
    return false
  const { value } = outcome
  if (leader === undefined) {
    if (value === 0) return false
    outer.leaders.set(asked, { nr: value, line: span.last })
    if (value === own) return false
    skip(replay, SKIPPED.older)
    return true
  }
  count(replay, value === leader.nr)
  if (value === own) {
    differ(replay, leader.line, actor, spanText(call), `${leader.nr}`, `${own} at line ${span.last}`)
    outer.leaders.set(asked, { nr: own, line: span.last })
  }
  if (value !== leader.nr) differ(replay, span.last, actor, spanText(call), `${value}`, `${leader.nr}`)
  return true
}

/**
 * No parent, although that lives: in the namespace where the process is, it is not seen. Where the log does not show setns(2), or
 * begins after it, nothing else tells.
 */
export function noteStray(outer: Outer, { proc }: Actor, { call, outcome }: Span): void {
  if (call.op !== 'getppid' || outcome?.kind !== 'returned' || outcome.value !== 0) return
  const { parent } = proc
  if (parent === undefined || parent.numbers.length !== proc.numbers.length) return
  if (!outer.shown.setns || outer.older.has(parent))
    outer.views.set(proc, { place: 'unknown', from: undefined, held: [] })
}
