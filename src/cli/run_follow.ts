/**
 * A run from its start to the command's end, and a little further: the log is followed while it is written.
 *
 * The replay stays a little behind. Where nobody is left when the command has ended there is nothing to tell, and it need
 * not catch up: for a short log it is not even loaded. To load it and to warm it up takes longer than many a suite.
 */
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import type { LogResult } from '../trace/index.ts'
import { type FollowedLog, followLog } from './follow_log.ts'
import type { SignalForwarder } from './forward_signals.ts'
import type { SavedLog } from './save_log.ts'
import type { Traced } from './strace.ts'

export interface Followed {
  /** undefined: the command was not run. */
  readonly ended: Ended | undefined
  /** undefined: the log was not replayed, as nobody is left, or could not be followed. */
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

/** How many bytes the replay stays behind: some ten thousand calls. */
const BEHIND = 4 << 20

export interface FollowOptions {
  /** ms that those have who are about to end when the command does. */
  readonly wait: number
  /** Where to keep the log. */
  readonly saved: SavedLog | undefined
  /** Whether the log is replayed in any case. */
  readonly always: boolean
}

export async function follow(
  traced: Traced,
  forwarder: SignalForwarder,
  { wait, saved, always }: FollowOptions,
): Promise<Followed> {
  const { child, log } = traced
  const started = performance.now()
  let ended: Ended | undefined
  let unsaved: string | null = null
  let isBegun = false
  let end: string | undefined
  releaseStreams()

  const followed = followLog(log, async (lines) => {
    if (!isBegun) traced.removeFifo()
    isBegun = true
    traced.noticeTracer()
    forwarder.watch(lines)
    end ??= endOf(child.pid as number, lines)
    if (end !== undefined) followed.seen()
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
  const { result, trouble } = await replay(followed, always)
  if (ended === undefined) await once(child, 'exit')
  forwarder.stop()
  traced.removeFifo()
  await saved?.end().catch(fail)
  if (!isBegun) return { ended: undefined, result: undefined, trouble: null, isOver: true }
  const isOver = followed.isClosed()
  const unseen =
    isOver && end === undefined ? 'strace ended before the command: what was left is not known' : null
  const realtime = realtimeSignal(end)
  if (realtime !== undefined) ended = { ...(ended as unknown as Ended), status: null, signal: realtime }
  return { ended, result, trouble: trouble ?? unseen ?? unsaved, isOver }
}

/** How `pid` has ended, if these lines say so: `exited with 0`, `killed by SIGKILL`. */
function endOf(pid: number, lines: Buffer): string | undefined {
  const end = new RegExp(`^${pid} .*\\+\\+\\+ ((?:exited with|killed by) \\S+)`, 'm')
  return end.exec(lines.toString('latin1'))?.[1]
}

/** Node has not understood it. */
function realtimeSignal(end: string | undefined): RealtimeSignal | undefined {
  return /SIGRT_\d+/.exec(end ?? '')?.[0] as RealtimeSignal | undefined
}

/** The command has them now. Whoever is at their other ends shall notice when it closes them. */
function releaseStreams(): void {
  for (const fd of [0, 1]) {
    closeSync(fd)
    openSync('/dev/null', 'r+')
  }
}

/** `always`: even if nobody is left. */
async function replay(followed: FollowedLog, always: boolean): Promise<Pick<Followed, 'result' | 'trouble'>> {
  const isNeeded = (): boolean => always || !followed.isClosed()
  const lines = late(followed.lines, always ? 0 : BEHIND, isNeeded)
  const first = await lines.next()
  if (first.done === true && !isNeeded()) return { result: undefined, trouble: null }
  const { replayLog, TraceError } = await import('../trace/index.ts')
  try {
    const result = await replayLog('log', joined(first, lines), { check: false, waits: false })
    return { result: isNeeded() ? result : undefined, trouble: null }
  } catch (error) {
    // The rest is read all the same.
    for await (const _ of followed.lines);
    const { message, stack } = error as Error
    const reason = error instanceof TraceError ? `line ${error.line}: ${message}` : `internal error: ${stack}`
    return { result: undefined, trouble: `the log could not be followed: ${reason}` }
  }
}

/** All of `lines`, `behind` bytes late; the last of them only if they are needed. */
async function* late(
  lines: AsyncGenerator<Buffer, void>,
  behind: number,
  isNeeded: () => boolean,
): AsyncGenerator<Buffer, void> {
  const kept: Buffer[] = []
  let size = 0
  // Not for await: `lines` outlives whoever reads here.
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    kept.push(next.value)
    size += next.value.length
    while (size > behind) {
      const chunk = kept.shift() as Buffer
      size -= chunk.length
      yield chunk
    }
  }
  if (!isNeeded()) return
  for (const chunk of kept) {
    yield chunk
    // Timers shall have their turn: one of them reads what the tracer writes meanwhile.
    await new Promise(setImmediate)
  }
}

async function* joined(
  first: IteratorResult<Buffer, void>,
  others: AsyncGenerator<Buffer, void>,
): AsyncGenerator<Buffer, void> {
  if (first.done !== true) yield first.value
  yield* others
}
