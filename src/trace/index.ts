/**
 * Replaying what a real kernel did: `import { replayLog } from 'pidns/trace'`. Bytes in, a report out; the same code
 * serves the command line, the page and tests.
 */
export type { TrailStep } from './differences.ts'
export type { TaskState } from './event.ts'
export type { Ancestor, Left, LeftProcess, LeftZombie, OutlivedKill } from './findings/left.ts'
export { type TreeNode, type TreeRow, treeRows } from './findings/tree.ts'
export { type LogOptions, type LogResult, replayLog } from './log.ts'
export type { ReplayOptions } from './replay.ts'
export {
  type Difference,
  FINDING_KINDS,
  type FileReport,
  type Finding,
  type FindingKind,
  type Report,
  sumUp,
} from './report.ts'
export { TraceError } from './trace_error.ts'
