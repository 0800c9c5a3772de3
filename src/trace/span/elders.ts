/**
 * Tasks from before the log: which process one is a thread of, and who its parent is. A log that began in mid-life is read
 * some acts ahead: what a task says of itself, or its children of it, mostly comes after its first line.
 *
 * Invariant: acts come out in the order in which they went in; at most `AHEAD` are held. What is known of a key goes with
 * its end, or behind what is known of `KNOWN` others.
 */
import { CLONE_PARENT, CLONE_SIGHAND, CLONE_THREAD, CLONE_VM } from '../../abi/index.ts'
import type { Act, Span } from '../acts.ts'
import { NumberMap } from '../number_map.ts'
import { type Actor, join, type Proc, type World } from './world.ts'

export interface Elders {
  /** undefined: not known yet whether the log began in mid-life; false: it did not. */
  holds: boolean | undefined
  acts: Act[]
  /** Those before it have come out. */
  at: number
  /** By key: the number of its process, which is another one. */
  readonly leaders: NumberMap<number>
  /** By key: its parent's. */
  readonly parents: NumberMap<number>
  /** By the key of a task that the log saw made: who made it. */
  readonly makers: NumberMap<number>
  /** Those that have ended among what is held. */
  readonly ended: NumberMap<true>
}

const AHEAD = 4096
/** Of so many keys something is known: where no ends are shown (-qq), those known longest go. */
const KNOWN = 65_536
/** So deep a tree is looked up. */
const STEPS = 16
const THREAD = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM

export function createElders(): Elders {
  return {
    holds: undefined,
    acts: [],
    at: 0,
    leaders: new NumberMap(),
    parents: new NumberMap(),
    makers: new NumberMap(),
    ended: new NumberMap(),
  }
}

/** Takes an act, and performs what has waited long enough. */
export function readOn(elders: Elders, act: Act, perform: (act: Act) => void): undefined {
  elders.holds ??= !('span' in act && act.span.call.op === 'execve')
  if (!elders.holds) {
    perform(act)
    return
  }
  note(elders, act)
  elders.acts.push(act)
  if (elders.acts.length - elders.at > AHEAD) performFirst(elders, perform)
}

/** The log is over. */
export function performRest(elders: Elders, perform: (act: Act) => void): undefined {
  while (elders.at < elders.acts.length) performFirst(elders, perform)
}

function performFirst(elders: Elders, perform: (act: Act) => void): undefined {
  const act = elders.acts[elders.at++] as Act
  if (elders.at > AHEAD) {
    elders.acts = elders.acts.slice(elders.at)
    elders.at = 0
  }
  perform(act)
  if (act.kind !== 'gone') return
  const { leaders, parents, makers, ended } = elders
  for (const known of [leaders, parents, makers, ended]) known.delete(act.by)
}

function note(elders: Elders, act: Act): undefined {
  if (act.kind === 'gone') elders.ended.keep(act.by, true, KNOWN)
  else if (act.kind === 'call' || act.kind === 'leave') noteCall(elders, act.span)
  else if (act.kind === 'enter' && act.span.call.op === 'clone') noteCall(elders, act.span)
}

function noteCall(elders: Elders, { by, call, outcome }: Span): undefined {
  if (call.op === 'exit_group' && !elders.ended.has(by)) elders.ended.keep(by, true, KNOWN)
  if (outcome?.kind !== 'returned') return
  const value = outcome.outer ?? outcome.value
  switch (call.op) {
    case 'clone':
      if (value > 0 && (call.flags & (CLONE_THREAD | CLONE_PARENT)) === 0)
        elders.makers.keep(value, by, KNOWN)
      if (value > 0 && (call.flags & CLONE_THREAD) !== 0) elders.leaders.keep(value, by, KNOWN)
      return
    case 'getpid':
      noteLeader(elders, by, value)
      return
    case 'tgkill':
      if (call.tid === by && call.tgid > 0) noteLeader(elders, by, call.tgid)
      return
    case 'getppid':
      noteParent(elders, by, value)
      return
    case 'wait4':
      if (value > 0 && !elders.makers.has(value) && !elders.parents.has(value))
        elders.parents.keep(value, by, KNOWN)
  }
}

function noteLeader({ leaders }: Elders, by: number, nr: number): undefined {
  if (nr > 1 && !leaders.has(by)) leaders.keep(by, nr === by ? 0 : nr, KNOWN)
}

/** A child calls its parent by the number of the process; who made it, may be one of the threads. */
function noteParent(elders: Elders, by: number, nr: number): undefined {
  const maker = elders.makers.get(by)
  if (maker === undefined) {
    if (nr > 1 && !elders.parents.has(by)) elders.parents.keep(by, nr, KNOWN)
  } else if (!elders.ended.has(maker)) noteLeader(elders, maker, nr)
}

/** The process that a task from before the log is a thread of; undefined: it is the first one of its own. */
export function leaderOf({ leaders }: Elders, key: number): number | undefined {
  let leader: number | undefined
  for (let step = 0, next = leaders.get(key); next && step < STEPS; step++, next = leaders.get(next))
    leader = next
  return leader
}

/** Of those from before the log whom `key` is a thread or a child of, the one furthest up. */
export function eldestOf(elders: Elders, key: number): number {
  let eldest = key
  for (let step = 0; step < STEPS; step++) {
    const above = leaderOf(elders, eldest) ?? elders.parents.get(eldest)
    if (above === undefined || above === key || elders.makers.has(above)) break
    eldest = above
  }
  return eldest
}

/** A task from before the log, in the place that is known of it; undefined: nothing is. */
export function bearElder(
  world: World,
  elders: Elders,
  key: number,
  line: number,
  time: string,
  meet: (key: number) => Actor,
): Actor | undefined {
  const leader = leaderOf(elders, key)
  const parent = elders.parents.get(key)
  const other = leader ?? (parent === undefined ? undefined : (leaderOf(elders, parent) ?? parent))
  if (other === undefined) return undefined
  const known = world.actors.get(other)
  // Whoever is made in the log is nobody's elder. What is known of the key goes, lest two of a wrong log lead to each other.
  if (known === undefined ? elders.makers.has(other) : !known.proc.old) return undefined
  elders.leaders.delete(key)
  elders.parents.delete(key)
  const { proc } = known ?? meet(other)
  if (leader !== undefined) elders.leaders.set(key, leader)
  return bear(world, proc, leader === undefined ? 0 : THREAD, key, line, time)
}

function bear(
  world: World,
  { task }: Proc,
  flags: number,
  key: number,
  line: number,
  time: string,
): Actor | undefined {
  if (task.level !== world.level || task.state === 'X' || task.exiting) return undefined
  try {
    return join(world, task.clone({ flags, setTid: [key] }), undefined, key, line, time)
  } catch {
    return undefined
  }
}
