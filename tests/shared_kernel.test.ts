/* One kernel in several workers at the same time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import * as plain from 'pidns'
import { Kernel, SIGKILL, type Task } from 'pidns/shared'
import * as L from '#internal/mm/layout.js'
import type { Job, Report } from './shared_worker.ts'

/** Starts a worker; its messages come in order, and the last is its report. */
function start(job: Job, onMessage: (message: unknown) => void = () => {}): Promise<Report> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./shared_worker.js', import.meta.url), { workerData: job })
    let last: unknown
    worker.on('message', (message) => {
      last = message
      onMessage(message)
    })
    worker.once('error', reject)
    worker.once('exit', () => resolve(last as Report))
  })
}

const gate = (): Int32Array => new Int32Array(new SharedArrayBuffer(4))

test('three workers fork, look up, kill and reap at the same time: unique numbers, a sound table', async () => {
  const kernel = Kernel.boot({ pidMax: 400 })
  const parents: Task[] = [1, 2, 3].map(() => kernel.init.fork())
  const word = gate()
  const reports = await Promise.all(
    parents.map((parent) =>
      start({
        kernel: kernel.handle,
        parent: parent.handle,
        kind: 'churn',
        rounds: 3000,
        gate: word,
        workers: 3,
      }),
    ),
  )
  for (const { problems } of reports) assert.deepEqual(problems.slice(0, 5), [])
  assert.deepEqual(
    reports.map(({ reaped }) => reaped),
    [2996, 2996, 2996],
  )
  const numbers = reports.flatMap((report) => report.numbers)
  assert.equal(new Set(numbers).size, 12)
  assert.deepEqual(
    kernel
      .tasks()
      .map((task) => task.pid)
      .sort((a, b) => a - b),
    [1, 2, 3, 4, ...numbers].sort((a, b) => a - b),
  )
  assert.deepEqual(kernel.check(), [])
})

test('a wait in one worker ends with an exit in another', { timeout: 60_000 }, async () => {
  const kernel = Kernel.boot()
  const parent = kernel.init.fork()
  const keeper = parent.fork()
  const job = { kernel: kernel.handle, parent: parent.handle, rounds: 300, gate: gate(), workers: 2 }
  const [waiter] = await Promise.all([start({ ...job, kind: 'wait' }), start({ ...job, kind: 'exit' })])
  assert.deepEqual(waiter, { numbers: [], reaped: 300, problems: [] })
  assert.deepEqual(
    kernel.tasks().map((task) => task.pid),
    [1, 2, keeper.pid],
  )
  assert.deepEqual(kernel.check(), [])
})

test('a synchronous wait blocks its worker until another one ends it, and is EDEADLK once there is no other', {
  timeout: 60_000,
}, async () => {
  const kernel = Kernel.boot()
  const parent = kernel.init.fork()
  parent.fork()
  const job = { kernel: kernel.handle, parent: parent.handle, rounds: 100, gate: gate(), workers: 2 }
  let copy = ''
  const onMessage = (message: unknown): void => {
    if (message !== 'alone') return
    copy = kernel.check().join()
    kernel.dispose()
  }
  const [waiter] = await Promise.all([
    start({ ...job, kind: 'waitSync' }, onMessage),
    start({ ...job, kind: 'exit' }),
  ])
  assert.deepEqual(waiter, { numbers: [2], reaped: 100, problems: [] })
  assert.equal(copy, '')
})

test('a wait ends with ESRCH where another worker ends the task that waits', {
  timeout: 60_000,
}, async () => {
  const kernel = Kernel.boot()
  const parent = kernel.init.fork()
  const job: Job = {
    kernel: kernel.handle,
    parent: parent.handle,
    kind: 'end',
    rounds: 1,
    gate: gate(),
    workers: 1,
  }
  const report = await start(job, (message) => {
    if (typeof message === 'number') kernel.init.kill(kernel.task(message).pid, SIGKILL)
  })
  assert.deepEqual(report, { numbers: [], reaped: 1, problems: [] })
  assert.deepEqual(kernel.check(), [])
})

test('two realms of one thread see each other’s changes, and a reused record is not its old task', () => {
  const kernel = Kernel.boot({ pidMax: 302 })
  const other = Kernel.join(structuredClone(kernel.handle))
  const child = kernel.init.fork()
  const seen = other.task(child.handle)
  assert.deepEqual([seen.pid, seen.state], [2, 'S'])
  child.exit(3)
  assert.equal(seen.state, 'Z')
  assert.deepEqual(other.init.waitpidSync(2), { pid: 2, status: 768, code: 3 })
  assert.deepEqual([child.state, seen.state, child.pid, seen.pid], ['X', 'X', 2, 2])
  const tasks = Array.from({ length: 100 }, () => other.init.fork())
  assert.deepEqual(
    kernel.tasks().map((task) => task.handle),
    other.tasks().map((task) => task.handle),
  )
  assert.ok(tasks.every((task) => kernel.task(task.handle) !== child))
  assert.deepEqual([kernel.check(), other.check()], [[], []])
})

test('only a kernel of pidns/shared can be joined, and only with what it gave', () => {
  for (const handle of [{}, { words: new Int32Array(600) }, { words: 1 }]) {
    assert.throws(() => Kernel.join(handle as never), TypeError)
  }
  assert.throws(() => Kernel.join(1 as never), TypeError)
  const one = plain.Kernel.boot()
  if (plain.Kernel !== (Kernel as unknown)) {
    assert.throws(() => one.handle, { code: 'ENOSYS' })
    assert.throws(() => plain.Kernel.join({ words: new Int32Array(600) }), { code: 'ENOSYS' })
  }
  assert.deepEqual(one.check(), [])
})

test('a call gives up with EDEADLK where a lock’s holder does not return, and nobody can tell whether it lives', () => {
  const kernel = Kernel.boot()
  const { words } = kernel.handle
  const other = Kernel.join(kernel.handle)
  // A worker that has no record: nothing is known of it.
  const stranger = 1000 << 1
  Atomics.store(words, L.H_TASKLIST_LOCK, stranger)
  const began = Date.now()
  assert.throws(() => kernel.init.fork(), { code: 'EDEADLK' })
  assert.ok(Date.now() - began >= 1000)
  assert.equal((words[L.H_TASKLIST_LOCK] as number) & ~1, stranger)
  Atomics.store(words, L.H_TASKLIST_LOCK, 0)
  assert.equal(kernel.init.fork().pid, 2)
  assert.deepEqual([kernel.check(), other.check()], [[], []])
})

test('a process dies with the worker that made it, or has claimed it since, unless that has disposed of its kernel', () => {
  const kernel = Kernel.boot()
  const [one, two, three] = [1, 2, 3].map(() => Kernel.join(kernel.handle)) as [Kernel, Kernel, Kernel]
  const own = one.init.fork()
  const claimed = one.init.fork()
  two.task(claimed.handle).claim()
  const left = three.init.fork()
  const states = (): string => [own, claimed, left].map(({ handle }) => kernel.task(handle).state).join('')
  three.dispose()
  kernel.workerEnded(three.worker)
  assert.equal(states(), 'SSS')
  kernel.workerEnded(one.worker)
  assert.equal(states(), 'ZSS')
  kernel.workerEnded(two.worker)
  assert.equal(states(), 'ZZS')
  assert.deepEqual(kernel.check(), [])
})

test('64 workers can use a kernel; who disposes of it makes room', () => {
  const kernel = Kernel.boot()
  const { handle } = kernel
  const others = Array.from({ length: 63 }, () => Kernel.join(handle))
  assert.throws(() => Kernel.join(handle), { code: 'EAGAIN' })
  others[7]?.dispose()
  const last = Kernel.join(handle)
  assert.equal(last.init.fork().pid, 2)
  for (const other of [...others, last]) other.dispose()
  assert.deepEqual(kernel.check(), [])
})
