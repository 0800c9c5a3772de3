/**
 * Reference counts. A count goes up only while somebody holds a reference (or, for what RCU protects, inside a read
 * section: there the count cannot be 0, because the first reference is dropped only after a grace period).
 *
 * Linux: include/linux/refcount.h.
 */
import { add, load, store, type Words } from '../lib/atomic.ts'
import { panic } from '../lib/panic.ts'

export function refcountSet(words: Words, at: number, count: number): void {
  store(words, at, count)
}

/** Takes one more reference. */
export function refcountInc(words: Words, at: number): void {
  if (add(words, at, 1) <= 0) panic(`reference taken to a record that has none (word ${at})`)
}

/** Drops a reference, and says whether it was the last. */
export function refcountDecAndTest(words: Words, at: number): boolean {
  const old = add(words, at, -1)
  if (old <= 0) panic(`reference dropped that nobody held (word ${at})`)
  return old === 1
}

export function refcountRead(words: Words, at: number): number {
  return load(words, at)
}
