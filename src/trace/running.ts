/**
 * A replay under way, of either kind of log: a recording's events or the acts of real programs. Between two steps the
 * kernel is at rest, and is the state of the world after all steps taken so far.
 */
import type { Kernel, Task } from '../index.ts'
import type { Act, SpanStart } from './acts.ts'
import type { End, LogItem, Start, TraceEvent } from './event.ts'
import { endReplay, replayItem, replayResult, startReplay } from './recording/replay.ts'
import type { ReplayOptions, ReplayResult } from './replay.ts'
import { disposeSpans, endSpans, replayAct, spansResult, startSpans } from './span/spans.ts'

/** What follows the start of a log. */
export type LogStep = Exclude<LogItem, Start | SpanStart>

export interface Running {
  /** The kernel that the log is performed on. With `restoreEvery`, another one now and then. */
  readonly kernel: Kernel
  /** The init of the log's own namespace. */
  readonly root: Task
  /** Takes the next step. */
  take(item: LogStep): undefined
  events(): number
  rootEnded(): boolean
  /** The log is over, after so many lines: performs what must have happened by then. */
  finish(lines: number): ReplayResult
  dispose(): undefined
  progress(): { checked: number; matched: number }
}

export function startRunning(
  item: Start | SpanStart,
  options: ReplayOptions & { readonly until?: 'root' | undefined },
): Running {
  if ('spans' in item) {
    const spans = startSpans(item, options)
    return {
      kernel: spans.world.kernel,
      root: spans.world.top,
      take: (act) => replayAct(spans, act as Act),
      events: () => spans.counts.events,
      rootEnded: () => spans.seen.rootGone > 0,
      finish: (lines) => {
        endSpans(spans, lines)
        return spansResult(spans)
      },
      dispose: () => disposeSpans(spans),
      progress: () => spans.counts,
    }
  }
  const replay = startReplay(item, options)
  return {
    get kernel() {
      return replay.picture.kernel
    },
    get root() {
      return replay.picture.root
    },
    take: (step) => replayItem(replay, step as TraceEvent | End),
    events: () => replay.counts.events,
    rootEnded: () => false,
    finish: () => replayResult(replay),
    dispose: () => endReplay(replay),
    progress: () => replay.counts,
  }
}
