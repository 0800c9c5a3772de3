/**
 * Who is left when a log ends: those who live on, and those who ended and whose parents live and have not waited for
 * them. The init of the log's own namespace is not counted.
 */
import type { Survivor } from './group_kills.ts'
import { isAlive, isLeader, type Life, type Lives, processOf, threadsAlive, zombies } from './lives.ts'

export interface Left {
  /** In order of birth. */
  readonly processes: readonly LeftProcess[]
  /** In order of birth. */
  readonly zombies: readonly LeftZombie[]
}

export interface LeftProcess {
  /** In the log's own namespace, as all numbers here. */
  readonly pid: number
  /** `pid`, and its numbers in deeper namespaces. */
  readonly numbers: readonly number[]
  readonly command: string
  /** Who started it, who started that one, and so on, as far as the log tells; so many are remembered. */
  readonly descent: readonly Ancestor[]
  /** Where it was born, or first seen; `time` as the log prints it, '' where it does not. */
  readonly line: number
  readonly time: string
  /** 0: those of whoever started the first process. */
  readonly pgid: number
  readonly sid: number
  /** How it, or somebody it stems from, left the process group of the first process. */
  readonly left: 'setsid' | 'setpgid' | undefined
  /** The last kill of a group that it outlived, as a member or because it had left. */
  readonly outlived: OutlivedKill | undefined
}

/** Somebody in a line of descent. */
export interface Ancestor {
  readonly pid: number
  readonly command: string
}

export interface OutlivedKill {
  readonly group: number
  /** Where the kill stands. */
  readonly line: number
  readonly text: string
}

export interface LeftZombie {
  readonly pid: number
  readonly command: string
  /** Who should have waited. */
  readonly parent: Ancestor
  /** Where it ended. */
  readonly line: number
}

/** `root`: the number of the log's first process. `survived`: the kill of a group that a process has outlived. */
export function leftOf(lives: Lives, root: number, survived: (life: Life) => Survivor | undefined): Left {
  const processes: LeftProcess[] = []
  const withThreads = threadsAlive(lives)
  for (const life of lives.all.values()) {
    if (!isLeader(life.state) || life.key === lives.top.initKey) continue
    if (isAlive(life.state) || withThreads.has(numberOf(life))) {
      processes.push(describe(life, root, survived(life)))
    }
  }
  return { processes, zombies: zombies(lives).flatMap((life) => describeZombie(lives, life)) }
}

function describe(life: Life, root: number, survived: Survivor | undefined): LeftProcess {
  const { state, command, born, time } = life
  const [pgid, sid] = [state.pgid[0] ?? 0, state.sid[0] ?? 0]
  return {
    pid: numberOf(life),
    numbers: state.pid,
    command,
    descent: descentOf(life),
    line: born,
    time,
    pgid,
    sid,
    left: wayOut(pgid, sid, root),
    outlived: survived && { group: survived.group, line: survived.line, text: survived.text },
  }
}

/** Whoever stays has the numbers from outside the log, or those that the first process made its own. */
function wayOut(pgid: number, sid: number, root: number): LeftProcess['left'] {
  if (sid !== 0 && sid !== root) return 'setsid'
  return pgid !== 0 && pgid !== root ? 'setpgid' : undefined
}

function descentOf({ mother }: Life): Ancestor[] {
  const ancestors: Ancestor[] = []
  for (let at = mother; at !== undefined; at = at.mother) if (isLeader(at.state)) ancestors.push(nameOf(at))
  return ancestors
}

function describeZombie(lives: Lives, life: Life): LeftZombie[] {
  const parent = processOf(lives, life.state.ppid)
  if (parent === undefined || parent.key === lives.top.initKey) return []
  return [{ ...nameOf(life), parent: nameOf(parent), line: life.ended?.line ?? 0 }]
}

function nameOf(life: Life): Ancestor {
  return { pid: numberOf(life), command: life.command }
}

function numberOf({ state }: Life): number {
  return state.pid[0] as number
}
