import { setFlagsFromString } from 'node:v8'

let done = false

/**
 * Optimised code takes in a third of what V8 lets it. Compiling goes on beside the two threads of a replay, on as many
 * processors, and took a fifth of all their time for a million lines; so it takes a seventh, and what the two need is
 * the same within the noise (docs/performance.md).
 *
 * To be called when the first log is being read: V8 uses what it has compiled before, as of Node's own modules, only with the
 * flags it had then, and a thread started after this, for another log, takes some tens of milliseconds more.
 */
export function inlineLess(): void {
  if (done) return
  done = true
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=300')
}
