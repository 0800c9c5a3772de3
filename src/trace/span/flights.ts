/**
 * Calls that have entered the kernel and not come back. There may be thousands, most of them waits: whoever looks for one looks
 * only at those that it can be.
 */

import type { Span } from '../acts.ts'
import { added } from '../added.ts'
import { NumberMap } from '../number_map.ts'
import type { Actor, Proc } from './actor.ts'

/** A call under way. */
export interface Flight {
  readonly span: Span
  readonly actor: Actor
  /** It has been performed already, and answered as the log says. */
  done: boolean
  /** A wait that has already found its child: the child's number. */
  found: number
  /** The number by which its first line names a process or group; 0: by none. */
  readonly named: number
}

/** All of them are in the order of their entries. */
export interface Flights {
  /** By the lines of their entries. */
  readonly all: NumberMap<Flight>
  /** Of these, the creations. */
  readonly creations: NumberMap<Flight>
  /** And those that name a process, by the number that they name it by. */
  readonly naming: NumberMap<Flight[]>
}

export function createFlights(): Flights {
  return { all: new NumberMap(), creations: new NumberMap(), naming: new NumberMap() }
}

/** `actor` has entered the kernel. */
export function addFlight({ all, creations, naming }: Flights, span: Span, actor: Actor): Flight {
  const named = 'pid' in span.call ? span.call.pid : 0
  const flight: Flight = { span, actor, done: false, found: 0, named }
  all.set(span.line, flight)
  if (span.call.op === 'clone') creations.set(span.line, flight)
  if (named > 0) naming.set(named, added(naming.get(named) ?? NONE, flight))
  return flight
}

export function removeFlight({ all, creations, naming }: Flights, flight: Flight): undefined {
  const { span, named } = flight
  all.delete(span.line)
  if (span.call.op === 'clone') creations.delete(span.line)
  if (named <= 0) return
  const others = naming.get(named)?.filter((other) => other !== flight) ?? NONE
  if (others.length > 0) naming.set(named, others)
  else naming.delete(named)
}

/** Those that may name this process, in whichever namespace their callers are. */
export function flightsNaming({ naming }: Flights, { numbers }: Pick<Proc, 'numbers'>): readonly Flight[] {
  if (naming.size === 0) return NONE
  if (numbers.length === 1) return naming.get(numbers[0] as number) ?? NONE
  const found = [...new Set(numbers)].flatMap((nr) => naming.get(nr) ?? NONE)
  return found.sort((a, b) => a.span.line - b.span.line)
}

/** Nobody is ever put in: see `added`. */
const NONE: Flight[] = []
