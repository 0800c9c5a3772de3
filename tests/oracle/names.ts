/** Numbers: who has which in which namespace, which is given out next, when one is free again. */
import { E } from './linux.ts'
import { wake } from './queue.ts'
import type { Name, Namespace, Process, Thread, World } from './world.ts'

/** The namespace that contains `ns` at `level`. */
export function nsAt(ns: Namespace, level: number): Namespace {
  let up = ns
  while (up.level > level) up = up.parent as Namespace
  return up
}

export function isBelowOrSame(ns: Namespace, ancestor: Namespace): boolean {
  return ns.level >= ancestor.level && nsAt(ns, ancestor.level) === ancestor
}

/** The number of a name as a namespace sees it; 0 where it does not. */
export function numberIn(name: Name, ns: Namespace): number {
  return isBelowOrSame(name.ns, ns) ? (name.numbers[ns.level] as number) : 0
}

export function find(ns: Namespace, nr: number): Name | undefined {
  return ns.taken.get(nr)
}

/** Whether the thread can name the other one: it is in the other's namespace or below it. */
export function shares(observer: Thread, other: Thread): boolean {
  return isBelowOrSame(observer.name.ns, other.name.ns)
}

export function pidMaxOf(w: World, ns: Namespace): number {
  return w.rules.old ? w.rootNs.pidMax : ns.pidMax
}

/**
 * A new name in `ns` and all above it, the innermost number first. `asked`: numbers asked for, innermost first.
 * Returns a negative errno when one cannot be had; the numbers passed over stay so.
 */
export function takeName(w: World, ns: Namespace, asked: readonly number[]): Name | number {
  if (asked.length > ns.level + 1) return -E.INVAL
  const numbers: number[] = []
  for (let level = ns.level; level >= 0; level--) {
    const wanted = asked[ns.level - level]
    const nr = wanted === undefined ? nextNumber(w, nsAt(ns, level)) : askedNumber(w, nsAt(ns, level), wanted)
    if (nr < 0) return failed(w, ns, nr)
    numbers.unshift(nr)
  }
  if (!ns.open) return failed(w, ns, -E.NOMEM)
  const name: Name = { ns, numbers, thread: undefined, group: [], session: [] }
  for (let level = 0; level <= ns.level; level++) nsAt(ns, level).taken.set(numbers[level] as number, name)
  return name
}

/** A namespace begins anew as long as nothing is in it: else it would never get an init. */
function failed(w: World, ns: Namespace, error: number): number {
  if (ns.open && ns.taken.size === 0) ns.last = w.rules.old ? 0 : -1
  return error
}

function askedNumber(w: World, ns: Namespace, nr: number): number {
  if (nr < 1 || nr >= pidMaxOf(w, ns)) return -E.INVAL
  if (nr !== 1 && ns.reaper === undefined) return -E.INVAL
  return ns.taken.has(nr) ? -E.EXIST : nr
}

function nextNumber(w: World, ns: Namespace): number {
  const candidates = w.rules.old ? seedsOrder(w, ns) : todaysOrder(w, ns)
  for (const nr of candidates) {
    if (ns.taken.has(nr)) continue
    ns.last = nr
    return nr
  }
  return -E.AGAIN
}

/** From the one after the last up to pid_max, then once more from the floor: 300, or 1 if the last was below that. */
function* todaysOrder(w: World, ns: Namespace): Generator<number> {
  const floor = ns.last + 1 > w.rules.reservedPids ? w.rules.reservedPids : 1
  for (let nr = Math.max(ns.last + 1, floor); nr < ns.pidMax; nr++) yield nr
  for (let nr = floor; nr < ns.pidMax; nr++) yield nr
}

/** The bitmap's: always on from 300, and not at all if the last one was 300 itself. */
function* seedsOrder(w: World, ns: Namespace): Generator<number> {
  const { reservedPids } = w.rules
  const pidMax = pidMaxOf(w, ns)
  const first = ns.last + 1 < pidMax ? ns.last + 1 : reservedPids
  for (let nr = first; nr < pidMax; nr++) yield nr
  if (ns.last === reservedPids) return
  for (let nr = reservedPids; nr < pidMax; nr++) yield nr
}

/** Frees the name's numbers if nobody uses it any more; an init that waits for that is woken. */
export function freeIfUnused(w: World, name: Name): void {
  if (name.thread !== undefined || name.group.length > 0 || name.session.length > 0) return
  for (let level = 0; level <= name.ns.level; level++) {
    const ns = nsAt(name.ns, level)
    ns.taken.delete(name.numbers[level] as number)
    if (!ns.open && (ns.taken.size === 1 || ns.taken.size === 2) && ns.reaper !== undefined) {
      wake(w, ns.reaper, ['idle', 'children', 'numbers', 'threads', 'leader'])
    }
  }
}

export function joinGroup(process: Process, group: Name): void {
  process.group = group
  group.group.unshift(process)
}

export function joinSession(process: Process, session: Name): void {
  process.session = session
  session.session.unshift(process)
}

/** Leaves its group; the name is not freed yet. */
export function leaveGroup(process: Process): Name {
  const { group } = process
  group.group = group.group.filter((other) => other !== process)
  return group
}

export function leaveSession(process: Process): Name {
  const { session } = process
  session.session = session.session.filter((other) => other !== process)
  return session
}

/** Namespaces below the root's that somebody still refers to. */
export function countNamespaces(w: World): number {
  const seen = new Set<Namespace>()
  const note = (ns: Namespace | undefined): void => {
    for (let up = ns; up?.parent !== undefined; up = up.parent) seen.add(up)
  }
  for (const process of w.processes) {
    note(process.group.ns)
    note(process.session.ns)
    for (const thread of process.threads) {
      note(thread.name.ns)
      note(thread.childNs)
    }
  }
  for (const pidfd of w.pidfds) if (pidfd.open) note(pidfd.name.ns)
  for (const file of w.nsFiles) if (file.open) note(file.ns)
  return seen.size
}
