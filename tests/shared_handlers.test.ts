/*
 * Handlers and drivers in one worker, signals from another: real workers, real processes. What is due meanwhile, and what becomes of it,
 * is in tests/shared_due.test.ts.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { childProcessDriver, workerDriver } from 'pidns/drivers'
import { CLONE_NEWPID, Kernel, SIGCONT, SIGKILL, SIGSTOP, SIGTERM, SIGUSR1, type Task } from 'pidns/shared'
import type { HandlersJob } from './shared_handlers_worker.ts'

const LONG = { timeout: 120_000 }

interface Running {
  readonly worker: Worker
  /** Its messages, one after the other. */
  next(): Promise<unknown>
  readonly gone: Promise<unknown>
}

function start(kernel: Kernel, task: Task, job: Partial<HandlersJob>): Running {
  const workerData: HandlersJob = {
    kernel: kernel.handle,
    task: task.handle,
    kind: 'kill',
    sig: SIGUSR1,
    counts: new Int32Array(new SharedArrayBuffer(4)),
    rounds: 0,
    ...job,
  }
  const worker = new Worker(new URL('./shared_handlers_worker.js', import.meta.url), { workerData })
  const messages: unknown[] = []
  let wake = (): void => {}
  worker.on('message', (message) => {
    messages.push(message)
    wake()
  })
  const failed = new Promise<never>((_, reject) => worker.once('error', reject))
  const gone = Promise.race([once(worker, 'exit'), failed])
  gone.catch(() => {})
  const next = async (): Promise<unknown> => {
    while (messages.length === 0) {
      await Promise.race([
        failed,
        new Promise<void>((resolve) => {
          wake = resolve
        }),
      ])
    }
    return messages.shift()
  }
  return { worker, next, gone }
}

/** Another worker sends the signal, and is done. */
async function killFromAnother(kernel: Kernel, task: Task, sig: number): Promise<void> {
  await start(kernel, task, { kind: 'kill', sig }).gone
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + 60_000
  while (!holds()) {
    assert.ok(Date.now() < end, what)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('a handler runs in its worker because another one sends the signal', LONG, async () => {
  const kernel = Kernel.boot()
  const job = kernel.init.fork()
  const called = new Promise<string>((resolve) =>
    job.sigaction(SIGUSR1, { handler: (sig, task) => resolve(`${sig} ${task === job}`) }),
  )
  await killFromAnother(kernel, job, SIGUSR1)
  assert.equal(await called, `${SIGUSR1} true`)
  assert.deepEqual([job.state, kernel.check()], ['S', []])
  kernel.dispose()
})

test(
  'real things are stopped, continued and ended because another worker sends the signal',
  LONG,
  async () => {
    const kernel = Kernel.boot()
    const child = spawn('sleep', ['600'], { stdio: 'ignore' })
    const job = kernel.init.fork()
    const told: number[] = []
    const driver = childProcessDriver(child)
    job.attachDriver({
      ...driver,
      kill: (sig) => {
        told.push(sig)
        driver.kill(sig)
      },
    })
    for (const sig of [SIGSTOP, SIGCONT, SIGKILL]) {
      await killFromAnother(kernel, job, sig)
      await until(`it is told of ${sig}`, () => told.at(-1) === sig)
    }
    assert.deepEqual(await kernel.init.waitpid(job.pid), { pid: 2, status: SIGKILL, signal: 'SIGKILL' })
    assert.deepEqual([child.signalCode, told], ['SIGKILL', [SIGSTOP, SIGCONT, SIGKILL]])
    assert.deepEqual(kernel.check(), [])
    kernel.dispose()
  },
)

test(
  'SIGKILL from another worker ends a worker that sits in an endless loop, and SIGTERM a process that decides itself',
  LONG,
  async () => {
    const kernel = Kernel.boot()
    const [first, second] = [kernel.init.fork(), kernel.init.fork()]
    const thread = new Worker('for (;;);', { eval: true })
    const child = spawn('sh', ['-c', 'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done'])
    first.attachDriver(workerDriver(thread))
    second.attachDriver(childProcessDriver(child))
    await Promise.all([once(thread, 'online'), once(child.stdout, 'data')])
    await killFromAnother(kernel, first, SIGKILL)
    await killFromAnother(kernel, second, SIGTERM)
    assert.deepEqual(await kernel.init.waitpid(first.pid), { pid: 2, status: SIGKILL, signal: 'SIGKILL' })
    assert.deepEqual(await kernel.init.waitpid(second.pid), { pid: 3, status: 9 << 8, code: 9 })
    assert.deepEqual(kernel.check(), [])
    kernel.dispose()
  },
)

test(
  'the end of a namespace, begun in another worker, is the end of the real processes in it',
  LONG,
  async () => {
    const kernel = Kernel.boot()
    const box = kernel.init.clone({ flags: CLONE_NEWPID })
    const children: ChildProcess[] = [1, 2, 3].map(() => spawn('sleep', ['600'], { stdio: 'ignore' }))
    for (const child of children) box.fork().attachDriver(childProcessDriver(child))
    await killFromAnother(kernel, box, SIGKILL)
    assert.deepEqual(await kernel.init.waitpid(), { pid: 2, status: SIGKILL, signal: 'SIGKILL' })
    assert.deepEqual(
      children.map((child) => child.signalCode),
      ['SIGKILL', 'SIGKILL', 'SIGKILL'],
    )
    assert.deepEqual(kernel.check(), [])
    kernel.dispose()
  },
)

test('a worker has the drivers, and the one that made the kernel ends their tasks', LONG, async () => {
  const kernel = Kernel.boot()
  const box = kernel.init.clone({ flags: CLONE_NEWPID })
  const other = start(kernel, box, { kind: 'holdDrivers' })
  const handles = (await other.next()) as number[]
  kernel.init.kill(kernel.init.pidOf(box), SIGKILL)
  assert.equal(box.exiting, true)
  assert.equal(await other.next(), 'SIGKILL')
  await until('nobody holds the end of the namespace any more', () => box.state === 'Z')
  for (const handle of handles) assert.throws(() => kernel.task(handle), { code: 'ESRCH' })
  await other.gone
  assert.deepEqual(kernel.init.waitpidSync()?.signal, 'SIGKILL')
  assert.deepEqual(kernel.check(), [])
  kernel.dispose()
})

test(
  'a worker dies: tasks end with its drivers, and a signal that its handler did not come to meets the default',
  LONG,
  async () => {
    const kernel = Kernel.boot()
    const [job, idle] = [kernel.init.fork(), kernel.init.fork()]
    const handler = start(kernel, job, { kind: 'holdHandler', sig: SIGTERM })
    const second = start(kernel, idle, { kind: 'holdHandler', sig: SIGTERM })
    const drivers = start(kernel, idle, { kind: 'holdDrivers' })
    await Promise.all([handler.next(), second.next()])
    const driven = ((await drivers.next()) as number[]).map((handle) => kernel.task(handle))
    // From now on they belong to this worker: it is not for their maker's end that they die.
    for (const task of driven) task.claim()
    const child = job.fork()
    kernel.init.kill(job.pid, SIGTERM)
    assert.equal(job.state, 'S')
    await Promise.all([handler, second, drivers].map(({ worker }) => worker.terminate()))
    await until('the tasks end with the drivers', () => driven.every((task) => task.state !== 'S'))
    await until('the signal meets the default', () => job.state === 'Z')
    assert.deepEqual([idle.state, child.state], ['S', 'S'])
    kernel.init.kill(idle.pid, SIGTERM)
    kernel.init.kill(child.pid, SIGTERM)
    assert.deepEqual([idle.state, child.state], ['Z', 'Z'])
    assert.equal(kernel.init.waitpidSync(job.pid)?.signal, 'SIGTERM')
    assert.deepEqual(kernel.check(), [])
    kernel.dispose()
  },
)

test('handlers of a worker that is blocked in a synchronous wait run, and may end it', LONG, async () => {
  const kernel = Kernel.boot()
  const parent = kernel.init.fork()
  const rounds = 30
  const waiter = start(kernel, parent, { kind: 'waitSync', sig: SIGUSR1, rounds })
  for (let i = 0; i < rounds; i++) {
    assert.equal(await waiter.next(), 'waits')
    if (i % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    kernel.init.kill(parent.pid, SIGUSR1)
  }
  assert.deepEqual(
    await waiter.next(),
    Array(rounds)
      .fill([3 << 8, true])
      .flat(),
  )
  await waiter.gone
  assert.deepEqual(kernel.check(), [])
  kernel.dispose()
})

test('no signal is lost where it comes while the worker of the handler goes to sleep', LONG, async () => {
  const kernel = Kernel.boot()
  const job = kernel.init.fork()
  const counts = new Int32Array(new SharedArrayBuffer(4))
  const rounds = 400
  job.sigaction(SIGUSR1, {
    handler: () => {
      Atomics.add(counts, 0, 1)
      Atomics.notify(counts, 0)
    },
  })
  const other = start(kernel, job, { kind: 'flood', counts, rounds })
  let ended = false
  const report = other.next().finally(() => {
    ended = true
  })
  // Busy now and then, with calls of its own and without, so that the signals find it in every state.
  for (let i = 0; !ended; i++) {
    if (i % 3 === 0) kernel.init.fork().exit()
    if (i % 3 === 0) kernel.init.waitpidSync()
    await new Promise((resolve) => (i % 5 === 0 ? setTimeout(resolve, i % 4) : setImmediate(resolve)))
  }
  assert.deepEqual(await report, { late: [], problems: [] })
  assert.equal(Atomics.load(counts, 0), rounds)
  await other.gone
  assert.deepEqual([job.state, kernel.check()], ['S', []])
  kernel.dispose()
})
