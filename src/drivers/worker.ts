/** A worker behind a task: a thread of Node's worker_threads, or anything with the same few methods. */
import { SIGCONT, SIGSTOP } from '../abi/signal.ts'
import type { RealDriver } from './real_driver.ts'

/** What of a worker_threads.Worker is used. */
export interface WorkerLike {
  terminate(): unknown
  once(event: 'exit', listener: (exitCode: number) => void): unknown
}

/**
 * A driver that ends the worker with its task, even one that sits in an endless loop, and the task with its worker. The task
 * stays in its exit until the worker is gone; then it is a zombie until somebody waits for it. A worker cannot be
 * stopped: a stopped task's worker runs on.
 *
 * @example
 * ```ts
 * import { Worker } from 'node:worker_threads'
 * import { Kernel, SIGKILL } from 'pidns'
 * import { workerDriver } from 'pidns/drivers'
 * const init = Kernel.boot().init
 * const job = init.fork()
 * job.attachDriver(workerDriver(new Worker('for (;;);', { eval: true })))
 * init.kill(job.pid, SIGKILL)
 * console.log(job.exiting) // => true - its worker is not gone yet
 * console.log(await init.waitpid(job.pid)) // => { pid: 2, status: 9, signal: 'SIGKILL' }
 * ```
 */
export function workerDriver(worker: WorkerLike): RealDriver {
  return {
    holdExit: true,
    attached: (control) => {
      worker.once('exit', (exitCode) => control.exited(exitCode))
    },
    kill: (signal) => {
      if (signal !== SIGSTOP && signal !== SIGCONT) worker.terminate()
    },
  }
}
