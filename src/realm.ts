/**
 * What the facade's classes share: the table, the Task objects made for it in this realm, and the waits that have not
 * ended. Everything here can be made anew from the table; nothing of it is part of an image.
 */
import { EAGAIN, EDEADLK, ESRCH } from './abi/errno.ts'
import { WNOHANG } from './abi/wait.ts'
import type { SignalHandler, TaskDriver } from './driver.ts'
import { KernelError, show } from './errors.ts'
import { load, SHARED, waitOn } from './lib/atomic.ts'
import { locked, unlockedWhile } from './locked.ts'
import type { PidfdRef, PidRef, TaskRef } from './mm/layout.ts'
import * as L from './mm/layout.ts'
import { kmemCacheFree, slabOwns, slotGeneration, slotLive } from './mm/slab.ts'
import { type SlotMap, slotMapGet, slotMapSet } from './mm/slot_map.ts'
import { workerNr } from './mm/worker.ts'
import type { Task } from './process.ts'
import { listen, listenOn, ring, stopListening } from './ring.ts'
import { type IrqFlags, localIrqRestore, localIrqSave } from './sync/cpu.ts'
import { nameWait } from './task/bury.ts'
import { schedule, syscallEnter, syscallReturn } from './task/run.ts'
import { TASK_IDLE, taskState } from './task/sched.ts'
import type { TaskTable } from './task/table.ts'
import { hasFlag, PF_EXITING } from './task/task.ts'
import { doWait, putWaitOpts, setWaiting, type WaitOpts } from './task/wait.ts'

/** A wait that goes on: what it waits for, and how it ends. */
interface PendingWait {
  readonly wo: WaitOpts
  /** Of the record of the task that waits: in the shared build another worker may see to its end. */
  readonly generation: number
  readonly syscall: string
  /** Tells other workers of the reference in `wo`; 0: there are none, or no reference. */
  file: PidfdRef
  settle(result: number): void
}

/** A signal that a task has taken, and the function that handles it. */
export interface Frame {
  readonly sig: number
  readonly handler: SignalHandler
}

/** A poll of a pidfd that goes on. */
export interface PendingPoll {
  settle(error?: KernelError): void
}

export interface Realm {
  table: TaskTable
  /** The Task object of each task that this realm has seen and that still has its numbers. */
  readonly tasks: SlotMap<Task>
  readonly waits: Map<TaskRef, PendingWait[]>
  /** Who waits for the end of what a pidfd stands for. */
  readonly polls: Map<PidRef, PendingPoll[]>
  /** What stands behind tasks: until this worker has been told that the task is gone, its record stays. */
  readonly drivers: Map<TaskRef, TaskDriver>
  /** The functions that signals call, by what the table knows them by (task/sighand.ts). */
  readonly functions: Map<number, SignalHandler>
  lastFunction: number
  /** When they are so many, those that no process may call any more are looked for. */
  mostFunctions: number
  /** Handlers of signals that a task has taken, but has not gone on since. In a shared kernel the table has them. */
  readonly frames: Map<TaskRef, Frame[]>
  disposed: boolean
  /** Calls under way, one inside the other, and whether interrupts were on before the outermost (locked.ts). */
  calls: number
  irq: IrqFlags
  /** Other workers may use the table too. */
  isShared: boolean
  /** Ends the timer that looks for other workers' ends (workers.ts). */
  stopWatching(): void
  /** Do other threads use the kernel? (workers.ts) */
  hasOthers(): boolean
  /** How often it has looked, and whether a call is under way that is made for others' sake. */
  looks: number
  calling: boolean
  /** Gives back the name by which others tell that this worker lives (workers.ts). */
  letNameGo(): void
  /** Set while waits are under way that other workers may end (ring.ts). */
  stopListening: (() => void) | undefined
  hearing: boolean
  lookAgain(): void
  /** Others' calls may leave something for this worker's handlers and drivers, and wake it: it calls soon (ring.ts). */
  hearingDue: boolean
  callSoon(): void
  /** Runs it. Context: tasklistLock, the call is about to end. */
  runDue(): void
  /** Puts in order what workers left that have ended (workers.ts). */
  bury(): void
  stayAlive(): () => void
  /** Makes the Task object of a record. */
  newTask(ref: TaskRef): Task
}

/** The Task object of a record: one per task and realm. */
export function taskOf(realm: Realm, ref: TaskRef): Task {
  let task = slotMapGet(realm.tasks, ref)
  if (
    task === undefined ||
    (SHARED !== 0 && task.handle !== handleOf(ref, slotGeneration(realm.table, ref)))
  ) {
    task = realm.newTask(ref)
    slotMapSet(realm.tasks, ref, task)
  }
  return task
}

const HANDLE_SLOTS = 2 ** 28
const HANDLE_GENERATIONS = 2 ** 24

/** Slot and generation as one safe integer: never the same for two records of a table (until 2^24 reuses of a slot). */
export function handleOf(ref: number, generation: number): number {
  return (generation % HANDLE_GENERATIONS) * HANDLE_SLOTS + ref
}

/** The record of this slab that a handle names, if it is still in use; else 0. */
export function refOfHandle(realm: Realm, handle: unknown, slab: number): number {
  if (typeof handle !== 'number') throw new TypeError(`"handle" expected a number, got ${show(handle)}`)
  if (!Number.isSafeInteger(handle) || handle <= 0) return 0
  const ref = handle % HANDLE_SLOTS
  const known = slabOwns(realm.table, slab, ref) && slotLive(realm.table, ref)
  return known && handleOf(ref, slotGeneration(realm.table, ref)) === handle ? ref : 0
}

/** A call by `ref` begins. Interrupts are masked until {@link leave}: no user code runs inside a call. */
export function enter(realm: Realm, ref: TaskRef): IrqFlags {
  const flags = localIrqSave(realm.table)
  syscallEnter(realm.table, ref)
  return flags
}

/**
 * The call is done: the caller takes its signals, then everybody whom it woke runs, then interrupts.
 * Returns `ret`, or undefined when the caller died or stopped before it could see it. Throws KernelError for a
 * negative `ret`.
 */
export function leave(
  realm: Realm,
  ref: TaskRef,
  flags: IrqFlags,
  ret: number,
  syscall: string,
): number | undefined {
  const returned = syscallReturn(realm.table, ref)
  schedule(realm.table)
  localIrqRestore(realm.table, flags)
  if (!returned) return undefined
  if (ret < 0) throw new KernelError(ret, syscall)
  return ret
}

/**
 * A wait, once its arguments are read: looks now, and if nothing has happened waits for it.
 * Resolves with `wo`, or null for WNOHANG with nothing; rejects with KernelError or the signal's reason.
 */
export function waitLater(
  realm: Realm,
  ref: TaskRef,
  wo: WaitOpts,
  syscall: string,
  signal: AbortSignalLike | undefined,
): Promise<WaitOpts | null> {
  const found = waitNow(realm, ref, wo, syscall)
  if (found !== undefined) return Promise.resolve(found)
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      locked(realm, () => forget(realm, ref, wait))
      reject(signal?.reason)
    }
    const wait: PendingWait = {
      wo,
      generation: slotGeneration(realm.table, ref),
      syscall,
      file: nameOf(realm, wo),
      settle: (result) => {
        signal?.removeEventListener('abort', abort)
        if (result < 0) reject(new KernelError(result, syscall))
        else resolve(wo)
      },
    }
    addWait(realm, ref, wait)
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/**
 * A wait in this turn: looks now, and if nothing has happened blocks this worker until a call of another one ends it; meanwhile
 * handlers of this worker run. Returns `wo`, or null for WNOHANG with nothing.
 * Throws KernelError: -ECHILD; EDEADLK: no other worker uses the kernel (any more), or this thread must not block.
 */
export function waitSync(realm: Realm, ref: TaskRef, wo: WaitOpts, syscall: string): WaitOpts | null {
  const found = waitNow(realm, ref, wo, syscall)
  if (found !== undefined) return found
  if (SHARED === 0 || !realm.isShared || realm.calls !== 1) {
    putWaitOpts(realm.table, wo)
    throw new KernelError(EDEADLK, syscall)
  }
  const ret = waitBlocked(realm, ref, wo, syscall)
  if (ret < 0) throw new KernelError(ret, syscall)
  return wo
}

/** A blocked worker looks at the others so often. */
const BLOCKED_MS = 100

/** Sleeps until the wait has ended, and returns how. */
function waitBlocked(realm: Realm, ref: TaskRef, wo: WaitOpts, syscall: string): number {
  const w = realm.table.words
  let ret = 0
  const wait: PendingWait = {
    wo,
    generation: slotGeneration(realm.table, ref),
    syscall,
    file: nameOf(realm, wo),
    settle: (result) => {
      ret = result
    },
  }
  addWait(realm, ref, wait)
  while (ret === 0) {
    const seen = load(w, L.H_RING)
    // A handler that runs when the lock is given back may end it.
    const slept = realm.hasOthers()
      ? unlockedWhile(realm, () => (ret === 0 ? waitOn(w, L.H_RING, seen, BLOCKED_MS) : 'ok'))
      : 'never'
    if (ret === 0) lookAgain(realm)
    if (ret !== 0 || slept !== 'never') continue
    forget(realm, ref, wait)
    ret = -EDEADLK
  }
  return ret
}

function addWait(realm: Realm, ref: TaskRef, wait: PendingWait): void {
  if (SHARED !== 0 && isGone(realm, ref)) abortWaits(realm, ref)
  const waits = realm.waits.get(ref)
  if (waits === undefined) realm.waits.set(ref, [wait])
  else waits.push(wait)
  setWaiting(realm.table, ref, true)
  listen(realm)
}

/** The run queue hands back a task that waits: its waits look again, in the order in which they began. */
export function resumeWaits(realm: Realm, ref: TaskRef): void {
  const waits = realm.waits.get(ref)
  if (waits === undefined) return
  for (const wait of [...waits]) {
    const ret = doWait(realm.table, ref, wait.wo)
    if (ret === 0) continue
    forget(realm, ref, wait)
    wait.settle(ret)
  }
}

/** The task begins to exit: its waits end with ESRCH. */
export function abortWaits(realm: Realm, ref: TaskRef): void {
  for (const wait of realm.waits.get(ref) ?? []) {
    putWait(realm, wait)
    wait.settle(-ESRCH)
  }
  realm.waits.delete(ref)
  listenWhileWaiting(realm)
}

/** Other workers may have ended what is waited for here, or the task that waits: looks at it all. Context: tasklistLock. */
export function lookAgain(realm: Realm): void {
  const { table } = realm
  for (const ref of [...realm.waits.keys()]) {
    if (isGone(realm, ref)) abortWaits(realm, ref)
    else if (taskState(table, ref) === TASK_IDLE) resumeWaits(realm, ref)
    if (realm.waits.has(ref)) setWaiting(table, ref, true)
  }
  for (const pid of [...realm.polls.keys()]) table.hooks.notifyPidfd(pid)
  schedule(table)
  listenWhileWaiting(realm)
  listenOn(realm)
}

/** Nothing is waited for any more, perhaps. Context: tasklistLock. */
export function listenWhileWaiting(realm: Realm): void {
  if (realm.waits.size === 0 && realm.polls.size === 0) stopListening(realm)
}

/** Has the task ended whose waits are kept under `ref`? */
function isGone(realm: Realm, ref: TaskRef): boolean {
  const wait = realm.waits.get(ref)?.[0]
  if (wait === undefined) return false
  return wait.generation !== slotGeneration(realm.table, ref) || hasFlag(realm.table, ref, PF_EXITING)
}

/** The `struct pid` that each pending wait holds a reference to, but those that the table tells of. */
export function waitingFor(realm: Realm): PidRef[] {
  return allWaits(realm).flatMap(({ wo, file }) => (wo.pid === 0 || file !== 0 ? [] : [wo.pid]))
}

/** The kernel is to be shared: the table tells of the waits that go on. Context: tasklistLock. */
export function nameWaits(realm: Realm): void {
  for (const wait of allWaits(realm)) if (wait.file === 0) wait.file = nameOf(realm, wait.wo)
}

/** Marks the tasks for which somebody waits here. Context: tasklistLock. */
export function markWaits(realm: Realm): void {
  for (const ref of realm.waits.keys()) if (!isGone(realm, ref)) setWaiting(realm.table, ref, true)
}

function allWaits(realm: Realm): PendingWait[] {
  return [...realm.waits.values()].flat()
}

function nameOf(realm: Realm, wo: WaitOpts): PidfdRef {
  const alone = SHARED === 0 || !realm.isShared || wo.pid === 0
  return alone ? NO_FILE : nameWait(realm.table, wo.pid, workerNr(realm.table))
}

const NO_FILE = 0 as PidfdRef

function putWait(realm: Realm, wait: PendingWait): void {
  putWaitOpts(realm.table, wait.wo)
  if (wait.file !== 0) kmemCacheFree(realm.table, L.SLAB_PIDFD, wait.file)
  wait.file = NO_FILE
}

/** undefined: children are there, nothing has happened, and the caller would wait. */
function waitNow(realm: Realm, ref: TaskRef, wo: WaitOpts, syscall: string): WaitOpts | null | undefined {
  const flags = enter(realm, ref)
  const ret = doWait(realm.table, ref, wo)
  const goesOn = ret === 0 && (wo.flags & WNOHANG) === 0
  if (goesOn && !wo.nonblock) {
    leave(realm, ref, flags, 0, syscall)
    return undefined
  }
  putWaitOpts(realm.table, wo)
  const seen = leave(realm, ref, flags, goesOn ? -EAGAIN : ret, syscall)
  return seen === undefined || seen === 0 ? null : wo
}

function forget(realm: Realm, ref: TaskRef, wait: PendingWait): void {
  const rest = (realm.waits.get(ref) ?? []).filter((other) => other !== wait)
  putWait(realm, wait)
  if (rest.length > 0) {
    realm.waits.set(ref, rest)
    return
  }
  realm.waits.delete(ref)
  setWaiting(realm.table, ref, false)
  // Another worker's waits for this task's children mark it again.
  ring(realm)
  listenWhileWaiting(realm)
}

/** What of the platforms' AbortSignal is used here. */
export interface AbortSignalLike {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}
