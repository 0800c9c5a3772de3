/** Sending signals: what they do at once, which are dropped, who is to take the others. */
import { CHLD, CONT, DUMPS, HARMLESS, isAbsolute, KILL, STOPS } from './linux.ts'
import { shares } from './names.ts'
import { wake } from './queue.ts'
import type { Process, Rest, Thread, World } from './world.ts'
import { othersFrom } from './world.ts'

/** `forced`: it comes from the kernel, or from an ancestor namespace. */
export interface Manner {
  readonly to: 'group' | 'thread'
  readonly forced: boolean
}

/** As kill(2) from `sender` would reach `thread`. */
export function mannerOf(sender: Thread, thread: Thread, to: Manner['to']): Manner {
  return { to, forced: !shares(sender, thread) }
}

/** Sends a valid signal other than 0. */
export function send(w: World, sig: number, thread: Thread, manner: Manner): void {
  const { process } = thread
  if (process.dying !== undefined) return
  if (STOPS.has(sig)) forget(process, [CONT])
  if (sig === CONT) {
    forget(process, [...STOPS])
    goOnAgain(w, process)
  }
  if (isDropped(w, process, sig, manner.forced)) return
  const pending = manner.to === 'group' ? process.pending : thread.pending
  if (sig < 32 && pending.has(sig)) return
  pending.add(sig)
  const taker = chooseTaker(thread, sig, manner.to)
  if (taker === undefined) return
  if (isFatal(process, sig) && !DUMPS.has(sig)) beginDeath(w, process, sig)
  else alert(w, taker, sig === KILL)
}

/** Drops what is pending of these signals, for the group and for each thread. */
export function forget(process: Process, signals: readonly number[]): void {
  for (const sig of signals) {
    process.pending.delete(sig)
    for (const thread of process.threads) thread.pending.delete(sig)
  }
}

/** Makes a thread look at its signals; a fatal one ends a stop, too, and a wait in execve. */
export function alert(w: World, thread: Thread, fatal: boolean): void {
  const rests: Rest[] = ['idle', 'children', 'numbers']
  if (fatal) rests.push('stopped', 'threads', 'leader')
  thread.alerted = true
  wake(w, thread, rests)
}

/** The whole group is to end with this wait status: every thread is killed. */
export function beginDeath(w: World, process: Process, status: number): void {
  markDying(process, status)
  for (const thread of process.threads) kill(w, thread)
}

/** Notes that the group ends; stops and continuations no longer count. */
export function markDying(process: Process, status: number): void {
  process.dying = status
  process.stopped = false
  process.continued = false
  process.untold = false
  process.unkillable = false
  process.stopsAwaited.clear()
}

/** Kills all other threads of its process, from the one after it on; returns how many there are, dead ones included. */
export function killOthers(w: World, thread: Thread): number {
  const others = othersFrom(thread)
  thread.process.stopsAwaited.clear()
  for (const other of others) if (!other.zombie) kill(w, other)
  return others.length
}

/** A child's status has changed: wakes whoever of its parent's threads waits for children. */
export function wakeParent(w: World, parent: Process): void {
  for (const thread of parent.threads) wake(w, thread, ['children'])
}

/**
 * Tells a process's parent that it has ended. Returns true when nobody will wait for it, so that it is to vanish at
 * once: the parent ignores SIGCHLD or has set SA_NOCLDWAIT.
 */
export function tellParent(w: World, process: Process): boolean {
  const { parent } = process
  if (parent === undefined) return false
  const to = parent.process
  const sig = process.parentExecs === to.execs ? process.exitSignal : CHLD
  const ignores = to.ignored.has(CHLD)
  if (sig !== 0 && !(sig === CHLD && ignores)) send(w, sig, parent, { to: 'group', forced: false })
  wakeParent(w, to)
  return sig === CHLD && (ignores || (to.childFlags & 2) !== 0)
}

function kill(w: World, thread: Thread): void {
  thread.pending.add(KILL)
  alert(w, thread, true)
}

/** SIGCONT: ends a stop, complete or not. */
function goOnAgain(w: World, process: Process): void {
  const stopping = process.stopped || process.stopsAwaited.size > 0
  process.stopsAwaited.clear()
  for (const thread of process.threads) wake(w, thread, ['stopped'])
  if (!stopping) return
  process.stopped = false
  process.stopSignal = 0
  process.continued = true
  process.untold = true
}

function isDropped(w: World, process: Process, sig: number, forced: boolean): boolean {
  if (process === w.init && isAbsolute(sig)) return true
  if (process.ignored.has(sig)) return true
  if (process.unkillable && !(forced && isAbsolute(sig))) return true
  return HARMLESS.has(sig)
}

function isFatal(process: Process, sig: number): boolean {
  return !HARMLESS.has(sig) && !STOPS.has(sig) && !process.ignored.has(sig)
}

/** The thread itself; for a group, else the next that will, from the one that took one last. */
function chooseTaker(thread: Thread, sig: number, to: Manner['to']): Thread | undefined {
  if (willTake(thread, sig)) return thread
  if (to === 'thread') return undefined
  const { process } = thread
  const taker = [process.target, ...othersFrom(process.target)].find((other) => willTake(other, sig))
  if (taker !== undefined) process.target = taker
  return taker
}

function willTake(thread: Thread, sig: number): boolean {
  if (thread.exiting) return false
  if (sig === KILL) return true
  if (thread.rest === 'stopped') return false
  return thread.rest === 'running' || !thread.alerted
}
