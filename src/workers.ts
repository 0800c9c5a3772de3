/**
 * The workers that use a kernel together: how one is known to the others, and what they do when it ends.
 *
 * A worker that has ended leaves: a lock, which whoever waits for it takes over (sync/raw_spinlock.ts); tasks, which are
 * killed; waits, whose references are given back; callbacks and work items, which run here. All but the first is done by
 * whoever makes the next call ({@link bury}), and every worker looks now and then whether others live ({@link watch}).
 */
import { platform } from '#platform'
import { EAGAIN } from './abi/errno.ts'
import { KernelError } from './errors.ts'
import { load, rawStore, type Words } from './lib/atomic.ts'
import { locked, lockedSoon } from './locked.ts'
import * as L from './mm/layout.ts'
import {
  addWorker,
  findWorker,
  forEachWorker,
  forgetWorkers,
  isEnded,
  makesCalls,
  markDone,
  markEnded,
  ownWorker,
  threadOf,
  workerNr,
} from './mm/worker.ts'
import type { Realm } from './realm.ts'
import { markWaits, nameWaits } from './realm.ts'
import { hearDue, ring, stopHearingDue } from './ring.ts'
import { lockHolder } from './sync/raw_spinlock.ts'
import { rcuLength, rcuRunCallbacks, rcuRunSoon } from './sync/rcu.ts'
import { runWorkqueue } from './sync/workqueue.ts'
import { dropDriversOf, dropHandlersOf, killTasksOf, putWaitsOf, unmarkWaiting } from './task/bury.ts'
import { isDue, noteCall } from './task/due.ts'
import { schedule } from './task/run.ts'

/** How often each worker looks whether the others live. */
const WATCH_MS = 100

/** From now on others may use the kernel too. Throws EAGAIN: as many do as may. Context: once for a realm. */
export function share(realm: Realm, syscall: string): void {
  const { table } = realm
  const thread = platform.thread()
  if (!addWorker(table, thread, (other) => platform.hasEnded(other))) throw new KernelError(EAGAIN, syscall)
  realm.isShared = true
  locked(realm, () => {
    nameKernel(realm)
    nameWaits(realm)
    noteFrames(realm)
    hearDue(realm)
  })
  if (thread.id === 0) holdName(realm)
  watch(realm)
}

/** Where threads have no names, and only there. */
function holdName(realm: Realm): void {
  const w = realm.table.words
  const nr = workerNr(realm.table)
  const own = findWorker(w, nr)
  realm.letNameGo = platform.holdName(nameOf(w, nr), () => {
    if (!realm.disposed) rawStore(w, own + L.WORKER_HOLDS, 1)
  })
}

/** What worker `nr` of this kernel, and nobody else, holds. */
function nameOf(words: Words, nr: number): string {
  return `pidns ${words[L.H_NAME]} ${words[L.H_NAME + 1]} ${nr}`
}

function nameKernel(realm: Realm): void {
  const w = realm.table.words
  if (w[L.H_NAME] !== 0) return
  w[L.H_NAME] = Math.floor(Math.random() * 0x7fffffff) + 1
  w[L.H_NAME + 1] = Math.floor(Math.random() * 0x7fffffff)
}

/** What was on a stack here is in the table, where others see it. */
function noteFrames(realm: Realm): void {
  // Where memory is exhausted some are not called: that is all that can be done for a task that has stopped.
  for (const [ref, frames] of realm.frames) for (const { sig } of frames) noteCall(realm.table, ref, sig)
  realm.frames.clear()
}

/** This worker uses the kernel no more; what it made and claimed lives on. Context: tasklistLock. */
export function leaveKernel(realm: Realm): void {
  const { table } = realm
  const own = ownWorker(table)
  if (own === 0) return
  realm.stopWatching()
  dropHandlersOf(table, workerNr(table))
  dropDriversOf(table, workerNr(table), false)
  schedule(table)
  stopHearingDue(realm)
  markDone(table.words, own, workerNr(table))
  realm.letNameGo()
}

/** Somebody tells that a worker has ended, and has proof. */
export function tellEnded(realm: Realm, nr: number): void {
  const at = findWorker(realm.table.words, nr)
  if (at === 0 || nr === workerNr(realm.table)) return
  markEnded(realm.table.words, at, nr)
  locked(realm, () => {})
}

/** Do other threads use the kernel? Those too that have ended, until what they leave is in order. */
export function hasOthers(realm: Realm): boolean {
  const w = realm.table.words
  const own = platform.thread()
  let others = 0
  forEachWorker(w, (at, nr) => {
    const thread = threadOf(w, at)
    const isOwn = own.id !== 0 && thread.id === own.id && thread.started === own.started
    if (nr === workerNr(realm.table) || isOwn || !makesCalls(w, at)) return
    others += 1
    if (!isEnded(w, at) && thread.id !== 0 && platform.hasEnded(thread) === true) markEnded(w, at, nr)
  })
  return others > 0
}

/**
 * Puts in order what workers left that have ended, as a call of its own: whatever becomes of the one that comes to it.
 * Context: tasklistLock has just been taken.
 */
export function bury(realm: Realm): void {
  const { table } = realm
  const w = table.words
  // Not undone with the rest: should this worker end over it, its own end is told.
  rawStore(w, L.H_DEATHS, 0)
  const dead: number[] = []
  forEachWorker(w, (at, nr) => {
    if (!isEnded(w, at)) return
    dead.push(at)
    if (w[at + L.WORKER_LISTENS] !== 0) w[L.H_LISTENERS] -= 1
    w[at + L.WORKER_LISTENS] = 0
    putWaitsOf(table, nr)
    if (makesCalls(w, at)) killTasksOf(table, nr)
    dropDriversOf(table, nr, true)
    dropHandlersOf(table, nr)
  })
  unmarkWaiting(table)
  markWaits(realm)
  schedule(table)
  runWorkqueue(table)
  if (table.rcuNesting === 0) rcuRunSoon(table)
  forgetWorkers(table, dead)
  // Whoever else waits marks its tasks again.
  ring(realm)
}

/** The timer holds the realm no longer than others do. */
function watch(realm: Realm): void {
  const weak = new WeakRef(realm)
  realm.stopWatching = platform.every(WATCH_MS, () => {
    const seen = weak.deref()
    if (seen === undefined) return
    lookForDead(seen)
    lookForStalls(seen)
  })
}

/** A reader that has no part in calls runs no callbacks when it is done, and may be in the way of the last ones. */
function lookForStalls(realm: Realm): void {
  const { table } = realm
  if (rcuLength(table) === 0 || realm.calls > 0 || realm.calling) return
  callSoon(realm, () => {
    if (table.rcuNesting === 0) rcuRunCallbacks(table)
  })
}

function lookForDead(realm: Realm): void {
  const w = realm.table.words
  const named: number[] = []
  let dead = 0
  forEachWorker(w, (at, nr) => {
    if (nr === workerNr(realm.table)) return
    const thread = threadOf(w, at)
    if (!isEnded(w, at) && thread.id !== 0 && platform.hasEnded(thread) === true) markEnded(w, at, nr)
    if (isEnded(w, at)) dead += 1
    else if (load(w, at + L.WORKER_HOLDS) === 1) named.push(at)
  })
  // It is woken when something is due, unless its surroundings cannot.
  if (dead > 0 || isDue(realm.table)) callSoon(realm)
  if (named.length === 0) return
  // One at a time, in turn: the others look too. And the one for whom all wait.
  realm.looks += 1
  const next = named[realm.looks % named.length] as number
  askName(realm, next)
  const holder = findWorker(w, lockHolder(realm.table))
  if (holder !== next && named.includes(holder)) askName(realm, holder)
}

/** Asks whether the worker still has its name, and if not, knows that it has ended. */
function askName(realm: Realm, at: number): void {
  const w = realm.table.words
  const nr = load(w, at + L.WORKER_NR)
  void platform.isNameFree(nameOf(w, nr)).then((isFree) => {
    if (!isFree || realm.disposed || load(w, at + L.WORKER_NR) !== nr) return
    markEnded(w, at, nr)
    callSoon(realm)
  })
}

/** A call, at whose beginning what the dead leave is put in order, and at whose end what is due runs. */
export function callSoon(realm: Realm, run: () => void = () => {}): void {
  if (realm.calling) return
  realm.calling = true
  const done = (): void => {
    realm.calling = false
    hearDue(realm)
  }
  void lockedSoon(realm, run).then(done, done)
}
