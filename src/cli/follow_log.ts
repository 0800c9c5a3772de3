/**
 * The log of a run as bytes for the replay: whole lines, until the command has ended and those about to end have had
 * their time.
 *
 * Looks for news now and then, as seldom as the FIFO's room allows: to be woken by each line would cost more than to
 * replay it. Invariant: whatever becomes of the reader, the log is read on, so that the tracer never waits for long.
 */
import { readSync } from 'node:fs'

export interface FollowedLog {
  readonly lines: AsyncGenerator<Buffer, void>
  /** The command has ended: the log is over after `ms`, but not before the end stands in it. */
  ended(ms: number): void
  /** Its end stands in the log. */
  seen(): void
  /** The tracer has ended, and so has everybody. */
  isClosed(): boolean
}

/** How long a log may lag behind. */
const LAG_MS = 2000
/** The first: until the end of a tracer that has nobody left. An idle one is not worth a look more often than the last. */
const END_MS = 1
const BUSY_MS = 3
const IDLE_MS = 24
/** What a FIFO holds; and as many bytes as are worth a look at least, and at most if nobody shall wait for room. */
const ROOM = 1 << 16
const WORTH = ROOM / 8
const PLENTY = ROOM / 2
const LF = 10

/** `fd`: a FIFO open for reading without waiting. */
export function followLog(fd: number, take: (lines: Buffer) => Promise<void> | void): FollowedLog {
  const room = Buffer.allocUnsafe(ROOM)
  let isBegun = false
  let closed = false
  let isSeen = false
  let due = Number.POSITIVE_INFINITY
  let delay = BUSY_MS
  let wake = (): void => {}

  /** Empty: there is nothing now. */
  function read(): Buffer {
    try {
      const size = readSync(fd, room)
      // Before a writer has come, there is nothing either.
      if (size === 0) closed = isBegun
      else isBegun = true
      return room.subarray(0, size)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') closed = true
      return room.subarray(0, 0)
    }
  }

  function isOver(): boolean {
    return performance.now() - due >= (isSeen ? 0 : LAG_MS)
  }

  async function nap(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delay)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async function* lines(): AsyncGenerator<Buffer, void> {
    let rest: Buffer = Buffer.alloc(0)
    while (!isOver()) {
      const chunk = read()
      if (closed) break
      if (chunk.length > PLENTY) delay = BUSY_MS
      else if (chunk.length < WORTH) delay = Math.min(IDLE_MS, delay * 2)
      const end = chunk.lastIndexOf(LF) + 1
      if (end === 0) rest = Buffer.concat([rest, chunk])
      else {
        const whole = Buffer.concat([rest, chunk.subarray(0, end)])
        rest = Buffer.from(chunk.subarray(end))
        await take(whole)
        yield whole
      }
      if (chunk.length < ROOM) await nap()
    }
    setInterval(read, IDLE_MS).unref()
  }

  return {
    lines: lines(),
    ended(ms: number): void {
      due = performance.now() + ms
      setTimeout(() => wake(), ms)
      delay = END_MS
      wake()
    },
    seen(): void {
      isSeen = true
      wake()
    },
    isClosed: () => closed,
  }
}
