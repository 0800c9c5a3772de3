/**
 * Who lives, in which namespace and which process group, as the log tells it event by event. The findings are rules
 * over what `follow` says has come to pass.
 *
 * Invariant: one life per task that the log knows and that is not gone; a group or namespace counts exactly those in it.
 * Costs O(changes) per event; a birth in a deeper namespace O(namespaces) more, a group kill O(tasks).
 */
import { SIGKILL, signalName } from '../../abi/index.ts'
import type { SpanCall } from '../acts.ts'
import { added } from '../added.ts'
import { callText, spanText } from '../describe.ts'
import type { Call, Change, TaskState } from '../event.ts'
import { NumberMap } from '../number_map.ts'
import { own } from '../own.ts'

/** One thing that one task did, or that happened to it, and whose states are others now. */
export interface Happening {
  readonly line: number
  /** As the log prints it; '' where it does not. */
  readonly time?: string
  /** Key of the task. */
  readonly by: number
  readonly call: Call | SpanCall | Killed
  readonly changed?: readonly Change[] | undefined
}

/** The end of a process by a signal, in logs that tell it apart from the kill. */
export interface Killed {
  readonly op: 'killed'
  readonly sig: number
  /** Somebody in the log has sent it. */
  readonly sent: boolean
}

export interface Lives {
  readonly all: NumberMap<Life>
  /** Processes by their numbers in the log's own namespace. */
  readonly byNumber: NumberMap<Life>
  /** By number in the log's own namespace. */
  readonly groups: NumberMap<Group>
  readonly top: Namespace
  /** What the latest event brought about. */
  readonly turn: Turn
  /** Whether task `a` sees task `b` in its namespace. */
  readonly visible: (a: number, b: number) => boolean
}

export interface Life {
  readonly key: number
  /** The line of its birth, and the time. */
  readonly born: number
  readonly time: string
  readonly namespace: Namespace
  state: TaskState
  group: Group
  /** When and through what it ended; a zombie has ended too. */
  ended: Ending | undefined
  /** The groups that it, or a process it stems from, left. Made when the first is. */
  escapes: Group[] | undefined
  /** The program and its arguments, where the log tells them. */
  command: string
  /** Who made it. The chain of mothers is cut after `DESCENT`. */
  mother: Life | undefined
  /** Its neighbours in the list of its group. */
  before: Life | undefined
  behind: Life | undefined
}

export interface Escape {
  readonly line: number
  readonly how: 'setsid' | 'setpgid'
}

export interface Fugitive {
  readonly life: Life
  readonly way: Escape
}

export interface Ending {
  readonly line: number
  readonly time: string
  /** What it called or what it got; what others did stands there in words. */
  readonly cause: Happening['call'] | string
  /** By SIGKILL that nobody in the log has sent: as the kernel does to the members of a dying namespace. */
  readonly taken: boolean
  /** The line of the kill of its group that ended it, or 0. */
  kill: number
}

export interface Namespace {
  readonly initKey: number
  /** 1 for the log's own namespace, the only one without a parent. */
  readonly level: number
  readonly parent: Namespace | undefined
  readonly inner: Set<Namespace>
  /** Members that the kernel killed before the init's own end shows. */
  readonly taken: Life[]
  /** How many are in it. */
  members: number
}

/** A process group. It lasts as long as it has members; a later one of the same number is another group. */
export interface Group {
  readonly nr: number
  /** The one that came last; the others stand behind it. */
  latest: Life | undefined
  /** Who has left it, or stems from such, and lives. By key. */
  fled: NumberMap<Fugitive>
}

/** What one event brought about. */
export interface Turn {
  born: Life[]
  /** Alive before the event, not any more. */
  ended: Life[]
  /** Numbers that are free again. */
  freed: number[]
  /** Alive, but with another parent. */
  adopted: Adoption[]
  /** Zombies whose parents have ended without having waited for them. */
  abandoned: Adoption[]
}

export interface Adoption {
  readonly life: Life
  readonly from: number
}

export function createLives(initKey: number, init: TaskState, visible: Lives['visible']): Lives {
  const top: Namespace = {
    initKey,
    level: 1,
    parent: undefined,
    inner: new Set(),
    taken: [],
    members: 0,
  }
  const turn: Turn = { born: NONE, ended: NONE, freed: NONE, adopted: NONE, abandoned: NONE }
  const lives: Lives = {
    all: new NumberMap(),
    byNumber: new NumberMap(),
    groups: new NumberMap(),
    top,
    turn,
    visible,
  }
  bear(lives, initKey, init, 0, '', top)
  return lives
}

/** Nothing is ever put in: see `added`. */
const NONE: never[] = []

function empty(turn: Turn): undefined {
  turn.born = turn.ended = turn.freed = turn.adopted = turn.abandoned = NONE
}

/** Takes over what an event changed. */
export function follow(lives: Lives, event: Happening): Turn {
  const { turn } = lives
  empty(turn)
  for (const [key, state] of event.changed ?? []) {
    const life = lives.all.get(key)
    if (life === undefined) {
      if (state !== null) turn.born = added(turn.born, bearChild(lives, key, state, event))
      continue
    }
    const before = life.state
    if (isAlive(before) && (state === null || !isAlive(state))) {
      end(lives, life, event)
      turn.ended = added(turn.ended, life)
    }
    if (isAbandoned(before, state, event)) turn.abandoned = added(turn.abandoned, { life, from: before.ppid })
    if (state?.pid[0] !== before.pid[0]) turn.freed = added(turn.freed, before.pid[0] as number)
    if (state === null) {
      bury(lives, life)
      continue
    }
    life.state = state
    if (state.pid[0] !== before.pid[0]) renumber(lives, life, before.pid[0] as number)
    const { op } = event.call
    if ((op === 'setsid' || op === 'setpgid') && state.pgid[0] !== before.pgid[0]) {
      flee(life, life.group, { line: event.line, how: op })
    }
    join(lives, life, state.pgid[0] as number)
    if (isAlive(state) && state.ppid !== before.ppid)
      turn.adopted = added(turn.adopted, { life, from: before.ppid })
  }
  if (turn.abandoned.length > 0) turn.abandoned = turn.abandoned.filter((it) => hasEnded(lives, it.from))
  return turn
}

/** Of most groups nobody has fled: this stands for all of them, and nobody is ever put in. */
const NOBODY: NumberMap<Fugitive> = new NumberMap()

/** It, and who will stem from it, is not reached by kills of this group any more. */
function flee(life: Life, group: Group, way: Escape): undefined {
  if (life.escapes === undefined) life.escapes = [group]
  else if (!life.escapes.includes(group)) life.escapes.push(group)
  if (group.fled === NOBODY) group.fled = new NumberMap()
  group.fled.set(life.key, { life, way })
}

/** Who is in the group, by their keys: in order of birth. */
export function membersOf({ latest }: Group): Life[] {
  const members: Life[] = []
  for (let life = latest; life !== undefined; life = life.behind) members.push(life)
  return members.sort((a, b) => a.key - b.key)
}

/** The group that a kill is aimed at. To be asked before the event is followed. */
export function targetGroup(lives: Lives, { by, call }: Happening): Group | undefined {
  const caller = lives.all.get(by)
  if (call.op !== 'kill' || caller === undefined) return undefined
  if (call.pid === 0) return caller.group
  if (call.pid >= -1) return undefined
  const { namespace } = caller
  if (namespace === lives.top) return lives.groups.get(-call.pid)
  for (const life of lives.all.values()) {
    if (life.state.pgid[namespace.level - 1] === -call.pid && isWithin(life.namespace, namespace))
      return life.group
  }
  return undefined
}

export function isAlive({ state }: TaskState): boolean {
  return state === 'S' || state === 'T'
}

export function isLeader({ pid, tgid }: TaskState): boolean {
  return pid[0] === tgid[0]
}

export function isWithin(namespace: Namespace, outer: Namespace): boolean {
  for (let at: Namespace | undefined = namespace; at !== undefined; at = at.parent)
    if (at === outer) return true
  return false
}

/** The life of the process that has the number `nr` in the log's own namespace. */
export function processOf(lives: Lives, nr: number): Life | undefined {
  return lives.byNumber.get(nr)
}

/** The numbers of processes that have threads alive. */
export function threadsAlive(lives: Lives): Set<number> {
  const numbers = new Set<number>()
  for (const { state } of lives.all.values()) if (isAlive(state)) numbers.add(state.tgid[0] as number)
  return numbers
}

/** Processes that have ended as a whole, and that nobody has waited for. */
export function zombies(lives: Lives): Life[] {
  const alive = threadsAlive(lives)
  return lives.all
    .values()
    .filter(({ state }) => state.state === 'Z' && isLeader(state) && !alive.has(state.pid[0] as number))
}

function bearChild(lives: Lives, key: number, state: TaskState, event: Happening): Life {
  const life = bear(lives, key, state, event.line, own(event.time ?? ''), namespaceOf(lives, key, state))
  const mother = lives.all.get(event.by)
  if (mother === undefined) return life
  life.command = mother.command
  life.mother = mother
  for (const group of mother.escapes ?? []) flee(life, group, (group.fled.get(mother.key) as Fugitive).way)
  cutDescent(life)
  return life
}

/** How many mothers back a line of descent goes. */
const DESCENT = 8

function cutDescent(life: Life): void {
  let at: Life | undefined = life
  for (let i = 0; i < DESCENT && at !== undefined; i++) at = at.mother
  if (at !== undefined) at.mother = undefined
}

function bear(
  lives: Lives,
  key: number,
  state: TaskState,
  born: number,
  time: string,
  namespace: Namespace,
): Life {
  const group = groupOf(lives, state.pgid[0] as number)
  const life: Life = {
    key,
    born,
    time,
    namespace,
    state,
    group,
    ended: undefined,
    escapes: undefined,
    command: '',
    mother: undefined,
    before: undefined,
    behind: undefined,
  }
  if (isLeader(state)) lives.byNumber.set(state.pid[0] as number, life)
  lives.all.set(key, life)
  namespace.members++
  enlist(group, life)
  return life
}

function hasEnded(lives: Lives, nr: number): boolean {
  return lives.byNumber.get(nr)?.ended !== undefined || !lives.byNumber.has(nr)
}

/** A thread that has executed a program goes on under its leader's number. */
function renumber(lives: Lives, life: Life, before: number): undefined {
  if (lives.byNumber.get(before) === life) lives.byNumber.delete(before)
  if (isLeader(life.state)) lives.byNumber.set(life.state.pid[0] as number, life)
}

function bury(lives: Lives, life: Life): undefined {
  const { namespace } = life
  lives.all.delete(life.key)
  for (const group of life.escapes ?? []) group.fled.delete(life.key)
  const nr = life.state.pid[0] as number
  if (lives.byNumber.get(nr) === life) lives.byNumber.delete(nr)
  if (--namespace.members === 0) namespace.parent?.inner.delete(namespace)
  leave(lives, life)
}

function join(lives: Lives, life: Life, nr: number): undefined {
  if (life.group.nr === nr) return
  leave(lives, life)
  life.group = groupOf(lives, nr)
  enlist(life.group, life)
}

function enlist(group: Group, life: Life): undefined {
  const { latest } = group
  life.behind = latest
  if (latest !== undefined) latest.before = life
  group.latest = life
}

function leave(lives: Lives, life: Life): undefined {
  const { group, before, behind } = life
  if (before !== undefined) before.behind = behind
  else group.latest = behind
  if (behind !== undefined) behind.before = before
  life.before = life.behind = undefined
  if (group.latest === undefined) lives.groups.delete(group.nr)
}

function groupOf(lives: Lives, nr: number): Group {
  const known = lives.groups.get(nr)
  if (known !== undefined) return known
  const group: Group = { nr, latest: undefined, fled: NOBODY }
  lives.groups.set(nr, group)
  return group
}

/** Goes down from the top, into each namespace whose init sees the task. Number 1 of a deeper level starts its own. */
function namespaceOf(lives: Lives, key: number, { pid }: TaskState): Namespace {
  const starts = pid.length > 1 && pid.at(-1) === 1
  const level = starts ? pid.length - 1 : pid.length
  let namespace = lives.top
  while (namespace.level < level) {
    const inner = [...namespace.inner].find(({ initKey }) => lives.visible(initKey, key))
    if (inner === undefined) break
    namespace = inner
  }
  if (!starts) return namespace
  const own: Namespace = {
    initKey: key,
    level: pid.length,
    parent: namespace,
    inner: new Set(),
    taken: [],
    members: 0,
  }
  namespace.inner.add(own)
  return own
}

function end(lives: Lives, life: Life, event: Happening): void {
  const { call, by, line, time = '' } = event
  const taken = call.op === 'killed' && call.sig === SIGKILL && !call.sent && by === life.key
  // By its own doing, as a rule: then the text can be made when somebody wants it.
  const cause = by === life.key ? call : otherText(lives, event)
  life.ended = { line, time: own(time), cause, taken, kill: 0 }
  if (taken) for (let at = life.namespace; at.parent !== undefined; at = at.parent) at.taken.push(life)
}

/** A zombie that goes to another parent, or goes, without a wait. */
function isAbandoned(before: TaskState, state: TaskState | null, { call }: Happening): boolean {
  if (before.state !== 'Z' || before.ppid === 0 || !isLeader(before)) return false
  if (call.op === 'wait4' || call.op === 'waitid' || call.op === 'execve') return false
  return state === null || state.ppid !== before.ppid
}

function otherText(lives: Lives, { by, call }: Happening): string {
  return `${textOf(call)} of ${lives.all.get(by)?.state.tgid[0] ?? 'a task that is gone'}`
}

/** In words. */
export function causeText({ cause }: Ending): string {
  return typeof cause === 'string' ? cause : textOf(cause)
}

function textOf(call: Call | SpanCall | Killed): string {
  if (call.op === 'killed') return signalName(call.sig)
  return 'child' in call || 'pidfd' in call || 'target' in call ? callText(call) : spanText(call as SpanCall)
}
