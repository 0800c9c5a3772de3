/**
 * Exit signals in a log of ftrace without the calls that make tasks: task_newtask does not tell them, nor does clone3(2). They are taken for
 * SIGCHLD until a notice, a wait with __WCLONE or one without any children shows that they are not.
 */
import { __WALL, __WCLONE, CLONE_CHILD_SETTID, CLONE_VFORK, SIGCHLD } from '../../abi/index.ts'
import { setExitSignal } from '../../inside.ts'
import type { SpanCall } from '../acts.ts'
import { childrenOf } from './kin.ts'
import type { Outer } from './outer.ts'
import type { Proc } from './world.ts'

type Wait = Extract<SpanCall, { op: 'wait4' | 'waitid' }>

/** A new process. `signal` < 0: taken for. */
export function noteExitSignal(outer: Outer, proc: Proc, signal: number, flags: number): void {
  // fork(2) of a C library, and posix_spawn.
  if (signal < 0 && (flags & (CLONE_CHILD_SETTID | CLONE_VFORK)) === 0) outer.unsure.add(proc)
}

/** Its parent has been told of its end by this signal. */
export function learnExitSignal(outer: Outer, proc: Proc, signal: number): void {
  if (signal !== SIGCHLD && isUnsure(outer, proc)) setExitSignal(proc.task, signal)
  outer.unsure.delete(proc)
}

/** Whoever executes a program has SIGCHLD from then on. */
export function forgetExitSignal(outer: Outer, proc: Proc): void {
  outer.unsure.delete(proc)
}

/** A wait for children whose exit signal is not SIGCHLD has found this one. */
export function learnByWait(outer: Outer, proc: Proc, { options }: Wait): void {
  if ((options & __WCLONE) !== 0 && (options & __WALL) === 0 && isUnsure(outer, proc)) learn(outer, proc)
}

/** A wait for others has found no children. True: those that are there may be such. */
export function learnByNone(
  outer: Outer,
  proc: Proc,
  { options }: Wait,
  means: (it: Proc) => boolean,
): boolean {
  if ((options & (__WCLONE | __WALL)) !== 0) return false
  const children = childrenOf(proc).filter(means)
  if (children.length === 0 || !children.every((it) => isUnsure(outer, it))) return false
  for (const child of children) learn(outer, child)
  return true
}

function learn(outer: Outer, proc: Proc): void {
  setExitSignal(proc.task, 0)
  outer.unsure.delete(proc)
}

/** Whoever adopts is told by SIGCHLD. */
function isUnsure(outer: Outer, proc: Proc): boolean {
  return outer.unsure.has(proc) && proc.formerParent === undefined && proc.task.state !== 'X'
}
