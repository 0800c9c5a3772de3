/*
 * Recordings of a real kernel, each event performed by another worker in turn, on one table.
 * PIDNS_RECORDINGS: folders with more of them; tests/data/recordings is one.
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { CLONE_NEWPID, Kernel } from 'pidns/shared'
import { eventsOf, startOf } from './shared_replay_tools.ts'
import type { Play, ReplayJob } from './shared_replay_worker.ts'

const WORKERS = 3
const data = fileURLToPath(new URL('../../tests/data', import.meta.url))
const folders = [data, ...(process.env.PIDNS_RECORDINGS?.split(':') ?? [])]
const paths = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => /\.jsonl(\.gz)?$/.test(name))
    .map((name) => join(folder, name)),
)

/** The world in which a recording begins: the init of a fresh namespace, alone, in its own session. */
function begin(path: string): { kernel: Kernel; play: Play } {
  const kernel = Kernel.boot()
  const root = kernel.init.clone({ flags: CLONE_NEWPID })
  root.setsid()
  root.sysctl('kernel.pid_max', startOf(path).pidMax)
  const made = new Float64Array(new SharedArrayBuffer(8 * eventsOf(path).length))
  const turn = new Int32Array(new SharedArrayBuffer(4))
  return { kernel, play: { path, kernel: kernel.handle, root: root.handle, turn, made } }
}

test('recordings replay equal where each event is performed by another worker than the one before', {
  timeout: 1_200_000,
}, async () => {
  const begun = paths.map(begin)
  const plays = begun.map(({ play }) => play)
  const reports: [path: string, problems: string[], events: number][] = []
  await Promise.all(
    Array.from({ length: WORKERS }, (_, place) => {
      const workerData: ReplayJob = { plays, place, workers: WORKERS }
      const worker = new Worker(new URL('./shared_replay_worker.js', import.meta.url), { workerData })
      worker.on('message', (report) => reports.push(report))
      return new Promise((resolve, reject) => {
        worker.once('error', reject)
        worker.once('exit', resolve)
      })
    }),
  )
  assert.deepEqual(
    reports.flatMap(([path, problems]) => problems.slice(0, 5).map((problem) => `${path}: ${problem}`)),
    [],
  )
  assert.ok(paths.length >= 10)
  for (const { kernel, play } of begun) {
    const events = reports.filter(([path]) => path === play.path).map(([, , count]) => count)
    assert.equal(events.length, WORKERS)
    assert.equal(
      events.reduce((a, b) => a + b),
      play.made.length,
    )
    assert.deepEqual(kernel.check(), [])
    kernel.dispose()
  }
})
