/*
 * Rows 11, 12, 20, 22, 29, 31 and 32 of docs/seeds.md once more, with readers in workers of their own: numbers are looked up
 * without a lock while another thread frees and makes them as fast as it can.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import * as P from 'pidns/shared/pid'
import { createWords } from '#internal/shared/lib/atomic.js'
import * as L from '#internal/shared/mm/layout.js'
import { slotLive } from '#internal/shared/mm/slab.js'
import { rcuLength } from '#internal/shared/sync/rcu.js'
import type { ReadJob, ReadReport } from './shared_rcu_worker.ts'

const NUMBERS = 64
const TURNS = 40

interface Scene {
  readonly table: P.PidTable
  readonly ns: P.NsRef
  readonly pids: P.PidRef[]
}

/** A table of few numbers, all of them taken. */
function newScene(lookup: 'hash' | 'idr'): Scene {
  const table = P.createPidTable({ lookup, maxPids: 512, pidMax: NUMBERS + 1, pidMaxMin: 4, reservedPids: 2 })
  P.sharePidTable(table)
  // The counter wraps while the test runs.
  table.words[L.H_RCU_GP] = 0x7fffff00
  const ns = P.initPidNs(table)
  const pids = Array.from({ length: NUMBERS }, () => P.allocPid(table, ns))
  return { table, ns, pids }
}

function start({ table, ns }: Scene, job: Partial<ReadJob>): Promise<ReadReport> {
  return new Promise((resolve, reject) => {
    const workerData: ReadJob = {
      kind: 'read',
      table: P.sharePidTable(table),
      ns,
      numbers: NUMBERS,
      turns: TURNS,
      seed: 1,
      gate: createWords(1),
      ...job,
    }
    const worker = new Worker(new URL('./shared_rcu_worker.js', import.meta.url), { workerData })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

/** Frees and makes numbers until the promise is kept; returns how often. */
async function churn({ table, ns, pids }: Scene, until: Promise<unknown>): Promise<number> {
  let ended = false
  void until.finally(() => {
    ended = true
  })
  let rounds = 0
  while (!ended) {
    for (let i = 0; i < 500; i++, rounds++) {
      const victim = (rounds * 7) % pids.length
      if (pids[victim] !== 0) P.freePid(table, pids[victim] as P.PidRef)
      const made = P.allocPid(table, ns)
      // Memory is exhausted where readers are in the way for long: then there is one number less for a while.
      pids[victim] = (made > 0 ? made : 0) as P.PidRef
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  return rounds
}

for (const lookup of ['hash', 'idr'] as const) {
  test(`rows 11, 12, 22, 29: two workers look numbers up without a lock while a third frees and makes them (${lookup})`, async () => {
    const scene = newScene(lookup)
    const readers = Promise.all([1, 2].map((seed) => start(scene, { seed })))
    const rounds = await churn(scene, readers)
    for (const { found, held, problems } of await readers) {
      assert.deepEqual(problems, [])
      assert.ok(found > 1000 && held > 50, `${found} found, ${held} held`)
    }
    assert.ok(rounds > 1000, `${rounds} freed and made`)
    assert.equal(P.rcuBarrier(scene.table), true)
    assert.deepEqual(P.checkPids(scene.table), [])
  })
}

test('rows 20, 31, 32: freePid returns while another worker reads the pid, which is given back when that one’s turn ends', async () => {
  const scene = newScene('hash')
  const { table, ns, pids } = scene
  const [, second] = pids as [P.PidRef, P.PidRef]
  const gate = createWords(1)
  const reader = start(scene, { kind: 'hold', gate })
  while (Atomics.load(gate, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  // A reference to what is being freed: its count is not 0 yet.
  P.rcuReadLock(table)
  P.freePid(table, second)
  assert.equal(P.getPid(table, second), second)
  P.rcuReadUnlock(table)
  assert.equal(P.findPidNs(table, 2, ns), 0)
  assert.deepEqual([P.rcuBarrier(table), rcuLength(table), slotLive(table, second)], [false, 1, true])
  Atomics.store(gate, 0, 2)
  Atomics.notify(gate, 0)
  const { found, problems } = await reader
  assert.deepEqual([found, problems, rcuLength(table)], [second, [], 0])
  assert.equal(slotLive(table, second), true, 'there is a reference')
  P.putPid(table, second)
  assert.equal(slotLive(table, second), false)
  assert.deepEqual(P.checkPids(table), [])
})
