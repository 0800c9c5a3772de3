/** Multiplicative hashing. Linux: include/linux/hash.h. */

/** 2^32 divided by the golden ratio, made odd. */
export const GOLDEN_RATIO_32 = 0x61c88647

/** Spreads `value` over `bits` bits (1 to 32). Linux: `hash_32`. */
export function hash32(value: number, bits: number): number {
  return Math.imul(value, GOLDEN_RATIO_32) >>> (32 - bits)
}
