/* Workers that are ended at any moment, inside a call or outside, and what the others find. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Kernel, type KernelError, type Task, WNOHANG } from 'pidns/shared'
import { H_BROKEN, H_TASKLIST_LOCK } from '#internal/mm/layout.js'
import type { DeathJob, Progress } from './shared_death_worker.ts'

/** So many rounds; each is one worker's end. PIDNS_DEATHS=200 for the long run. */
const ROUNDS = Number(process.env.PIDNS_DEATHS ?? 15)
const WORKERS = 3

interface Running {
  readonly worker: Worker
  readonly parent: Task
  readonly place: number
  /** Its number in the kernel, once it has joined. */
  readonly nr: Promise<number>
  readonly gone: Promise<number>
  readonly problems: string[]
}

function start(kernel: Kernel, progress: Progress, place: number, kind: DeathJob['kind'] = 'churn'): Running {
  const parent = kernel.init.fork()
  const job: DeathJob = { kernel: kernel.handle, parent: parent.handle, place, progress, kind }
  const worker = new Worker(new URL('./shared_death_worker.js', import.meta.url), { workerData: job })
  const problems: string[] = []
  const nr = new Promise<number>((resolve) => {
    worker.on('message', (message) => {
      if (typeof message === 'number') resolve(message)
      else problems.push(String(message))
    })
  })
  worker.on('error', (error) => problems.push(String(error)))
  const gone = new Promise<number>((resolve) => worker.on('exit', resolve))
  return { worker, parent, place, nr, gone, problems }
}

const words = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * count))
const newProgress = (): Progress => ({ calls: words(WORKERS), longest: words(WORKERS), stop: words(1) })
const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const p99 = (values: number[]): string =>
  (values.sort((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1] as number).toFixed(1)

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + 20_000
  while (!holds()) {
    assert.ok(Date.now() < end, what)
    await rest(5)
  }
}

/** Waits for every dead child, and returns how many there were. */
function reapAll(task: Task): number {
  for (let count = 0; ; count++) {
    try {
      if (task.waitpidSync(-1, WNOHANG) === null) return count
    } catch (error) {
      assert.equal((error as KernelError).code, 'ECHILD')
      return count
    }
  }
}

/** How many processes can be made until there is no number left. */
function freeNumbers(task: Task): number {
  const made: Task[] = []
  try {
    for (;;) made.push(task.fork())
  } catch (error) {
    assert.equal((error as KernelError).code, 'EAGAIN')
  }
  for (const child of made) child.exit()
  assert.equal(reapAll(task), made.length)
  return made.length
}

test('a worker is terminated at a random moment, again and again: the others go on, and no number is lost or doubled', {
  timeout: 600_000,
}, async (t) => {
  const kernel = Kernel.boot({ pidMax: 400 })
  const { words: table } = kernel.handle
  const broken = (): number => table[H_BROKEN] as number
  freeNumbers(kernel.init)
  // After the largest number it goes on with 300.
  const numbers = freeNumbers(kernel.init)
  const progress = newProgress()
  const running = [0, 1, 2].map((place) => start(kernel, progress, place))
  t.after(() => Promise.all(running.map(({ worker }) => worker.terminate())))
  await Promise.all(running.map(({ nr }) => nr))
  const toProof: number[] = []
  const toFree: number[] = []
  const stalls: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const victim = running.shift() as Running
    await rest(Math.random() * 20)
    progress.longest.fill(0)
    const asked = performance.now()
    await victim.worker.terminate()
    const proof = performance.now()
    const nr = await victim.nr
    while (Atomics.load(table, H_TASKLIST_LOCK) >> 1 === nr) assert.ok(performance.now() < proof + 5000)
    toProof.push(proof - asked)
    toFree.push(performance.now() - proof)
    const seen = running.map(({ place }) => Atomics.load(progress.calls, place))
    if (round % 2 === 0) kernel.workerEnded(nr)
    else assert.equal(kernel.init.state, 'S')
    // Where nobody tells, they find out by themselves.
    await until('its process is dead', () => victim.parent.state === 'Z')
    assert.deepEqual(kernel.check(), [])
    reapAll(kernel.init)
    await until('the others go on', () =>
      running.every(({ place }, i) => Atomics.load(progress.calls, place) > (seen[i] as number)),
    )
    stalls.push(...running.map(({ place }) => Atomics.load(progress.longest, place) / 1000))
    running.push(start(kernel, progress, victim.place))
    await (running.at(-1) as Running).nr
    assert.deepEqual(
      [...running, victim].flatMap(({ problems }) => problems),
      [],
    )
  }
  Atomics.store(progress.stop, 0, 1)
  await Promise.all(running.map(({ gone }) => gone))
  assert.deepEqual(
    running.flatMap(({ problems }) => problems),
    [],
  )
  for (const child of kernel.tasks().slice(1)) if (child.state === 'S') child.exit()
  reapAll(kernel.init)
  assert.deepEqual(kernel.check(), [])
  assert.equal(freeNumbers(kernel.init), numbers)
  t.diagnostic(
    `${ROUNDS} deaths, ${broken()} inside a call; p99: ${p99(toProof)} ms from terminate() to the exit event, ${p99(toFree)} ms from there to a ` +
      `free lock; the longest call of another worker meanwhile ${p99(stalls)} ms`,
  )
  kernel.dispose()
})

test('a worker that dies inside a call which never returns gives the lock back, and the call never was', {
  timeout: 60_000,
}, async () => {
  const kernel = Kernel.boot()
  const { worker, nr, gone, parent } = start(kernel, newProgress(), 0, 'hold')
  await nr
  await rest(20)
  // This thread cannot make a call now: the worker is inside one. Only its end is waited for.
  await worker.terminate()
  await gone
  assert.deepEqual(
    kernel.tasks().map((task) => task.pid),
    [1, 2],
  )
  assert.equal(parent.state, 'Z')
  assert.deepEqual(kernel.init.waitpidSync(), { pid: 2, status: 9, signal: 'SIGKILL' })
  assert.deepEqual(kernel.check(), [])
  kernel.dispose()
})
