/** A worker of tests/shared_reads.test.ts: reads of tasks what does not take the lock, while others make calls. */
import { parentPort, workerData } from 'node:worker_threads'
import { Kernel, type KernelHandle } from 'pidns/shared'

export interface ReadsJob {
  readonly kernel: KernelHandle
  readonly tasks: readonly { readonly handle: number; readonly pid: number }[]
  /** How many read; 1 when they may end. */
  readonly gate: Int32Array
}

const job = workerData as ReadsJob
const kernel = Kernel.join(job.kernel)
const tasks = job.tasks.map(({ handle, pid }) => ({ task: kernel.task(handle), pid }))
const { init } = kernel
const problems: string[] = []
let reads = 0
let gone = 0

function expect(what: string, is: unknown, ...allowed: readonly unknown[]): void {
  reads += 1
  const text = JSON.stringify(is)
  if (!allowed.some((one) => JSON.stringify(one) === text) && problems.length < 5)
    problems.push(`${what}: ${text}`)
}

Atomics.add(job.gate, 0, 1)
while (Atomics.load(job.gate, 1) === 0 || gone < tasks.length) {
  gone = 0
  for (const { task, pid } of tasks) {
    expect('pid', task.pid, pid)
    expect('tid', task.tid, pid)
    expect('pidOf', init.pidOf(task), pid, 0)
    expect('nspid', task.nspid, [pid], [])
    expect('nspgid', task.nspgid, [1], [])
    expect('level', task.level, 0)
    expect('comm', task.comm, 'reader', '')
    const { state } = task
    expect('state', state, 'S', 'Z', 'X')
    expect('exiting', task.exiting, false)
    if (state === 'X') gone += 1
  }
}
kernel.dispose()
parentPort?.postMessage({ reads, problems })
