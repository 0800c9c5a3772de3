/** What a run has left behind, as data: the object that `pidns run --json` prints. */
import type { Ancestor, Left, LeftProcess, LogResult, OutlivedKill } from '../trace/index.ts'
import type { Fate, Present } from './outlived.ts'

export interface RunReport {
  readonly command: readonly string[]
  /** How the command ended: one of the two is null. */
  readonly status: number | null
  readonly signal: string | null
  readonly seconds: number
  readonly outlived: readonly Outlived[]
  readonly zombies: readonly Zombie[]
  /** Numbers of those in `outlived` that a kill of their group has missed. */
  readonly escaped: readonly number[]
  /** Processes that there were, the command among them. */
  readonly processes: number
  /** Lines of the log, results in it that were checked, and those that were equal. */
  readonly lines: number
  readonly checked: number
  readonly matched: number
  /** Why the log could not be followed to its end; null: it could. */
  readonly trouble: string | null
}

export interface Outlived {
  readonly pid: number
  /** `pid`, and what it is in namespaces inside the command's. */
  readonly numbers: readonly number[]
  readonly command: string
  /** Who started it, who started that one, and so on up to the command. */
  readonly descent: readonly Ancestor[]
  /** When it was born, ISO 8601; null: not known. */
  readonly since: string | null
  /** Its process group and session; 0: those of the command. */
  readonly pgid: number
  readonly sid: number
  /** How it left the command's process group. */
  readonly left: 'setsid' | 'setpgid' | null
  /** The kill of a group that missed it. */
  readonly escaped: OutlivedKill | null
  /** What --kill did to it; null without --kill. */
  readonly ended: Fate | null
}

export interface Zombie {
  readonly pid: number
  readonly command: string
  /** Who has not waited for it. */
  readonly parent: Ancestor
  /** Of the log, where it ended. */
  readonly line: number
}

/** Of those that the log leaves behind, the ones that are there; and who is there though the log has not told of it. */
export function outlivedOf(left: Left, { running }: Present): Outlived[] {
  const known = left.processes.filter(({ pid }) => running.has(pid))
  const told = new Set(known.map(({ pid }) => pid))
  const untold = [...running].filter(([pid]) => !told.has(pid))
  return [
    ...known.map((one) => outlived(one, running.get(one.pid) as string)),
    ...untold.map(([pid, command]) => unknown(pid, command)),
  ]
}

function outlived(
  { pid, numbers, command, descent, time, pgid, sid, left, outlived: kill }: LeftProcess,
  shown: string,
): Outlived {
  return {
    pid,
    numbers,
    command: command === '' ? shown : command,
    descent,
    since: isoTime(time),
    pgid,
    sid,
    left: left ?? null,
    escaped: kill ?? null,
    ended: null,
  }
}

function unknown(pid: number, command: string): Outlived {
  const none = { descent: [], since: null, pgid: 0, sid: 0, left: null, escaped: null, ended: null }
  return { pid, numbers: [pid], command, ...none }
}

/** `time` as strace -ttt prints it: seconds since 1970. */
function isoTime(time: string): string | null {
  const date = new Date(Number(time) * 1000)
  return time === '' || Number.isNaN(date.getTime()) ? null : date.toISOString()
}

/** Those of the log's zombies that are there. */
export function zombiesOf(left: Left, { zombies }: Present): Zombie[] {
  return left.zombies.filter(({ pid, parent }) => zombies.get(pid) === parent.pid)
}

/** The figures of the log; without a result, all are 0. */
export function figures(result: LogResult | undefined): {
  processes: number
  lines: number
  checked: number
  matched: number
} {
  const { processes = 0, lines = 0, checked = 0, matched = 0 } = result?.report ?? {}
  return { processes, lines, checked, matched }
}
