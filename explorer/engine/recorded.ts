/** A log, a story or a saved table, ready to be stepped through: where it begins, the calls of each step, copies of the table on the way. */
import type { FileReport } from '../../src/trace/report.ts'
import type { Life } from './lives.ts'

export interface Checkpoint {
  readonly step: number
  /** The table after it: a copy of copies.ts. */
  readonly words: Int32Array
}

export interface Recorded {
  readonly name: string
  /** `recording`, `strace`, `ftrace`, `saved table`, `story`. */
  readonly format: string
  /** Step 0 is the beginning; the last one is `steps`. */
  readonly steps: number
  readonly lines: number
  /** Where the calls of steps 1 to i end on the tape. */
  readonly callsEnd: Float64Array
  /** The line of the log behind each step. */
  readonly lineOf: Uint32Array
  readonly tape: Float64Array
  readonly texts: readonly string[]
  /** The kernel at step 0, as bytes: to make another one of. */
  readonly image: Uint8Array
  /** In order; the first is of step 0. */
  readonly checkpoints: readonly Checkpoint[]
  /** What happened in each step: bits FORK, EXIT, SIGNAL. */
  readonly kinds: Uint8Array
  readonly lives: readonly Life[]
  /** The level that counts as outermost: what lies above it, the log does not know. */
  readonly level: number
  readonly report: FileReport | undefined
  /** The text of a line, from 1. */
  text(line: number): string
}

/** Rows of numbers that grow. */
export function grown<T extends Float64Array | Uint32Array | Uint8Array>(array: T, length: number): T {
  if (length < array.length) return array
  const larger = new (array.constructor as new (n: number) => T)(Math.max(1024, array.length * 2))
  larger.set(array)
  return larger
}
