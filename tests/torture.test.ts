/*
 * Workers at the same time, on real processors: a short torture run, and what they did to each number in one order.
 * `npm run torture` goes on for a minute.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { checkPids } from '#internal/shared/pid/check.js'
import { createPidTable, initPidNs } from '#internal/shared/pid/table.js'
import { type Act, ALLOC, FOUND, FREE, isLinear, MISSED } from '../proof/linear.ts'
import type { LinearJob } from '../proof/linear_worker.ts'
import { written } from '../proof/report.ts'
import { buildTorture } from '../proof/torture/build.ts'
import { QUICK, SLOW, tortureMutant } from '../proof/torture/kills.ts'
import { launch } from '../proof/torture/launch.ts'

const NUMBERS = 40
const WORKERS = 3

function work(job: LinearJob): Promise<[number, number, number, number][]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('../proof/linear_worker.js', import.meta.url), { workerData: job })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

describe('numbers that several workers take, give back and look up', () => {
  it('behave as if one did it after the other', async () => {
    const table = createPidTable({
      pidMax: NUMBERS,
      bitsPerPage: 32,
      pidMaxLimit: 64,
      reservedPids: 3,
      pidMaxMin: 4,
    })
    const ticket = new Int32Array(new SharedArrayBuffer(8))
    const job = {
      words: table.words,
      ns: initPidNs(table),
      numbers: NUMBERS,
      rounds: 1500,
      ticket,
      workers: WORKERS,
    }
    const done = await Promise.all([1, 2, 3].map((seed) => work({ ...job, seed })))
    let overlaps = 0
    for (let nr = 1; nr < NUMBERS; nr++) {
      const histories = done.map((acts) =>
        acts.filter(([number]) => number === nr).map(([, kind, begin, end]): Act => ({ kind, begin, end })),
      )
      overlaps += histories.flat().filter(({ begin, end }) => end > begin + 1).length
      assert.ok(isLinear(histories), `number ${nr}`)
    }
    assert.ok(overlaps > 0, 'nothing happened at the same time')
    assert.deepEqual(checkPids(table), [])
  })
})

describe('the check of histories', () => {
  const act = (kind: number, begin: number, end: number): Act => ({ kind, begin, end })

  it('takes what overlaps in the order that fits', () => {
    assert.ok(isLinear([[act(ALLOC, 0, 5)], [act(MISSED, 1, 2), act(FOUND, 3, 4)]]))
    assert.ok(isLinear([[act(ALLOC, 0, 1), act(FREE, 2, 7)], [act(ALLOC, 3, 6)], [act(FOUND, 8, 9)]]))
  })

  it('finds a number that two have', () => {
    assert.ok(!isLinear([[act(ALLOC, 0, 3)], [act(ALLOC, 1, 2)]]))
  })

  it('finds a number that is lost, and one that stays', () => {
    assert.ok(!isLinear([[act(ALLOC, 0, 1)], [act(MISSED, 2, 3)]]))
    assert.ok(!isLinear([[act(ALLOC, 0, 1), act(FREE, 2, 3)], [act(FOUND, 4, 5)]]))
    assert.ok(!isLinear([[act(ALLOC, 0, 9)], [act(FOUND, 1, 2), act(MISSED, 3, 4)]]))
  })
})

describe('the torture run', () => {
  it('finds nothing wrong, and is not empty', { timeout: 120_000 }, async () => {
    const program = await buildTorture()
    const { result, problems } = await launch(program, ['--seconds', '3', '--workers', '2'], () => {})
    assert.deepEqual(problems, [])
    assert.equal(result?.pipe.length, 4)
  })

  for (const name of QUICK) {
    it(`finds the mistake ${name}`, { timeout: 240_000 }, async () => {
      const { problems } = await tortureMutant(name, 60)
      assert.notEqual(problems.length, 0)
    })
  }

  it('has found those that docs/concurrency.md lists', () => {
    const names = [...written('torture').matchAll(/^\| `([\w-]+)`/gm)].map(([, name]) => name)
    assert.deepEqual(names, [...QUICK, ...SLOW])
  })
})
