/**
 * Creations under way whose results nobody sees: their callers are killed in them, or the log ends before. A number that is
 * missing is that of one of their children, and so is whoever nobody else has made.
 */
import { peekNumber } from '../../inside.ts'
import type { Span } from '../acts.ts'
import { clone } from './clone.ts'
import type { Flight } from './flights.ts'
import { isCalling } from './order.ts'
import { type SpanReplay, tell } from './replay.ts'
import { type Actor, join } from './world.ts'

/**
 * The number is missing: it is that of a child of the first that may have made it. Where others take numbers too, a creation
 * that the end of the log finds under way may as well have come to nothing so far.
 */
export function createDoomed(replay: SpanReplay, { task }: Actor, next: number, missing: boolean): boolean {
  if (!missing) return false
  const { owned, level } = replay.world
  const shared = !owned && task.level === level
  const known = ({ outcome }: Span): boolean => outcome?.kind === 'lost' || (!shared && outcome !== undefined)
  for (const flight of doomed(replay, next, known)) {
    const by = flight.actor.task
    if (by.level !== task.level || peekNumber(by) !== next) continue
    if (bear(replay, flight, undefined) !== undefined) return true
  }
  return false
}

export function mayBearDoomed(replay: SpanReplay): boolean {
  return replay.flights.creations.size > 0 && doomed(replay, 0, () => true).length > 0
}

/** Whoever has this key is the child of the first that may have made it. */
export function bearDoomed(
  replay: SpanReplay,
  key: number,
  may: (flight: Flight) => boolean,
): Actor | undefined {
  for (const flight of doomed(replay, key, () => true)) {
    const born = may(flight) ? bear(replay, flight, key) : undefined
    if (born !== undefined) return born
  }
  return undefined
}

/** The next number, below `key`, is that of a child of the first, if there are enough of them under way; not of `key`'s parent. */
export function bearBelow(replay: SpanReplay, key: number): boolean {
  const { top } = replay.world
  const next = peekNumber(top)
  const others = replay.flights.creations.values().filter(({ done }) => !done).length - 1
  if (next < 0 || next >= key || key - next > others) return false
  const known = ({ outcome }: Span): boolean => outcome !== undefined
  const first = doomed(replay, next, known).find(
    ({ span: { outcome }, actor: { task } }) =>
      task.level === top.level && !(outcome?.kind === 'open' && outcome.children.includes(key)),
  )
  return first !== undefined && bear(replay, first, undefined) !== undefined
}

/** In the order of their entries; but whose child `key` says that it is, comes first, and those with other children last. */
function doomed({ flights, world }: SpanReplay, key: number, which: (span: Span) => boolean): Flight[] {
  const all = flights.creations.values().filter(({ span, actor, done }) => {
    const { call, outcome } = span
    if (done || call.op !== 'clone' || !isCalling(actor)) return false
    return (outcome === undefined || outcome.kind === 'lost' || outcome.kind === 'open') && which(span)
  })
  const rank = ({ span: { outcome } }: Flight): number => {
    const children = outcome?.kind === 'open' ? outcome.children : []
    if (children.includes(key)) return 0
    return children.some((child) => !world.actors.has(child)) ? 2 : 1
  }
  return all.length < 2 ? all : all.sort((a, b) => rank(a) - rank(b) || a.span.line - b.span.line)
}

function bear(replay: SpanReplay, flight: Flight, key: number | undefined): Actor | undefined {
  const { span, actor } = flight
  const { world } = replay
  if (key !== undefined && !world.owned && actor.task.level === world.level && key > peekNumber(world.top))
    world.top.sysctl('kernel.ns_last_pid', key - 1)
  const child = span.call.op === 'clone' ? clone(actor.task, span.call) : 0
  if (typeof child === 'number') return undefined
  flight.done = true
  const born = join(replay.world, child, actor.proc, key, span.line, span.time)
  tell(replay, span.line, actor.id, span.call)
  return born
}
