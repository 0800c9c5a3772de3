/*
 * Four workers share one table of processes. Each is one process there, makes children and waits for them at the same
 * time as the others; a wait in one worker ends by a kill from this thread; and when one worker is terminated in the
 * middle of what it does, its processes die, as those of a machine that fails, and the others go on.
 */
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Kernel, type KernelHandle, SIGTERM, type Task } from 'pidns/shared'

interface Job {
  readonly kernel: KernelHandle
  /** The process that the worker is. */
  readonly task: number
  /** It never returns from what it does last. */
  readonly hangs: boolean
}

/** What a worker tells once its children are there. */
interface Ready {
  /** Its number among the workers of the kernel. */
  readonly worker: number
  /** A child that lives on, as a handle. */
  readonly helper: number
}

const ROUNDS = 500

if (isMainThread) await host()
else await work(workerData as Job)

async function host(): Promise<void> {
  const kernel = Kernel.boot()
  const { init } = kernel
  const jobs = ['ada', 'bob', 'cyd', 'dan'].map((name) => start(kernel, name))
  const first = await Promise.all(jobs.map(({ worker }) => once(worker, 'message')))
  const ready = first.map(([message]) => message as Ready)
  show(kernel)

  // The helpers of three: their workers wait for them.
  for (const { helper } of ready.slice(0, 3)) init.kill(init.pidOf(kernel.task(helper)), SIGTERM)
  for (const { task } of jobs.slice(0, 3)) console.log('ended:', await init.waitpid(init.pidOf(task)))

  // The fourth does not answer any more.
  const [dan, itsWorker] = [jobs[3] as (typeof jobs)[0], ready[3] as Ready]
  const nr = init.pidOf(kernel.task(itsWorker.helper))
  await dan.worker.terminate()
  kernel.workerEnded(itsWorker.worker)
  console.log('terminated:', await init.waitpid(init.pidOf(dan.task)))
  console.log('its helper too:', (await init.waitpid(nr))?.signal)
  show(kernel)
  console.log('broken invariants:', kernel.check().length)
  kernel.dispose()
}

/** A process for the worker to be, and the worker. */
function start(kernel: Kernel, name: string): { task: Task; worker: Worker } {
  const task = kernel.init.fork()
  task.execve(name)
  const job: Job = { kernel: kernel.handle, task: task.handle, hangs: name === 'dan' }
  return { task, worker: new Worker(new URL(import.meta.url), { workerData: job }) }
}

async function work(job: Job): Promise<void> {
  const kernel = Kernel.join(job.kernel)
  const self = kernel.task(job.task)
  self.claim()
  for (let i = 0; i < ROUNDS; i++) makeChild(self, i & 0xff)
  const helper = self.fork()
  helper.execve('helper')
  const ready: Ready = { worker: kernel.worker, helper: helper.handle }
  parentPort?.postMessage(ready)
  if (job.hangs) for (;;) makeChild(self, 0)

  const end = await self.waitpid(helper.pid)
  self.exit(end?.signal === 'SIGTERM' ? 0 : 1)
  kernel.dispose()
}

/** A child comes, goes, and is waited for. */
function makeChild(parent: Task, code: number): void {
  const child = parent.fork()
  child.exit(code)
  if (parent.waitpidSync(child.pid)?.code !== code) throw new Error('that was not my child')
}

/** Everybody who lives, by parent. */
function show(kernel: Kernel): void {
  for (const task of kernel.tasks()) {
    if (task.state !== 'Z' && task.parent === kernel.init) console.log(`  ${task.comm} ${task.pid}`)
  }
  console.log(
    `  ${kernel.tasks().filter(({ comm, state }) => comm === 'helper' && state !== 'Z').length} helpers`,
  )
}
