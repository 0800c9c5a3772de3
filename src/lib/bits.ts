/** Bits of one 32-bit word. */

/** The position of the lowest bit that is set; the word must not be 0. Linux: `__ffs`. */
export function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word)
}

/** How many bits are set. Linux: `hweight32`. */
export function hweight32(word: number): number {
  let w = word - ((word >>> 1) & 0x55555555)
  w = (w & 0x33333333) + ((w >>> 2) & 0x33333333)
  return Math.imul((w + (w >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
