/** What the workers of a torture run share: words, by what is counted in them. */
import type { KernelHandle } from 'pidns/shared'

/** Ages of a record that a reader holds, when its section ends: findable, out of sight, freed, used again. */
export const PIPE_WORDS = 4

export interface Tallies {
  /** Of all workers. */
  readonly reads: BigInt64Array
  readonly writes: Int32Array
  readonly pipe: BigInt64Array
  readonly duplicates: Int32Array
  readonly violations: Int32Array
  /** 1: rest. 2: end. */
  readonly order: Int32Array
  /** Which numbers somebody has, as far as makers and reapers tell. */
  readonly owners: Int32Array
}

export interface TortureJob extends Tallies {
  readonly kernel: KernelHandle
  /** The process under which it works. */
  readonly parent: number
  readonly seed: number
}

export const REST = 1
export const END = 2

const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes)

export function newTallies(numbers: number): Tallies {
  return {
    reads: new BigInt64Array(shared(8)),
    writes: new Int32Array(shared(4)),
    pipe: new BigInt64Array(shared(8 * PIPE_WORDS)),
    duplicates: new Int32Array(shared(4)),
    violations: new Int32Array(shared(4)),
    order: new Int32Array(shared(4)),
    owners: new Int32Array(shared(4 * numbers)),
  }
}
