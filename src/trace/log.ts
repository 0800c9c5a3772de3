/**
 * Replays one log from its bytes: lines -> format -> reader -> replay. Streams; holds what the living tasks need, not the
 * log.
 */

import type { TrailStep } from './differences.ts'
import type { LogItem, LogReader } from './event.ts'
import { recogniseFormat } from './format.ts'
import { splitLines } from './lines.ts'
import {
  endReplay,
  type Replay,
  type ReplayOptions,
  replayItem,
  replayResult,
  startReplay,
} from './replay.ts'
import type { FileReport } from './report.ts'
import { TraceError } from './trace_error.ts'
import type { TreeNode } from './tree.ts'

export interface LogOptions extends ReplayOptions {
  /** Told now and then how many events have been replayed. */
  readonly onProgress?: (events: number) => void
}

/** The report of a file, and what stands beside it in print. */
export interface LogResult {
  readonly report: FileReport
  readonly trail: readonly TrailStep[]
  readonly tree: TreeNode | undefined
}

/** Throws TraceError, with the path and how far it came, where the log cannot be replayed to its end. */
export async function replayLog(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  options: LogOptions = {},
): Promise<LogResult> {
  let replay: Replay | undefined
  let reader: LogReader | undefined
  let format = ''
  let lines = 0

  const take = (item: LogItem): void => {
    if ('spans' in item) throw new TraceError(item.line, 'expected a recording: this log has calls that last')
    if (item.kind === 'start') replay = startReplay(item, options)
    else if (item.kind === 'event' || item.kind === 'end') replayItem(replay as Replay, item)
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
      }
      if (replay !== undefined) options.onProgress?.(replay.counts.events)
    }
    reader?.finish(lines)
    const { trail, tree, ...result } = replayResult(replay as unknown as Replay)
    return { report: { path, format, lines, ...result }, trail, tree }
  } catch (error) {
    throw located(error, path, replay)
  } finally {
    if (replay !== undefined) endReplay(replay)
  }
}

function located(error: unknown, path: string, replay: Replay | undefined): unknown {
  if (!(error instanceof TraceError)) return error
  error.path = path
  if (replay !== undefined)
    Object.assign(error, { checked: replay.counts.checked, matched: replay.counts.matched })
  return error
}
