/** Reads a log from its bytes, as `pidns replay` does, and records the way. */

import { Kernel } from '../../src/index.ts'
import { decodeImage } from '../../src/mm/image.ts'
import type { SpanStart } from '../../src/trace/acts.ts'
import type { LogItem, Start } from '../../src/trace/event.ts'
import { readParts } from '../../src/trace/log_parts.ts'
import type { FileReport } from '../../src/trace/report.ts'
import { type LogStep, type Running, startRunning } from '../../src/trace/running.ts'
import { TraceError } from '../../src/trace/trace_error.ts'
import { grown, type Recorded } from './recorded.ts'
import { type Recording, type Spacing, startRecording } from './recording.ts'

export interface Progress {
  readonly read: number
  readonly of: number
  readonly events: number
}

export interface ReadOptions {
  /** How the kernel finds a number. */
  readonly lookup: 'hash' | 'idr'
  readonly spacing?: Spacing | undefined
}

const GZIP = [0x1f, 0x8b]
const IMAGE = 'PIDNSIMG'
const CHUNK = 1 << 18
/** How often the page is told how far it is, in ms. */
const TELL_EVERY = 60

/** Throws TraceError where the bytes are nothing that can be replayed. */
export async function readBytes(
  name: string,
  file: Blob,
  tell: (progress: Progress) => void,
  options: ReadOptions,
): Promise<Recorded> {
  const head = new Uint8Array(await file.slice(0, 8).arrayBuffer())
  if (new TextDecoder('latin1').decode(head) === IMAGE) return readImage(name, file)
  const packed = head[0] === GZIP[0] && head[1] === GZIP[1]
  let read = 0
  const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, out) {
      read += chunk.length
      out.enqueue(chunk)
    },
  })
  const plain = file.stream().pipeThrough(counted)
  const stream = packed ? plain.pipeThrough(new DecompressionStream('gzip')) : plain
  return await readLog(name, stream, (events) => tell({ read, of: file.size, events }), options)
}

async function readLog(
  name: string,
  stream: ReadableStream<Uint8Array>,
  tell: (events: number) => void,
  { lookup, spacing }: ReadOptions,
): Promise<Recorded> {
  const lines = createLines()
  let running: Running | undefined
  let recording: Recording | undefined
  let told = 0
  let [format, count] = ['', 0]
  const take = (item: LogItem): void => {
    if (running === undefined) {
      running = startRunning(item as Start | SpanStart, { check: false, lookup })
      recording = startRecording(running.kernel, spacing)
    } else {
      running.take(item as LogStep)
      recording?.step(lineOf(item as LogStep))
    }
  }
  try {
    for await (const part of readParts(keptBytes(stream, lines))) {
      part.play(take, () => false)
      format = part.format
      count = part.lines
      if (performance.now() - told < TELL_EVERY) continue
      told = performance.now()
      tell(recording?.steps ?? 0)
    }
    const result = (running as unknown as Running).finish(count)
    const { trail: _, tree: __, left: ___, ...rest } = result
    const report: FileReport = { path: name, format, lines: count, ...rest }
    recording?.step(count)
    const { level } = (running as unknown as Running).root
    return (recording as unknown as Recording).end(
      { name, format, lines: count, level, text: lines.text },
      report,
    )
  } catch (error) {
    recording?.stop()
    if (error instanceof TraceError) error.path = name
    throw error
  }
}

/** Streams of browsers cannot be iterated everywhere; long chunks are cut, so that progress can be told. */
async function* keptBytes(
  stream: ReadableStream<Uint8Array>,
  lines: Lines,
): AsyncGenerator<Uint8Array, void> {
  const reader = stream.getReader()
  for (;;) {
    let next: ReadableStreamReadResult<Uint8Array>
    try {
      next = await reader.read()
    } catch {
      throw new TraceError(0, 'the packed data is damaged, or cut off')
    }
    if (next.done) return
    lines.keep(next.value)
    for (let at = 0; at < next.value.length; at += CHUNK) yield next.value.subarray(at, at + CHUNK)
  }
}

function lineOf(step: LogStep): number {
  return 'span' in step ? (step.kind === 'leave' ? step.span.last : step.span.line) : step.line
}

interface Lines {
  keep(chunk: Uint8Array): void
  text(line: number): string
}

const LF = 10

/** The bytes of the log, and where each line begins. */
function createLines(): Lines {
  const chunks: { readonly from: number; readonly bytes: Uint8Array }[] = []
  let starts: Float64Array = new Float64Array(1024)
  let [count, size] = [1, 0]
  const slice = (from: number, to: number): Uint8Array => {
    const out = new Uint8Array(Math.max(0, to - from))
    for (const chunk of chunks) {
      const begin = Math.max(from, chunk.from)
      const end = Math.min(to, chunk.from + chunk.bytes.length)
      if (begin < end) out.set(chunk.bytes.subarray(begin - chunk.from, end - chunk.from), begin - from)
    }
    return out
  }
  return {
    keep(bytes) {
      chunks.push({ from: size, bytes })
      for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) {
        starts = grown(starts, count)
        starts[count++] = size + at + 1
      }
      size += bytes.length
    },
    text(line) {
      if (line < 1 || line >= count) return ''
      return new TextDecoder().decode(slice(starts[line - 1], starts[line] - 1))
    },
  }
}

/** A table that `kernel.save()` made: one state, without a way to it. */
async function readImage(name: string, file: Blob): Promise<Recorded> {
  const image = new Uint8Array(await file.arrayBuffer())
  const words = decodeImage(image)
  if (typeof words === 'string') throw trouble(name, words)
  try {
    const recording = startRecording(Kernel.restore(image))
    return recording.end({ name, format: 'saved table', lines: 0, level: 0, text: () => '' }, undefined)
  } catch (error) {
    throw trouble(name, String(error instanceof Error ? error.message : error))
  }
}

function trouble(name: string, why: string): TraceError {
  const error = new TraceError(0, `not a saved table: ${why}`)
  error.path = name
  return error
}
