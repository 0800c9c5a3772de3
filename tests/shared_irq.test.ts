/*
 * tests/irq.test.ts among workers: callbacks that call back into the table while others hold and want its locks; handlers that
 * are pending in nested sections; restores that must not switch on what was off. And handlers of a kernel that call into it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import * as P from '#internal/shared/pid/index.js'
import { rcuLength } from '#internal/shared/sync/rcu.js'
import { allRan, COUNTS, openWorld, play, QUEUED, WOKEN } from './shared_irq_tools.ts'
import type { IrqJob } from './shared_irq_worker.ts'

const ROUNDS = 400
const WORKERS = 2

function start(job: Omit<IrqJob, 'gate' | 'workers' | 'rounds'>, gate: Int32Array): Promise<string[]> {
  const workerData: IrqJob = { ...job, gate, workers: WORKERS, rounds: ROUNDS }
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./shared_irq_worker.js', import.meta.url), { workerData })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

test('RCU callbacks, work items and wake-ups call back while other workers do the same, and run once each; restores put on only what was on', {
  timeout: 120_000,
}, async () => {
  const counts = new Int32Array(new SharedArrayBuffer(4 * COUNTS))
  const world = openWorld(counts)
  const { table } = world
  const { words } = table
  const init = P.allocPid(table, P.initPidNs(table))
  const gate = new Int32Array(new SharedArrayBuffer(4))
  const others = Array.from({ length: WORKERS }, () => start({ words, counts }, gate))
  await play(world, ROUNDS)
  for (const problems of await Promise.all(others)) assert.deepEqual(problems, [])
  assert.deepEqual(world.problems, [])
  const end = Date.now() + 60_000
  while (!allRan(world) || rcuLength(table) > 0) {
    assert.ok(Date.now() < end, `${[...counts].join()}; ${rcuLength(table)} wait`)
    await new Promise((resolve) => setTimeout(resolve, 1))
    P.localIrqEnable(table)
    P.rcuBarrier(table)
  }
  assert.deepEqual([counts[QUEUED], counts[WOKEN]], [3 * ROUNDS, 3 * ROUNDS])
  // Numbers that were taken by callbacks have been given back.
  assert.equal(P.nextPidmap(table, P.initPidNs(table), P.pidNr(table, init)), -1)
  assert.deepEqual(P.checkPids(table), [])
})
