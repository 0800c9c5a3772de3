/**
 * Reading beside calls, without the lock inside which they lie: a reader notes which call was the last, reads, and looks
 * whether one has begun since. If so, what it read may be half of the one state and half of the other, and is not used.
 *
 *      reader                            writer
 *      CALLS is 7, the lock free
 *      reads one word                    takes the lock, CALLS is 8
 *                                        changes both words
 *      reads the other                   gives the lock back
 *      CALLS is 8: reads both again
 *
 * A writer has the lock before it changes anything, and so has whoever undoes a dead one's call: what is seen of a call
 * that goes on shows a lock that is held, what is seen of one that has ended a counter that has moved.
 *
 * Linux: `read_seqbegin`, `read_seqretry`, which count for themselves; the counter here is the journal's. Worst case: a
 * reader beside a writer that never rests reads for nothing, and must take the lock.
 */
import { load, rawAdd } from '../lib/atomic.ts'
import { CALLS } from '../lib/journal.ts'
import type { Cpu } from './cpu.ts'

const FREE = 0
/** The counter, without its sign. */
const COUNTER = 0x7fffffff
/** A call goes on. */
export const CALL_UNDER_WAY = -1

/** What {@link readCallsEnd} compares with, or CALL_UNDER_WAY. Context: others know of this worker as a reader. */
export function readCallsBegin(cpu: Cpu): number {
  const call = load(cpu.words, CALLS) & COUNTER
  return load(cpu.words, cpu.callLock) === FREE ? call : CALL_UNDER_WAY
}

/**
 * Is what was read since {@link readCallsBegin} of one state? Adds nothing to this worker's own word, which no call
 * changes: reads that come before must not be done after.
 */
export function readCallsEnd(cpu: Cpu, call: number): boolean {
  rawAdd(cpu.words, cpu.reader, 0)
  return load(cpu.words, cpu.callLock) === FREE && (load(cpu.words, CALLS) & COUNTER) === call
}
