/**
 * The word operations that several workers may perform on one word at a time. This is the only seam behind which the
 * library touches memory in a way that other agents can race with: everything above calls these functions, by these
 * names, and never `Atomics`.
 *
 * This file is the plain half: one thread owns the buffer, so each operation is an ordinary read or write, which V8
 * inlines (an `Atomics` call costs seven times as much). `pidns` is built with it. `pidns/shared` is built from the same
 * sources with lib/atomic_shared in its place, which has the same functions over shared memory.
 *
 * Linux: READ_ONCE, WRITE_ONCE, atomic_t, cmpxchg. Each operation returns what the kernel's returns with `_fetch_`
 * in its name: the OLD value.
 */
export type Words = Int32Array

/** 1 where other workers may use the words too. A constant of the build: what it rules out costs nothing. */
export const SHARED: number = 0

/** So many words of 0. Reserved at once: pages never touched cost nothing. */
export function createWords(count: number): Words {
  return new Int32Array(count)
}

/** Reads a word that others may write: pairs with {@link store} and the read-modify-write operations. */
export function load(words: Words, at: number): number {
  return words[at | 0]
}

/** Writes a word that others may read; what was written before it is seen by whoever loads the new value. */
export function store(words: Words, at: number, value: number): void {
  words[at | 0] = value
}

/** Adds, and returns the old value. */
export function add(words: Words, at: number, value: number): number {
  const old = words[at]
  words[at] = old + value
  return old
}

/** Sets the bits of `mask`, and returns the old value. */
export function or(words: Words, at: number, mask: number): number {
  const old = words[at]
  words[at] = old | mask
  return old
}

/** Keeps only the bits of `mask`, and returns the old value. */
export function and(words: Words, at: number, mask: number): number {
  const old = words[at]
  words[at] = old & mask
  return old
}

/** Writes `replacement` if the word is `expected`; returns the old value, which is `expected` on success. */
export function compareExchange(words: Words, at: number, expected: number, replacement: number): number {
  const old = words[at]
  if (old === expected) words[at] = replacement
  return old
}

/**
 * The same for words that are no part of what a call changes, such as locks: they keep their value though the call that
 * wrote them is undone (sync/journal.ts). `raw` has nothing to say in one thread.
 */
export const rawStore: typeof store = store
export const rawAdd: typeof add = add
export const rawAnd: typeof and = and
export const rawCompareExchange: typeof compareExchange = compareExchange

/**
 * What `words[at] = value` is built into where a call may have to be undone: it notes the old value first. So are
 * `+=`, `|=`, `&=` and `fill`. Nobody calls these by their names: scripts/flatten.mjs puts them into the shared build.
 */
export function put(words: Words, at: number, value: number): number {
  words[at] = value
  return value
}

export function putAdd(words: Words, at: number, value: number): void {
  words[at] += value
}

export function putOr(words: Words, at: number, mask: number): void {
  words[at] |= mask
}

export function putAnd(words: Words, at: number, mask: number): void {
  words[at] &= mask
}

export function putFill(words: Words, value: number, from: number, to: number): void {
  words.fill(value, from, to)
}

/** Eases a loop that looks at a word again and again. Linux: `cpu_relax`. */
export function pause(): void {}

/** How a sleep ended; `never`: this thread must not sleep. */
export type Slept = 'ok' | 'not-equal' | 'timed-out' | 'never'

/** Sleeps while the word is `value`, at most so long. In one thread it would sleep for ever. Linux: `futex_wait`. */
export function waitOn(_words: Words, _at: number, _value: number, _ms: number): Slept {
  return 'never'
}

/** Calls `run` in a later turn once somebody calls {@link wake}, `ms` have passed, or at once if the word is not `value`. */
export function whenWoken(_words: Words, _at: number, _value: number, _run: () => void, _ms?: number): void {}

/** Wakes at most so many of those that sleep at the word. Linux: `futex_wake`. */
export function wake(_words: Words, _at: number, _count: number): void {}
