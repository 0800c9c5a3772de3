/**
 * What a reader of a log would want to be told: the zombies nobody waited for, who adopted whom, who outlived a group
 * kill, which numbers came back, what the death of a namespace took along.
 *
 * Invariant: drawn from the log alone; the library is asked only which namespace a task is in. Numbers in the texts are
 * those of the log's own namespace. Of each kind `KEPT` findings are kept, and the rest counted.
 */
import { SIGKILL, signalName } from '../abi/index.ts'
import type { TaskState } from './event.ts'
import {
  createLives,
  follow,
  type Group,
  type Happening,
  isAlive,
  isLeader,
  isWithin,
  type Life,
  type Lives,
  type Namespace,
  processOf,
  type Turn,
  targetGroup,
} from './lives.ts'
import { FINDING_KINDS, type Finding, type FindingKind } from './report.ts'

const KEPT = 10000

export interface Findings {
  observe(event: Happening): undefined
  /** Everything found up to now, in the order of FINDING_KINDS, each kind by line. */
  list(): Finding[]
}

interface Found {
  readonly kept: Finding[]
  more: number
}

type Note = (kind: FindingKind, life: Life | number, line: number, text: string) => undefined

export function createFindings(initKey: number, init: TaskState, visible: Lives['visible']): Findings {
  const lives = createLives(initKey, init, visible)
  const found = new Map<FindingKind, Found>(FINDING_KINDS.map((kind) => [kind, { kept: [], more: 0 }]))
  /** Number -> the line since which it is free. */
  const freed = new Map<number, number>()

  const note: Note = (kind, who, line, text) => {
    const { kept } = found.get(kind) as Found
    const pid = typeof who === 'number' ? who : numberOf(who)
    if (kept.length < KEPT) kept.push({ kind, pid, line, text })
    else (found.get(kind) as Found).more++
  }

  return {
    observe(event: Happening): undefined {
      if (event.changed === undefined || event.changed.length === 0) return
      const group = targetGroup(lives, event)
      const turn = follow(lives, event)
      findReuse(turn, freed, event.line, note)
      findOrphans(lives, turn, event.line, note)
      if (group !== undefined) findSurvivors(lives, group, turn, event, note)
      findNamespaceDeaths(turn, event.line, note)
    },
    list(): Finding[] {
      const zombies = findZombies(lives)
      return FINDING_KINDS.flatMap((kind) => {
        if (kind === 'zombie') return zombies
        const { kept, more } = found.get(kind) as Found
        return more === 0 ? kept : [...kept, { kind, pid: 0, line: 0, text: `and ${more} more` }]
      })
    },
  }
}

function numberOf(life: Life): number {
  return life.state.pid[0] as number
}

function findZombies(lives: Lives): Finding[] {
  const aliveThreads = new Set<number>()
  for (const { state } of lives.all.values()) if (isAlive(state)) aliveThreads.add(state.tgid[0] as number)
  const zombies: Finding[] = []
  for (const life of lives.all.values()) {
    const { state, ended } = life
    if (state.state !== 'Z' || !isLeader(state) || aliveThreads.has(numberOf(life))) continue
    const parent = state.ppid === 0 ? 'its parent outside' : `its parent ${state.ppid}`
    const text = `ended by ${ended?.cause ?? 'an unknown cause'}, and ${parent} has not waited for it`
    zombies.push({ kind: 'zombie', pid: numberOf(life), line: ended?.line ?? 0, text })
  }
  return zombies.sort((a, b) => a.line - b.line)
}

function findReuse(turn: Turn, freed: Map<number, number>, line: number, note: Note): undefined {
  for (const life of turn.born) {
    const since = freed.get(numberOf(life))
    if (since === undefined) continue
    freed.delete(numberOf(life))
    const what = isLeader(life.state) ? 'process' : 'thread'
    note(
      'reuse',
      life,
      line,
      `is now the number of a new ${what}; whoever had it before was gone at line ${since}`,
    )
  }
  for (const nr of turn.freed) freed.set(nr, line)
}

function findOrphans(lives: Lives, turn: Turn, line: number, note: Note): undefined {
  for (const { life, from } of turn.adopted) {
    if (!isLeader(life.state)) continue
    const { ppid } = life.state
    const adopter = processOf(lives, ppid)
    const what = adopter !== undefined && adopter.key === adopter.namespace.initKey ? 'init' : 'subreaper'
    note(
      'orphan',
      life,
      line,
      `lost its parent ${from}, adopted by ${ppid === 0 ? 'one outside' : `${what} ${ppid}`}`,
    )
  }
}

/** A group kill that ended some of the group: who of the group lives on, and who had slipped out of it before. */
function findSurvivors(lives: Lives, group: Group, turn: Turn, event: Happening, note: Note): undefined {
  if (event.call.op !== 'kill') return
  const ended = turn.ended.filter((life) => life.group === group && isLeader(life.state)).length
  if (ended === 0) return
  const signal = signalName(event.call.sig)
  for (const life of lives.all.values()) {
    if (!isAlive(life.state) || !isLeader(life.state)) continue
    const left = life.escapes.get(group)
    if (life.group === group && life.key !== lives.top.initKey) {
      const text = `outlived ${signal} to its group ${group.nr}, which ended ${ended}${spared(life, event.call.sig)}`
      note('group-survivor', life, event.line, text)
    } else if (left !== undefined) {
      const text = `outlived ${signal} to group ${group.nr}, which ended ${ended}: it had left by setsid at line ${left}`
      note('session-escape', life, event.line, text)
      life.escapes.delete(group)
    }
  }
}

function spared({ key, namespace, state }: Life, sig: number): string {
  if (key === namespace.initKey) return ': it is the init of a namespace'
  return state.state === 'T' && sig !== SIGKILL ? ': it is stopped, the signal waits' : ''
}

/** A namespace dies with the last thread of its init, and takes along whoever is in it or deeper. */
function findNamespaceDeaths(turn: Turn, line: number, note: Note): undefined {
  const dead = new Set<Namespace>()
  for (const { namespace, state } of turn.ended) if (state.tgid.at(-1) === 1) dead.add(namespace)
  for (const namespace of dead) {
    if (namespace.parent === undefined || dead.has(namespace.parent)) continue
    const init = turn.ended.find(
      (life) => life.namespace === namespace && life.state.tgid.at(-1) === 1,
    ) as Life
    const victims = turn.ended.filter(
      (life) =>
        isLeader(life.state) &&
        isWithin(life.namespace, namespace) &&
        life.state.tgid[0] !== init.state.tgid[0],
    )
    if (victims.length === 0) continue
    const numbers = victims.map(numberOf).sort((a, b) => a - b)
    const text = `was the init of a namespace, which ended with it and took along ${numbers.join(', ')}`
    note('namespace-death', init.state.tgid[0] as number, line, text)
  }
}
