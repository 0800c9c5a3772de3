/**
 * Who lives, in which namespace and which process group, as the log tells it event by event. The findings are rules
 * over what `follow` says has come to pass.
 *
 * Invariant: one life per task that the log knows and that is not gone; a group or namespace lists exactly those in it.
 * Costs O(changes) per event; a birth in a deeper namespace O(namespaces) more, a group kill O(tasks).
 */
import { signalName } from '../abi/index.ts'
import { callText, spanText } from './describe.ts'
import type { Call, Change, TaskState } from './event.ts'
import type { SpanCall } from './span.ts'

/** One thing that one task did, or that happened to it, and whose states are others now. */
export interface Happening {
  readonly line: number
  /** Key of the task. */
  readonly by: number
  readonly call: Call | SpanCall | Killed
  readonly changed?: readonly Change[] | undefined
}

/** The end of a process by a signal, in logs that tell it apart from the kill. */
export interface Killed {
  readonly op: 'killed'
  readonly sig: number
}

export interface Lives {
  readonly all: Map<number, Life>
  /** By number in the log's own namespace. */
  readonly groups: Map<number, Group>
  readonly top: Namespace
  /** Whether task `a` sees task `b` in its namespace. */
  readonly visible: (a: number, b: number) => boolean
}

export interface Life {
  readonly key: number
  /** The line of its birth. */
  readonly born: number
  readonly namespace: Namespace
  state: TaskState
  group: Group
  /** When and through what it ended; a zombie has ended too. */
  ended: Ending | undefined
  /** The groups that it, or a process it stems from, left by setsid, each with the line. */
  readonly escapes: Map<Group, number>
}

export interface Ending {
  readonly line: number
  readonly cause: string
}

export interface Namespace {
  readonly initKey: number
  /** 1 for the log's own namespace, the only one without a parent. */
  readonly level: number
  readonly parent: Namespace | undefined
  readonly inner: Set<Namespace>
  readonly members: Set<Life>
}

/** A process group. It lasts as long as it has members; a later one of the same number is another group. */
export interface Group {
  readonly nr: number
  readonly members: Set<Life>
}

/** What one event brought about. */
export interface Turn {
  readonly born: Life[]
  /** Alive before the event, not any more. */
  readonly ended: Life[]
  /** Numbers that are free again. */
  readonly freed: number[]
  /** Alive, but with another parent. */
  readonly adopted: Adoption[]
}

export interface Adoption {
  readonly life: Life
  readonly from: number
}

export function createLives(initKey: number, init: TaskState, visible: Lives['visible']): Lives {
  const top: Namespace = { initKey, level: 1, parent: undefined, inner: new Set(), members: new Set() }
  const lives: Lives = { all: new Map(), groups: new Map(), top, visible }
  bear(lives, initKey, init, 0, top)
  return lives
}

/** Takes over what an event changed. */
export function follow(lives: Lives, event: Happening): Turn {
  const turn: Turn = { born: [], ended: [], freed: [], adopted: [] }
  for (const [key, state] of event.changed ?? []) {
    const life = lives.all.get(key)
    if (life === undefined) {
      if (state !== null) turn.born.push(bearChild(lives, key, state, event))
      continue
    }
    const before = life.state
    if (isAlive(before) && (state === null || !isAlive(state))) {
      life.ended = { line: event.line, cause: causeText(lives, event, key) }
      turn.ended.push(life)
    }
    if (state?.pid[0] !== before.pid[0]) turn.freed.push(before.pid[0] as number)
    if (state === null) {
      bury(lives, life)
      continue
    }
    life.state = state
    if (event.call.op === 'setsid' && state.pgid[0] !== before.pgid[0])
      life.escapes.set(life.group, event.line)
    join(lives, life, state.pgid[0] as number)
    if (isAlive(state) && state.ppid !== before.ppid) turn.adopted.push({ life, from: before.ppid })
  }
  return turn
}

/** The group that a kill is aimed at. To be asked before the event is followed. */
export function targetGroup(lives: Lives, { by, call }: Happening): Group | undefined {
  const caller = lives.all.get(by)
  if (call.op !== 'kill' || caller === undefined) return undefined
  if (call.pid === 0) return caller.group
  if (call.pid >= -1) return undefined
  const { namespace } = caller
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
  for (const life of lives.all.values()) if (life.state.pid[0] === nr && isLeader(life.state)) return life
  return undefined
}

function bearChild(lives: Lives, key: number, state: TaskState, event: Happening): Life {
  const life = bear(lives, key, state, event.line, namespaceOf(lives, key, state))
  for (const [group, line] of lives.all.get(event.by)?.escapes ?? []) life.escapes.set(group, line)
  return life
}

function bear(lives: Lives, key: number, state: TaskState, born: number, namespace: Namespace): Life {
  const group = groupOf(lives, state.pgid[0] as number)
  const life: Life = { key, born, namespace, state, group, ended: undefined, escapes: new Map() }
  lives.all.set(key, life)
  namespace.members.add(life)
  group.members.add(life)
  return life
}

function bury(lives: Lives, life: Life): undefined {
  const { namespace } = life
  lives.all.delete(life.key)
  namespace.members.delete(life)
  if (namespace.members.size === 0) namespace.parent?.inner.delete(namespace)
  leave(lives, life)
}

function join(lives: Lives, life: Life, nr: number): undefined {
  if (life.group.nr === nr) return
  leave(lives, life)
  life.group = groupOf(lives, nr)
  life.group.members.add(life)
}

function leave(lives: Lives, life: Life): undefined {
  life.group.members.delete(life)
  if (life.group.members.size === 0) lives.groups.delete(life.group.nr)
}

function groupOf(lives: Lives, nr: number): Group {
  const known = lives.groups.get(nr)
  if (known !== undefined) return known
  const group: Group = { nr, members: new Set() }
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
    members: new Set(),
  }
  namespace.inner.add(own)
  return own
}

function causeText(lives: Lives, { by, call }: Happening, key: number): string {
  const text = call.op === 'killed' ? signalName(call.sig) : textOf(call)
  if (by === key) return text
  return `${text} of ${lives.all.get(by)?.state.tgid[0] ?? 'a task that is gone'}`
}

function textOf(call: Call | SpanCall): string {
  return 'child' in call || 'pidfd' in call || 'target' in call ? callText(call) : spanText(call as SpanCall)
}
