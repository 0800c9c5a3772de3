/** A run from its start to the command's end, and a little further: the log is followed while it is written. */
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import type { LogResult } from '../trace/index.ts'
import { followLog } from './follow_log.ts'
import type { SignalForwarder } from './forward_signals.ts'
import { type Present, presentUnder } from './outlived.ts'
import { replayBehind } from './run_replay.ts'
import type { SavedLog } from './save_log.ts'
import type { Traced } from './strace.ts'

export interface Followed {
  /** undefined: the command was not run. */
  readonly ended: Ended | undefined
  /** undefined: the log was not replayed, as nobody is left, or could not be followed. */
  readonly result: LogResult | undefined
  /** Who was there when the log was over. */
  readonly present: Present
  /** Why not all is known. */
  readonly trouble: string | null
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
  let present: Present | undefined
  // At once, as the replay may take its time.
  const look = (): Present => (present ??= presentUnder(followed.isClosed() ? 0 : traced.tracer()))
  const isNeeded = (): boolean => look().running.size > 0 || always
  const { result, trouble } = await replayBehind(followed.lines, always ? 0 : BEHIND, isNeeded)
  if (ended === undefined) await once(child, 'exit')
  forwarder.stop()
  traced.removeFifo()
  await saved?.end().catch(fail)
  if (!isBegun) ended = undefined
  const isLost = followed.isClosed() && end === undefined
  const unseen = isLost ? 'strace ended before the command: what was left is not known' : null
  const realtime = realtimeSignal(end)
  if (realtime !== undefined) ended = { ...(ended as unknown as Ended), status: null, signal: realtime }
  return { ended, result, present: look(), trouble: trouble ?? unseen ?? unsaved }
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
