/**
 * The log of a run as bytes for the replay: whole lines, as they come, until the command has ended and those about to
 * end have had their time.
 *
 * Invariant: whatever happens to the reader, the log is read on, so that the tracer never waits for it.
 */
import type { Socket } from 'node:net'

export interface FollowedLog {
  readonly lines: AsyncGenerator<Buffer, void>
  /** The command has ended: the log is over after `ms`, and not before the end stands in it. */
  ended(ms: number): void
  /** Its end stands in the log. */
  seen(): void
  /** The tracer has ended, and so has everybody. */
  isClosed(): boolean
}

/** How long a log may lag behind. */
const LAG_MS = 2000
const LF = 10

export function followLog(log: Socket, take: (lines: Buffer) => Promise<void> | void): FollowedLog {
  let closed = false
  let isSeen = false
  let isEnded = false
  let due = Number.POSITIVE_INFINITY
  let wake = (): void => {}
  const wakeUp = (): void => wake()
  const close = (): void => {
    closed = true
    wake()
  }
  log.on('readable', wakeUp).on('end', close).on('close', close).on('error', close)

  const isOver = (): boolean => {
    const late = performance.now() - due
    return late >= (isSeen ? 0 : LAG_MS)
  }

  async function* lines(): AsyncGenerator<Buffer, void> {
    let rest: Buffer = Buffer.alloc(0)
    while (!isOver()) {
      const chunk = log.read() as Buffer | null
      if (chunk === null) {
        if (closed) break
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      const end = chunk.lastIndexOf(LF) + 1
      if (end === 0) rest = Buffer.concat([rest, chunk])
      else {
        const whole =
          rest.length === 0 ? chunk.subarray(0, end) : Buffer.concat([rest, chunk.subarray(0, end)])
        rest = chunk.subarray(end)
        await take(whole)
        yield whole
      }
    }
    log.removeListener('readable', wakeUp)
    log.resume()
  }

  return {
    lines: lines(),
    ended(ms: number): void {
      if (isEnded) return
      isEnded = true
      due = performance.now() + ms
      setTimeout(wakeUp, ms)
      setTimeout(wakeUp, ms + LAG_MS)
    },
    seen(): void {
      isSeen = true
      wake()
    },
    isClosed: () => closed,
  }
}
