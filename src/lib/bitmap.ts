/**
 * Bitmaps of up to 32,768 bits, with a summary of the words that are full. Linux: lib/find_bit.c, asm/bitops.h; the
 * summary has no analogue there.
 *
 * A bitmap is named by the word `map` where its bits begin. In front of it lies the summary, so that whoever clears a
 * bit needs to know neither the size nor that there is a summary:
 *
 *      map-33 ........... map-2   map-1 | map ......................... map + size/32 - 1
 *      full[31] ........ full[0]   top  | bits 0..31, bits 32..63, ...
 *
 *      bit b of full[j]   every bit of word 32*j + b is set
 *      bit j of top       full[j] is all ones
 *
 * Invariant: a summary bit is set exactly while what it stands for is full; a bitmap of zeros has a summary of zeros.
 * Where several workers change bits at a time that holds once they are done: see {@link settle}. Until then a search may
 * take a full word for one with room, and look on, or pass over one in which a bit is just being cleared.
 * Worst case of {@link findNextZeroBit}: five words read, however full the map is.
 */
import { and, load, or, SHARED, type Words } from './atomic.ts'
import { lowestBit } from './bits.ts'

/** Words in front of `map` that the summary takes. */
export const BITMAP_SUMMARY_WORDS = 33
/** The largest bitmap that one summary covers. */
export const BITMAP_MAX_BITS = 32768

const FULL = -1
const topAt = (map: number): number => map - 1
const fullAt = (map: number, word: number): number => map - 2 - (word >> 5)

/** Is bit `nr` set? Linux: `test_bit`. */
export function testBit(words: Words, nr: number, map: number): boolean {
  return (load(words, map + (nr >> 5)) & (1 << (nr & 31))) !== 0
}

/** Sets bit `nr`, and says whether it was set before. Linux: `test_and_set_bit`. */
export function testAndSetBit(words: Words, nr: number, map: number): boolean {
  const word = nr >> 5
  const bit = 1 << (nr & 31)
  const old = or(words, map + word, bit)
  if ((old & bit) !== 0) return true
  if ((old | bit) === FULL) settleWord(words, map, word)
  return false
}

/** Clears bit `nr`. Linux: `clear_bit`. */
export function clearBit(words: Words, nr: number, map: number): void {
  const word = nr >> 5
  if (and(words, map + word, ~(1 << (nr & 31))) === FULL) settleWord(words, map, word)
}

/** A word of the map became full, or no longer is: so does its bit, and then that of the group. */
function settleWord(words: Words, map: number, word: number): void {
  const group = fullAt(map, word)
  if (settle(words, map + word, group, 1 << (word & 31))) settle(words, group, topAt(map), 1 << (word >> 5))
}

/**
 * Makes `bit` of the word at `summary` say whether the word at `at` is full; returns whether the summary word became
 * full or no longer is.
 *
 * The race: A sets the last clear bit of a word; B clears one, and the summary's with it; then A, late, sets the
 * summary's: a word with room is full for ever. So each looks again after it has written, until what it wrote is true.
 * Whoever changes the word after that look writes the summary after it too.
 */
function settle(words: Words, at: number, summary: number, bit: number): boolean {
  let crossed = false
  for (;;) {
    const full = load(words, at) === FULL
    const old = full ? or(words, summary, bit) : and(words, summary, ~bit)
    const now = full ? old | bit : old & ~bit
    if (now !== old && (old === FULL || now === FULL)) crossed = true
    if (SHARED === 0 || (load(words, at) === FULL) === full) return crossed
  }
}

/** The first bit set at or after `offset`, or `size`. Linux: `find_next_bit`. */
export function findNextBit(words: Words, map: number, size: number, offset: number): number {
  if (offset >= size) return size
  const last = (size - 1) >> 5
  let word = offset >> 5
  let bits = load(words, map + word) & (-1 << (offset & 31))
  while (bits === 0) {
    if (word === last) return size
    word += 1
    bits = load(words, map + word)
  }
  return Math.min((word << 5) + lowestBit(bits), size)
}

/** The first bit clear at or after `offset`, or `size`. Linux: `find_next_zero_bit`. */
export function findNextZeroBit(words: Words, map: number, size: number, offset: number): number {
  if (offset >= size) return size
  const count = (size + 31) >> 5
  let word = offset >> 5
  let clear = ~load(words, map + word) & (-1 << (offset & 31))
  while (clear === 0) {
    word = nextWordWithRoom(words, map, word + 1)
    if (word >= count) return size
    clear = ~load(words, map + word)
  }
  return Math.min((word << 5) + lowestBit(clear), size)
}

/** The first word at or after `word` that the summary does not call full; past every bitmap when there is none. */
function nextWordWithRoom(words: Words, map: number, word: number): number {
  if (word >= BITMAP_MAX_BITS >> 5) return word
  const group = word >> 5
  const room = ~load(words, fullAt(map, word)) & (-1 << (word & 31))
  if (room !== 0) return (group << 5) + lowestBit(room)
  const groups = group === 31 ? 0 : ~load(words, topAt(map)) & (-1 << (group + 1))
  if (groups === 0) return BITMAP_MAX_BITS >> 5
  const next = lowestBit(groups)
  return (next << 5) + lowestBit(~load(words, fullAt(map, next << 5)))
}
