/**
 * Creations: which number the next task must get, and what stands in the way when the log says another.
 *
 * A number differs from the library's where (1) another creation under way was first, (2) its holder was gone earlier than
 * the log's lines show, (3) pid_max is not in the log, (4) others, outside the log, took numbers. (4) is learnt where the
 * log shares its numbers, once for each number; everything else is a difference.
 */
import {
  __WALL,
  CLONE_NEWPID,
  CLONE_PARENT,
  EAGAIN,
  EEXIST,
  EINVAL,
  RESERVED_PIDS,
  SIGCHLD,
} from '../../abi/index.ts'
import type { Task } from '../../index.ts'
import { bearsInto, findTask, isNumberTaken, peekNumber } from '../../inside.ts'
import { CUT, type Span, type SpanCall } from '../acts.ts'
import { askedInFull, askedKey } from './asked.ts'
import { clone, FLAGS } from './clone.ts'
import { createDoomed } from './doomed.ts'
import type { Flight } from './flights.ts'
import { groupOf, noteInherited } from './group.ts'
import { learnNamespace } from './hidden_ns.ts'
import { createLost, lose } from './lost.ts'
import { forceEnd, forceReap, isCalling } from './order.ts'
import { passReleased } from './released.ts'
import { count, differ, resultText, SKIPPED, type SpanReplay, STEPS, skip, tell } from './replay.ts'
import { type Actor, addPidfd, join, procLedBy } from './world.ts'

type Clone = Extract<SpanCall, { op: 'clone' }>

/** pid_max of a namespace that nobody has limited. */
const UNLIMITED = 4194304
/** pid_max of most machines with few processors. */
export const USUAL_LIMIT = 32768
/** What a tracer inside the namespace may need for itself before its first program. */
const TRACERS_OWN = 16

/** Performs a creation whose result is known, unless that has been done. */
export function create(replay: SpanReplay, actor: Actor, span: Span): Actor | undefined {
  const { outcome } = span
  const flight = replay.flights.creations.get(span.line)
  if (flight !== undefined) {
    if (flight.done) return undefined
    flight.done = true
  }
  if (outcome?.kind === 'failed') {
    if (isCalling(actor)) fail(replay, actor, span, outcome.errno)
    return undefined
  }
  if (outcome?.kind !== 'returned') return undefined
  const { value } = outcome
  if (!isCalling(actor)) {
    count(replay, false)
    differ(replay, span.last, actor, 'clone', `${value}`, 'the caller has ended')
    return undefined
  }
  const call = span.call as Clone
  if (isStale(replay, actor, value)) {
    skip(replay, SKIPPED.killed)
    lose(replay, actor, span)
    return undefined
  }
  if (call.setTid !== undefined) return createAt(replay, actor, span, askedInFull(call, span), value)
  // The first child of an init that nobody knew to be one.
  if (value === 2 && outcome.outer === undefined && peekNumber(actor.task) > value)
    learnNamespace(replay, actor)
  if (outcome.outer === undefined && actor.task.level > replay.world.level) createEarlier(replay, actor, span)
  const fit = fitNumber(replay, actor, span, value)
  const child = clone(actor.task, call)
  if (typeof child === 'number') {
    count(replay, false)
    differ(replay, span.last, actor, 'clone', `${value}`, resultText(child))
    return undefined
  }
  const got = nrOf(actor.task, child)
  if (fit === 'foreign') skip(replay, SKIPPED.foreignNumber)
  else {
    count(replay, got === value, fit === 'reordered')
    if (got !== value) {
      differ(replay, span.last, actor, 'clone', `${value}`, `${got}`)
      blameHolder(replay, actor, span, value)
    }
  }
  return welcome(replay, actor, span, child, got)
}

/**
 * A step back, in a thread that is being killed: strace prints what it read last of another task. Whether there is a child,
 * nobody tells.
 */
function isStale({ flights }: SpanReplay, { task, proc }: Actor, nr: number): boolean {
  if (nr >= peekNumber(task)) return false
  if (proc.killed || (proc.exiting !== undefined && proc.actors.length > 1)) return true
  for (const { span, actor } of flights.all.values())
    if (span.call.op === 'execve' && actor.proc === proc && actor.task !== task) return true
  return false
}

/** Creations below the log's namespace, whose numbers in it nobody tells, have them in the order of their entries. */
function createEarlier(replay: SpanReplay, { task }: Actor, span: Span): void {
  const { world } = replay
  const { creations } = replay.flights
  if (creations.size === 0) return
  for (const { span: other, actor: by, done } of creations.values()) {
    if (other.line >= span.line) return
    const { call, outcome } = other
    if (done || call.op !== 'clone' || call.setTid !== undefined || !isCalling(by)) continue
    if (outcome?.kind !== 'returned' || outcome.outer !== undefined) continue
    // Its number in the namespace of this one tells when it was.
    if (by.task.level > task.level && task.pidOf(by.task) !== 0) continue
    if (by.task.level > world.level && peekNumber(by.task) === outcome.value) create(replay, by, other)
  }
}

/** Whoever has the number got it from a creation before, which may be the one whose result is wrong. */
function blameHolder(replay: SpanReplay, actor: Actor, span: Span, nr: number): void {
  const holder = findTask(actor.task, nr)
  const proc = holder === undefined ? undefined : procLedBy(replay.world, holder.leader)
  const elder = proc?.old === true && !replay.seen.birth ? replay.world.actors.get(nr) : undefined
  if (elder !== undefined && elder.task === holder)
    differ(replay, elder.since, undefined, `pid ${nr}`, 'a line of it', `made at line ${span.last}`)
  if (proc === undefined || proc.made === 0 || proc.task !== holder) return
  differ(replay, proc.made, undefined, 'clone', `${nr}`, `${nr} again at line ${span.last}`)
}

/** The child enters the books, under its key if the log tells it: its number in the tracer's namespace. */
export function welcome(replay: SpanReplay, actor: Actor, span: Span, child: Task, got: number): Actor {
  const { world } = replay
  const { outcome, line, time } = span
  const value = outcome?.kind === 'returned' ? outcome.value : got
  let outer = outcome?.kind === 'returned' ? (outcome.outer ?? askedKey(world, actor, span.call)) : undefined
  if (outer !== undefined && world.actors.has(outer)) {
    count(replay, false)
    differ(replay, span.last, actor, 'clone, as the tracer sees it', `${outer}`, 'that one lives')
    outer = world.top.tidOf(child)
  }
  if (actor.task.level === world.level) checkGroup(replay, actor, span, got)
  const key = outer ?? (actor.task.level === world.level ? value : undefined)
  const born = join(world, child, actor.proc, key, line, time)
  born.proc.made = span.last
  if (actor.task !== actor.proc.task && born.proc !== actor.proc) born.proc.maker = actor
  if (born.task === born.proc.task) born.proc.quiet = isQuiet(span.call)
  born.told = outer !== undefined
  noteInherited(span, actor.proc, born.proc)
  const own = world.top.tidOf(child)
  const pidfd = outcome?.kind === 'returned' ? outcome.fd?.fd : undefined
  if (pidfd !== undefined) addPidfd(actor.proc, pidfd, born.proc)
  // A result that is not the library's is one fault; the child's own lines shall not be others.
  if (key !== undefined && own !== key && !world.actors.has(own)) world.actors.set(own, born)
  tell(replay, line, actor.id, span.call)
  return born
}

function isQuiet(call: SpanCall): boolean {
  return call.op === 'clone' && (call.exitSignal !== SIGCHLD || (call.flags & CLONE_PARENT) !== 0)
}

/** A number that a group outside the log has, is not given. */
function checkGroup(replay: SpanReplay, actor: Actor, { last }: Span, nr: number): void {
  const group = replay.groups.get(nr)
  if (group === undefined) return
  replay.groups.delete(nr)
  const { line, member, own } = group
  if (member.dead || groupOf(member) !== own) return
  count(replay, false)
  const text = `the number of a group, line ${line} says`
  differ(replay, last, actor, 'clone', `${nr}`, text)
  differ(
    replay,
    line,
    undefined,
    `group of pid ${member.numbers[0]}`,
    `${nr}`,
    `given to a child at line ${last}`,
  )
}

function nrOf(viewer: Task, child: Task): number {
  return viewer.tidOf(child)
}

function createAt(
  replay: SpanReplay,
  actor: Actor,
  span: Span,
  call: Clone,
  value: number,
): Actor | undefined {
  const child = clone(actor.task, call)
  const got = typeof child === 'number' ? child : nrOf(actor.task, child)
  count(replay, got === value)
  if (got !== value) differ(replay, span.last, actor, 'clone', `${value}`, resultText(got))
  return typeof child === 'number' ? undefined : welcome(replay, actor, span, child, got)
}

/** A creation that failed: for a reason that the library knows too, or one outside the log. */
function fail(replay: SpanReplay, actor: Actor, span: Span, errno: number): void {
  const call = span.call as Clone
  const free = peekNumber(actor.task)
  if (errno === EAGAIN && free === -EAGAIN) count(replay, true)
  else if (call.setTid?.includes(CUT)) skip(replay, SKIPPED.memory)
  else if (errno === EEXIST && reachesOut(replay, actor, call)) skip(replay, SKIPPED.foreignNumber)
  else if ((errno === EINVAL && (call.flags & ~FLAGS) === 0) || errno === EEXIST) {
    const last = actor.task.sysctl('kernel.ns_last_pid')
    const child = clone(actor.task, call, true)
    count(replay, child === -errno)
    if (child === -errno) return
    const actual = typeof child === 'number' ? child : nrOf(actor.task, child)
    differ(replay, span.last, actor, 'clone', resultText(-errno), resultText(actual))
    if (typeof child === 'number') return
    // It never was: as if nothing had happened.
    const { parent } = child
    child.exit()
    if (child.state !== 'X') parent?.waitpidSync(parent.pidOf(child), __WALL)
    actor.task.sysctl('kernel.ns_last_pid', last)
  } else {
    skip(replay, SKIPPED.limit)
    replay.uncertain++
  }
}

/** Numbers asked for in namespaces above the log's own. */
function reachesOut({ world }: SpanReplay, { task }: Actor, { flags, setTid = [] }: Clone): boolean {
  const own = task.level - world.level + (flags & CLONE_NEWPID ? 2 : 1)
  return setTid.length > own || (setTid.length === own && !world.owned)
}

type Fit = 'fits' | 'reordered' | 'foreign' | 'differs'

/** Makes the next number of the caller's namespace `nr`, by any order that the log allows. */
function fitNumber(replay: SpanReplay, actor: Actor, span: Span, nr: number): Fit {
  const { task } = actor
  let fit: Fit = 'fits'
  for (let step = 0; step < STEPS; step++) {
    const next = peekNumber(task)
    if (next === nr) {
      if (freePassed(replay, actor, span, nr)) continue
      // Which number it has outside is beside the point: what the call gave back is compared.
      if (!giveWay(replay, actor, span)) {
        fitOuter(replay, actor, span)
        return fit
      }
      fit = 'reordered'
    } else if (
      // First of all: while the number is taken, others under way would be thought to come before it.
      freeNumber(replay, actor, nr, span.line) ||
      createOther(replay, actor, span, next) ||
      createDeeper(replay, actor, next, nr > next) ||
      createInto(replay, actor, nr > next) ||
      passReleased(replay, actor, span, next, nr) ||
      createDoomed(replay, actor, next, nr > next) ||
      createLost(replay, actor, nr > next, span)
    ) {
      if (fit === 'fits') fit = 'reordered'
    } else if (
      next > nr &&
      learnPidMax(replay, task, nr, sharesNumbers(replay, task) || givesUntold(replay, task))
    ) {
      fit = 'foreign'
    } else if (sharesNumbers(replay, task) && createBefore(replay, span, next, nr)) {
      if (fit === 'fits') fit = 'reordered'
    } else if (learnGap(replay, actor, span, next, nr)) {
      fitOuter(replay, actor, span)
      return 'foreign'
    } else break
  }
  return 'differs'
}

/**
 * Numbers are given in turn: one between the last that was given and `nr` is that of another creation under way, which came
 * before, so whoever the library still has under it was gone by then.
 */
function freePassed(replay: SpanReplay, { task }: Actor, span: Span, nr: number): boolean {
  const { creations } = replay.flights
  if (creations.size < 2) return false
  const last = task.sysctl('kernel.ns_last_pid')
  for (const { span: other, actor: by, done } of creations.values()) {
    const { call, outcome } = other
    if (done || other === span || outcome?.kind !== 'returned' || call.op !== 'clone') continue
    const { value } = outcome
    const passed =
      last < nr ? value > last && value < nr : value > last || (value >= RESERVED_PIDS && value < nr)
    if (!passed || call.setTid !== undefined || !isCalling(by) || by.task.level !== task.level) continue
    if (isNumberTaken(task, value) && by.task.pidOf(task) > 0 && freeNumber(replay, by, value, other.line))
      return true
  }
  return false
}

/** Another creation under way in the same namespace took that number. */
function createOther(replay: SpanReplay, actor: Actor, span: Span, nr: number): boolean {
  for (const { span: other, actor: by, done } of replay.flights.creations.values()) {
    if (done || other === span || other.outcome?.kind !== 'returned') continue
    if (!isCalling(by)) continue
    if (other.outcome.value !== nr || peekNumber(by.task) !== nr || by.task.level !== actor.task.level)
      continue
    create(replay, by, other)
    return true
  }
  return false
}

/**
 * Numbers of the log's namespace from `next` to below `nr` may be others'; but a creation under way that returns one of
 * them was first. The lowest is performed.
 */
function createBefore(replay: SpanReplay, span: Span, next: number, nr: number): boolean {
  const { level } = replay.world
  let first: Flight | undefined
  let lowest = nr
  for (const flight of replay.flights.creations.values()) {
    const { span: other, actor: by, done } = flight
    const { outcome } = other
    if (done || other === span || outcome?.kind !== 'returned' || !isCalling(by)) continue
    const taken = by.task.level === level ? outcome.value : outcome.outer
    if (taken === undefined || taken < next || taken >= lowest) continue
    first = flight
    lowest = taken
  }
  if (first === undefined) return false
  create(replay, first.actor, first.span)
  return true
}

/** The number that this creation would take in a namespace above is that of another creation under way: it was first. */
function giveWay(replay: SpanReplay, { task }: Actor, span: Span): boolean {
  const { world, flights } = replay
  if (task.level === world.level) return false
  const own = span.outcome?.kind === 'returned' ? span.outcome.outer : undefined
  const next = peekNumber(world.top)
  for (const { span: other, actor: by, done } of flights.creations.values()) {
    const { call, outcome } = other
    if (done || other === span || call.op !== 'clone' || call.setTid !== undefined) continue
    if (outcome?.kind !== 'returned' || !isCalling(by) || peekNumber(by.task) !== outcome.value) continue
    const told = own !== undefined && own !== next && outcome.outer === next
    const above = by.task.level < task.level && by.task.pidOf(task) !== 0
    if (!told && (!above || (by.task.level === world.level && own === next))) continue
    create(replay, by, other)
    return true
  }
  return false
}

/** Another creation under way, in a namespace below, took a number here as well. */
function createDeeper(replay: SpanReplay, actor: Actor, next: number, missing: boolean): boolean {
  if (!missing) return false
  for (const { span, actor: by, done } of replay.flights.creations.values()) {
    const { outcome } = span
    if (done || outcome?.kind !== 'returned' || !isCalling(by)) continue
    if (by.task.level <= actor.task.level || peekNumber(by.task) !== outcome.value) continue
    if (actor.task.level === replay.world.level && (outcome.outer ?? next) !== next) continue
    create(replay, by, span)
    return true
  }
  return false
}

/** Another creation under way, by somebody above whose children enter this namespace, took a number here as well. */
function createInto(replay: SpanReplay, { task }: Actor, missing: boolean): boolean {
  if (!missing || task.level === replay.world.level) return false
  for (const { span, actor: by, done } of replay.flights.creations.values()) {
    const { outcome } = span
    if (done || outcome?.kind !== 'returned' || !isCalling(by) || by.task.level >= task.level) continue
    if (peekNumber(by.task) !== outcome.value || !bearsInto(by.task, task)) continue
    create(replay, by, span)
    return true
  }
  return false
}

/** The holder of a number has gone, or will have by the end of its window. */
function freeNumber(replay: SpanReplay, actor: Actor, nr: number, line: number): boolean {
  if (!isNumberTaken(actor.task, nr)) return false
  const holder = findTask(actor.task, nr)
  if (holder === undefined) return freePinned(replay, actor, nr, line)
  const proc = procLedBy(replay.world, holder.leader)
  if (proc === undefined) return false
  return (
    forceReap(replay, proc, line) ||
    (forceEnd(replay, proc, line) && (holder.state === 'X' || forceReap(replay, proc, line)))
  )
}

/** A group or session holds the number though its leader is gone: whoever keeps it may be gone too. */
function freePinned(replay: SpanReplay, actor: Actor, nr: number, line: number): boolean {
  for (const proc of replay.world.procs.values()) {
    if (!proc.dead && proc.exiting === undefined) continue
    const { task } = proc
    const level = actor.task.level
    if (task.nspgid[level] !== nr && task.nssid[level] !== nr) continue
    if (forceReap(replay, proc, line) || forceEnd(replay, proc, line)) return true
  }
  return false
}

/** A step back to the end of the reserved numbers shows where the limit is: above the number given last. */
export function learnPidMax({ guessed }: SpanReplay, task: Task, nr: number, others: boolean): boolean {
  const last = task.sysctl('kernel.ns_last_pid')
  const before = task.sysctl('kernel.pid_max')
  if (nr > last || nr < RESERVED_PIDS || isNumberTaken(task, nr)) return false
  if (before !== UNLIMITED && !guessed.has(before)) return false
  const limit = limitAbove(last)
  task.sysctl('kernel.pid_max', limit)
  const first = peekNumber(task)
  guessed.delete(before)
  // Others may have taken the last numbers below the usual limit, too.
  const passed = first <= nr ? nr - first : limit === USUAL_LIMIT ? limit - first + nr - RESERVED_PIDS : nr
  if (passed <= (others && before === UNLIMITED ? RESERVED_PIDS : 0)) {
    if (passed > 0) guessed.add(limit)
    task.sysctl('kernel.ns_last_pid', nr - 1)
    return true
  }
  task.sysctl('kernel.pid_max', before)
  return false
}

/** The usual limit, if it is as near as numbers that others hold can explain. */
function limitAbove(last: number): number {
  const near = Math.abs(last - USUAL_LIMIT) <= RESERVED_PIDS
  return near ? USUAL_LIMIT : Math.max(last + 1, RESERVED_PIDS + 1)
}

/** Numbers from `next` to below `nr` were taken by others. */
function learnGap(replay: SpanReplay, actor: Actor, span: Span, next: number, nr: number): boolean {
  const { task } = actor
  if (next < 0 || isNumberTaken(task, nr) || nr >= task.sysctl('kernel.pid_max')) return false
  const wraps = nr < next && next >= task.sysctl('kernel.pid_max') - RESERVED_PIDS && nr >= RESERVED_PIDS
  if (nr < next && !wraps) return false
  if (!mayLearnGap(replay, actor, next, nr)) return false
  if (nr > next && !isFirst(replay, task))
    for (let n = next; n < nr && n < next + RESERVED_PIDS; n++) replay.foreign.set(n, span.last)
  task.sysctl('kernel.ns_last_pid', nr - 1)
  return true
}

/** The first creation of a log that began in mid-life: the numbers before it may be those of tasks that it has not shown yet. */
function isFirst({ seen }: SpanReplay, task: Task): boolean {
  const { root, birth } = seen
  return !birth && root !== undefined && task.sysctl('kernel.ns_last_pid') === root.numbers[0]
}

/** Others, whom the log does not show, take numbers of the namespace of `task` too. */
function sharesNumbers({ world }: SpanReplay, task: Task): boolean {
  return !world.owned && task.level === world.level
}

/** Numbers of this namespace go to deeper ones too, where no result tells them: how many, nobody knows. */
function givesUntold({ world }: SpanReplay, task: Task): boolean {
  return task.level > world.level && task.level < world.deepest
}

function mayLearnGap(replay: SpanReplay, { task }: Actor, next: number, nr: number): boolean {
  const { world } = replay
  if (sharesNumbers(replay, task)) return true
  if (task.level === world.level && world.topIsLogged && next === 2 && nr <= TRACERS_OWN) return true
  if (replay.uncertain === 0 || nr - next > replay.uncertain) return false
  replay.uncertain -= nr - next
  return true
}

/** A creation below the log's namespace takes a number there too, and a comment may tell which. */
function fitOuter(replay: SpanReplay, actor: Actor, span: Span): boolean {
  const { world } = replay
  const outer = span.outcome?.kind === 'returned' ? span.outcome.outer : undefined
  if (outer === undefined || world.owned || actor.task.level === world.level) return false
  while (createBefore(replay, span, peekNumber(world.top), outer));
  const next = peekNumber(world.top)
  if (next === outer || isNumberTaken(world.top, outer)) return false
  if (outer < next && !learnPidMax(replay, world.top, outer, true)) return false
  world.top.sysctl('kernel.ns_last_pid', outer - 1)
  return true
}
