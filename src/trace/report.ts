/**
 * What a replay found, as data: the object that `pidns replay --json` prints.
 *
 * A *result* is one thing that the log tells and the library must reproduce. In a recording each step is two: what came
 * of its call (value, errno, status, siginfo, death or stop of the caller), and the picture after it (the state of every
 * task that the log knows, no task that it does not know, no broken invariant of the table). The end line is one more.
 * `checked` counts results, `matched` those that are equal; one result may have several differences.
 */

export interface Report {
  readonly files: readonly FileReport[]
  readonly checked: number
  readonly matched: number
  readonly seconds: number
  readonly eventsPerSecond: number
}

export interface FileReport {
  readonly path: string
  readonly format: string
  readonly lines: number
  readonly events: number
  readonly checked: number
  readonly matched: number
  /** Equal after the order of results was changed where the log leaves it open. */
  readonly reordered: number
  /** How many results could not be checked because their cause lies outside the log, by reason. */
  readonly skipped: Readonly<Record<string, number>>
  /** The first ones; `checked - matched` results differ in all. */
  readonly differences: readonly Difference[]
  /** How many processes there were, the first one among them. */
  readonly processes: number
  readonly findings: readonly Finding[]
}

export interface Difference {
  readonly line: number
  readonly what: string
  readonly expected: string
  readonly actual: string
}

export type FindingKind = (typeof FINDING_KINDS)[number]

export const FINDING_KINDS = [
  'zombie',
  'orphan',
  'group-survivor',
  'session-escape',
  'reuse',
  'namespace-death',
  'unreaped-injected',
] as const

export interface Finding {
  readonly kind: FindingKind
  /** Process number in the log's own namespace. */
  readonly pid: number
  /** Where it came about. */
  readonly line: number
  readonly text: string
  /** As the log prints it. */
  readonly time?: string
  /** Its number per namespace, from the log's own inwards, where it has several. */
  readonly nspid?: readonly number[]
  /** The program and its arguments. */
  readonly command?: string
  /** Who made it: number and command, from the outermost. */
  readonly descent?: readonly string[]
}

/** Sums up the files of one run. */
export function sumUp(files: readonly FileReport[], seconds: number): Report {
  const sum = (field: 'checked' | 'matched' | 'events'): number =>
    files.reduce((n, file) => n + file[field], 0)
  const eventsPerSecond = seconds > 0 ? Math.round(sum('events') / seconds) : 0
  return { files, checked: sum('checked'), matched: sum('matched'), seconds, eventsPerSecond }
}
