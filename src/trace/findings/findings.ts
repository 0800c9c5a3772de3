/**
 * What a reader of a log would want to be told: the zombies nobody waited for, who adopted whom, who outlived a group
 * kill, which numbers came back, what the death of a namespace took along.
 *
 * Invariant: drawn from the log alone; the library is asked only which namespace a task is in. Numbers in the texts are
 * those of the log's own namespace. Of each kind `KEPT` findings are kept, and the rest counted.
 */

import type { TaskState } from '../event.ts'
import { own } from '../own.ts'
import { FINDING_KINDS, type Finding, type FindingKind } from '../report.ts'
import { createGroupKills, type GroupKills, type Survivor } from './group_kills.ts'
import { type Left, leftOf } from './left.ts'
import {
  causeText,
  createLives,
  type Ending,
  follow,
  type Happening,
  isLeader,
  isWithin,
  type Life,
  type Lives,
  type Namespace,
  type Turn,
  zombies,
} from './lives.ts'

const KEPT = 10000
export interface Findings {
  observe(event: Happening): undefined
  /** A task has executed a program. */
  rename(key: number, command: string): undefined
  /** Where the log tells of each signal to whom it was sent, and whether he ignores it. */
  sent(key: number, sig: number, ignored: boolean): undefined
  /** Everything found up to now, in the order of FINDING_KINDS, each kind by line. */
  list(): Finding[]
  /** Who is left now. `root`: the number of the log's first process. */
  left(root: number): Left
}

interface Found {
  readonly kept: Finding[]
  more: number
}

/** Notes a finding about a task, made at this place of the log. */
export type Note = (kind: FindingKind, life: Life, line: number, time: string, text: string) => undefined

export function createFindings(initKey: number, init: TaskState, visible: Lives['visible']): Findings {
  const lives = createLives(initKey, init, visible)
  const found = new Map<FindingKind, Found>(FINDING_KINDS.map((kind) => [kind, { kept: [], more: 0 }]))
  const freed = createFreed()
  const kills = createGroupKills(lives)
  const outlived = new WeakMap<Life, Survivor>()

  const note: Note = (kind, life, line, time, text) => {
    const { kept } = found.get(kind) as Found
    if (kept.length < KEPT) kept.push(findingOf(kind, life, line, time, text))
    else (found.get(kind) as Found).more++
  }

  return {
    observe(event: Happening): undefined {
      const { call, changed = [] } = event
      if (call.op === 'kill') kills.begin(event)
      if (changed.length > 0) judge(lives, follow(lives, event), event, freed, kills, outlived, note)
    },
    sent(key: number, sig: number, ignored: boolean): undefined {
      const life = lives.all.get(key)
      if (life !== undefined) kills.sent(life, sig, ignored)
    },
    rename(key: number, command: string): undefined {
      const life = lives.all.get(key)
      if (life !== undefined) life.command = command
    },
    list(): Finding[] {
      const late = [...findZombies(lives), ...kills.survivors().map(toFinding)]
      return FINDING_KINDS.flatMap((kind) => {
        const { kept, more } = found.get(kind) as Found
        const all = [...kept, ...late.filter((finding) => finding.kind === kind)]
        all.sort((a, b) => a.line - b.line)
        return more === 0 ? all : [...all, { kind, pid: 0, line: 0, text: `and ${more} more` }]
      })
    },
    left(root: number): Left {
      for (const survivor of kills.survivors()) outlived.set(survivor.life, survivor)
      return leftOf(lives, root, (life) => outlived.get(life))
    },
  }
}

function judge(
  lives: Lives,
  turn: Turn,
  event: Happening,
  freed: Freed,
  kills: GroupKills,
  outlived: WeakMap<Life, Survivor>,
  note: Note,
): undefined {
  findReuse(turn, freed, event, note)
  findOrphans(lives, turn, event, note)
  for (const survivor of kills.ended(turn.ended, event)) {
    const { kind, life, line, time, text } = survivor
    outlived.set(life, survivor)
    note(kind, life, line, time, text)
  }
  findAbandoned(lives, turn, event, note)
  findNamespaceDeaths(turn, event, note)
}

function toFinding({ kind, life, line, time, text }: Survivor): Finding {
  return findingOf(kind, life, line, time, text)
}

function findingOf(kind: FindingKind, life: Life, line: number, time: string, text: string): Finding {
  const { command, mother, state } = life
  return {
    kind,
    pid: numberOf(life),
    line,
    text,
    ...(time === '' ? {} : { time: own(time) }),
    ...(state.pid.length > 1 ? { nspid: state.pid } : {}),
    ...(command === '' ? {} : { command }),
    ...(mother === undefined || command === '' ? {} : { descent: descentOf(life) }),
  }
}

/** Who made it, from the outermost mother that is remembered. */
function descentOf({ mother }: Life): string[] {
  const line: string[] = []
  for (let at = mother; at !== undefined; at = at.mother)
    if (isLeader(at.state)) line.unshift(`${numberOf(at)}${at.command === '' ? '' : ` (${at.command})`}`)
  return line
}

function numberOf(life: Life): number {
  return life.state.pid[0] as number
}

function findZombies(lives: Lives): Finding[] {
  return zombies(lives).map((life) => {
    const { state, ended, mother } = life
    const parent = state.ppid === 0 ? 'its parent outside' : `its parent ${state.ppid}`
    const injected = mother !== undefined && mother.state.tgid[0] !== state.ppid
    const text = injected
      ? `ended by ${causeOf(ended)}, and ${parent}, which was given it, has not waited for it`
      : `ended by ${causeOf(ended)}, and ${parent} has not waited for it`
    const kind = injected ? 'unreaped-injected' : 'zombie'
    return findingOf(kind, life, ended?.line ?? 0, ended?.time ?? '', text)
  })
}

function causeOf(ended: Ending | undefined): string {
  return ended === undefined ? 'an unknown cause' : causeText(ended)
}

/** Zombies whose parents had time to wait for them and ended without. */
function findAbandoned(lives: Lives, turn: Turn, { line, time = '' }: Happening, note: Note): undefined {
  for (const { life, from } of turn.abandoned) {
    const { ended } = life
    if (ended === undefined || ended.taken || ended.line === line) continue
    // The same kill ended both: nobody was left to wait.
    if (ended.kill !== 0 && ended.kill === lives.byNumber.get(from)?.ended?.kill) continue
    const lasted = durationText(ended.time, time)
    const text = `ended by ${causeText(ended)}; its parent ${from} ended at line ${line} and had not waited for it${lasted}`
    note('zombie', life, ended.line, ended.time, text)
  }
}

/** `, a zombie for 1.250 s`, where the times are of a kind that tells. */
function durationText(from: string, to: string): string {
  const seconds = secondsOf(to) - secondsOf(from)
  return seconds >= 0 ? `, a zombie for ${seconds.toFixed(3)} s` : ''
}

/** `1795323109.555025`, `05:02:24.289611`, `05:02:24`. */
function secondsOf(time: string): number {
  if (time === '') return Number.NaN
  return time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}

function findReuse(turn: Turn, freed: Freed, { line, time = '' }: Happening, note: Note): undefined {
  for (const life of turn.born) {
    const since = freed.take(numberOf(life))
    if (since === 0) continue
    const what = isLeader(life.state) ? 'process' : 'thread'
    const text = `is now the number of a new ${what}; whoever had it before was gone at line ${since}`
    note('reuse', life, line, time, text)
  }
  for (const nr of turn.freed) freed.put(nr, line)
}

/** Numbers that are free, each with the line since which it is. An array: a Map costs several times as much. */
interface Freed {
  put(nr: number, line: number): undefined
  /** 0: nobody had it. */
  take(nr: number): number
}

function createFreed(): Freed {
  let since = new Int32Array(1024)
  return {
    put(nr: number, line: number): undefined {
      if (nr >= since.length) {
        const more = new Int32Array(2 * nr)
        more.set(since)
        since = more
      }
      since[nr] = line
    },
    take(nr: number): number {
      const line = since[nr] ?? 0
      if (line > 0) since[nr] = 0
      return line
    },
  }
}

function findOrphans(lives: Lives, turn: Turn, { line, time = '' }: Happening, note: Note): undefined {
  for (const { life, from } of turn.adopted) {
    if (!isLeader(life.state)) continue
    const { ppid } = life.state
    const adopter = lives.byNumber.get(ppid)
    const what = adopter !== undefined && adopter.key === adopter.namespace.initKey ? 'init' : 'subreaper'
    const by = ppid === 0 ? 'one outside' : `${what} ${ppid}`
    note('orphan', life, line, time, `lost its parent ${from}, adopted by ${by}`)
  }
}

/** A namespace dies with the last thread of its init, and takes along whoever is in it or deeper. */
function findNamespaceDeaths(turn: Turn, { line, time = '' }: Happening, note: Note): undefined {
  if (!turn.ended.some(({ state }) => state.tgid.at(-1) === 1)) return
  const dead = new Map<Namespace, Life>()
  for (const life of turn.ended) if (life.state.tgid.at(-1) === 1) dead.set(life.namespace, life)
  for (const [namespace, init] of dead) {
    // Where an outer one dies, that is told.
    if (namespace.parent === undefined || dead.has(namespace.parent) || init.ended?.taken === true) continue
    const now = turn.ended.filter(
      (life) =>
        isLeader(life.state) &&
        isWithin(life.namespace, namespace) &&
        life.state.tgid[0] !== init.state.tgid[0],
    )
    const taken = namespace.taken.filter((life) => isLeader(life.state) && life !== init)
    const victims = [...new Set([...taken, ...now])]
    for (let at: Namespace | undefined = namespace.parent; at !== undefined; at = at.parent)
      at.taken.splice(0, at.taken.length, ...at.taken.filter((life) => !victims.includes(life)))
    if (victims.length === 0) continue
    const numbers = victims.map(numberOf).sort((a, b) => a - b)
    const text = `was the init of a namespace, which ended with it and took along ${numbers.join(', ')}`
    note('namespace-death', leaderOf(init, turn), line, time, text)
  }
}

function leaderOf(init: Life, turn: Turn): Life {
  return turn.ended.find((life) => isLeader(life.state) && life.state.tgid[0] === init.state.tgid[0]) ?? init
}
