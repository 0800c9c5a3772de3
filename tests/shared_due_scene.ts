/*
 * Two realms of one thread on one kernel: who has handlers and drivers, and who sends signals.
 */
import assert from 'node:assert/strict'
import { type DriverControl, Kernel, type Task, type TaskDriver } from 'pidns/shared'

export interface Scene {
  /** The worker that has handlers and drivers, and the one that sends signals. */
  readonly kernel: Kernel
  readonly other: Kernel
  /** A child of number 1, as each of them knows it. */
  readonly job: Task
  readonly theirs: Task
  /** What was called or told here. */
  readonly log: string[]
  readonly note: (sig: number, task: Task) => void
}

export function newScene(): Scene {
  const kernel = Kernel.boot()
  const job = kernel.init.fork()
  const other = Kernel.join(kernel.handle)
  const log: string[] = []
  const note = (sig: number, task: Task): void => void log.push(`${sig} ${task.tid}`)
  return { kernel, other, job, theirs: other.task(job.handle), log, note }
}

/** Sends a signal without a call of the worker whose task it is. */
export const send = ({ other }: Scene, task: Task, sig: number): void =>
  void other.init.kill(other.init.pidOf(other.task(task.handle)), sig)

/** Any call: at its end the worker takes what is its own. */
export const goOn = (kernel: Kernel): void => void kernel.init.pid

export function sound({ kernel, other }: Scene): void {
  assert.deepEqual([kernel.check(), other.check()], [[], []])
  kernel.dispose()
  other.dispose()
}

/** A driver, and what it has been told. */
export function notes(holdExit: boolean): {
  told: number[]
  control: () => DriverControl
  driver: TaskDriver
} {
  const told: number[] = []
  let control: DriverControl | undefined
  return {
    told,
    control: () => {
      assert.ok(control)
      return control
    },
    driver: {
      holdExit,
      kill: (signal) => void told.push(signal),
      attached: (given) => {
        control = given
      },
    },
  }
}
