/** A worker of tests/shared_death.test.ts: uses a kernel until it is told to stop, or terminated. */
import { parentPort, workerData } from 'node:worker_threads'
import { CLONE_NEWPID, Kernel, type KernelHandle, SIGKILL, type Task } from 'pidns/shared'

/** What the workers tell while they run: a word for each, by its place. */
export interface Progress {
  /** How many calls it has made. */
  readonly calls: Int32Array
  /** The longest of them since this was 0, in microseconds. */
  readonly longest: Int32Array
  /** One word: 1, and they stop. */
  readonly stop: Int32Array
}

export interface DeathJob {
  kernel: KernelHandle
  /** The process under which it works: its own from now on. */
  parent: number
  place: number
  progress: Progress
  /** Grow: one call after the other makes the hash and the slabs grow. Churn: everything. */
  kind: 'churn' | 'hold'
}

const { place, progress, kind, ...job } = workerData as DeathJob
const kernel = Kernel.join(job.kernel)
const parent = kernel.task(job.parent)

function fail(what: string, is: unknown, expected: unknown): void {
  if (is !== expected) parentPort?.postMessage(`${what}: ${String(is)}, expected ${String(expected)}`)
}

/** Makes one call, and notes how long it took. */
function call<T>(run: () => T): T {
  const began = performance.now()
  const result = run()
  const us = Math.round((performance.now() - began) * 1000)
  Atomics.add(progress.calls, place, 1)
  if (us > Atomics.load(progress.longest, place)) Atomics.store(progress.longest, place, us)
  return result
}

/** Forks, looks up, kills and reaps; some children live on, and now and then one has a namespace. */
function churn(alive: Task[], round: number): void {
  const child = call(() => parent.clone(round % 5 === 0 ? { flags: CLONE_NEWPID } : {}))
  if (round % 5 === 0) call(() => child.fork())
  alive.push(child)
  const nr = call(() => kernel.init.pidOf(child))
  fail(
    'the group found by number',
    call(() => kernel.init.getpgid(nr)),
    call(() => parent.getpgid()),
  )
  if (alive.length < 6) return
  const gone = alive.splice(round % alive.length, 1)[0] as Task
  const number = call(() => parent.pidOf(gone))
  if (round % 2 === 0) call(() => gone.exit(round & 0xff))
  else call(() => parent.kill(number, SIGKILL))
  const end = call(() => parent.waitpidSync(number))
  fail('who was reaped', end?.pid, number)
  fail('its status', end?.status, round % 2 === 0 ? (round & 0xff) << 8 : SIGKILL)
}

/** The lock is held for ever, by a call that never returns. */
function hold(): void {
  parentPort?.postMessage('held')
  kernel.init.clone({
    get flags(): number {
      for (;;);
    },
  })
}

parent.claim()
parentPort?.postMessage(kernel.worker)
if (kind === 'hold') hold()
const alive: Task[] = []
// A wait that nothing ends, so that a reference of it is held.
const waited = parent.fork()
parent.waitpid(waited.pid).catch(() => {})
for (let round = 0; Atomics.load(progress.stop, 0) === 0; round++) {
  churn(alive, round)
  if (round % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
}
parent.exit()
kernel.dispose()
