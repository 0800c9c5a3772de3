/**
 * Drivers and signal handlers: what of the surroundings stands behind a task. Both are called as interrupts: after the
 * call that caused it has returned, never inside one, and what they throw is reported, not passed on.
 *
 * Where several workers use the kernel the call may be another worker's: what is to be called or told is then left in the
 * table (task/due.ts), and the worker that has the function or the driver takes it at the end of its next call.
 */
import { EBUSY, ENOMEM, EPERM } from './abi/errno.ts'
import { int32, KernelError, show } from './errors.ts'
import { locked, lockedSoon } from './locked.ts'
import type { TaskRef } from './mm/layout.ts'
import * as L from './mm/layout.ts'
import { slotGeneration } from './mm/slab.ts'
import { workerNr } from './mm/worker.ts'
import { taskPid } from './pid/task_link.ts'
import type { Task } from './process.ts'
import { enter, type Frame, leave, type Realm, taskOf } from './realm.ts'
import { hearDue } from './ring.ts'
import { localIrqRestore, localIrqSave, raiseIrq } from './sync/cpu.ts'
import {
  driverWorker,
  dropDriver,
  noteCall,
  noteTell,
  rouseHandlers,
  setDriver,
  takeDue,
} from './task/due.ts'
import { doGroupExit, releaseExit } from './task/exit.ts'
import { schedule } from './task/run.ts'
import { doSigaction, SIG_CATCH } from './task/sigaction.ts'
import { functionsOf, handlerFunction, handlerWorker } from './task/sighand.ts'
import * as T from './task/task.ts'
import type { TaskView } from './task_view.ts'

/** A function that a signal calls, in the worker that gave it: with the signal, and the task that took it. */
export type SignalHandler = (sig: number, task: Task) => void

/** Something real behind a task: a worker, a child process, a machine. */
export interface TaskDriver {
  /**
   * The table has ended, stopped (SIGSTOP) or continued (SIGCONT) the task; now do it to the real thing. The signal
   * is the one that ended it, SIGKILL where none did: the task's own exit, or the end of its namespace.
   */
  kill(signal: number): void
  /** Signals that the driver takes instead of their default: they do nothing in the table, and `deliver` is called. */
  readonly catches?: readonly number[]
  /** A signal of {@link TaskDriver.catches} has arrived. */
  deliver?(signal: number): void
  /**
   * A task that ends stays in its exit, no zombie yet, its number taken, until {@link DriverControl.exited} is
   * called; the end of a namespace waits for it. Default: false.
   */
  readonly holdExit?: boolean
  /** The driver is attached, and may report from now on. */
  attached?(control: DriverControl): void
}

/** How a driver reports. */
export interface DriverControl {
  readonly task: Task
  /**
   * The real thing has ended, with an exit code or by a signal: the task exits so, or, if the table has ended it
   * already, its exit goes on. A second report, and one for a task that is gone, does nothing.
   */
  exited(code: number | null, signal?: number | null): void
}

/** Attaches `driver` to a live task. */
export function attachDriver(realm: Realm, ref: TaskRef, task: TaskView, driver: TaskDriver): DriverControl {
  const { table } = realm
  const w = table.words
  const generation = slotGeneration(table, ref)
  if (driver.catches !== undefined && !Array.isArray(driver.catches)) {
    throw new TypeError(`"catches" expected an array, got ${show(driver.catches)}`)
  }
  for (const sig of driver.catches ?? []) int32('catches', sig)
  const worker = driverWorker(table, ref)
  if (worker !== 0 && worker !== workerNr(table)) throw new KernelError(EBUSY, 'attachDriver')
  const error = setDriver(table, ref)
  if (error < 0) throw new KernelError(error, 'attachDriver')
  for (const sig of driver.catches ?? []) {
    const refused = setHandler(realm, ref, sig, (taken) => driver.deliver?.(taken), 0)
    // Only the first may need memory.
    if (refused === -ENOMEM) undoAttach(realm, ref, worker)
  }
  w[ref + L.TASK_FLAGS] &= ~T.PF_HOLD_EXIT
  if (driver.holdExit === true) w[ref + L.TASK_FLAGS] |= T.PF_HOLD_EXIT
  realm.drivers.set(ref, driver)
  hearDue(realm)
  const report = (status: number): void => {
    const current = realm.drivers.get(ref) === driver && slotGeneration(table, ref) === generation
    if (!realm.disposed && current && taskPid(table, ref) !== 0) realThingEnded(realm, ref, status)
  }
  const control: DriverControl = {
    task: task as Task,
    exited: (code, signal = null) => {
      const status = signal === null ? (int32('code', code ?? 0) & 0xff) << 8 : int32('signal', signal) & 0x7f
      if (realm.disposed) return
      if (!realm.isShared) locked(realm, () => report(status))
      // Who reports is an event, which nobody makes again.
      else void lockedSoon(realm, () => report(status)).catch((error) => table.report(error))
    },
  }
  if (realm.isShared) raiseIrq(table, () => driver.attached?.(control))
  else driver.attached?.(control)
  return control
}

function undoAttach(realm: Realm, ref: TaskRef, before: number): never {
  if (before === 0) dropDriver(realm.table, ref)
  throw new KernelError(-ENOMEM, 'attachDriver')
}

/** The table ended, stopped or continued a task with a driver. Called from the run queue. */
export function tellDriver(realm: Realm, ref: TaskRef, sig: number): void {
  const driver = realm.isShared ? undefined : realm.drivers.get(ref)
  if (realm.isShared) noteTell(realm.table, ref, sig)
  else if (driver !== undefined) raiseIrq(realm.table, () => driver.kill(sig))
}

/**
 * A signal with a handler was taken: as on Linux a frame for it is laid on the task's stack. A task that dies before it
 * goes on never calls it. Called from the run queue.
 */
export function deliverSignal(realm: Realm, ref: TaskRef, sig: number): boolean {
  const { table } = realm
  const signal = T.signalOf(table, ref)
  if (handlerWorker(table, signal, sig) === 0) return true
  if (realm.isShared) return noteCall(table, ref, sig)
  const handler = realm.functions.get(handlerFunction(table, signal, sig))
  if (handler === undefined) return true
  const frames = realm.frames.get(ref)
  if (frames === undefined) realm.frames.set(ref, [{ sig, handler }])
  else frames.push({ sig, handler })
  return true
}

/** The task goes on: what lies on top of its stack is called first. Called from the run queue. */
export function runHandlers(realm: Realm, ref: TaskRef): void {
  if (realm.isShared) rouseHandlers(realm.table, ref)
  const frames = realm.frames.size === 0 ? undefined : realm.frames.get(ref)
  if (frames === undefined) return
  realm.frames.delete(ref)
  for (const frame of frames.reverse()) callHandler(realm, ref, frame)
}

function callHandler(realm: Realm, ref: TaskRef, { sig, handler }: Frame): void {
  const task = taskOf(realm, ref)
  raiseIrq(realm.table, () => handler(sig, task))
}

/** What calls have left for this worker's handlers and drivers. Context: tasklistLock; all that runs, runs after the call. */
export function runDue(realm: Realm): void {
  takeDue(realm.table, {
    call: (ref, sig, fn) => {
      const handler = realm.functions.get(fn)
      if (handler !== undefined) callHandler(realm, ref, { sig, handler })
    },
    tell: (ref, sig) => {
      const driver = realm.drivers.get(ref)
      if (driver !== undefined) raiseIrq(realm.table, () => driver.kill(sig))
    },
    forget: (ref) => void realm.drivers.delete(ref),
  })
  hearDue(realm)
}

/** The signal calls a function in the task's process. Returns 0, or as doSigaction. */
export function setHandler(
  realm: Realm,
  ref: TaskRef,
  sig: number,
  handler: SignalHandler,
  flags: number,
): number {
  forgetFunctions(realm)
  const fn = realm.lastFunction + 1
  const ret = doSigaction(realm.table, ref, sig, SIG_CATCH, flags, fn)
  if (ret < 0) return ret
  realm.lastFunction = fn
  realm.functions.set(fn, handler)
  hearDue(realm)
  return ret
}

const FEW_FUNCTIONS = 64

/** Functions that no process may call any more are forgotten when they may be half of all. */
function forgetFunctions(realm: Realm): void {
  if (realm.functions.size < realm.mostFunctions) return
  const inUse = functionsOf(realm.table, workerNr(realm.table))
  for (const fn of realm.functions.keys()) if (!inUse.has(fn)) realm.functions.delete(fn)
  realm.mostFunctions = Math.max(FEW_FUNCTIONS, 2 * realm.functions.size)
}

/** The task loses its numbers: nothing stands behind it any more. In a shared kernel its driver's worker sees to that. */
export function forgetDriver(realm: Realm, ref: TaskRef): void {
  if (realm.isShared) return
  if (realm.drivers.delete(ref)) dropDriver(realm.table, ref)
  if (realm.frames.size > 0) realm.frames.delete(ref)
}

function realThingEnded(realm: Realm, ref: TaskRef, status: number): void {
  const { table } = realm
  realm.drivers.delete(ref)
  const holdsExit = T.hasFlag(table, ref, T.PF_EXITING)
  dropDriver(table, ref)
  if (holdsExit) {
    const irq = localIrqSave(table)
    releaseExit(table, ref)
    schedule(table)
    localIrqRestore(table, irq)
    return
  }
  if (T.isGlobalInit(table, ref)) throw new KernelError(EPERM, 'exit_group')
  const irq = enter(realm, ref)
  doGroupExit(table, ref, status)
  leave(realm, ref, irq, 0, 'exit_group')
}
