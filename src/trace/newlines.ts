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
  let count = 0

  /** False: there is a byte that no text has. */
  function look(bytes: Uint8Array, from: number, to: number): boolean {
    for (let i = from; i < to; i++) {
      const byte = bytes[i] as number
      if (byte === LF) {
        if (count === places.length) grow()
        places[count++] = i
      } else if ((byte < FIRST_PRINTABLE && byte !== TAB) || byte === DEL) return false
    }
    return true
  }

  function grow(): undefined {
    const more = new Int32Array(2 * places.length)
    more.set(places)
    places = more
  }

  /** Four bytes at a time: less than a blank borrows from the highest bit of its byte, DEL and one make up that bit. */
  return (bytes) => {
    const words = new Int32Array(bytes.buffer, 0, bytes.length >> 2)
    const { length } = words
    count = 0
    for (let i = 0; i < length; i++) {
      const word = words[i] as number
      const marks = (word + EACH) | 0 | (((word - BLANKS) | 0) & ~word)
      if ((marks & HIGHEST) !== 0 && !look(bytes, 4 * i, 4 * i + 4)) return undefined
    }
    return look(bytes, 4 * length, bytes.length) ? places.slice(0, count) : undefined
  }
}
