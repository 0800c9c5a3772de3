/** How threads and processes end: reparenting, zombies, the end of a namespace. */
import { CHLD, E, KILL, W } from './linux.ts'
import { shares } from './names.ts'
import { lostLink } from './orphans.ts'
import { wake } from './queue.ts'
import { release } from './release.ts'
import { alert, killOthers, markDying, send, tellParent } from './send.ts'
import { leaveStop, tellParentOfStop } from './stop.ts'
import { lookForChild } from './wait.ts'
import type { Namespace, Process, Rest, Thread, World } from './world.ts'
import { aliveThread, othersFrom } from './world.ts'

/** The whole process ends with this wait status, unless its end has begun with another one. */
export function* endGroup(w: World, thread: Thread, status: number): Generator<Rest, void> {
  const { process } = thread
  let own = status
  if (process.dying !== undefined) own = process.dying
  else if (process.execing !== undefined) own = 0
  else {
    killOthers(w, thread)
    markDying(process, status)
  }
  yield* endThread(w, thread, own)
}

/** One thread ends; the last one ends the process. */
export function* endThread(w: World, thread: Thread, status: number): Generator<Rest, void> {
  const { process } = thread
  const last = process.threads.every((other) => other === thread || other.exiting)
  if (last && process.dying === undefined && !w.rules.old) markDying(process, status)
  handOverSignals(w, thread)
  thread.exitCode = status
  thread.childNs = undefined
  const reaper = yield* reaperOf(w, thread)
  const dead: Thread[] = []
  giveAwayChildren(w, thread, reaper, dead)
  if (last) lostLink(w, process, process.parent?.process, true)
  thread.zombie = true
  thread.rest = 'dead'
  const alone = process.threads.length === 1
  if (thread !== process.leader || (alone && tellParent(w, process))) dead.unshift(thread)
  if (process.execing !== undefined && process.execAwaits < 0) {
    wake(w, process.execing, ['idle', 'children', 'numbers', 'threads', 'leader'])
  }
  for (const other of dead) release(w, other)
}

/** From now on the thread takes no signals: what is pending for the group is for the others. */
function handOverSignals(w: World, thread: Thread): void {
  const { process } = thread
  thread.exiting = true
  if (process.threads.length === 1 || process.dying !== undefined || !thread.alerted) return
  const next = othersFrom(thread).find((other) => !other.exiting)
  if (process.pending.size > 0 && next !== undefined && !next.alerted) alert(w, next, false)
  if (leaveStop(thread)) tellParentOfStop(w, process)
}

/** Who adopts in the thread's namespace. If that was the thread itself, and it has no other, the namespace ends. */
function* reaperOf(w: World, thread: Thread): Generator<Rest, Thread> {
  const { ns } = thread.name
  if (ns.reaper !== thread) return ns.reaper as Thread
  const other = aliveThread(thread.process)
  if (other !== undefined) {
    ns.reaper = other
    return other
  }
  yield* endNamespace(w, thread, ns)
  return thread
}

/** Kills everything in the namespace, waits for the own children, then for everything else to be gone. */
function* endNamespace(w: World, thread: Thread, ns: Namespace): Generator<Rest, void> {
  ns.open = false
  thread.process.ignored.add(CHLD)
  const numbers = [...ns.taken.keys()].sort((a, b) => a - b)
  for (const nr of numbers) {
    const other = ns.taken.get(nr)?.thread
    if (nr === 1 || other === undefined || other.pending.has(KILL)) continue
    send(w, KILL, other, { to: 'group', forced: true })
  }
  for (;;) {
    const found = lookForChild(w, thread, { who: 'any', options: W.EXITED | W.ALL })
    if (found === -E.CHILD) break
    if (found === 0) yield 'children'
  }
  // Its leader, a zombie beside it, still has number 1.
  const own = thread === thread.process.leader ? 1 : 2
  while (ns.taken.size !== own) yield 'numbers'
}

/** All children of a thread go to another thread of its process, else to a subreaper, else to the namespace's reaper. */
function giveAwayChildren(w: World, father: Thread, reaper: Thread, dead: Thread[]): void {
  if (father.children.length === 0) return
  const to = newParent(father, reaper)
  for (const child of father.children) {
    child.parent = to
    for (const thread of child.threads) {
      if (thread.deathSignal !== 0) {
        send(w, thread.deathSignal, thread, { to: 'group', forced: !shares(father, thread) })
      }
    }
    if (to.process !== father.process) changeFamily(w, father, child, dead)
  }
  to.children.push(...father.children)
  father.children = []
}

function newParent(father: Thread, reaper: Thread): Thread {
  const sibling = aliveThread(father.process)
  if (sibling !== undefined) return sibling
  if (!father.process.belowSubreaper) return reaper
  const { level } = father.name.ns
  for (let up = father.process.parent; up?.name.ns.level === level; up = up.process.parent) {
    const alive = up.process.subreaper ? aliveThread(up.process) : undefined
    if (alive !== undefined) return alive
  }
  return reaper
}

/** A child has come to another process. */
function changeFamily(w: World, father: Thread, child: Process, dead: Thread[]): void {
  const { leader } = child
  if (dead.includes(leader)) return
  child.exitSignal = CHLD
  if (leader.zombie && child.threads.length === 1 && tellParent(w, child)) dead.unshift(leader)
  lostLink(w, child, father.process, false)
}
