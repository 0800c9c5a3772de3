/** What a log of ftrace has shown of itself: which kinds of events it has, who is in which call. */
import type { Slot } from './slots.ts'

export interface Customs {
  /** Calls whose entries and returns are both in the log. */
  readonly paired: Set<string>
  /** Tasks in a call, by number. */
  readonly calling: Map<number, Slot>
  /** Entries by tasks that were in another call. */
  readonly stray: Stray[]
  /** Returns of those whose entries may stand before the log. */
  readonly orphans: Stray[]
  /** Calls that have had a sched_process_wait in them. */
  readonly waiting: Set<string>
  /** sched_process_wait by those who are in no such call, or have had one in it. */
  readonly strayWaits: Stray[]
  /** Somebody traces others, so that much is told in his name. */
  tracing: boolean
  /** Who does. */
  readonly tracers: Set<number>
  /** How often each signal has been sent to anybody and not arrived, at most. */
  readonly underWay: Map<number, number>
  exits: number
  /** The log has the system calls that make tasks. */
  creations: boolean
}

export interface Stray {
  readonly by: number
  readonly name: string
  readonly line: number
}

export function newCustoms(): Customs {
  return {
    paired: new Set(),
    calling: new Map(),
    stray: [],
    orphans: [],
    waiting: new Set(),
    strayWaits: [],
    tracing: false,
    tracers: new Set(),
    underWay: new Map(),
    exits: 0,
    creations: false,
  }
}
