/**
 * The state of a replay of a log of real programs: what is shared by the rules for each kind of act.
 */
import { errnoName } from '../../abi/index.ts'
import type { Span, SpanCall } from '../acts.ts'
import type { Differences } from '../differences.ts'
import type { Findings } from '../findings/findings.ts'
import type { Killed } from '../findings/lives.ts'
import type { NumberMap } from '../number_map.ts'
import type { Difference } from '../report.ts'
import type { Ahead } from './ahead.ts'
import type { Elders } from './elders.ts'
import type { Flights } from './flights.ts'
import type { Outer } from './outer.ts'
import { type Actor, type Proc, takeChanges, type World } from './world.ts'

/** How many steps towards a number are tried. */
export const STEPS = 64

export interface SpanReplay {
  readonly world: World
  readonly differences: Differences
  readonly findings: Findings
  readonly counts: SpanCounts
  /** The present act's time. */
  readonly now: { time: string }
  /** Where the log is one of ftrace. */
  readonly outer: Outer | undefined
  /** What is held back until it is known whose it is; undefined: nothing ever is. */
  readonly ahead: Ahead | undefined
  /** What is known of tasks from before the log; undefined: nothing is. */
  readonly elders: Elders | undefined
  readonly flights: Flights
  /** What the log has shown of itself. */
  readonly seen: Seen
  /** Numbers learnt to be taken by others, each with the line where. */
  readonly foreign: Map<number, number>
  /** Groups outside the log, by number: in which line a member told it, and the group that the library has it in. */
  readonly groups: Map<number, { readonly line: number; readonly member: Proc; readonly own: number }>
  /** Limits learnt where numbers had been given that nobody saw: one step backward more may show them lower. */
  readonly guessed: Set<number>
  /** Creations whose callers ended before they returned: there may be a child. */
  readonly lost: Lost[]
  /** Numbers that a failed creation may have used up. */
  uncertain: number
  /** Walk the kernel's invariants now and then. */
  readonly check: boolean
  unchecked: number
}

export interface SpanCounts {
  events: number
  checked: number
  matched: number
  reordered: number
  skipped: Record<string, number>
}

export interface Seen {
  /** Signals whose arrival the log has shown. */
  readonly signals: Set<number>
  /** Signals that stop whoever takes them. */
  stops: boolean
  /** Calls of exit or exit_group. */
  exits: boolean
  /** The latest keys whose ends the log has shown, and the lines. */
  readonly gone: NumberMap<number>
  /** `+++ exited` lines: with -qq strace tells only the ends of those that were killed. */
  exitsEnd: boolean
  /** `+++` lines. Without them an end is known from exit_group or a wait. */
  ends: boolean
  /** rt_sigaction lines. Without them nobody knows who ignores SIGCHLD. */
  dispositions: boolean
  /** setpgid or setsid lines. */
  groups: boolean
  /** unshare or setns lines. */
  namespaces: boolean
  /** wait4 or waitid lines. */
  waits: boolean
  /** SIGCHLD told of another end than the first: those differences, and how many. undefined: it does so in this log. */
  unordered: { readonly noted: Difference[]; wrong: number } | undefined
  /** Children that have become zombies. */
  unwaited: number
  /** That all of them were left unwaited for is taken for a log without its waits. */
  readonly mustWait: boolean
  /** The log began with a program's start: nobody whom it shows is older. */
  birth: boolean
  /** The line of the end of the first process; 0: not yet. */
  rootGone: number
  /** The first line of the latest execve. */
  program: number
  root: Proc | undefined
}

/** A creation that nobody saw the result of. */
export interface Lost {
  readonly span: Span
  readonly proc: Proc
  /** The caller's parent, as long as it is known. */
  readonly parent: Proc | undefined
}

/** A result that the log tells has been compared. */
export function count({ counts }: SpanReplay, equal: boolean, reordered = false): void {
  counts.checked++
  if (equal) counts.matched++
  if (equal && reordered) counts.reordered++
}

/** A result that cannot be compared: its cause lies outside the log. */
export function skip({ counts }: SpanReplay, reason: string): void {
  counts.skipped[reason] = (counts.skipped[reason] ?? 0) + 1
}

/** One of them turns out to be comparable after all. */
export function unskip({ counts }: SpanReplay, reason: string): void {
  const left = (counts.skipped[reason] ?? 0) - 1
  if (left > 0) counts.skipped[reason] = left
  else delete counts.skipped[reason]
}

export const SKIPPED = {
  foreignNumber: 'numbers taken outside the log',
  foreignProcess: 'processes outside the log',
  older: 'processes from before the log',
  limit: 'limits that the log does not show',
  privilege: 'privileges that the log does not show',
  disposition: 'ignored signals that the log does not show',
  sender: 'senders outside the log',
  namespace: 'namespaces that the log does not show',
  memory: 'results in memory that the log does not show',
  traced: 'children of others, which the caller traces',
  foreignNamespace: 'namespaces that the log does not name',
  groups: 'groups that the log does not show',
  chosen: 'numbers that a caller may have chosen',
  killed: 'results of calls that SIGKILL ended',
  pidfd: 'a pidfd whose process the log does not name',
} as const

export function differ(
  replay: SpanReplay,
  line: number,
  actor: Actor | undefined,
  what: string,
  expected: string,
  actual: string,
): void {
  const who = actor === undefined ? '' : ` by ${nameOf(actor)}`
  const keys = actor === undefined ? [] : [actor.key]
  replay.differences.note(
    line,
    { what: `${what}${who}`, expected, actual },
    { keys, numbers: numbersIn(expected, actual) },
  )
}

/**
 * The log has a process as the child of another one than the library has: the number in front of the call that made it may be
 * wrong. Told once.
 */
export function blameBirth(replay: SpanReplay, child: Proc | undefined, parent: string): void {
  if (child === undefined || child.made === 0 || child.parent === undefined) return
  differ(
    replay,
    child.made,
    undefined,
    `the parent of pid ${child.numbers[0]}`,
    `${child.parent.numbers[0]}`,
    parent,
  )
  child.made = 0
}

/** A process is not in the group that the log has it in: the call that put it there may be wrong. */
export function blameMove(replay: SpanReplay, { moved, numbers }: Proc): void {
  if (moved !== undefined)
    differ(replay, moved.line, undefined, `the group of pid ${numbers[0]}`, 'the one it has later', 'another')
}

/** Numbers worth looking back for: 0 and 1 are everywhere. */
function numbersIn(...texts: readonly string[]): number[] {
  return texts.map(Number).filter((nr) => nr > 1)
}

/** `pid 5 (sleep 60)`. */
export function nameOf({ key, proc }: Actor): string {
  return `pid ${key}${proc.command === '' ? '' : ` (${proc.command})`}`
}

export function resultText(value: number | string): string {
  if (typeof value === 'string') return value
  return value < 0 ? `-1 ${errnoName(-value)}` : `${value}`
}

/** Tells the findings what has changed through this call. */
export function tell(
  { world, findings, now }: SpanReplay,
  line: number,
  by: number,
  call: SpanCall | Killed,
): void {
  findings.observe({ line, time: now.time, by, call, changed: takeChanges(world) })
}
