/**
 * The undo journal: what a call changes of a table that several workers use, so that whoever finds the call's worker
 * dead can put everything back. While it is kept, every write in lib/atomic (in the shared build each
 * `words[at] = value` is one, see scripts/flatten.mjs) first notes which word it changes and what that held:
 *
 *      H_JOURNAL -------------------------.          0: no call is under way
 *                                          v
 *      cpu.journal:  [word, old] [word, old] | free ... to the end of the buffer
 *
 * The lock inside which all calls lie guards it. A call either has happened as a whole or, once its dead worker's
 * lock has been broken, not at all.
 *
 * Invariant: undone from its last entry to its first, any beginning of what a call noted gives the words before it; and
 * so does undoing it a second time, where whoever undid it first died over it.
 */
import { CALLS, JOURNAL_ENTRY_WORDS, JOURNAL_NEXT } from '../lib/journal.ts'
import type { Cpu } from './cpu.ts'

/** So many words noted are enough to begin anew at the next occasion. */
const LONG = 1 << 18

/** From now on changes are noted. Context: the lock has just been taken; {@link Cpu.journal} is not 0. */
export function journalBegin(cpu: Cpu): void {
  cpu.words[CALLS] = (cpu.words[CALLS] + 1) | 0
  cpu.words[JOURNAL_NEXT] = cpu.journal
}

/** All that was changed stays. */
export function journalCommit(cpu: Cpu): void {
  cpu.words[JOURNAL_NEXT] = 0
}

/** The table is sound here, though the call goes on: if much has been noted, it stays. */
export function journalCheckpoint(cpu: Cpu): void {
  const next = cpu.words[JOURNAL_NEXT]
  if (next > 0 && next - cpu.journal > LONG) journalBegin(cpu)
}

/** Had it room for all that was changed? */
export function journalFits(cpu: Cpu): boolean {
  return cpu.words[JOURNAL_NEXT] <= cpu.words.length
}

/** Puts back what the journal has. It is kept until {@link journalCommit}: whoever dies over this, the next one does it again. */
export function journalUndo(cpu: Cpu): void {
  const w = cpu.words
  for (let at = w[JOURNAL_NEXT] - JOURNAL_ENTRY_WORDS; at >= cpu.journal; at -= JOURNAL_ENTRY_WORDS) {
    w[w[at]] = w[at + 1]
  }
}
