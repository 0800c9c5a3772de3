/** What the workers of a torture run share: words, by what is counted in them. */
import type { KernelHandle } from 'pidns/shared'
import type { NsRef, PidTableHandle } from 'pidns/shared/pid'
import type { Stamps } from './recovery.ts'

/** Ages of a record that a reader holds, when its section ends: findable, out of sight, freed, used again. */
export const PIPE_WORDS = 4
/** Workers that there may be at a time, those that wait for their turn included. */
export const PLACES = 64

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
  /** The number of the worker at each place; 0 until it has joined. */
  readonly joined: Int32Array
  readonly stamps: Stamps
}

/** What a worker is started with. */
export interface TortureJob extends Tallies {
  readonly kernel: KernelHandle
  readonly place: number
}

/** What it is told when its turn comes. */
export interface Turn {
  /** The process under which it works. */
  readonly parent: number
  readonly seed: number
}

/** What a worker of the part without processes is started with. */
export interface BareJob extends Tallies {
  readonly table: PidTableHandle
  readonly ns: NsRef
  /** A namespace inside it. */
  readonly inner: NsRef
  /** So many numbers it has at most. */
  readonly most: number
  readonly seed: number
}

export const REST = 1
export const END = 2

export const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes)
