/*
 * Logs of real programs on a real kernel, recorded in every mode (the tracer inside the namespace, as its init's child,
 * outside of it, in none): each replays equal, and little of it is skipped.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { type FileReport, replayLog } from 'pidns/trace'
import { bytesOf } from './trace_tools.ts'

const folder = new URL('../../tests/data/traces/', import.meta.url)
const logs = readdirSync(folder).filter((name) => name.endsWith('.strace.gz'))

/** Those recorded in a namespace of their own, from its birth, with the tracer in it. */
const OWNED = /^(?:in-|stderr-|d01|d02|d03|d04|d05|d09|d10|d11|d16|d17)/

async function replay(name: string): Promise<FileReport> {
  const text = gunzipSync(readFileSync(new URL(name, folder)))
  return (await replayLog(name, bytesOf(text), { waits: false })).report
}

function skippedOf({ skipped }: FileReport): number {
  return Object.values(skipped).reduce((sum, n) => sum + n, 0)
}

describe('logs of real programs replay equal', () => {
  for (const name of logs) {
    it(name.replace('.strace.gz', ''), async () => {
      const report = await replay(name)
      assert.deepEqual(report.differences, [])
      assert.equal(report.matched, report.checked)
      assert.ok(report.checked > 10)
      if (OWNED.test(name))
        assert.ok(skippedOf(report) <= report.checked * 0.005, `${skippedOf(report)} skipped`)
    })
  }

  it('of all their results, at least 97 % are checked', async () => {
    let checked = 0
    let skipped = 0
    for (const name of logs) {
      const report = await replay(name)
      checked += report.checked
      skipped += skippedOf(report)
    }
    assert.ok(logs.length > 25)
    assert.ok(checked / (checked + skipped) >= 0.97, `${checked} checked, ${skipped} skipped`)
  })
})
