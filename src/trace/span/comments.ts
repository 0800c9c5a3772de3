/** Comments of strace: the number of a task in its caller's namespace, and the same one's in the tracer's. */
import { findTask } from '../../inside.ts'
import type { CommentsAct } from '../acts.ts'
import { count, differ, type SpanReplay } from './replay.ts'
import { type Actor, procLedBy } from './world.ts'

/** Compares what stands in comments with the keys of the tasks, as far as it is known whose the numbers were. */
export function compareComments(replay: SpanReplay, actor: Actor, { line, pairs }: CommentsAct): void {
  for (const [nr, outer] of pairs) {
    const key = keyOf(replay, actor, Math.abs(nr), line)
    if (key === outer || (key === 0 && !isAnother(replay, actor, nr, outer, line))) continue
    count(replay, false)
    differ(
      replay,
      line,
      actor,
      `pid ${Math.abs(nr)}, as the tracer sees it`,
      `${outer}`,
      key === 0 ? 'another number' : `${key}`,
    )
  }
}

/** The key of the task whose number that is; 0: not known, or it may have been another's in that line. */
function keyOf({ world }: SpanReplay, { task }: Actor, nr: number, line: number): number {
  const found = task.state === 'X' || nr === 0 ? undefined : findTask(task, nr)
  const proc = found === undefined ? undefined : procLedBy(world, found.leader)
  if (proc === undefined || proc.born >= line) return 0
  // One that nobody is seen to wait for may be gone, and the number another's.
  if (found === proc.task) return proc.dead && proc.parent === undefined ? 0 : proc.key
  for (const { task: own, key } of proc.actors) if (own === found) return key
  return 0
}

/** Nobody has that number; whether the one that the comment tells has another one there. */
function isAnother({ world }: SpanReplay, { task }: Actor, nr: number, outer: number, line: number): boolean {
  const told = world.actors.get(outer)
  if (nr <= 0 || told === undefined || task.state === 'X' || findTask(task, nr) !== undefined) return false
  if (told.proc.dead || told.proc.born >= line) return false
  const own = task.tidOf(told.task)
  return own !== 0 && own !== nr
}
