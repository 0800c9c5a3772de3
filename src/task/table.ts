/**
 * The table with tasks on it: what the task room asks of its surroundings, and the first process.
 */
import type { PidRef, TaskRef } from '../mm/layout.ts'
import type { PidHooks, PidTable } from '../pid/table.ts'

export interface TaskHooks extends PidHooks {
  /**
   * An idle task that was marked as waiting ({@link setWaiting} in task/wait.ts) has been woken: it should look again
   * whether its waits can end. Called from the run queue, with interrupts off.
   */
  resumeWaits(task: TaskRef): void
  /** A task that was marked as waiting begins to exit: its waits end without result. */
  abortWaits(task: TaskRef): void
  /** What poll(2) says of a pidfd for this `struct pid` may have changed. Called with tasklistLock held. */
  notifyPidfd(pid: PidRef): void
  /**
   * A signal that has a handler was taken by the task. Called from the run queue, with interrupts off. False: there is no memory to
   * note that; the task dies of SIGSEGV, as on Linux where its stack has no room.
   */
  deliverSignal(task: TaskRef, sig: number): boolean
  /** The task goes on: the handlers of what it took begin now. Called from the run queue, with interrupts off. */
  runHandlers(task: TaskRef): void
  /**
   * A task with PF_DRIVEN was stopped, continued or ended by `sig` (SIGKILL where no signal ended it). Called from the
   * run queue, with interrupts off.
   */
  tellDriver(task: TaskRef, sig: number): void
  /** The task is about to lose its numbers, and then its record. Called with tasklistLock held. */
  taskReleased(task: TaskRef): void
}

export type TaskTable = PidTable<TaskHooks>
