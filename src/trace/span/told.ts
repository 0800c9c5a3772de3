/**
 * SIGCHLD: only one waits at a time, so the first end since the last one was taken is the one that is told.
 *
 * A tracer lets the parent know of an end when it writes `+++`, so the order of these lines is that in which parents are told.
 */
import type { Departed, Proc } from './actor.ts'

/** The last thread of a process is gone. */
export function noteEndTold(proc: Proc): void {
  const { parent } = proc
  if (parent === undefined || parent.notified === 0 || parent.firstEnd !== undefined) return
  if (proc.quiet || proc.formerParent !== undefined || !proc.zombie) return
  parent.firstEnd = {
    nr: proc.task.parent?.pidOf(proc.task) ?? 0,
    told: proc.told,
    gone: proc.gone,
    waited: 0,
  }
}

/** Nobody handles SIGCHLD from now on: one that waits is dropped. */
export function dropNotice(proc: Proc): void {
  proc.firstEnd = undefined
}

/**
 * A SIGCHLD is taken, which may be about the end of a child. In words why that cannot be; undefined: it can.
 * Threads may take two of them in one order, and be seen to in the other.
 */
export function takeNotice(proc: Proc, line: number, about?: Proc | Departed): string | undefined {
  const { firstEnd, notified } = proc
  proc.notified = line
  proc.firstEnd = undefined
  if (about === undefined || proc.actors.length > 1) return undefined
  // It had ended when that one was taken.
  const past = !('formerParent' in about) && about.line > 0 && about.line < notified
  if (past) return `it was waited for at line ${about.line}, and SIGCHLD taken at line ${notified}`
  const adopted = 'formerParent' in about && about.formerParent !== undefined
  if (firstEnd === undefined || adopted || firstEnd.told.line > 0) return undefined
  if (about.gone === 0 || firstEnd.gone >= about.gone) return undefined
  // sigtimedwait(2) and signalfds take signals, too, and no line tells of it.
  if (firstEnd.waited > 0 && firstEnd.waited < about.gone) return undefined
  firstEnd.told.line = line
  return `${firstEnd.nr} has ended before, and was not told`
}
