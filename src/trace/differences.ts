/**
 * Gathers the differences of one replay, and for the first one the events that led to it.
 *
 * Invariant: every difference that is noted is counted, the first `LISTED` are kept. Memory is bounded: the last
 * `REMEMBERED` events are at hand to look back on.
 */

import type { Span } from './acts.ts'
import type { Mismatch } from './compare.ts'
import { eventText, spanEventText } from './describe.ts'
import type { Change, TraceEvent } from './event.ts'
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
  /** `who` did it; of a span, its key tells. */
  remember(event: TraceEvent | Span, who?: string): undefined
  note(line: number, mismatch: Mismatch, about: About): undefined
  /** What is noted by `run` is given back instead. */
  withhold(run: () => void): Held[]
  release(held: readonly Held[]): undefined
  /** They were none. */
  retract(noted: readonly Difference[]): undefined
}

/** Noted, and not listed yet. */
export interface Held {
  readonly line: number
  readonly mismatch: Mismatch
  readonly about: About
}

/** What a difference is about: tasks, and process numbers. */
export interface About {
  readonly keys: readonly number[]
  readonly numbers?: readonly number[]
}

interface Remembered {
  readonly event: TraceEvent | Span
  readonly who: string
}

export function createDifferences(): Differences {
  const listed: Difference[] = []
  const trail: TrailStep[] = []
  const ring: (TraceEvent | Span)[] = []
  const whose: string[] = []
  let next = 0
  let holding: Held[] | undefined

  /** The remembered events, latest first. */
  function* lookBack(): Generator<Remembered> {
    for (let i = 1; i <= ring.length; i++) {
      const at = (next - i + REMEMBERED) % REMEMBERED
      yield { event: ring[at] as TraceEvent | Span, who: whose[at] as string }
    }
  }

  return {
    listed,
    trail,
    remember(event: TraceEvent | Span, who = ''): undefined {
      ring[next] = event
      whose[next] = who
      next = (next + 1) % REMEMBERED
    },
    note(line: number, mismatch: Mismatch, about: About): undefined {
      if (holding !== undefined) {
        holding.push({ line, mismatch, about })
        return
      }
      if (listed.length === 0) trail.push(...trailOf(lookBack(), about))
      if (listed.length < LISTED) listed.push({ line, ...mismatch })
    },
    withhold(run: () => void): Held[] {
      const held: Held[] = []
      holding = held
      try {
        run()
      } finally {
        holding = undefined
      }
      return held
    },
    release(held: readonly Held[]): undefined {
      for (const { line, mismatch, about } of held) this.note(line, mismatch, about)
    },
    retract(noted: readonly Difference[]): undefined {
      for (const it of noted) listed.splice(listed.indexOf(it), 1)
      if (listed.length === 0) trail.length = 0
    },
  }
}

function trailOf(latestFirst: Iterable<Remembered>, { keys, numbers = [] }: About): TrailStep[] {
  const steps: TrailStep[] = []
  const tasks = new Set(keys)
  for (const { event, who } of latestFirst) {
    const latest = steps.length === 0
    if (!latest && !isAboutTasks(event, tasks) && !isAboutNumbers(event, numbers)) continue
    steps.unshift({ line: event.line, text: `${who || `pid ${event.by}`}: ${textOf(event)}` })
    if (steps.length === TRAIL_LENGTH) break
    // Before its birth a task's key was another one's.
    if (event.call.op === 'clone' && event.outcome?.kind === 'returned') tasks.delete(childOf(event))
  }
  return steps
}

function textOf(event: TraceEvent | Span): string {
  return 'kind' in event ? eventText(event) : spanEventText(event)
}

function childOf({ call, outcome }: TraceEvent | Span): number {
  if ('child' in call) return call.child
  return outcome?.kind === 'returned' ? outcome.value : 0
}

function changesOf(event: TraceEvent | Span): readonly Change[] {
  return 'kind' in event ? (event.changed ?? []) : []
}

function isAboutTasks(event: TraceEvent | Span, tasks: ReadonlySet<number>): boolean {
  const { by, call } = event
  const targets = call.op === 'setns' && 'target' in call && tasks.has(call.target)
  return targets || tasks.has(by) || changesOf(event).some(([key]) => tasks.has(key))
}

function isAboutNumbers(event: TraceEvent | Span, numbers: readonly number[]): boolean {
  const { call, outcome } = event
  if ('pid' in call && numbers.includes(Math.abs(call.pid))) return true
  if (outcome?.kind === 'returned' && numbers.includes(outcome.value)) return true
  return changesOf(event).some(([, state]) => state?.pid.some((nr) => numbers.includes(nr)))
}
