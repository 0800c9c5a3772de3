/**
 * Reads a long log in a second thread, while the first one replays what has been read: reading is about half of the work.
 *
 * Invariant: parts come in order, errors behind what came before them; at most `AHEAD` chunks are under way. Bytes are
 * opened, unpacked and watched over here, so trouble with the file is met as without the thread.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type CodedActs, createActsDecoder } from '../acts_code.ts'
import { TraceError } from '../index.ts'
import { type LogPart, readParts } from '../log_parts.ts'

/** What the reader says to one chunk. */
export interface Answer {
  readonly acts: CodedActs
  /** Of the log so far. */
  readonly format: string
  readonly lines: number
  /** No other answer comes. */
  readonly isLast: boolean
  readonly trouble?: { readonly line: number; readonly message: string }
}

const AHEAD = 16
const BRACE = 123
/** Of a file, as it lies there: less is read before a thread is ready. */
const LONG = 4 * 1024 * 1024
const LONG_PACKED = LONG / 16

const WORKER = new URL('./reader_worker.js', import.meta.url)

/** The parts of a log by the way that is faster. `size` in bytes, as it lies there; undefined: not known. */
export async function* readLog(
  bytes: AsyncIterable<Uint8Array>,
  size: number | undefined,
  packed: boolean,
): AsyncGenerator<LogPart, void> {
  const long = size !== undefined && size >= (packed ? LONG_PACKED : LONG)
  if (!long || availableParallelism() === 1) {
    yield* readParts(bytes)
    return
  }
  const source = bytes[Symbol.asyncIterator]()
  const first = await source.next()
  const all = { [Symbol.asyncIterator]: () => startingWith(first, source) }
  // The events of a recording are objects that would have to be copied.
  yield* first.done !== true && first.value[0] === BRACE ? readParts(all) : readAhead(all)
}

function startingWith<T>(first: IteratorResult<T>, rest: AsyncIterator<T>): AsyncIterator<T> {
  let isFirst = true
  return {
    async next(): Promise<IteratorResult<T>> {
      if (!isFirst) return await rest.next()
      isFirst = false
      return first
    },
  }
}

export async function* readAhead(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<LogPart, void> {
  const worker = new Worker(WORKER)
  const answers: Answer[] = []
  let failure: unknown
  let wake = (): void => {}
  worker.on('message', (answer: Answer) => {
    answers.push(answer)
    wake()
  })
  worker.on('error', (error) => {
    failure = error
    wake()
  })
  const decoder = createActsDecoder()
  const source = bytes[Symbol.asyncIterator]()
  let sent = 0
  let taken = 0
  let ended = false
  /** With the bytes: told when all that came before has been read. */
  let trouble: unknown

  async function send(): Promise<void> {
    try {
      const { done, value } = await source.next()
      ended = done === true
      worker.postMessage(ended ? null : value)
      sent++
    } catch (error) {
      ended = true
      trouble = error
    }
  }

  async function receive(): Promise<Answer> {
    for (;;) {
      const answer = answers.shift()
      if (answer !== undefined) return answer
      if (failure !== undefined) throw failure
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }

  try {
    for (;;) {
      while (!ended && sent - taken < AHEAD) await send()
      if (trouble !== undefined && sent === taken) throw trouble
      const { acts, format, lines, isLast, trouble: wrong } = await receive()
      taken++
      yield {
        play(take): undefined {
          decoder.play(acts, take)
          if (wrong !== undefined) throw new TraceError(wrong.line, wrong.message)
        },
        format,
        lines,
      }
      if (isLast) return
    }
  } finally {
    await worker.terminate()
  }
}
