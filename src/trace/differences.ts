/**
 * Gathers the differences of one replay, and for the first one the events that led to it.
 *
 * Invariant: every difference that is noted is counted, the first `LISTED` are kept. Memory is bounded: the last
 * `REMEMBERED` events are at hand to look back on.
 */
import type { Mismatch } from './compare.ts'
import { eventText } from './describe.ts'
import type { TraceEvent } from './event.ts'
import type { Difference } from './report.ts'

const LISTED = 100
const REMEMBERED = 512
const TRAIL_LENGTH = 8

/** One event on the way to a difference. */
export interface TrailStep {
  readonly line: number
  readonly text: string
}

export interface Differences {
  readonly listed: readonly Difference[]
  /** The events that led to the first difference, the one it showed at last. Empty where there is none. */
  readonly trail: readonly TrailStep[]
  remember(event: TraceEvent, who: string): undefined
  /** `keys`: the tasks that the difference is about. */
  note(line: number, mismatch: Mismatch, keys: readonly number[]): undefined
}

interface Remembered {
  readonly event: TraceEvent
  readonly who: string
}

export function createDifferences(): Differences {
  const listed: Difference[] = []
  const trail: TrailStep[] = []
  const ring: Remembered[] = []
  let next = 0

  /** The remembered events, latest first. */
  function* lookBack(): Generator<Remembered> {
    for (let i = 1; i <= ring.length; i++) yield ring[(next - i + REMEMBERED) % REMEMBERED] as Remembered
  }

  return {
    listed,
    trail,
    remember(event: TraceEvent, who: string): undefined {
      ring[next] = { event, who }
      next = (next + 1) % REMEMBERED
    },
    note(line: number, mismatch: Mismatch, keys: readonly number[]): undefined {
      if (listed.length === 0) trail.push(...trailOf(lookBack(), keys))
      if (listed.length < LISTED) listed.push({ line, ...mismatch })
    },
  }
}

function trailOf(latestFirst: Iterable<Remembered>, keys: readonly number[]): TrailStep[] {
  const steps: TrailStep[] = []
  const about = new Set(keys)
  for (const { event, who } of latestFirst) {
    const latest = steps.length === 0
    if (!latest && !touches(event, about)) continue
    if (latest) about.add(event.by)
    steps.unshift({ line: event.line, text: `${who}: ${eventText(event)}` })
    if (steps.length === TRAIL_LENGTH) break
  }
  return steps
}

function touches({ by, call, changed }: TraceEvent, keys: ReadonlySet<number>): boolean {
  if (keys.has(by) || (call.op === 'setns' && 'target' in call && keys.has(call.target))) return true
  return changed?.some(([key]) => keys.has(key)) ?? false
}
