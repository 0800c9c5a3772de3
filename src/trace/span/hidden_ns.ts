/**
 * Namespaces that come about by calls that the filter of strace left out, as its group `process` leaves out unshare and
 * setns: the first that is heard of one is a number that its init has, or gives.
 *
 * Only in a log that has shown neither call, of a process that has done nothing yet that hangs on its number.
 */
import { __WALL, CLONE_NEWPID } from '../../abi/index.ts'
import type { Task } from '../../index.ts'
import { groupMembers, moveToGroup, numberAt, numbersFrom } from '../../inside.ts'
import { SKIPPED, type SpanReplay, skip } from './replay.ts'
import { type Actor, noteChange } from './world.ts'

/** The process is the init of a namespace of its own: makes it be born anew, as that. False: it cannot be. */
export function learnNamespace(replay: SpanReplay, actor: Actor): boolean {
  const { world, seen } = replay
  const { proc, task } = actor
  const parent = task.parent
  if (!world.origin.bare || seen.namespaces || parent?.state !== 'S' || proc.parent === undefined)
    return false
  if (proc === seen.root || proc.task !== task || proc.actors.length !== 1 || proc.eldest !== undefined)
    return false
  if (task.state !== 'S' || parent.level !== task.level || isJoined(task)) return false
  const init = bearAgain(world.kernel.init, parent, task, proc.numbers)
  actor.task = proc.task = init
  proc.numbers = numbersFrom(init, 'tgid', world.level)
  world.tasks.set(actor.id, init)
  if (init.level > world.deepest) world.deepest = init.level
  noteChange(world, proc)
  skip(replay, SKIPPED.namespace)
  return true
}

/** Others are in the group that it leads: its number stays taken. */
function isJoined(task: Task): boolean {
  return task.getpgid() === task.pid && groupMembers(task, 0).length > 1
}

/** A child in the place of `task`, under its numbers, in its group and session, that is the init of a new namespace. */
function bearAgain(viewer: Task, parent: Task, task: Task, numbers: readonly number[]): Task {
  const nr = parent.pidOf(task)
  const group = numberAt(task, 'pgid', 0)
  const leads = { session: task.getsid() === nr, group: task.getpgid() === nr }
  const { comm } = task
  task.exit()
  if (task.state !== 'X') parent.waitpidSync(nr, __WALL)
  const init = parent.clone({ flags: CLONE_NEWPID, setTid: [1, ...numbers.toReversed()] })
  init.comm = comm
  if (leads.session) init.setsid()
  else if (leads.group) init.setpgid(0, 0)
  else if (numberAt(init, 'pgid', 0) !== group) moveToGroup(viewer, init, group)
  return init
}
