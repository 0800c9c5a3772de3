/** A run from its start to the command's end, and a little further: the log is followed while it is written. */
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { type LogResult, replayLog, TraceError } from '../trace/index.ts'
import { type FollowedLog, followLog } from './follow_log.ts'
import type { SignalForwarder } from './forward_signals.ts'
import type { SavedLog } from './save_log.ts'
import type { Traced } from './strace.ts'

export interface Followed {
  /** undefined: the command was not run. */
  readonly ended: Ended | undefined
  /** undefined: the log could not be followed. */
  readonly result: LogResult | undefined
  /** Why not all is known. */
  readonly trouble: string | null
  /** The tracer has ended, and so has everybody whom it traced. */
  readonly isOver: boolean
}

/** How the command ended. */
export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | RealtimeSignal | null
  readonly seconds: number
}

/** Node has no names for these, and takes them for an exit with 0. strace's: SIGRT_8 is 40. */
export type RealtimeSignal = `SIGRT_${number}`

/** A log that is empty for so long after the end of a command, was never begun. */
const SILENCE_MS = 100

/** `wait`: ms that those have who are about to end when the command does. */
export async function follow(
  traced: Traced,
  forwarder: SignalForwarder,
  wait: number,
  saved: SavedLog | undefined,
): Promise<Followed> {
  const { child, log } = traced
  const started = performance.now()
  let ended: Ended | undefined
  let unsaved: string | null = null
  let isBegun = false
  let realtime: RealtimeSignal | undefined
  releaseStreams()

  const followed = followLog(log, async (lines) => {
    if (!isBegun) traced.removeFifo()
    isBegun = true
    traced.noticeTracer()
    forwarder.watch(lines)
    realtime ??= realtimeEnd(lines, child.pid as number)
    if (unsaved === null) await saved?.write(lines).catch(fail)
  })
  const fail = (error: Error): void => {
    unsaved ??= `the log could not be saved: ${error.message}`
  }
  child.once('exit', (status, signal) => {
    ended = { status, signal, seconds: Math.round(performance.now() - started) / 1000 }
    followed.ended(wait)
    setTimeout(() => {
      if (!isBegun) followed.seen()
    }, SILENCE_MS)
  })
  const { result, trouble } = await replay(followed)
  if (ended === undefined) await once(child, 'exit')
  forwarder.stop()
  traced.removeFifo()
  await saved?.end().catch(fail)
  if (!isBegun) return { ended: undefined, result: undefined, trouble: null, isOver: true }
  if (realtime !== undefined) ended = { ...(ended as unknown as Ended), status: null, signal: realtime }
  return { ended, result, trouble: trouble ?? unsaved, isOver: followed.isClosed() }
}

/** The real-time signal by which `pid` has ended, if these lines say so. */
function realtimeEnd(lines: Buffer, pid: number): RealtimeSignal | undefined {
  if (!lines.includes('+++ killed by SIGRT')) return undefined
  const end = new RegExp(`^${pid} .*\\+\\+\\+ killed by (SIGRT_\\d+)`, 'm').exec(lines.toString('latin1'))
  return end?.[1] as RealtimeSignal | undefined
}

/** The command has them now. Whoever is at their other ends shall notice when it closes them. */
function releaseStreams(): void {
  for (const fd of [0, 1]) {
    closeSync(fd)
    openSync('/dev/null', 'r+')
  }
}

async function replay(followed: FollowedLog): Promise<Pick<Followed, 'result' | 'trouble'>> {
  const { lines } = followed
  let result: LogResult | undefined
  let trouble: string | null = null
  let isSeen = false
  const onRootEnd = (): void => {
    isSeen = true
    followed.seen()
  }
  try {
    // Without a `return` method: the rest of a log that cannot be followed is read all the same.
    const bytes = { [Symbol.asyncIterator]: () => ({ next: () => lines.next() }) }
    result = await replayLog('log', bytes, { check: false, waits: false, onRootEnd })
    if (!isSeen && followed.isClosed())
      trouble = 'strace ended before the command: what was left is not known'
  } catch (error) {
    trouble = `the log could not be followed: ${reasonOf(error)}`
  }
  for await (const _ of lines);
  return { result, trouble }
}

function reasonOf(error: unknown): string {
  if (error instanceof TraceError) return `line ${error.line}: ${error.message}`
  return `internal error: ${(error as Error).stack ?? error}`
}
