import { setFlagsFromString } from 'node:v8'

/**
 * Optimised code takes in a third of what V8 lets it. Compiling goes on beside the two threads of a replay, on as many
 * processors, and took a fifth of all their time for a million lines; so it takes a seventh, and what the two need is
 * the same within the noise (docs/performance.md).
 */
export function inlineLess(): void {
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=300')
}
