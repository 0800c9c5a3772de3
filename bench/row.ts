/** What a row of the table is. */
import type { Side } from './measure.ts'

export interface Row {
  readonly id: string
  readonly what: string
  readonly ours: Side
  /** What ours is measured against; undefined: nothing. */
  readonly peer?: Side
  /** ours / peer must not be above this. */
  readonly target?: number
}

/** A side with its state's type, among sides whose state nobody asks for. */
export function side<State>(made: Side<State>): Side {
  return made as unknown as Side
}

/** A line of the JSON, with what the table says besides. */
export interface Result {
  readonly id: string
  readonly what: string
  readonly ns: number
  readonly peer: string | null
  readonly peerNs: number | null
  readonly ratio: number | null
  readonly target: number | null
  readonly met: boolean | null
  readonly noise: number
  readonly rounds: number
  readonly thrownAway: number
  /** What ns means where it is no time. */
  readonly unit?: string
}
