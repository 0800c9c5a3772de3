/** What a replay is asked, and what it answers, whichever kind of log it is of. */
import type { TrailStep } from './differences.ts'
import type { Left } from './findings/left.ts'
import type { TreeNode } from './findings/tree.ts'
import type { Difference, Finding } from './report.ts'

export interface ReplayOptions {
  /** Walk the kernel's invariants after each event. On unless it is set to false. */
  readonly check?: boolean
  /** How the kernel finds a number ({@link BootOptions.lookup}). Default: 'hash'. */
  readonly lookup?: 'hash' | 'idr'
  /** After so many events the kernel is saved, and the replay goes on with one restored from the image. Default: never. */
  readonly restoreEvery?: number
  /** Of a log of real programs: kernel.pid_max of its namespace, where it is not the usual one. */
  readonly pidMax?: number | undefined
  /** Of a strace log: false, if its programs really never wait. Else a log without waits is refused: it lacks them. */
  readonly waits?: boolean
}

export interface ReplayResult {
  readonly events: number
  readonly checked: number
  readonly matched: number
  readonly reordered: number
  readonly skipped: Readonly<Record<string, number>>
  readonly differences: readonly Difference[]
  /** What led to the first difference. */
  readonly trail: readonly TrailStep[]
  readonly processes: number
  readonly findings: readonly Finding[]
  readonly tree: TreeNode | undefined
  /** Of a log of real programs: who is left at its end. */
  readonly left?: Left
}
