/** The same sequence for the same seed: every run measures the same work. */

/** Numbers from 0 up to, not including, a limit below 2^31. */
export type Random = (limit: number) => number

/** A linear congruential sequence over 2^31, of which the upper bits are used. */
export function randomFrom(seed: number): Random {
  let state = seed & 0x7fffffff
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return Math.floor((state / 0x80000000) * limit)
  }
}
