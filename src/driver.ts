/**
 * Drivers and signal handlers: what of the surroundings stands behind a task. Both are called as interrupts: after the
 * call that caused it has returned, never inside one, and what they throw is reported, not passed on.
 */
import { EPERM } from './abi/errno.ts'
import { int32, KernelError, show } from './errors.ts'
import { locked } from './locked.ts'
import type { SignalRef, TaskRef } from './mm/layout.ts'
import * as L from './mm/layout.ts'
import { slotGeneration } from './mm/slab.ts'
import type { Task } from './process.ts'
import { enter, leave, type Realm, taskOf } from './realm.ts'
import { localIrqRestore, localIrqSave, raiseIrq } from './sync/cpu.ts'
import { doGroupExit, releaseExit } from './task/exit.ts'
import { schedule } from './task/run.ts'
import { doSigaction, SIG_CATCH } from './task/sigaction.ts'
import * as T from './task/task.ts'
import type { TaskView } from './task_view.ts'

/** A function that a signal calls: with the signal, and the task that took it. */
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
  const w = realm.table.words
  const generation = slotGeneration(realm.table, ref)
  if (driver.catches !== undefined && !Array.isArray(driver.catches)) {
    throw new TypeError(`"catches" expected an array, got ${show(driver.catches)}`)
  }
  for (const sig of driver.catches ?? []) int32('catches', sig)
  w[ref + L.TASK_FLAGS] |= T.PF_DRIVEN
  w[ref + L.TASK_FLAGS] &= ~T.PF_HOLD_EXIT
  if (driver.holdExit === true) w[ref + L.TASK_FLAGS] |= T.PF_HOLD_EXIT
  realm.drivers.set(ref, driver)
  for (const sig of driver.catches ?? []) {
    if (doSigaction(realm.table, ref, sig, SIG_CATCH, 0) === 0) {
      setHandler(realm, ref, sig, (taken) => driver.deliver?.(taken))
    }
  }
  const control: DriverControl = {
    task: task as Task,
    exited: (code, signal = null) => {
      const status = signal === null ? (int32('code', code ?? 0) & 0xff) << 8 : int32('signal', signal) & 0x7f
      const current = realm.drivers.get(ref) === driver && slotGeneration(realm.table, ref) === generation
      if (!realm.disposed && current) locked(realm, () => realThingEnded(realm, ref, status))
    },
  }
  driver.attached?.(control)
  return control
}

/** The table ended, stopped or continued a task with a driver. Called from the run queue. */
export function tellDriver(realm: Realm, ref: TaskRef, sig: number): void {
  const driver = realm.drivers.get(ref)
  if (driver !== undefined) raiseIrq(realm.table, () => driver.kill(sig))
}

/**
 * A signal with a handler was taken: as on Linux a frame for it is laid on the task's stack. A task that dies before it
 * goes on never calls it. Called from the run queue.
 */
export function deliverSignal(realm: Realm, ref: TaskRef, sig: number): void {
  const handler = realm.handlers.get(T.signalOf(realm.table, ref))?.get(sig)
  if (handler === undefined) return
  const task = taskOf(realm, ref)
  const frame = (): void => handler(sig, task)
  const frames = realm.frames.get(ref)
  if (frames === undefined) realm.frames.set(ref, [frame])
  else frames.push(frame)
}

/** The task goes on: what lies on top of its stack is called first. Called from the run queue. */
export function runHandlers(realm: Realm, ref: TaskRef): void {
  const frames = realm.frames.size === 0 ? undefined : realm.frames.get(ref)
  if (frames === undefined) return
  realm.frames.delete(ref)
  for (const frame of frames.reverse()) raiseIrq(realm.table, frame)
}

/** The function that a signal calls in the task's process; undefined: none. */
export function setHandler(
  realm: Realm,
  ref: TaskRef,
  sig: number,
  handler: SignalHandler | undefined,
): void {
  const signal = T.signalOf(realm.table, ref)
  const handlers: Map<number, SignalHandler> = realm.handlers.get(signal) ?? new Map()
  if (handler === undefined) handlers.delete(sig)
  else handlers.set(sig, handler)
  if (handlers.size > 0) realm.handlers.set(signal, handlers)
  else realm.handlers.delete(signal)
}

/** A child process has its parent's handlers. */
export function inheritHandlers(realm: Realm, parent: TaskRef, child: TaskRef): void {
  if (realm.handlers.size === 0) return
  const from: SignalRef = T.signalOf(realm.table, parent)
  const to = T.signalOf(realm.table, child)
  const handlers = realm.handlers.get(from)
  if (handlers !== undefined && from !== to) realm.handlers.set(to, new Map(handlers))
}

/** The process executes another program, or is gone. */
export function forgetHandlers(realm: Realm, ref: TaskRef): void {
  if (realm.handlers.size > 0) realm.handlers.delete(T.signalOf(realm.table, ref))
}

/** The task loses its numbers: nothing stands behind it any more. */
export function forgetDriver(realm: Realm, ref: TaskRef): void {
  if (realm.drivers.size > 0) realm.drivers.delete(ref)
  if (realm.frames.size > 0) realm.frames.delete(ref)
  if (realm.handlers.size > 0 && realm.table.words[T.signalOf(realm.table, ref) + L.SIG_NR_THREADS] === 1)
    forgetHandlers(realm, ref)
}

function realThingEnded(realm: Realm, ref: TaskRef, status: number): void {
  const { table } = realm
  realm.drivers.delete(ref)
  if (T.hasFlag(table, ref, T.PF_EXITING)) {
    const irq = localIrqSave(table)
    releaseExit(table, ref)
    schedule(table)
    localIrqRestore(table, irq)
    return
  }
  table.words[ref + L.TASK_FLAGS] &= ~(T.PF_DRIVEN | T.PF_HOLD_EXIT)
  if (T.isGlobalInit(table, ref)) throw new KernelError(EPERM, 'exit_group')
  const irq = enter(realm, ref)
  doGroupExit(table, ref, status)
  leave(realm, ref, irq, 0, 'exit_group')
}
