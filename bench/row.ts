/** What a row of the table is. */
import type { Side } from './measure.ts'
import type { Team } from './together.ts'

interface RowOf<One> {
  readonly id: string
  readonly what: string
  readonly ours: One
  /** What ours is measured against; undefined: nothing. */
  readonly peer?: One
  /** ours / peer must not be above this. */
  readonly target?: number
}

/** What one thread does. */
export type Row = RowOf<Side>

/** What workers do at the same time. */
export interface SharedRow extends RowOf<Team> {
  /** How often it is done in a second, not how long it takes: then ours / peer must not be below the target. */
  readonly rate?: boolean
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
  /** What ns and peerNs mean where they are no times: 'bytes', or '/s', of which more is better. */
  readonly unit?: string
}
