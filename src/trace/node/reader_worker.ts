/** Reads a log in a thread of its own: coded acts go out, a message for each chunk of bytes. See read_ahead.ts. */
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { createActsEncoder } from '../acts_code.ts'
import { TraceError } from '../index.ts'
import { readParts } from '../log_parts.ts'
import { type Input, openInput } from './input.ts'
import type { Answer, Errand } from './read_ahead.ts'

const port = parentPort ?? (undefined as never)
const { path, ahead, taken } = workerData as Errand
/** 0 is usual, 19 the least. */
const NICE = 5

const encoder = createActsEncoder()
let format = ''
let lines = 0
let position = 0
let sent = 0

/** Each time it is asked for the next chunk, the one before has been read. */
async function* bytesOf(input: Input): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of input.bytes) {
    yield chunk
    position = input.position()
    answer({ isLast: false })
    waitForRoom()
  }
}

/** Blocks the thread: it has nothing else to do. */
function waitForRoom(): void {
  for (let seen = Atomics.load(taken, 0); sent - seen >= ahead; seen = Atomics.load(taken, 0))
    Atomics.wait(taken, 0, seen)
}

function answer(rest: Pick<Answer, 'isLast' | 'trouble'>): undefined {
  const acts = encoder.take()
  const message: Answer = { acts, format, lines, position, ...rest }
  port.postMessage(message, [acts.numbers.buffer])
  sent++
}

/**
 * Reading takes less time than replaying: where the two of them and V8's own threads want two processors, the one that replays
 * shall not wait. Only Linux has a priority for each thread.
 */
function stepBack(): undefined {
  if (process.platform !== 'linux') return
  try {
    setPriority(NICE)
  } catch {
    // A sandbox that forbids it.
  }
}

stepBack()
try {
  const input = await openInput(path)
  for await (const part of readParts(bytesOf(input))) {
    part.play(
      (item) => encoder.add(item),
      () => false,
    )
    format = part.format
    lines = part.lines
  }
  input.close()
  answer({ isLast: true })
} catch (error) {
  if (!(error instanceof TraceError)) throw error
  answer({ isLast: true, trouble: { line: error.line, message: error.message } })
}
