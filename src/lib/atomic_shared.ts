/**
 * The word operations of lib/atomic, for a buffer that several workers write at a time: the Atomics half. The build
 * puts this file in the place of lib/atomic in `pidns/shared`; nobody imports it by its name.
 *
 * Every operation is sequentially consistent, the only order that JavaScript has besides none. So a {@link load} that
 * reads what a {@link store} wrote also sees all plain writes made before that store.
 *
 * Each operation that changes a word notes its old value, if a journal is kept: see sync/journal.ts.
 */
import { JOURNAL_ENTRY_WORDS, JOURNAL_NEXT } from './journal.ts'

export type Words = Int32Array

/** 1 here: other workers may use the words too. */
export const SHARED: number = 1

/** So many words of 0, which can be posted to other workers. Reserved at once: pages never touched cost nothing. */
export function createWords(count: number): Words {
  return new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT))
}

/** Linux: `atomic_read`, READ_ONCE, `smp_load_acquire`. */
export function load(words: Words, at: number): number {
  return Atomics.load(words, at)
}

/**
 * The old value goes into the journal before the new one is written: whoever undoes finds either both or the first alone.
 * Beyond the buffer's end nothing is noted, but the end of the journal tells that something should have been.
 */
function note(words: Words, at: number): void {
  const next = words[JOURNAL_NEXT] as number
  if (next > 0) {
    words[next] = at
    words[next + 1] = words[at] as number
    words[JOURNAL_NEXT] = next + JOURNAL_ENTRY_WORDS
  }
}

/** Linux: `atomic_set`, WRITE_ONCE, `smp_store_release`. */
export function store(words: Words, at: number, value: number): void {
  note(words, at)
  Atomics.store(words, at, value)
}

/** Linux: `atomic_fetch_add`. */
export function add(words: Words, at: number, value: number): number {
  note(words, at)
  return Atomics.add(words, at, value)
}

/** Linux: `atomic_fetch_or`. */
export function or(words: Words, at: number, mask: number): number {
  note(words, at)
  return Atomics.or(words, at, mask)
}

/** Linux: `atomic_fetch_and`. */
export function and(words: Words, at: number, mask: number): number {
  note(words, at)
  return Atomics.and(words, at, mask)
}

/** Linux: `atomic_cmpxchg`. */
export function compareExchange(words: Words, at: number, expected: number, replacement: number): number {
  note(words, at)
  return Atomics.compareExchange(words, at, expected, replacement)
}

export function rawStore(words: Words, at: number, value: number): void {
  Atomics.store(words, at, value)
}

export function rawAdd(words: Words, at: number, value: number): number {
  return Atomics.add(words, at, value)
}

export function rawAnd(words: Words, at: number, mask: number): number {
  return Atomics.and(words, at, mask)
}

export function rawCompareExchange(words: Words, at: number, expected: number, replacement: number): number {
  return Atomics.compareExchange(words, at, expected, replacement)
}

export function put(words: Words, at: number, value: number): number {
  note(words, at)
  words[at] = value
  return value
}

export function putAdd(words: Words, at: number, value: number): void {
  note(words, at)
  words[at] += value
}

export function putOr(words: Words, at: number, mask: number): void {
  note(words, at)
  words[at] |= mask
}

export function putAnd(words: Words, at: number, mask: number): void {
  note(words, at)
  words[at] &= mask
}

export function putFill(words: Words, value: number, from: number, to: number): void {
  if ((words[JOURNAL_NEXT] as number) > 0) for (let at = from; at < to; at++) put(words, at, value)
  else words.fill(value, from, to)
}

/** Newer engines have an instruction for it. */
const relax = (Atomics as { pause?: () => void }).pause

/** Linux: `cpu_relax`. */
export function pause(): void {
  relax?.()
}

export type Slept = 'ok' | 'not-equal' | 'timed-out' | 'never'

/** Linux: `futex_wait`. The main thread of a browser must not sleep: there `Atomics.wait` throws. */
export function waitOn(words: Words, at: number, value: number, ms: number): Slept {
  try {
    return Atomics.wait(words, at, value, ms)
  } catch {
    return 'never'
  }
}

/** Linux: `futex_wait` of a thread that goes on with other work. */
export function whenWoken(words: Words, at: number, value: number, run: () => void, ms?: number): void {
  const slept = Atomics.waitAsync(words, at, value, ms)
  void Promise.resolve(slept.value).then(run)
}

/** Linux: `futex_wake`. */
export function wake(words: Words, at: number, count: number): void {
  Atomics.notify(words, at, count)
}
