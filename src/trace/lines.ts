/**
 * Cuts a stream of bytes into lines of text, and refuses what is not one: other control characters than tab, broken
 * UTF-8, CRLF, a last line without its newline, nothing at all.
 *
 * Invariant: every line before a broken one is given out before the error is thrown, so trouble is met in the order of
 * lines. Holds one chunk and one unfinished line, at most `maxLine` bytes.
 */
import { type Characters, codesOf } from './characters.ts'
import { createNewlineFinder } from './newlines.ts'
import { TraceError } from './trace_error.ts'

declare class TextDecoder {
  constructor(label: 'utf-8', options: { fatal: boolean; ignoreBOM: boolean })
  decode(bytes: Uint8Array): string
}

const TAB = 9
const LF = 10
const CR = 13
const DEL = 127
const FIRST_PRINTABLE = 32
const MAX_LINE = 16 * 1024 * 1024

/** Some lines, each with its newline. */
export interface Lines extends Characters {
  /** Where each one ends. */
  readonly newlines: Int32Array
}

/**
 * The lines of `source`, in batches. Throws TraceError. `holdsBytes`: whether lines of a log with this first one may hold what is
 * no text, as somebody else than the log's writer has put it there: that is let through.
 */
export async function* splitLines(
  source: AsyncIterable<Uint8Array>,
  maxLine: number = MAX_LINE,
  holdsBytes: (firstLine: string) => boolean = () => false,
): AsyncGenerator<Lines, void> {
  let decode = createLinesDecoder(true)
  let strict = true
  /** The unfinished line: its pieces, and the sum of their lengths. */
  let pieces: Uint8Array[] = []
  let held = 0
  let lines = 0
  let bytes = 0

  for await (const chunk of source) {
    bytes += chunk.length
    if (lines === 0 && strict && chunk.includes(LF)) {
      strict = !holdsBytes(firstLineOf([...pieces, chunk]))
      if (!strict) decode = createLinesDecoder(strict)
    }
    const sound = held + chunk.length <= maxLine ? decodeSound(decode, pieces, held, chunk) : undefined
    if (sound !== undefined) {
      if (sound.batch !== undefined) {
        yield sound.batch
        lines += sound.batch.newlines.length
        pieces = []
        held = 0
      }
      if (sound.end < chunk.length) {
        pieces.push(chunk.slice(sound.end))
        held += chunk.length - sound.end
      }
      continue
    }
    const { end, count, trouble } = scan(chunk, held, lines + 1, maxLine, strict)
    if (end > 0) {
      pieces.push(chunk.subarray(0, end))
      const batch = decodeLines(decode, join(pieces, held + end), lines + 1, maxLine, strict)
      if (batch.lines !== undefined) yield batch.lines
      if (batch.trouble !== undefined) throw batch.trouble
      lines += count
      pieces = []
      held = 0
    }
    if (trouble !== undefined) throw trouble
    if (end < chunk.length) {
      pieces.push(chunk.slice(end))
      held += chunk.length - end
    }
  }
  if (bytes === 0) throw new TraceError(0, 'empty: expected a log')
  if (held === 0) return
  const { trouble } = scan(join(pieces, held), 0, lines + 1, maxLine, strict)
  throw trouble ?? new TraceError(lines + 1, 'the line is cut: expected a newline at its end')
}

/** What is no text in it is replaced. */
function firstLineOf(pieces: readonly Uint8Array[]): string {
  const start = join(
    pieces,
    pieces.reduce((sum, piece) => sum + piece.length, 0),
  )
  const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })
  return decoder.decode(start.subarray(0, start.indexOf(LF)))
}

/** undefined: there are control characters that no text has. Throws where the bytes, all of lines, are not UTF-8. */
type LinesDecoder = (bytes: Uint8Array) => Lines | undefined

function createLinesDecoder(strict: boolean): LinesDecoder {
  const decoder = new TextDecoder('utf-8', { fatal: strict, ignoreBOM: true })
  const findNewlines = createNewlineFinder(strict)

  return (bytes) => {
    let newlines = findNewlines(bytes)
    if (newlines === undefined) return undefined
    const text = decoder.decode(bytes)
    // What is not UTF-8 is one character that is not ASCII for each byte or more.
    if (text.length === bytes.length) return { text, codes: bytes, newlines }
    const codes = codesOf(text)
    newlines = findNewlines(codes) as Int32Array
    return { text, codes, newlines }
  }
}

/**
 * The whole lines of a chunk that has nothing to complain of, all at once: several times as fast as byte by byte.
 * undefined: it may have, or the decoder says so.
 */
function decodeSound(
  decode: LinesDecoder,
  pieces: readonly Uint8Array[],
  held: number,
  chunk: Uint8Array,
): { readonly batch: Lines | undefined; readonly end: number } | undefined {
  const end = chunk.lastIndexOf(LF) + 1
  if (end === 0) return { batch: undefined, end }
  try {
    const batch = decode(join([...pieces, chunk.subarray(0, end)], held + end))
    return batch === undefined ? undefined : { batch, end }
  } catch {
    return undefined
  }
}

interface Scan {
  /** How many bytes of the chunk belong to whole, sound lines. */
  readonly end: number
  readonly count: number
  readonly trouble?: TraceError
}

/** Finds the last newline of a chunk, or the first byte that no text has. */
function scan(chunk: Uint8Array, held: number, line: number, maxLine: number, strict: boolean): Scan {
  let end = 0
  let count = 0
  let room = maxLine - held
  for (let i = 0; i < chunk.length; i++) {
    const byte = chunk[i] as number
    if (byte === LF) {
      end = i + 1
      count++
      room = maxLine + end
    } else if (i >= room) {
      return { end, count, trouble: new TraceError(line + count, `the line is longer than ${maxLine} bytes`) }
    } else if (strict && ((byte < FIRST_PRINTABLE && byte !== TAB) || byte === DEL)) {
      const crlf = byte === CR && (i + 1 === chunk.length || chunk[i + 1] === LF)
      const what = crlf
        ? 'the line ends in CR LF: expected LF alone'
        : `byte 0x${byte.toString(16).padStart(2, '0')}: expected text`
      return { end, count, trouble: new TraceError(line + count, what) }
    }
  }
  return { end, count }
}

/** A copy: the bytes of all batches are of one type, whatever those of the source are. */
function join(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

interface Batch {
  readonly lines: Lines | undefined
  readonly trouble?: TraceError
}

/** `bytes` ends in a newline. Decodes it as a whole, and line by line only to find out which one is broken. */
function decodeLines(
  decode: LinesDecoder,
  bytes: Uint8Array,
  line: number,
  maxLine: number,
  strict: boolean,
): Batch {
  try {
    const lines = decode(bytes)
    if (lines !== undefined) return { lines }
  } catch {
    return decodeUpToBroken(decode, bytes, line)
  }
  // In what was held of an unfinished line.
  const { end, trouble } = scan(bytes, 0, line, maxLine, strict) as Required<Scan>
  const before: Batch =
    end > 0 ? decodeLines(decode, bytes.slice(0, end), line, maxLine, strict) : { lines: undefined }
  return { trouble, ...before }
}

function decodeUpToBroken(decode: LinesDecoder, bytes: Uint8Array, line: number): Batch {
  let count = 0
  let start = 0
  try {
    while (start < bytes.length) {
      const end = bytes.indexOf(LF, start) + 1
      decode(bytes.slice(start, end))
      start = end
      count++
    }
  } catch {}
  const lines = start > 0 ? decode(bytes.slice(0, start)) : undefined
  return { lines, trouble: new TraceError(line + count, 'invalid UTF-8') }
}
