/**
 * Replays one log from its bytes: lines -> format -> reader -> replay. Streams; holds what the living tasks need, not the
 * log.
 */

import type { SpanStart } from './acts.ts'
import type { TrailStep } from './differences.ts'
import type { LogItem, Start } from './event.ts'
import type { Left } from './findings/left.ts'
import type { TreeNode } from './findings/tree.ts'
import { type LogPart, readParts } from './log_parts.ts'
import type { ReplayOptions } from './replay.ts'
import type { FileReport } from './report.ts'
import { type LogStep, type Running, startRunning } from './running.ts'
import { TraceError } from './trace_error.ts'

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
  return await replayParts(path, readParts(bytes), options)
}

/** The same, of a log that is read elsewhere. */
export async function replayParts(
  path: string,
  parts: AsyncIterable<LogPart>,
  options: LogOptions = {},
): Promise<LogResult> {
  let replay: Running | undefined
  let last: LogPart | undefined
  let told = false
  const over = (): boolean => options.until === 'root' && replay?.rootEnded() === true

  const take = (item: LogItem): void => {
    if (replay !== undefined) replay.take(item as LogStep)
    else replay = startRunning(item as Start | SpanStart, options)
  }
  try {
    for await (const part of parts) {
      last = part
      part.play(take, over)
      if (replay !== undefined) options.onProgress?.(replay.events())
      if (!told && replay?.rootEnded() === true) {
        told = true
        options.onRootEnd?.()
      }
    }
    const { format, lines } = last as LogPart
    const { trail, tree, left, ...result } = (replay as unknown as Running).finish(lines)
    return { report: { path, format, lines, ...result }, trail, tree, left }
  } catch (error) {
    throw located(error, path, replay)
  } finally {
    replay?.dispose()
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
