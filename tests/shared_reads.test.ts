/*
 * What is read of a task beside other workers' calls: nobody waits for the lock, and what is found is of one state. The
 * scheduler goes through all orders of the steps below (`read-beside` in docs/concurrency.md).
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Kernel, SIGUSR1, type Task } from 'pidns/shared'
import * as L from '#internal/shared/mm/layout.js'
import { findWorker, markEnded } from '#internal/shared/mm/worker.js'
import type { ReadsJob } from './shared_reads_worker.ts'

const LONG_MS = 60_000

/** All of a task that is read so. */
const readAll = (init: Task, task: Task): unknown[] => [
  [task.pid, task.tid, init.pidOf(task), init.tidOf(task), task.level],
  [task.nstgid, task.nspid, task.nspgid, task.nssid],
  [task.state, task.exiting, task.comm, task.handle],
]

/** Two workers' kernels on one table, in one thread. */
function newPair(): { one: Kernel; other: Kernel; words: Int32Array; end(): void } {
  const one = Kernel.boot({ maxPids: 256 })
  const { words } = one.handle
  const other = Kernel.join(one.handle)
  const end = (): void => {
    assert.deepEqual([one.check(), other.check()], [[], []])
    other.dispose()
    one.dispose()
  }
  return { one, other, words, end }
}

test('reading a task is no call, and gives what it gives with the lock', () => {
  const { one, other, words, end } = newPair()
  const child = one.init.fork()
  const seen = other.task(child.handle)
  const [{ init }, { init: own }] = [other, one]
  const before = words[L.H_CALLS]
  const found = readAll(init, seen)
  assert.equal(words[L.H_CALLS], before)
  assert.deepEqual(found, readAll(own, child))
  assert.throws(() => init.pidOf({} as Task), TypeError)
  assert.equal(words[L.H_CALLS], before)
  child.exit(1)
  assert.equal(seen.state, 'Z')
  assert.equal(one.init.waitpidSync()?.pid, 2)
  assert.deepEqual([seen.state, seen.pid, seen.nspid, seen.level], ['X', 2, [], 0])
  end()
})

test('who only reads runs the handlers that another worker’s signals are for', () => {
  const { one, other, end } = newPair()
  const child = one.init.fork()
  const taken: number[] = []
  child.sigaction(SIGUSR1, { handler: (sig) => void taken.push(sig) })
  other.init.kill(2, SIGUSR1)
  assert.equal(child.state, 'S')
  assert.deepEqual(taken, [SIGUSR1])
  end()
})

/** Runs the function when the word is next read, once the reader has its value. */
function atRead(words: Int32Array, at: number, run: () => void): void {
  const { load } = Atomics
  Atomics.load = ((array: Int32Array, index: number) => {
    const value = load(array, index)
    if (array === words && index === at) {
      Atomics.load = load
      run()
    }
    return value
  }) as typeof load
}

for (const [what, expected] of [
  ['state', 'X'],
  ['pid', 2],
  ['nspid', []],
  ['comm', ''],
] as const) {
  test(`a record that is freed and used again while it is read is not taken for the old one: ${what}`, () => {
    const { one, other, words, end } = newPair()
    const seen = other.task(one.init.fork().handle)
    const ref = seen.handle % 2 ** 28
    let next: Task | undefined
    atRead(words, ref, () => {
      one.init.kill(2, 9)
      one.init.waitpidSync(2)
      // Its record is given back with some others, and used again when those are.
      for (let i = 0; i < 200 && next === undefined; i++) {
        const task = one.init.fork()
        task.comm = 'next'
        if (task.handle % 2 ** 28 === ref) next = task
        else if (i < 60) {
          task.exit()
          one.init.waitpidSync(task.pid)
        }
      }
    })
    assert.deepEqual(seen[what], expected)
    assert.ok(next !== undefined, 'its record was used again')
    assert.deepEqual([next.comm, next.state], ['next', 'S'])
    end()
  })
}

test('who reads first after a worker’s end sees its processes killed', () => {
  const { one, other, words, end } = newPair()
  const task = one.task(other.init.fork().handle)
  assert.equal(task.state, 'S')
  markEnded(words, findWorker(words, other.worker), other.worker)
  assert.equal(task.state, 'Z')
  end()
})

test('two workers read tasks while a third ends them and makes others: each is what it was, or gone', {
  timeout: LONG_MS,
}, async () => {
  const kernel = Kernel.boot({ maxPids: 512 })
  kernel.init.comm = 'reader'
  const tasks = Array.from({ length: 12 }, () => kernel.init.fork())
  const named = tasks.map((task) => ({ handle: task.handle, pid: task.pid }))
  const gate = new Int32Array(new SharedArrayBuffer(8))
  const workerData: ReadsJob = { kernel: kernel.handle, tasks: named, gate }
  const reports = [1, 2].map(
    () =>
      new Promise<{ reads: number; problems: string[] }>((resolve, reject) => {
        const worker = new Worker(new URL('./shared_reads_worker.js', import.meta.url), { workerData })
        worker.once('message', resolve)
        worker.once('error', reject)
      }),
  )
  while (Atomics.load(gate, 0) < reports.length) await new Promise((resolve) => setTimeout(resolve, 1))
  kernel.init.comm = 'other'
  for (let round = 0; round < 1200; round++) {
    if (round % 100 === 0) tasks[round / 100]?.exit(round)
    const child = kernel.init.fork()
    child.exit(1)
    assert.ok(kernel.init.waitpidSync(child.pid))
    if (round % 100 === 50) kernel.init.waitpidSync(named[(round - 50) / 100]?.pid)
    if (round % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  Atomics.store(gate, 1, 1)
  for (const { reads, problems } of await Promise.all(reports)) {
    assert.deepEqual(problems, [])
    assert.ok(reads > 100, `${reads}`)
  }
  assert.deepEqual(kernel.check(), [])
  kernel.dispose()
})
