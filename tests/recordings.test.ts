/*
 * What a real kernel did, replayed: every recording under tests/data, and those of a folder named by PIDNS_RECORDINGS.
 * Each is replayed as it is, with the table's invariants walked after every event; on a kernel that is saved and restored
 * again and again on the way (each restore walks the invariants too); and so with either way to find a number.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { replayLog } from 'pidns/trace'
import { bytesOf } from './trace_tools.ts'

const data = fileURLToPath(new URL('../../tests/data', import.meta.url))
const folders = [data, join(data, 'recordings'), ...(process.env.PIDNS_RECORDINGS?.split(':') ?? [])]
const files = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => /\.jsonl(\.gz)?$/.test(name))
    .map((name) => ({ name, path: join(folder, name) })),
)

function contentOf(path: string): Uint8Array {
  const bytes = readFileSync(path)
  return path.endsWith('.gz') ? gunzipSync(bytes) : bytes
}

describe('recordings of a real kernel', () => {
  it('are at hand, of all four mixes', () => {
    for (const mix of ['basic', 'ns', 'threads', 'all']) {
      assert.ok(files.filter(({ name }) => name.includes(`${mix}-`)).length >= 10, mix)
    }
  })
  for (const { name, path } of files) {
    it(`${name}: every result and every state is the recorded one`, async () => {
      const { report } = await replayLog(name, bytesOf(contentOf(path)))
      assert.deepEqual(report.differences, [])
      assert.ok(report.checked > report.events)
      assert.equal(report.matched, report.checked)
      assert.deepEqual(report.skipped, {})
    })
    it(`${name}: the same on a kernel restored from its image every 40 events`, async () => {
      const { report } = await replayLog(name, bytesOf(contentOf(path)), { check: false, restoreEvery: 40 })
      assert.deepEqual(report.differences, [])
      assert.equal(report.matched, report.checked)
    })
    it(`${name}: the same with numbers found by the radix tree, restored as often`, async () => {
      const options = { check: false, restoreEvery: 40, lookup: 'idr' } as const
      const { report } = await replayLog(name, bytesOf(contentOf(path)), options)
      assert.deepEqual(report.differences, [])
      assert.equal(report.matched, report.checked)
    })
  }
})
