/** A real process behind a task: a child of Node's child_process, or anything with the same few methods. */
import {
  SIGCHLD,
  SIGCONT,
  SIGKILL,
  SIGSTOP,
  SIGSYS,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
  signalNumber,
} from '../abi/signal.ts'
import type { ExitReport, RealDriver } from './real_driver.ts'

/** What of a child_process.ChildProcess is used. */
export interface ChildProcessLike {
  kill(signal: number): unknown
  once(event: 'exit', listener: (code: number | null, signal: string | null) => void): unknown
  once(event: 'error', listener: (error: Error) => void): unknown
}

/** Exit code of a command that could not be run, as shells give it. */
const CANNOT_RUN = 127

/** Signals whose effect is the table's own: they end, stop or continue the task, and then the child. */
const OWN = [SIGKILL, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGCHLD]
const FORWARDED = Array.from({ length: SIGSYS }, (_, i) => i + 1).filter((sig) => !OWN.includes(sig))

/**
 * A driver that makes the task's signals the child's, and the child's exit the task's. Signals that a program can
 * handle go to the child, which decides what they do; SIGKILL and the stop signals act on the task at once and on the
 * child after. The task stays in its exit until the child is gone.
 *
 * @example
 * ```ts
 * import { spawn } from 'node:child_process'
 * import { Kernel, SIGTERM } from 'pidns'
 * import { childProcessDriver } from 'pidns/drivers'
 * const init = Kernel.boot().init
 * const job = init.fork()
 * job.attachDriver(childProcessDriver(spawn('sleep', ['60'])))
 * init.kill(job.pid, SIGTERM)
 * console.log(await init.waitpid(job.pid)) // => { pid: 2, status: 15, signal: 'SIGTERM' }
 * ```
 */
export function childProcessDriver(child: ChildProcessLike): RealDriver {
  return {
    holdExit: true,
    catches: FORWARDED,
    attached: (control) => {
      child.once('exit', (code, signal) => report(control, code, signal))
      child.once('error', () => control.exited(CANNOT_RUN))
    },
    deliver: (signal) => void child.kill(signal),
    kill: (signal) => void child.kill(signal === SIGSTOP || signal === SIGCONT ? signal : SIGKILL),
  }
}

function report(control: ExitReport, code: number | null, signal: string | null): void {
  control.exited(code, signal === null ? null : (signalNumber(signal) ?? SIGKILL))
}
