/** What tests/browser.test.ts has a cross-origin isolated page do: each function resolves with what it saw. */
import { Kernel, type KernelError, SIGTERM, type Task } from 'pidns/shared'
import type { Done, Job, Joined } from './job.ts'

interface Running {
  readonly worker: Worker
  readonly task: Task
  readonly place: number
  readonly joined: Promise<Joined>
  readonly done: Promise<Done>
}

const words = (count: number): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer(4 * count))
const calls = words(8)
const stop = words(1)

function start(kernel: Kernel, place: number, act: Job['act']): Running {
  const task = kernel.init.fork()
  const worker = new Worker('/worker.js', { type: 'module' })
  const messages: ((message: never) => void)[] = []
  const next = <T>(): Promise<T> => new Promise((resolve) => void messages.push(resolve as never))
  worker.onmessage = ({ data }: MessageEvent) => messages.shift()?.(data as never)
  worker.onerror = ({ message }) => console.error(message)
  const running = { worker, task, place, joined: next<Joined>(), done: next<Done>() }
  const job: Job = { kernel: kernel.handle, task: task.handle, place, calls, stop, act }
  worker.postMessage(job)
  return running
}

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** False: it has not come about for half a minute. */
async function comesAbout(holds: () => boolean): Promise<boolean> {
  for (const end = performance.now() + 30_000; !holds(); await rest(5))
    if (performance.now() > end) return false
  return true
}

/** Two workers make and reap children; the page kills one child of each, and waits for both. */
async function family(): Promise<unknown> {
  const kernel = Kernel.boot()
  const workers = [0, 1].map((place) => start(kernel, place, 'family'))
  for (const { joined } of workers) {
    const child = kernel.task((await joined).child)
    kernel.init.kill(kernel.init.pidOf(child), SIGTERM)
  }
  const ends = await Promise.all(workers.map(({ task }) => kernel.init.waitpid(task.pid)))
  const problems = (await Promise.all(workers.map(({ done }) => done))).flatMap((done) => done.problems)
  const left = kernel.tasks().length
  return { codes: ends.map((end) => end?.code), problems, left, check: kernel.check() }
}

/** Three workers; one is terminated at a random moment, again and again. Nobody tells the kernel. */
async function terminate(rounds: number): Promise<unknown> {
  const kernel = Kernel.boot()
  const { init } = kernel
  const running = [0, 1, 2].map((place) => start(kernel, place, 'churn'))
  await Promise.all(running.map(({ joined }) => joined))
  const problems: string[] = []
  for (let round = 0; round < rounds; round++) {
    const victim = running.shift() as Running
    const seen = running.map(({ place }) => Atomics.load(calls, place))
    await rest(Math.random() * 20)
    const { pid } = victim.task
    victim.worker.terminate()
    // Nothing but promises until it has ended: a thread that waits for the lock cannot be told that a name is free.
    const end = await init.waitpid(pid)
    if (end?.signal !== 'SIGKILL') problems.push(`its process ended with ${end?.status}`)
    const goOn = (): boolean => running.every(({ place }, i) => Atomics.load(calls, place) > Number(seen[i]))
    if (!(await comesAbout(goOn))) problems.push('the others do not go on')
    problems.push(...kernel.check())
    running.push(start(kernel, victim.place, 'churn'))
    await running.at(-1)?.joined
  }
  Atomics.store(stop, 0, 1)
  for (const { done } of running) problems.push(...(await done).problems)
  return { problems, check: kernel.check() }
}

/** A worker is terminated inside a call which never returns. */
async function hang(): Promise<unknown> {
  const kernel = Kernel.boot()
  const table = kernel.handle.words
  const { worker, task, joined } = start(kernel, 0, 'hang')
  const { init } = kernel
  const { pid } = task
  const { worker: nr } = await joined
  const isInside = await comesAbout(() => Atomics.load(table, TASKLIST_LOCK) >> 1 === nr)
  const began = performance.now()
  const call = outcomeOf(() => init.fork())
  const waited = performance.now() - began
  const end = init.waitpid(pid)
  const early = await Promise.race([end, rest(300).then(() => 'nothing yet')])
  worker.terminate()
  const seen = { isInside, call, waited, early, end: await end }
  // What the worker had made before has died with it, and is its reaper's to wait for.
  return { ...seen, orphan: await init.waitpid(), left: kernel.tasks().length, check: kernel.check() }
}

function outcomeOf(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return (error as KernelError).code
  }
}

/** The word of the lock inside which each call lies. */
const TASKLIST_LOCK = 32

Object.assign(globalThis, { family, terminate, hang })
