/* What is below the facade, used by several workers at the same time: locks, bitmaps, the hash while it grows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import * as L from '#internal/mm/layout.js'
import { createWords } from '#internal/shared/lib/atomic.js'
import { testAndSetBit } from '#internal/shared/lib/bitmap.js'
import * as P from '#internal/shared/pid/index.js'
import type { WordsJob } from './shared_words_worker.ts'

const NONE = { nr: 1, rounds: 0, at: [0, 0], ns: 0, numbers: 0, done: createWords(1) } as const

/** Runs a worker; `onReady` is called when it says so. Resolves with the number that it reports. */
function run(job: WordsJob, onReady: () => void = () => {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./shared_words_worker.js', import.meta.url), { workerData: job })
    let reported = Number.NaN
    worker.on('message', (message: unknown) => {
      if (typeof message === 'number') reported = message
      else onReady()
    })
    worker.once('error', reject)
    worker.once('exit', () => resolve(reported))
  })
}

test('a lock that three workers want lets one at a time in, and wakes who fell asleep', async () => {
  const words = createWords(L.HEADER_WORDS)
  const rounds = 30_000
  const job = { ...NONE, kind: 'lock', words, rounds, at: [16, 32] } as const
  await Promise.all([1, 2, 3].map((nr) => run({ ...job, nr })))
  assert.deepEqual([words[16], words[32]], [0, 3 * rounds])
})

test('a summary says whether its word is full, whoever changed which bit of it at the same time', async () => {
  const map = 64
  const words = createWords(L.HEADER_WORDS)
  for (let bit = 0; bit < 96; bit++) testAndSetBit(words, bit, map)
  const job = { ...NONE, kind: 'bits', words, rounds: 4000, at: [map, 1], numbers: 2 } as const
  const done = createWords(1)
  assert.deepEqual(await Promise.all([1, 2].map((nr) => run({ ...job, nr, done }))), [0, 0])
  assert.deepEqual([...words.subarray(map - 2, map + 3)], [0b111, 0, -1, -1, -1])
})

test('a number that is there is found while the hash grows', async () => {
  for (let round = 0; round < 5; round++) {
    const table = P.createPidTable({ defer: () => {}, pidMax: 32768 })
    const ns = P.initPidNs(table)
    for (let i = 0; i < 12; i++) assert.ok(P.allocPid(table, ns) > 0)
    const done = createWords(1)
    const before = table.words[L.H_HASH_SEQ] as number
    const job = { ...NONE, kind: 'find', words: table.words, ns, numbers: 12, done } as const
    const missed = await run(job, () => {
      for (let i = 0; i < 30_000; i++) P.allocPid(table, ns)
      Atomics.store(done, 0, 1)
    })
    assert.ok((table.words[L.H_HASH_SEQ] as number) >= before + 16)
    assert.equal(missed, 0)
    assert.deepEqual(P.checkPids(table), [])
  }
})
