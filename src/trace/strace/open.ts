/**
 * Creations that the end of a log finds under way: their results would have come later, and who acts by then may be one of
 * their children.
 */

import type { Undecided } from '../act_queue.ts'
import type { Act } from '../acts.ts'

/** `held`: the acts since the first of them. */
export function markOpen(opens: Iterable<Undecided>, held: readonly Act[]): undefined {
  for (const { act } of opens) {
    if (act?.kind !== 'enter' || act.span.call.op !== 'clone' || act.span.outcome !== undefined) continue
    act.span.outcome = { kind: 'open', children: childrenOf(act.span.by, act.span.line, held) }
  }
}

function childrenOf(by: number, since: number, held: readonly Act[]): number[] {
  const children: number[] = []
  for (const act of held) {
    if (act.kind !== 'call' && act.kind !== 'leave') continue
    const { line, call, outcome, by: child } = act.span
    if (line < since || call.op !== 'getppid' || outcome?.kind !== 'returned') continue
    if ((outcome.outer ?? outcome.value) === by) children.push(child)
  }
  return children
}
