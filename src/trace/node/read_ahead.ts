/**
 * Opens a log, to be read by the way that is faster: a long one is read in a second thread, while the first one replays what
 * has been read. Reading is almost half of the work.
 *
 * Invariant: parts come in order, errors behind what came before them; at most `AHEAD` of them are under way. The reader
 * opens and unpacks the file itself, so that nothing goes to it but word of what has been taken.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type CodedActs, createActsDecoder } from '../acts_code.ts'
import { TraceError } from '../index.ts'
import { type LogPart, readParts } from '../log_parts.ts'
import { type Input, openInput, sizeOfInput } from './input.ts'

export interface OpenLog {
  readonly parts: AsyncIterable<LogPart>
  /** How many bytes of the file, as it lies there, have been read. */
  position(): number
  /** Throws if packed data is damaged further on. */
  finish(): Promise<void>
  close(): void
}

/** What the reader is told. */
export interface Errand {
  readonly path: string
  /** How many parts it may be ahead of those taken. */
  readonly ahead: number
  /** How many have been taken. */
  readonly taken: Int32Array
}

/** What the reader says of one chunk. */
export interface Answer {
  readonly acts: CodedActs
  /** Of the log so far. */
  readonly format: string
  readonly lines: number
  readonly position: number
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

/** `-` is standard input. Throws TraceError where there is nothing to read. */
export async function openLog(path: string): Promise<OpenLog> {
  const input = await openInput(path)
  const size = await sizeOfInput(path)
  const long = size !== undefined && size >= (input.packed ? LONG_PACKED : LONG)
  if (!long || availableParallelism() === 1) return { ...input, parts: readParts(input.bytes) }
  const source = input.bytes[Symbol.asyncIterator]()
  const first = await source.next()
  // The events of a recording are objects that would have to be copied.
  if (first.done !== true && first.value[0] === BRACE)
    return { ...input, parts: readParts(startingWith(first, source)) }
  input.close()
  return readAhead(path, input)
}

function startingWith<T>(first: IteratorResult<T>, rest: AsyncIterator<T>): AsyncIterable<T> {
  let isFirst = true
  const next = async (): Promise<IteratorResult<T>> => {
    if (!isFirst) return await rest.next()
    isFirst = false
    return first
  }
  return { [Symbol.asyncIterator]: () => ({ next }) }
}

function readAhead(path: string, { packed }: Input): OpenLog {
  let position = 0
  const taken = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const errand: Errand = { path, ahead: AHEAD, taken }
  const worker = new Worker(WORKER, { workerData: errand })

  async function* parts(): AsyncGenerator<LogPart, void> {
    const decoder = createActsDecoder()
    for await (const answer of answersOf(worker)) {
      const { acts, format, lines, isLast, trouble } = answer
      position = answer.position
      yield {
        play(take): undefined {
          decoder.play(acts, take)
          if (trouble !== undefined) throw new TraceError(trouble.line, trouble.message)
        },
        format,
        lines,
      }
      if (isLast) return
      Atomics.add(taken, 0, 1)
      Atomics.notify(taken, 0)
    }
  }

  return {
    parts: parts(),
    position: () => position,
    async finish(): Promise<void> {
      if (!packed) return
      const again = await openInput(path)
      await again.finish().finally(again.close)
    },
    close: () => void worker.terminate(),
  }
}

async function* answersOf(worker: Worker): AsyncGenerator<Answer, void> {
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
  for (;;) {
    const answer = answers.shift()
    if (answer !== undefined) yield answer
    else if (failure !== undefined) throw failure
    else
      await new Promise<void>((resolve) => {
        wake = resolve
      })
  }
}
