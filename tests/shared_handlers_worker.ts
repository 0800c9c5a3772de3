/** A worker of tests/shared_handlers.test.ts: does what it is told, or has handlers and drivers of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { childProcessDriver, workerDriver } from 'pidns/drivers'
import { Kernel, type KernelHandle, SIGUSR1, type Task } from 'pidns/shared'

export interface HandlersJob {
  kernel: KernelHandle
  /** The process that it is about. */
  task: number
  kind: 'kill' | 'holdHandler' | 'holdDrivers' | 'waitSync' | 'flood'
  sig: number
  /** flood: word 0 counts the calls of the handler; the others are told by the test. */
  counts: Int32Array
  rounds: number
}

const { sig, counts, rounds, kind, ...job } = workerData as HandlersJob
const kernel = Kernel.join(job.kernel)
const task = kernel.task(job.task)
const tell = (message: unknown): void => parentPort?.postMessage(message)

/** For ever, without a turn of the event loop: what comes is due, and nothing more. */
function sleep(): never {
  for (;;) Atomics.wait(counts, 0, 0)
}

/** Another worker's handler runs, whatever this one does next. */
function kill(): void {
  kernel.init.kill(kernel.init.pidOf(task), sig)
}

function holdHandler(): void {
  task.sigaction(sig, { handler: () => {} })
  tell('ready')
  sleep()
}

/** A worker in an endless loop, and a process: both end only if somebody ends them. */
async function holdDrivers(): Promise<void> {
  const thread = new Worker('for (;;);', { eval: true })
  const child = spawn('sleep', ['600'], { stdio: 'ignore' })
  const ends = [once(thread, 'exit'), once(child, 'exit')]
  const tasks = [task.fork(), task.fork()] as [Task, Task]
  tasks[0].attachDriver(workerDriver(thread))
  tasks[1].attachDriver(childProcessDriver(child))
  await Promise.all([once(thread, 'online'), child.pid])
  tell(tasks.map(({ handle }) => handle))
  await Promise.all(ends)
  tell(child.signalCode)
  kernel.dispose()
}

/** Waits for a child, which its own handler ends. */
function waitSync(): void {
  const children: Task[] = []
  task.sigaction(sig, { handler: () => children.pop()?.exit(3) })
  const codes: unknown[] = []
  for (let i = 0; i < rounds; i++) {
    children.push(task.fork())
    tell('waits')
    const began = performance.now()
    codes.push(task.waitpidSync()?.status, performance.now() - began < 10_000)
  }
  tell(codes)
  kernel.dispose()
}

/** One signal after the other, each when the handler of the one before has run. */
function flood(): void {
  const nr = kernel.init.pidOf(task)
  const late: number[] = []
  for (let round = 0; round < rounds; round++) {
    kernel.init.kill(nr, SIGUSR1)
    if (Atomics.wait(counts, 0, round, 20_000) === 'timed-out') late.push(round)
  }
  tell({ late, problems: kernel.check() })
  kernel.dispose()
}

await { kill, holdHandler, holdDrivers, waitSync, flood }[kind]()
if (kind === 'kill') kernel.dispose()
