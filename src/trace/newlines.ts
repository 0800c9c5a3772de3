/** Finds the newlines among bytes, and bytes that no text has. */

const TAB = 9
const LF = 10
const DEL = 127
const FIRST_PRINTABLE = 32
/** In each byte of a word: one, a blank, the highest bit. */
const EACH = 0x01010101
const BLANKS = 0x20202020
const HIGHEST = 0x80808080 | 0
const FIRST_SIZE = 4096

/**
 * The places of the newlines; undefined: there are other control characters than tab. The bytes begin where their buffer
 * does.
 */
export type NewlineFinder = (bytes: Uint8Array) => Int32Array | undefined

export function createNewlineFinder(): NewlineFinder {
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
    const pairs = words.length & ~1
    for (let i = 0; i <= pairs; i += 2) {
      if (i < pairs) {
        const a = words[i] as number
        const b = words[i + 1] as number
        const odd = (a + each) | ((a - blanks) & ~a) | (b + each) | ((b - blanks) & ~b)
        if ((odd & highest) === 0) continue
      }
      const end = i < pairs ? 4 * i + 8 : bytes.length
      for (let at = 4 * i; at < end; at++) {
        const byte = bytes[at] as number
        if (byte === LF) {
          if (count === found.length) found = places = grown(found)
          found[count++] = at
        } else if ((byte < FIRST_PRINTABLE && byte !== TAB) || byte === DEL) return undefined
      }
    }
    return found.slice(0, count)
  }
}

function grown(places: Int32Array): Int32Array<ArrayBuffer> {
  const more = new Int32Array(2 * places.length)
  more.set(places)
  return more
}
