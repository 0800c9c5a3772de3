/**
 * Replays one log from its bytes: lines -> format -> reader -> replay. Streams; holds what the living tasks need, not the
 * log.
 */

import type { TrailStep } from './differences.ts'
import type { End, LogItem, LogReader, Start, TraceEvent } from './event.ts'
import { recogniseFormat } from './format.ts'
import type { Left } from './left.ts'
import { splitLines } from './lines.ts'
import {
  endReplay,
  type ReplayOptions,
  type ReplayResult,
  replayItem,
  replayResult,
  startReplay,
} from './replay.ts'
import type { FileReport } from './report.ts'
import type { Act, SpanStart } from './span.ts'
import { disposeSpans, endSpans, replayAct, spansResult, startSpans } from './spans.ts'
import { TraceError } from './trace_error.ts'
import type { TreeNode } from './tree.ts'

export interface LogOptions extends ReplayOptions {
  /** Told now and then how many events have been replayed. */
  readonly onProgress?: (events: number) => void
  /** 'root': the log counts as over when its first process has ended, whoever lives on. */
  readonly until?: 'root' | undefined
  /** Told once, when the first process of a log of real programs has ended. */
  readonly onRootEnd?: (() => void) | undefined
}

/** The report of a file, and what stands beside it in print. */
export interface LogResult {
  readonly report: FileReport
  readonly trail: readonly TrailStep[]
  readonly tree: TreeNode | undefined
  /** Who is left at the end of a log of real programs. */
  readonly left: Left | undefined
}

/** Throws TraceError, with the path and how far it came, where the log cannot be replayed to its end. */
export async function replayLog(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  options: LogOptions = {},
): Promise<LogResult> {
  let replay: Running | undefined
  let reader: LogReader | undefined
  let format = ''
  let lines = 0
  let told = false
  const over = (): boolean => options.until === 'root' && replay?.rootEnded() === true

  const take = (item: LogItem): void => {
    if (item.kind === 'start') replay = start(item, options)
    else (replay as Running).take(item)
  }
  try {
    for await (const batch of splitLines(bytes)) {
      for (const text of batch) {
        lines++
        if (reader === undefined) {
          const recognised = recogniseFormat(text)
          format = recognised.name
          reader = recognised.open(take)
        }
        reader.line(text, lines)
        if (over()) break
      }
      if (replay !== undefined) options.onProgress?.(replay.events())
      if (!told && replay?.rootEnded() === true) {
        told = true
        options.onRootEnd?.()
      }
      if (over()) break
    }
    reader?.finish(lines)
    const { trail, tree, left, ...result } = (replay as unknown as Running).finish(lines)
    return { report: { path, format, lines, ...result }, trail, tree, left }
  } catch (error) {
    throw located(error, path, replay)
  } finally {
    replay?.dispose()
  }
}

/** A replay under way, of either kind of log. */
interface Running {
  take(item: Exclude<LogItem, Start | SpanStart>): undefined
  events(): number
  rootEnded(): boolean
  finish(lines: number): ReplayResult
  dispose(): undefined
  progress(): { checked: number; matched: number }
}

function start(item: Start | SpanStart, options: ReplayOptions): Running {
  if ('spans' in item) {
    const spans = startSpans(item, options)
    return {
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
    take: (step) => replayItem(replay, step as TraceEvent | End),
    events: () => replay.counts.events,
    rootEnded: () => false,
    finish: () => replayResult(replay),
    dispose: () => endReplay(replay),
    progress: () => replay.counts,
  }
}

function located(error: unknown, path: string, replay: Running | undefined): unknown {
  if (!(error instanceof TraceError)) return error
  error.path = path
  if (replay !== undefined) {
    const { checked, matched } = replay.progress()
    Object.assign(error, { checked, matched })
  }
  return error
}
