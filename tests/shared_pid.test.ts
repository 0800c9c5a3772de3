/* `pidns/shared/pid`: one table of numbers in several workers, by what the package exports alone. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import * as plain from 'pidns/pid'
import { Kernel, type KernelHandle, type Task } from 'pidns/shared'
import * as P from 'pidns/shared/pid'
import * as L from '#internal/shared/mm/layout.js'
import { slotLive } from '#internal/shared/mm/slab.js'
import { Task as InternalTask } from '#internal/shared/process.js'
import { rcuLength } from '#internal/shared/sync/rcu.js'
import type { PidJob } from './shared_pid_worker.ts'

interface Report<Result> {
  readonly worker: number
  readonly result: Result
}

interface Started<Result> {
  readonly worker: Worker
  readonly report: Promise<Report<Result>>
  readonly exit: Promise<void>
}

function start<Result>(job: Pick<PidJob, 'kind' | 'table' | 'ns'> & Partial<PidJob>): Started<Result> {
  const workerData: PidJob = { rounds: 0, nr: 1, gate: newGate(), ...job }
  const worker = new Worker(new URL('./shared_pid_worker.js', import.meta.url), { workerData })
  const report = new Promise<Report<Result>>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  report.catch(() => {})
  return { worker, report, exit: new Promise((resolve) => worker.once('exit', () => resolve())) }
}

const newGate = (): Int32Array => new Int32Array(new SharedArrayBuffer(4))
/** Nothing here takes so long: what would never end fails. */
const LONG_MS = 60_000

const moment = (ms = 1): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function passed(gate: Int32Array): Promise<void> {
  while (Atomics.load(gate, 0) === 0) await moment()
}

function open(gate: Int32Array): void {
  Atomics.store(gate, 0, 2)
  Atomics.notify(gate, 0)
}

function newTable(): { table: P.PidTable; ns: P.NsRef; handle: P.PidTableHandle } {
  const table = P.createPidTable({ lookup: 'idr' })
  const ns = P.initPidNs(table)
  assert.equal(P.pidNr(table, P.allocPid(table, ns)), 1)
  return { table, ns, handle: P.sharePidTable(table) }
}

/** The table of a kernel, for what no reader is shown of it. */
const tableOf = (init: Task): P.PidTable => InternalTask.realmOf(init as never).table as never

test('three workers take, find and give back numbers of one table, each its own', {
  timeout: LONG_MS,
}, async () => {
  const { table, ns, handle } = newTable()
  const workers = [1, 2].map(() => start<number[]>({ kind: 'churn', table: handle, ns, rounds: 3000 }))
  const own: number[] = []
  for (let i = 0; i < 500; i++) {
    const pid = P.allocPid(table, ns)
    if (i % 2 === 0) P.freePid(table, pid)
    else own.push(P.pidNr(table, pid))
    await undefined
  }
  const reports = await Promise.all(workers.map(({ report }) => report))
  const numbers = [1, ...own, ...reports.flatMap(({ result }) => result)]
  assert.equal(numbers.length, 1 + 250 + 16)
  assert.equal(new Set(numbers).size, numbers.length)
  P.rcuReadLock(table)
  for (const nr of numbers) assert.ok(P.findPidNs(table, nr, ns) !== 0, `${nr} is found`)
  P.rcuReadUnlock(table)
  assert.equal(new Set([P.pidTableWorker(table), ...reports.map(({ worker }) => worker)]).size, 3)
  assert.equal(P.rcuBarrier(table), true)
  assert.deepEqual(P.checkPids(table), [])
})

test('what a worker found is not freed before its section ends, and then it is', {
  timeout: LONG_MS,
}, async () => {
  const { table, ns, handle } = newTable()
  const pid = P.allocPid(table, ns)
  const gate = newGate()
  const { report } = start<number>({ kind: 'hold', table: handle, ns, nr: 2, gate })
  await passed(gate)
  P.freePid(table, pid)
  assert.deepEqual([P.rcuBarrier(table), slotLive(table as never, pid)], [false, true])
  open(gate)
  assert.equal((await report).result, 2)
  assert.equal(P.rcuBarrier(table), true)
  assert.equal(slotLive(table as never, pid), false)
  assert.deepEqual(P.checkPids(table), [])
})

test('a worker that has left does nothing more to the table, though its turn has not ended', async () => {
  const { table, ns, handle } = newTable()
  await undefined
  const view = P.joinPidTable(handle)
  P.rcuReadLock(view)
  P.rcuReadUnlock(view)
  P.leavePidTable(view)
  let live: boolean | undefined
  // Behind what the worker that has left would do, before what this one is to do.
  queueMicrotask(() => {
    live = slotLive(table as never, pid)
  })
  const pid = P.allocPid(table, ns)
  P.freePid(table, pid)
  await undefined
  assert.equal(live, true)
  assert.equal(slotLive(table as never, pid), false)
  assert.deepEqual(P.checkPids(table), [])
})

test('a worker that is terminated while it reads is in nobody’s way', { timeout: LONG_MS }, async () => {
  const { table, ns, handle } = newTable()
  const pid = P.allocPid(table, ns)
  const gate = newGate()
  const reader = start<number>({ kind: 'hold', table: handle, ns, nr: 2, gate })
  await passed(gate)
  P.freePid(table, pid)
  assert.equal(P.rcuBarrier(table), false)
  await reader.worker.terminate()
  while (!P.rcuBarrier(table)) await moment()
  assert.deepEqual(P.checkPids(table), [])
})

test('64 workers may use a table; who leaves, or has ended without a word, makes room', async () => {
  const { table, ns, handle } = newTable()
  await start({ kind: 'end', table: handle, ns }).exit
  const others = Array.from({ length: 62 }, () => P.joinPidTable(handle))
  // The worker that ended has the 64th place.
  others.push(P.joinPidTable(handle))
  assert.throws(() => P.joinPidTable(handle), { code: 'EAGAIN', syscall: 'joinPidTable' })
  const last = others.pop() as P.PidTable
  P.leavePidTable(last)
  P.leavePidTable(last)
  assert.equal(P.pidTableWorker(last), 0)
  assert.throws(() => P.rcuReadLock(last), RangeError)
  const next = P.joinPidTable(handle)
  assert.throws(() => P.joinPidTable(handle), { code: 'EAGAIN' })
  // Somebody knows that it has ended, and is told of no other's.
  P.pidTableWorkerEnded(table, P.pidTableWorker(next))
  P.pidTableWorkerEnded(table, P.pidTableWorker(table))
  P.pidTableWorkerEnded(table, 0)
  P.joinPidTable(handle)
  assert.throws(() => P.joinPidTable(handle), { code: 'EAGAIN' })
  assert.deepEqual(P.sharePidTable(table), handle)
  assert.deepEqual(P.checkPids(table), [])
})

test('only what shares a table is joined, and a bare table is no kernel', () => {
  const { table, handle } = newTable()
  for (const wrong of [{}, { words: 1 }, { words: new Int32Array(600) }, 1, null])
    assert.throws(() => P.joinPidTable(wrong as never), TypeError)
  assert.throws(() => P.joinPidTable(handle, 1 as never), TypeError)
  assert.throws(() => P.pidTableWorkerEnded(table, 'one' as never), TypeError)
  assert.throws(() => Kernel.join(handle), /bare table/)
  const words = handle.words.slice()
  words[L.H_VERSION] = L.VERSION + 1
  assert.throws(() => P.joinPidTable({ words }), RangeError)
  P.rcuReadLock(table)
  const unshared = P.createPidTable()
  P.rcuReadLock(unshared)
  assert.throws(() => P.sharePidTable(unshared), /panic: sharePidTable inside a read section/)
  P.rcuReadUnlock(table)
  assert.deepEqual(P.checkPids(table), [])
})

test('pidns/shared/pid has what pidns/pid has, and what shares a table besides', () => {
  const own = ['joinPidTable', 'leavePidTable', 'pidTableWorker', 'pidTableWorkerEnded', 'sharePidTable']
  const names = Object.keys(P).sort()
  assert.deepEqual(
    names.filter((name) => !own.includes(name)),
    Object.keys(plain).sort(),
  )
  assert.deepEqual(
    names.filter((name) => !(name in plain)),
    own,
  )
})

/** A kernel, and a worker that holds number 2 of it in an open section. */
async function withReader(
  kernel: Kernel,
): Promise<{ reader: Started<number>; gate: Int32Array; ended: P.PidRef }> {
  const child = kernel.init.fork()
  const gate = newGate()
  const table = tableOf(kernel.init)
  const ns = P.initPidNs(table)
  const reader = start<number>({ kind: 'hold', table: kernel.handle, ns, nr: child.pid, gate })
  await passed(gate)
  const ended = P.findPidNs(table, child.pid, ns)
  child.exit(1)
  assert.equal(kernel.init.waitpidSync()?.pid, 2)
  return { reader, gate, ended }
}

test('onStall is told once of the worker that reads without a break, outside every call', {
  timeout: LONG_MS,
}, async () => {
  const stalls: [worker: number, ms: number, fork: number][] = []
  const kernel: Kernel = Kernel.boot({
    onStall: (worker, ms) => void stalls.push([worker, ms, kernel.init.fork().pid]),
  })
  const { reader, gate, ended } = await withReader(kernel)
  const table = tableOf(kernel.init)
  // Nobody calls: the kernel looks by itself.
  while (stalls.length === 0) await moment(20)
  await moment(250)
  assert.deepEqual([rcuLength(table) > 0, slotLive(table as never, ended)], [true, true])
  open(gate)
  const { worker, result } = await reader.report
  const [[told, ms, pid] = [0, 0, 0]] = stalls
  assert.deepEqual([stalls.length, told, result], [1, worker, 2])
  assert.ok(ms >= 1000 && pid === 3, `${ms} ms, ${pid}`)
  // It runs no callbacks when it goes, and nobody calls.
  while (rcuLength(table) > 0) await moment(20)
  assert.equal(slotLive(table as never, ended), false)
  assert.deepEqual(kernel.check(), [])
  kernel.dispose()
})

test('onStall of a worker that joined is told too; it must be a function', { timeout: LONG_MS }, async () => {
  const first = Kernel.boot()
  const { handle } = first
  const stalls: number[] = []
  const second = Kernel.join(handle, { onStall: (worker) => void stalls.push(worker) })
  const { reader, gate } = await withReader(first)
  while (stalls.length === 0) await moment(20)
  open(gate)
  assert.deepEqual(stalls, [(await reader.report).worker])
  for (const wrong of [1, 'log', {}]) {
    assert.throws(() => Kernel.boot({ onStall: wrong as never }), /"onStall" expected a function/)
    assert.throws(() => Kernel.join(handle, { onStall: wrong as never }), TypeError)
  }
  assert.throws(() => Kernel.join(handle, null as never), TypeError)
  assert.deepEqual([first.check(), second.check()], [[], []])
  first.dispose()
  second.dispose()
})

test('who joins a kernel’s table looks numbers up while another worker’s call is under way', () => {
  const kernel = Kernel.boot()
  const nr = kernel.init.fork().pid
  const handle: KernelHandle = kernel.handle
  const table = P.joinPidTable(handle)
  const ns = P.initPidNs(table)
  const stranger = 1000 << 1
  Atomics.store(handle.words, L.H_TASKLIST_LOCK, stranger)
  P.rcuReadLock(table)
  const found = P.findPidNs(table, nr, ns)
  assert.deepEqual([P.pidNr(table, found), P.findPidNs(table, 3, ns)], [2, 0])
  assert.equal(P.pidNr(table, P.findGePid(table, 2, ns)), 2)
  P.rcuReadUnlock(table)
  Atomics.store(handle.words, L.H_TASKLIST_LOCK, 0)
  // It makes no calls, so that no wait is for it.
  assert.throws(() => kernel.init.waitpidSync(), { code: 'EDEADLK' })
  P.leavePidTable(table)
  assert.deepEqual(kernel.check(), [])
  kernel.dispose()
})

const noProof = existsSync('/proc/thread-self/stat') ? false : 'only Linux’s /proc tells of a thread’s end'

test('a worker that dies where it changes what a lock guards: whoever comes to the lock is told so', {
  timeout: LONG_MS,
  skip: noProof,
}, async () => {
  const { table, ns, handle } = newTable()
  const gate = newGate()
  const { worker } = start({ kind: 'change', table: handle, ns, gate })
  await passed(gate)
  await worker.terminate()
  assert.throws(() => P.allocPid(table, ns), /panic: worker 2 has ended while it changed what lock 48 guards/)
  // Such a table is of no use any more.
  assert.equal(P.checkPids(table)[0], 'pidmapLock is held')
})

test('a worker that dies with a lock that it holds to look: the lock is had, also by calls of a kernel', {
  timeout: LONG_MS,
  skip: noProof,
}, async () => {
  const kernel = Kernel.boot()
  const ns = P.initPidNs(tableOf(kernel.init))
  const gate = newGate()
  const { worker } = start({ kind: 'look', table: kernel.handle, ns, gate })
  await passed(gate)
  await worker.terminate()
  assert.equal(kernel.init.fork().pid, 2)
  assert.deepEqual(kernel.check(), [])
  kernel.dispose()
})
