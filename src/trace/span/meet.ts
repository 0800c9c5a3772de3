/**
 * Who stands behind a key that the log has not shown before: a child of a creation under way, one that was made in a deeper
 * namespace and whose key nobody told, one whose creator was killed, or somebody older than the log.
 */
import { RESERVED_PIDS } from '../../abi/index.ts'
import { peekNumber } from '../../inside.ts'
import { foresee } from './ahead.ts'
import { create, learnPidMax, USUAL_LIMIT } from './create.ts'
import { bearBelow, bearDoomed, mayBearDoomed } from './doomed.ts'
import { bearElder, eldestOf } from './elders.ts'
import { orphaned, ROOT_CALL } from './lost.ts'
import { isCalling } from './order.ts'
import { count, differ, SKIPPED, type SpanReplay, STEPS, skip, tell } from './replay.ts'
import { isNext, tellingFlight, untold } from './under_way.ts'
import {
  type Actor,
  bearForeign,
  bearRoot,
  giveKey,
  join,
  nameActor,
  reapUnseen,
  type World,
} from './world.ts'

/** Who stands behind a key that the log has not shown before. */
export function meet(replay: SpanReplay, key: number, line: number, time: string): Actor {
  const { world, seen, elders } = replay
  if (seen.root === undefined) {
    const first = elders === undefined || seen.birth ? key : eldestOf(elders, key)
    const root = bearRoot(world, first, line, time, seen.birth)
    seen.root = root.proc
    tell(replay, line, root.id, ROOT_CALL)
    return first === key ? root : older(replay, key, line, time)
  }
  const alone = world.actors.size === 0 && world.nameless.size === 0
  if (seen.birth && seen.rootGone > 0 && alone && seen.program === line)
    return beginAnew(replay, key, line, time)
  return (
    toldUnderWay(replay, key) ??
    foreseen(replay, key) ??
    nameless(replay, key, true) ??
    untoldUnderWay(replay, key, 0) ??
    lostNext(replay, key) ??
    nameless(replay, key, false) ??
    untoldUnderWay(replay, key, world.owned ? 0 : STEPS) ??
    createdAndLost(replay, key) ??
    orphaned(replay, key, line, time) ??
    mistold(replay, key) ??
    miscommented(replay, key, line) ??
    older(replay, key, line, time)
  )
}

/** Nobody is left whom strace traced, and a program starts: another log has been appended (-A). */
function beginAnew(replay: SpanReplay, key: number, line: number, time: string): Actor {
  const { world, seen } = replay
  for (const proc of [...world.unreaped]) reapUnseen(world, proc)
  replay.foreign.clear()
  const root = bearRoot(world, key, line, time, true)
  seen.root = root.proc
  seen.rootGone = 0
  tell(replay, line, root.id, ROOT_CALL)
  return root
}

/** The child's first line may come before its creator's return, which the reader has looked up. */
function toldUnderWay(replay: SpanReplay, key: number): Actor | undefined {
  const flight = tellingFlight(replay, key)
  return flight && create(replay, flight.actor, flight.span)
}

/** Several may have the key: what comes after tells which of them has. */
function foreseen(replay: SpanReplay, key: number): Actor | undefined {
  const found = foresee(replay, key)
  if (found?.actor !== undefined) return named(replay, found.actor, key)
  const child = found?.flight && create(replay, found.flight.actor, found.flight.span)
  return child && named(replay, child, key)
}

/**
 * The result does not tell the key: it is that of the creation that would make this number now. Where others under way can
 * have the numbers before it, they do, in order of entry. So many numbers may have been taken by `others`.
 */
function untoldUnderWay(replay: SpanReplay, key: number, others: number): Actor | undefined {
  const { world } = replay
  for (let step = 0; step < STEPS; step++) {
    const missing = key - peekNumber(world.top)
    const waiting = missing < 0 ? [] : untold(replay)
    const first = waiting.find(isNext)
    if (first === undefined || (waiting.length <= missing && missing > others)) return undefined
    const child = create(replay, first.actor, first.span)
    if (child === undefined) return undefined
    if (missing === 0 || waiting.length === 1) return nameActor(world, child, key)
  }
  return undefined
}

/** Performs creations under way whose results are the next numbers, as long as they are below `key`. Whether `key` is next. */
function makeUpTo(replay: SpanReplay, key: number): boolean {
  const { top } = replay.world
  for (let next = peekNumber(top), before = 0; next !== key; next = peekNumber(top)) {
    if (next < 0 || next > key || next === before) return false
    before = next
    toldUnderWay(replay, next)
  }
  return true
}

/** Whoever has a smaller key, by the results of creations under way, was made before. */
function makeEarlier(replay: SpanReplay, key: number): void {
  for (const { span, actor, done } of replay.flights.creations.values()) {
    const { call, outcome } = span
    if (done || call.op !== 'clone' || outcome?.kind !== 'returned' || call.setTid !== undefined) continue
    const told = outcome.outer
    if (told !== undefined && told < key && key - told <= STEPS) create(replay, actor, span)
  }
}

/** A creation under way would make this number now, and its result is another: the result is wrong. */
function mistold(replay: SpanReplay, key: number): Actor | undefined {
  const { world, flights } = replay
  if (!world.owned || !makeUpTo(replay, key)) return undefined
  for (const { span, actor, done } of flights.creations.values()) {
    const { outcome } = span
    if (done || outcome?.kind !== 'returned' || !isCalling(actor)) continue
    if (actor.task.level === world.level && outcome.value !== key) return create(replay, actor, span)
  }
  return undefined
}

/**
 * In a log that shows all births: a comment tells another key for a child than its lines have. It is one that no line has
 * shown, the latest.
 */
function miscommented(replay: SpanReplay, key: number, line: number): Actor | undefined {
  const { world, flights, seen } = replay
  if (!seen.birth) return undefined
  for (const { span, actor, done } of flights.creations.values()) {
    const { outcome } = span
    if (done || outcome?.kind !== 'returned' || outcome.outer === undefined) continue
    if (!isCalling(actor) || world.actors.get(outcome.outer)?.shown) continue
    const child = create(replay, actor, span)
    return child && rename(replay, child, outcome.outer, key, [line, span.last])
  }
  let latest: Actor | undefined
  for (const actor of world.actors.values())
    if (!actor.shown && actor.proc.made > 0 && actor.told && actor.id > (latest?.id ?? 0)) latest = actor
  return latest && rename(replay, latest, latest.key, key, [line, latest.proc.made])
}

/** Either of the two lines is wrong. */
function rename(
  replay: SpanReplay,
  child: Actor,
  told: number,
  key: number,
  [line, made]: readonly [line: number, made: number],
): Actor {
  count(replay, false)
  differ(replay, line, undefined, `pid ${key}`, 'a line of it', `${told} was made at line ${made}`)
  differ(replay, made, undefined, 'clone, as the tracer sees it', `${told}`, `${key} at line ${line}`)
  return giveKey(replay.world, child, key)
}

/** The creator was killed before it saw the result, or its return is too far away to be known. */
function createdAndLost(replay: SpanReplay, key: number): Actor | undefined {
  makeEarlier(replay, key)
  if (!mayBearDoomed(replay)) return undefined
  if (replay.world.owned) while (!makeUpTo(replay, key)) if (!bearBelow(replay, key)) return undefined
  return bearDoomed(replay, key, () => true)
}

/** The number is the next one, and there is a creator who will be killed before it sees the result. */
function lostNext(replay: SpanReplay, key: number): Actor | undefined {
  if (replay.world.nameless.size === 0 || peekNumber(replay.world.top) !== key) return undefined
  return bearDoomed(replay, key, ({ span }) => span.outcome !== undefined)
}

/** A child of a deeper namespace, whose key nobody has told: it has that number, or else it is the oldest. */
function nameless(replay: SpanReplay, key: number, exact: boolean): Actor | undefined {
  const { world } = replay
  const wraps = !exact && wrapsTo(world, key)
  for (const actor of world.nameless) {
    const own = world.top.tidOf(actor.task) + actor.late
    if (exact ? own !== key : wraps && own < USUAL_LIMIT) continue
    // It was made in the log's own namespace, where nobody else takes numbers.
    if (own !== key && world.owned && actor.task.level === world.level) continue
    return named(replay, actor, key)
  }
  return undefined
}

/** The key of one that was nameless. */
function named(replay: SpanReplay, actor: Actor, key: number): Actor {
  const { world } = replay
  const number = world.top.tidOf(actor.task)
  const own = number + actor.late
  nameActor(world, actor, key)
  // A thread that has ended with its process has no number any more.
  if (number === 0) return actor
  const last = world.top.sysctl('kernel.ns_last_pid')
  if (own < key || (own > key && learnPidMax(replay, world.top, key, true)))
    shift(world, actor, last, key - own)
  return actor
}

/**
 * This task has another number than the library thinks; so have those made after it, and those to come, unless one of
 * them has shown it before.
 */
function shift(world: World, { id, base, late }: Actor, last: number, by: number): void {
  const { top, nameless } = world
  const all = base + late + by
  for (const other of nameless) {
    const missing = all - other.base - other.late
    if (other.id > id && (by < 0 || missing > 0)) other.late += missing
  }
  if (by > 0 && all <= world.shifted) return
  const limit = top.sysctl('kernel.pid_max')
  const on = last + all - world.shifted
  top.sysctl('kernel.ns_last_pid', on < limit ? on : Math.min(on - limit + RESERVED_PIDS, limit - 1))
  world.shifted = all
}

/** A key far below the numbers of all who are nameless: whoever has it, was made after the numbers began anew. */
function wrapsTo({ top, nameless }: World, key: number): boolean {
  let above = false
  for (const { task } of nameless) {
    const own = top.tidOf(task)
    if (own < USUAL_LIMIT && key > own - RESERVED_PIDS) return false
    if (own >= USUAL_LIMIT) above = true
  }
  return above && key >= RESERVED_PIDS
}

/** It was there before the log began; in a log that began with a program's start that cannot be. */
function older(replay: SpanReplay, key: number, line: number, time: string): Actor {
  const { world, seen, foreign, elders } = replay
  const learnt = foreign.get(key)
  // A number that was passed over may be that of somebody older than the log, who has done nothing so far.
  if (seen.birth || (learnt !== undefined && elders === undefined)) {
    count(replay, false)
    const at = learnt ?? line
    foreign.delete(key)
    // The first line of the log, if it is the only one of its task, has the wrong number.
    if (replay.counts.events === 2)
      differ(
        replay,
        seen.root?.born ?? line,
        undefined,
        'the first pid',
        `${seen.root?.numbers[0]}`,
        `${key}`,
      )
    differ(
      replay,
      at,
      undefined,
      `pid ${key}`,
      learnt === undefined ? 'a line of it' : 'taken outside the log',
      'nobody made it',
    )
    const gone = seen.gone.get(key)
    if (gone !== undefined)
      differ(replay, gone, undefined, `pid ${key}`, 'its end', `a line of it at line ${line}`)
  } else skip(replay, SKIPPED.older)
  const meetElder = (other: number): Actor => meet(replay, other, line, time)
  const elder = elders && !seen.birth ? bearElder(world, elders, key, line, time, meetElder) : undefined
  const actor = elder ?? bearForeign(world, key, line, time) ?? bearElsewhere(replay, key, line, time)
  tell(replay, line, actor.id, ROOT_CALL)
  return actor
}

/** The number is taken: whoever it is gets another one. */
function bearElsewhere({ world }: SpanReplay, key: number, line: number, time: string): Actor {
  return join(world, world.kernel.init.clone(), undefined, key, line, time)
}
