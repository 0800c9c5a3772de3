/**
 * Whose numbers the results of a process are in, where the log begins amid living processes: some may be in namespaces
 * that were there before, or that were made without a line.
 *
 * Until one of its numbers fits, that is unknown, and the first one that does not fit shows another namespace: what such a
 * process says cannot be checked. If a later one fits after all, the first was a difference.
 */

import type { Span } from '../acts.ts'
import type { Held } from '../differences.ts'
import type { Outer } from './outer.ts'
import { count, SKIPPED, type SpanReplay, skip } from './replay.ts'
import type { Proc } from './world.ts'

export interface View {
  place: 'unknown' | 'known' | 'elsewhere'
  /** Its parent's, as far as it is not the same namespace for sure; undefined: not told. */
  readonly from: View | undefined
  /** What has shown that it is elsewhere. */
  held: readonly Held[]
}

export function viewOf(outer: Outer, proc: Proc): View {
  let view = outer.views.get(proc)
  if (view === undefined) {
    const init = proc.numbers.length > 1 && proc.numbers.at(-1) === 1
    view = { place: init ? 'known' : 'unknown', from: undefined, held: [] }
    outer.views.set(proc, view)
  }
  return view
}

/** A child is in its parent's namespace, unless it has been put into another one without a line. */
export function inheritView(outer: Outer, parent: Proc, child: Proc): void {
  if (child === parent || !outer.shown.calls) return
  if (child.numbers.length !== parent.numbers.length) {
    outer.views.set(child, { place: 'known', from: undefined, held: [] })
    return
  }
  if (outer.strayed.has(parent)) {
    outer.views.set(child, { place: 'elsewhere', from: undefined, held: [] })
    return
  }
  const view = viewOf(outer, parent)
  if (outer.shown.unshares || view.place === 'elsewhere') outer.views.set(child, view)
  else outer.views.set(child, { place: 'unknown', from: view, held: [] })
}

/** Compares a result. `telling`: the number in it that another namespace would have another one for. */
export function judge(
  replay: SpanReplay,
  outer: Outer,
  proc: Proc,
  telling: number | undefined,
  compare: () => void,
): void {
  outer.shown.calls = true
  const view = viewOf(outer, proc)
  if (view.place === 'known') {
    compare()
    return
  }
  const { counts, differences } = replay
  const { checked, matched } = counts
  const held = differences.withhold(compare)
  const wrong = counts.checked - checked - (counts.matched - matched)
  if (wrong === 0) {
    // A small number fits by chance.
    if (telling !== undefined && telling > outer.births + 1 && counts.matched > matched) fits(replay, view)
    return
  }
  if (view.place === 'unknown' && !mayBeElsewhere(outer, view, telling)) {
    differences.release(held)
    return
  }
  counts.checked -= wrong
  skip(replay, SKIPPED.namespace)
  if (view.place === 'elsewhere') return
  view.place = 'elsewhere'
  view.held = held
}

function mayBeElsewhere({ births }: Outer, view: View, telling: number | undefined): boolean {
  return telling !== undefined && (!isYoung(view) || telling <= births + 1)
}

/** If it is elsewhere, then in a namespace that was made during the log: its numbers are small. */
function isYoung({ from }: View): boolean {
  return from !== undefined && (from.place === 'known' || isYoung(from))
}

function fits(replay: SpanReplay, view: View): void {
  view.place = 'known'
  if (view.held.length === 0) return
  replay.differences.release(view.held)
  count(replay, false)
  view.held = []
}

/** The number of the caller's namespace that a result holds, or else its question; undefined: none. */
export function tellingOf({ call, outcome }: Span): number | undefined {
  const value = outcome?.kind === 'returned' ? outcome.value : 0
  switch (call.op) {
    case 'getpid':
    case 'gettid':
    case 'getppid':
    case 'setsid':
    case 'getpgid':
    case 'getsid':
      return value
    case 'wait4':
      return positive(value) ?? positive(call.pid)
    case 'waitid':
      return positive(call.id)
    case 'kill':
      return call.pid === -1 ? undefined : positive(Math.abs(call.pid))
    case 'tgkill':
      return call.tid
    case 'setpgid':
      return positive(call.pid) ?? positive(call.pgid)
    default:
      return undefined
  }
}

function positive(nr: number): number | undefined {
  return nr > 0 ? nr : undefined
}
