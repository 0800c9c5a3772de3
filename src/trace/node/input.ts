/**
 * The bytes of a log from a file or standard input, unpacked where they are gzip data.
 *
 * Invariant: whatever goes wrong in opening, reading or unpacking is a TraceError without a line. The bytes can be read
 * once; `finish` reads on to the end of packed data, so that damage further on is found even by a reader that gave up.
 */
import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { TraceError } from '../index.ts'

export interface Input {
  readonly path: string
  readonly bytes: AsyncIterable<Uint8Array>
  /** As a file it is gzip data. */
  readonly packed: boolean
  /** How many bytes of the file, as it lies there, have been read. */
  position(): number
  /** Throws if the rest of packed data is damaged. */
  finish(): Promise<void>
  close(): void
}

/** Bytes read at once: few calls; what is made of them fits a processor's own cache, and is soon made at the start. */
const CHUNK = 64 * 1024
const GZIP_MAGIC = [0x1f, 0x8b] as const

/** `-` is standard input. */
export async function openInput(path: string): Promise<Input> {
  const source = await openSource(path)
  let position = 0

  async function* counted(): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of source.bytes) {
      position += chunk.length
      yield chunk
    }
  }

  try {
    const { raw, packed } = await peek(counted(), path)
    const bytes = packed ? unpack(raw) : raw
    const iterator = bytes[Symbol.asyncIterator]()
    const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
      try {
        return await iterator.next()
      } catch (error) {
        throw inputError(error)
      }
    }
    return {
      path,
      // Without a `return` method: a reader that gives up leaves the rest to `finish`.
      bytes: { [Symbol.asyncIterator]: () => ({ next }) },
      packed,
      position: () => position,
      async finish(): Promise<void> {
        if (packed) while (!(await next()).done);
      },
      close: source.close,
    }
  } catch (error) {
    source.close()
    throw inputError(error)
  }
}

interface Source {
  readonly bytes: AsyncIterable<Uint8Array>
  close(): void
}

/** A file is read where it is asked for: nothing is waited for, and no other thread is woken. */
async function openSource(path: string): Promise<Source> {
  if ((await sizeOfInput(path)) === undefined) {
    const stream: Readable = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: CHUNK })
    return { bytes: stream, close: () => stream.destroy() }
  }
  let file: number | undefined
  async function* bytes(): AsyncGenerator<Uint8Array, void> {
    file = openSync(path, 'r')
    for (;;) {
      const chunk = new Uint8Array(CHUNK)
      const length = readSync(file, chunk)
      if (length === 0) return
      yield length < CHUNK ? chunk.subarray(0, length) : chunk
    }
  }
  return {
    bytes: bytes(),
    close(): void {
      if (file !== undefined) closeSync(file)
      file = undefined
    },
  }
}

/** Looks at the first bytes and puts them back. */
async function peek(
  chunks: AsyncGenerator<Uint8Array, void>,
  path: string,
): Promise<{ raw: AsyncGenerator<Uint8Array, void>; packed: boolean }> {
  let head: Uint8Array = new Uint8Array()
  while (head.length < GZIP_MAGIC.length) {
    const { value, done } = await chunks.next()
    if (done) break
    head = head.length === 0 ? value : Buffer.concat([head, value])
  }
  const packed = GZIP_MAGIC.every((byte, i) => head[i] === byte)
  if (!packed && head.length > 0 && path.endsWith('.gz')) {
    throw new TraceError(0, 'named .gz: expected gzip data')
  }
  async function* raw(): AsyncGenerator<Uint8Array, void> {
    if (head.length > 0) yield head
    yield* chunks
  }
  return { raw: raw(), packed }
}

function unpack(raw: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // An error of either stream ends both, and whoever reads from the last one is told.
  return pipeline(Readable.from(raw, { objectMode: false }), createGunzip({ chunkSize: CHUNK }), () => {})
}

/** Bytes of the file as it lies there; undefined where there is none to know, as of a pipe. */
export async function sizeOfInput(path: string): Promise<number | undefined> {
  const status = path === '-' ? undefined : await stat(path).catch(() => undefined)
  return status?.isFile() ? status.size : undefined
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EISDIR: 'a directory: expected a file',
  EACCES: 'permission denied',
  Z_BUF_ERROR: 'damaged gzip data: it is cut short',
}

function inputError(error: unknown): TraceError {
  if (error instanceof TraceError) return error
  const { code = '', message } = error as NodeJS.ErrnoException
  const gzip = code.startsWith('Z_') ? 'damaged gzip data: ' : ''
  return new TraceError(0, REASONS[code] ?? `${gzip}${message}`)
}
