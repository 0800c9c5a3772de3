/** Finds the newlines among bytes, and bytes that no text has. */

const TAB = 9
const LF = 10
const DEL = 127
const FIRST_PRINTABLE = 32
/** In each byte of a word: one, a blank, the highest bit. */
const EACH = 0x01010101
const BLANKS = 0x20202020
const HIGHEST = 0x80808080 | 0
/** The highest bit of the byte that comes first. */
const LOWEST = 0x80
const HIGHEST_BIT = 31
const WORD_PAIR = 8
const NO_TEXT = -1
const FIRST_SIZE = 4096
/** Whether the byte that comes first is the lowest of its word; where it is not, bytes are looked at one by one. */
const LOWEST_FIRST = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1

/**
 * The places of the newlines; undefined: there are other control characters than tab. The bytes begin where their buffer
 * does.
 */
export type NewlineFinder = (bytes: Uint8Array) => Int32Array | undefined

/** Not `strict`: the other bytes do not matter. */
export function createNewlineFinder(strict = true): NewlineFinder {
  let places = new Int32Array(FIRST_SIZE)

  /** Eight bytes at a time: less than a blank borrows from the highest bit of its byte, DEL and one make up that bit. */
  return (bytes) => {
    // V8 looks up at each use what is not the function's own.
    const each = EACH
    const blanks = BLANKS
    const highest = HIGHEST
    let found = places
    let count = 0
    const words = new Int32Array(bytes.buffer, 0, bytes.length >> 2)
    const pairs = LOWEST_FIRST ? words.length & ~1 : 0
    const rest = 4 * pairs
    for (let i = 0; i < pairs; i += 2) {
      const a = words[i] as number
      const b = words[i + 1] as number
      const oddA = ((a + each) | ((a - blanks) & ~a)) & highest
      const oddB = ((b + each) | ((b - blanks) & ~b)) & highest
      if ((oddA | oddB) === 0) continue
      if (count + WORD_PAIR > found.length) found = places = grown(found)
      count = take(bytes, 4 * i, oddA, found, count, strict)
      if (count >= 0) count = take(bytes, 4 * i + 4, oddB, found, count, strict)
      if (count < 0) return undefined
    }
    if (count + WORD_PAIR > found.length) found = places = grown(found)
    for (let at = rest; at < bytes.length; at++) {
      count = take(bytes, at, LOWEST, found, count, strict)
      if (count < 0) return undefined
    }
    return found.slice(0, count)
  }
}

/** Puts the newlines among the bytes whose highest bits are in `odd` behind the `count` found so far; < 0: no text. */
function take(
  bytes: Uint8Array,
  from: number,
  odd: number,
  found: Int32Array,
  count: number,
  strict: boolean,
): number {
  let places = count
  for (let left = odd; left !== 0; left &= left - 1) {
    const at = from + ((HIGHEST_BIT - Math.clz32(left & -left)) >> 3)
    const byte = bytes[at] as number
    if (byte === LF) found[places++] = at
    else if (strict && ((byte < FIRST_PRINTABLE && byte !== TAB) || byte === DEL)) return NO_TEXT
  }
  return places
}

function grown(places: Int32Array): Int32Array<ArrayBuffer> {
  const more = new Int32Array(2 * places.length)
  more.set(places)
  return more
}
