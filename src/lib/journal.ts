/** Where shared memory keeps its undo journal's end (sync/journal.ts); the Atomics half of lib/atomic notes there. */

/** A word of the header: where the journal goes on; 0 while nothing is noted. */
export const JOURNAL_NEXT = 496
/** Words of an entry: which word, and what it held. */
export const JOURNAL_ENTRY_WORDS = 2
/** A word of the header that every call moves: who waits for one sees that it is still the same. */
export const CALLS = 497
/** A word of the header that is not 0 once somebody's end is known, until what it left is put in order. */
export const DEATHS = 498
/** A word of the header that counts the locks taken over from workers that had ended. */
export const BROKEN = 499
