/** Creations under way: which key they tell, and which number they would have now. */
import { peekNumber } from '../../inside.ts'
import { askedKey } from './asked.ts'
import type { Flight } from './flights.ts'
import { isCalling } from './order.ts'
import type { SpanReplay } from './replay.ts'

/** The one that says that it makes the task of this key. */
export function tellingFlight({ flights, world }: SpanReplay, key: number): Flight | undefined {
  for (const flight of flights.creations.values()) {
    const { span, actor, done } = flight
    const { outcome } = span
    if (done || outcome?.kind !== 'returned' || !isCalling(actor)) continue
    const own = actor.task.level === world.level ? outcome.value : undefined
    if ((outcome.outer ?? own ?? askedKey(world, actor, span.call)) === key) return flight
  }
  return undefined
}

/** Whether a creation under way says that it makes the task of this key. */
export function isTold(replay: SpanReplay, key: number): boolean {
  return tellingFlight(replay, key) !== undefined
}

/** Whether a task that is new may have this key, though an older one had it. */
export function mayBeNew(replay: SpanReplay, key: number): boolean {
  return replay.world.nameless.size > 0 || isTold(replay, key) || untold(replay).length > 0
}

/** Creations under way whose results do not tell a key, and which may come about by now. */
export function untold({ world, flights }: SpanReplay): Flight[] {
  return flights.creations.values().filter(({ span: { call, outcome }, actor: { task }, actor, done }) => {
    if (done || call.op !== 'clone' || outcome?.kind !== 'returned' || outcome.outer !== undefined)
      return false
    if (!isCalling(actor) || task.level === world.level) return false
    if (askedKey(world, actor, call) !== undefined) return false
    const before = outcome.value - peekNumber(task)
    return call.setTid !== undefined || (before >= 0 && before < flights.all.size)
  })
}

/** Whether the creation would have its number now. */
export function isNext({ span: { call, outcome }, actor: { task } }: Flight): boolean {
  if (call.op === 'clone' && call.setTid !== undefined) return true
  return outcome?.kind === 'returned' && peekNumber(task) === outcome.value
}
