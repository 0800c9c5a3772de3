/**
 * Results of strace about processes that lie outside the log or are older than it: what cannot be known is learnt, once, and has a
 * reason under which it is counted.
 */
import { isNumberTaken, moveToGroup } from '../../inside.ts'
import type { Span } from '../acts.ts'
import { processOf, type SimpleCall } from './calls.ts'
import { groupOf } from './group.ts'
import { procOf, tryCall } from './order.ts'
import { count, differ, SKIPPED, type SpanReplay } from './replay.ts'
import { type Actor, noteChange, numberOf, type Proc } from './world.ts'

export function targetOf(replay: SpanReplay, actor: Actor, call: SimpleCall): Proc | undefined {
  if (call.op !== 'getpgid' && call.op !== 'getsid') return undefined
  return call.pid === 0 ? actor.proc : procOf(replay, actor, call.pid)
}

export function isUnloggedInit({ world }: SpanReplay, { proc, task }: Actor): boolean {
  return !world.owned && proc.parent === undefined && task.state !== 'X'
}

/** Why the library cannot know what the log says, as far as it is learnt here; undefined: it should. */
export function outside(
  replay: SpanReplay,
  actor: Actor,
  span: Span,
  call: SimpleCall,
  expected: number,
  first: number,
): string | undefined {
  const { world } = replay
  const { last: line } = span
  const { proc } = actor
  if (call.op === 'getppid' && isTracer(replay, proc, expected, first)) {
    proc.foreignParent = { nr: expected, line }
    return SKIPPED.foreignProcess
  }
  if (world.owned && !(expected === 1 && first === 0)) return undefined
  if (call.op === 'getppid') {
    const unknown = first === 0 || isUnloggedInit(replay, actor)
    if (unknown && isOlderParent(replay, proc, expected)) {
      proc.foreignParent = { nr: expected, line }
      return SKIPPED.older
    }
    if (!unknown || proc.foreignParent !== undefined || isOurs(replay, expected)) return undefined
    proc.foreignParent = { nr: expected, line }
    return SKIPPED.foreignProcess
  }
  const target = targetOf(replay, actor, call)
  if (first === 0 && expected > 0 && target !== undefined && isOlderLeader(replay, target, expected)) {
    if (call.op === 'getpgid') leadGroup(replay, expected)
    else target.foreign.sid = { nr: expected, line }
    return SKIPPED.older
  }
  if (first === 0 && expected > 0 && target !== undefined && !isOurs(replay, expected)) {
    const key = call.op === 'getpgid' ? 'pgid' : 'sid'
    if (target.foreign[key] !== undefined) return undefined
    target.foreign[key] = { nr: expected, line }
    if (key === 'pgid') noteGroup(replay, expected, target, line)
    return SKIPPED.foreignProcess
  }
  if (call.op === 'kill' && call.pid < -1 && expected === 0 && replay.outer !== undefined) {
    const leader = processOf(world, -call.pid)
    if (leader?.old && !leader.dead && !replay.seen.birth) return SKIPPED.older
  }
  if (call.op === 'setpgid' && expected === 0 && isOlderLeader(replay, proc, call.pgid)) {
    leadGroup(replay, call.pgid)
    if (tryCall(replay, actor, span, call) === 0) return SKIPPED.older
  }
  const about = 'pid' in call ? Math.abs(call.pid) : 0
  const group = call.op === 'setpgid' ? call.pgid : 0
  const unknown = (nr: number): boolean => nr > 1 && !isNumberTaken(actor.task, nr)
  // It can move only itself and its children.
  if (call.op === 'setpgid' && unknown(about) && (replay.seen.birth || !proc.old)) return undefined
  const foreign = actor.task.level === world.level && (unknown(about) || unknown(group))
  if (expected < 0 || first >= 0 || !foreign) return undefined
  const moved = call.op === 'setpgid' && (call.pid === 0 ? proc : procOf(replay, actor, call.pid))
  if (moved) noteGroup(replay, group, moved, line)
  return SKIPPED.foreignProcess
}

/**
 * In a log of ftrace parent and child may both be from before the log; when the one has ended, the other gets another parent, which
 * the log does not show either.
 */
function isOlderParent(replay: SpanReplay, { old, foreignParent }: Proc, nr: number): boolean {
  if (replay.outer === undefined || !old) return false
  const parent = processOf(replay.world, nr)
  if (foreignParent === undefined) return parent?.old === true && !parent.dead
  return hasGone(replay, foreignParent.nr) && (parent === undefined || (parent.old && !parent.dead))
}

/** Whether the log has shown the end of the process of this number. */
function hasGone({ world, outer }: SpanReplay, nr: number): boolean {
  const proc = processOf(world, nr)
  if (proc === undefined) return world.departed.get(nr) !== undefined
  return proc.dead || outer?.ended.has(proc) === true
}

/** Whether the first program's parent is a tracer that is not the init of its namespace, but was started in it. */
function isTracer({ world, seen }: SpanReplay, proc: Proc, parent: number, first: number): boolean {
  if (!world.owned || proc !== seen.root || proc.foreignParent !== undefined || first !== 1) return false
  return parent > 1 && parent < numberOf(proc) && !isNumberTaken(world.top, parent)
}

/** The first program's parent, which writes the log, does not change: what another line tells of it is wrong. */
export function confirmTracer(replay: SpanReplay, actor: Actor, { last }: Span): void {
  const { world, seen } = replay
  const { proc } = actor
  if (!world.owned || proc !== seen.root || !seen.birth || proc.task === world.top) return
  const { foreignParent } = proc
  proc.foreignParent = { nr: 1, line: last }
  if (foreignParent === undefined || foreignParent.nr === 1) return
  count(replay, false)
  differ(replay, foreignParent.line, actor, 'getppid()', `${foreignParent.nr}`, `1 at line ${last}`)
}

/** Whether a process from before the log may have been the leader of the group or session that `member` is in. */
function isOlderLeader({ world, seen }: SpanReplay, member: Proc, nr: number): boolean {
  const leader = processOf(world, nr)
  if (leader === undefined || !leader.old || leader.dead || leader.numbers[0] !== nr) return false
  // The first program is the job itself, not a child of its tracer, where that has withdrawn (strace -D).
  if (seen.birth && (leader !== seen.root || leader.foreign.pgid !== undefined)) return false
  return member === leader || member.old || member.foreign === leader.foreign
}

/** It has led its group since before the log; so those who stem from it and have not left are in it. */
function leadGroup({ world }: SpanReplay, nr: number): void {
  const leader = processOf(world, nr)
  if (leader === undefined) return
  const { init } = world.kernel
  const from = groupOf(leader)
  leader.task.setpgid(0, 0)
  const to = groupOf(leader)
  for (const proc of world.procs.values()) {
    if (proc === leader || proc.dead || proc.foreign !== leader.foreign || groupOf(proc) !== from) continue
    if (moveToGroup(init, proc.task, to)) noteChange(world, proc)
  }
  noteChange(world, leader)
}

const GROUPS = 1024

function noteGroup({ groups }: SpanReplay, nr: number, member: Proc, line: number): void {
  if (groups.size < GROUPS) groups.set(nr, { line, member, own: groupOf(member) })
}

function isOurs({ world }: SpanReplay, nr: number): boolean {
  return nr > 1 && isNumberTaken(world.top, nr)
}
