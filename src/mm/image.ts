/**
 * Images: a table as bytes, to be kept, sent, or restored. The words below the high-water mark, with runs of zeros
 * counted instead of written, little-endian whatever the machine:
 *
 *      0    "PIDNSIMG"
 *      8    version, 4 bytes
 *      12   words of the table below its high-water mark, 4 bytes
 *      16   CRC-32 of all that follows, 4 bytes
 *      20   runs: words of 0, words that follow (varints), those words (4 bytes each); until all words are told
 *
 * Invariant: decodeImage gives exactly the words that encodeImage was given, or says what is wrong with the bytes.
 */
import type { Words } from '../lib/atomic.ts'
import { crc32 } from '../lib/crc32.ts'
import { createTableWords } from './arena.ts'
import * as L from './layout.ts'

const MAGIC = 'PIDNSIMG'
const AT_VERSION = 8
const AT_WORDS = 12
const AT_CRC = 16
const AT_RUNS = 20
/** A run of fewer zeros costs less as words. */
const SHORTEST_ZERO_RUN = 2

/** The image of the words below the high-water mark. */
export function encodeImage(words: Words): Uint8Array {
  const end = words[L.H_BRK]
  const bytes = new Uint8Array(AT_RUNS + 4 * end + 10 * (end / SHORTEST_ZERO_RUN + 2))
  const view = new DataView(bytes.buffer)
  let at = AT_RUNS
  for (let i = 0; i < end; ) {
    const first = i
    while (i < end && words[i] === 0) i++
    const literal = i
    while (i < end && !zerosAt(words, i, end)) i++
    at = putVarint(bytes, at, literal - first)
    at = putVarint(bytes, at, i - literal)
    for (let k = literal; k < i; k++, at += 4) view.setInt32(at, words[k], true)
  }
  for (let i = 0; i < MAGIC.length; i++) bytes[i] = MAGIC.charCodeAt(i)
  view.setUint32(AT_VERSION, L.VERSION, true)
  view.setUint32(AT_WORDS, end, true)
  view.setUint32(AT_CRC, crc32(bytes.subarray(AT_RUNS, at)), true)
  return bytes.slice(0, at)
}

/** The words of an image, in a buffer as large as the table's; or what is wrong with it. */
export function decodeImage(image: Uint8Array): Words | string {
  if (image.length < AT_RUNS) return `it is only ${image.length} bytes long`
  const view = new DataView(image.buffer, image.byteOffset, image.length)
  for (let i = 0; i < MAGIC.length; i++) {
    if (image[i] !== MAGIC.charCodeAt(i)) return 'it does not begin as an image of pidns does'
  }
  const version = view.getUint32(AT_VERSION, true)
  if (version !== L.VERSION) return `it has version ${version}, this library reads version ${L.VERSION}`
  if (crc32(image.subarray(AT_RUNS)) !== view.getUint32(AT_CRC, true))
    return 'it is damaged: its checksum is wrong'
  const words = decodeRuns(image, view, view.getUint32(AT_WORDS, true))
  if (typeof words === 'string') return words
  const total = words[L.H_WORDS]
  if (words[L.H_MAGIC] !== L.MAGIC || words[L.H_VERSION] !== L.VERSION || words[L.H_BRK] !== words.length) {
    return 'its header is not that of a table'
  }
  if (LOCKS.some((lock) => words[lock] !== 0)) return 'a lock in it is held'
  if (total < words.length || total > MOST_WORDS) return `its table has ${total} words`
  const table = createTableWords(total, words[L.H_MAX_PIDS])
  table.set(words)
  return table
}

/** No image is made inside a call. */
const LOCKS = [L.H_TASKLIST_LOCK, L.H_PIDMAP_LOCK, L.H_SLAB_LOCK, L.H_QUEUE_LOCK]

/** 2 GiB: more than any limits ask for. */
const MOST_WORDS = 2 ** 29

function decodeRuns(image: Uint8Array, view: DataView, count: number): Words | string {
  if (count < L.HEADER_WORDS || count > MOST_WORDS) return `it tells of ${count} words`
  const words = new Int32Array(count)
  let at = AT_RUNS
  let i = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; at < image.length; scale *= 128) {
      const byte = image[at++]
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    return Number.NaN
  }
  while (i < count) {
    i += varint()
    const literals = varint()
    if (!(i + literals <= count && at + 4 * literals <= image.length)) return 'its words do not add up'
    for (const end = i + literals; i < end; i++, at += 4) words[i] = view.getInt32(at, true)
  }
  return at === image.length ? words : 'it goes on after its end'
}

function zerosAt(words: Words, i: number, end: number): boolean {
  for (let k = i; k < i + SHORTEST_ZERO_RUN; k++) if (k < end && words[k] !== 0) return false
  return true
}

function putVarint(bytes: Uint8Array, from: number, value: number): number {
  let at = from
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 128
  bytes[at++] = rest
  return at
}
