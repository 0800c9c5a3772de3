/**
 * Whose numbers the results of a process are in, where the log begins amid living processes: some may be in namespaces
 * that were there before, or that were made without a line.
 *
 * Until one of its numbers fits, that is unknown, and the first one that does not fit shows another namespace: what such a
 * process says cannot be checked. If a later one fits after all, the first was a difference.
 */
import type { Held } from './differences.ts'
import type { Span } from './span.ts'
import type { Outer } from './span_outer.ts'
import { count, SKIPPED, type SpanReplay, skip } from './span_replay.ts'
import type { Proc } from './span_world.ts'

export interface View {
  place: 'unknown' | 'known' | 'elsewhere'
  /** What has shown that it is elsewhere. */
  held: readonly Held[]
}

export function viewOf(outer: Outer, proc: Proc): View {
  let view = outer.views.get(proc)
  if (view === undefined) {
    view = { place: 'unknown', held: [] }
    outer.views.set(proc, view)
  }
  return view
}

/** A child is in its parent's namespace, unless it has been put into another one without a line. */
export function inheritView(outer: Outer, parent: Proc, child: Proc): void {
  if (child === parent) return
  if (child.numbers.length !== parent.numbers.length) {
    outer.views.set(child, { place: 'known', held: [] })
    return
  }
  if (outer.strayed.has(parent)) {
    outer.views.set(child, { place: 'elsewhere', held: [] })
    return
  }
  const view = viewOf(outer, parent)
  if (outer.shown.unshares || view.place === 'elsewhere') outer.views.set(child, view)
}

/** Compares a result, `telling` if it has a number that another namespace would have another one for. */
export function judge(
  replay: SpanReplay,
  outer: Outer,
  proc: Proc,
  telling: boolean,
  compare: () => void,
): void {
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
    if (telling && counts.matched > matched) fits(replay, view)
    return
  }
  if (!telling && view.place === 'unknown') {
    differences.release(held)
    return
  }
  counts.checked -= wrong
  skip(replay, SKIPPED.namespace)
  if (view.place === 'elsewhere') return
  view.place = 'elsewhere'
  view.held = held
}

function fits(replay: SpanReplay, view: View): void {
  view.place = 'known'
  if (view.held.length === 0) return
  replay.differences.release(view.held)
  count(replay, false)
  view.held = []
}

/** Does this result hold a number of the caller's namespace? */
export function isTelling({ call, outcome }: Span): boolean {
  const value = outcome?.kind === 'returned' ? outcome.value : 0
  switch (call.op) {
    case 'getpid':
    case 'gettid':
    case 'getppid':
    case 'setsid':
    case 'getpgid':
    case 'getsid':
      return true
    case 'wait4':
      return value > 0 || call.pid > 0
    case 'waitid':
      return call.id > 0
    case 'kill':
      return Math.abs(call.pid) > 1
    case 'tgkill':
      return true
    case 'setpgid':
      return call.pid > 0 || call.pgid > 0
    default:
      return false
  }
}
