/** Sets of signals: two words, the bit of signal n at position n - 1. Linux: include/linux/signal.h. */
import { SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP } from '../abi/signal.ts'
import type { Words } from '../lib/atomic.ts'
import { lowestBit } from '../lib/bits.ts'

export const SIGSET_WORDS = 2

const wordOf = (set: number, sig: number): number => set + ((sig - 1) >> 5)
const bitOf = (sig: number): number => 1 << ((sig - 1) & 31)

export function sigaddset(words: Words, set: number, sig: number): void {
  words[wordOf(set, sig)] |= bitOf(sig)
}

export function sigdelset(words: Words, set: number, sig: number): void {
  words[wordOf(set, sig)] &= ~bitOf(sig)
}

export function sigismember(words: Words, set: number, sig: number): boolean {
  return (words[wordOf(set, sig)] & bitOf(sig)) !== 0
}

export function sigemptyset(words: Words, set: number): void {
  words[set] = 0
  words[set + 1] = 0
}

export function sigisempty(words: Words, set: number): boolean {
  return (words[set] | words[set + 1]) === 0
}

/** Copies a set. */
export function sigcopyset(words: Words, from: number, to: number): void {
  words[to] = words[from]
  words[to + 1] = words[from + 1]
}

/** Signals that a thread causes itself: taken before all others. Linux: `SYNCHRONOUS_MASK`. */
const SYNCHRONOUS: number = [SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS].reduce(
  (m, s) => m | bitOf(s),
  0,
)

/** Is a signal of the set not in `blocked`? */
export function sigunblocked(words: Words, set: number, blocked: number): boolean {
  return ((words[set] & ~words[blocked]) | (words[set + 1] & ~words[blocked + 1])) !== 0
}

/** The signals of the set, in the order in which they are taken. */
export function sigsInOrder(words: Words, set: number): number[] {
  const found: number[] = []
  for (let i = 0; i < SIGSET_WORDS; i++) {
    for (let members = words[set + i]; members !== 0; members &= ~bitOf(found.at(-1) as number))
      found.push(firstOf(i, members))
  }
  return found
}

/** The signal among these of word `i` that is taken first. */
function firstOf(i: number, members: number): number {
  const first = i === 0 && (members & SYNCHRONOUS) !== 0 ? members & SYNCHRONOUS : members
  return 32 * i + lowestBit(first) + 1
}

/**
 * The next signal of the set to be delivered that is not in `blocked`, taken out of it; 0 when there is none.
 * Linux: `next_signal`.
 */
export function sigtakeNext(words: Words, set: number, blocked: number): number {
  for (let i = 0; i < SIGSET_WORDS; i++) {
    const members = words[set + i] & ~words[blocked + i]
    if (members === 0) continue
    const sig = firstOf(i, members)
    sigdelset(words, set, sig)
    return sig
  }
  return 0
}
