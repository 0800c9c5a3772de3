/*
 * The oracle itself, against recordings of a real kernel: what the model test compares with is Linux's behaviour.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { replayOnOracle } from './oracle/replay.ts'

const data = fileURLToPath(new URL('../../tests/data', import.meta.url))
const folders = [data, join(data, 'recordings'), ...(process.env.PIDNS_RECORDINGS?.split(':') ?? [])]
const files = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => /\.jsonl(\.gz)?$/.test(name))
    .map((name) => join(folder, name)),
)

function linesOf(path: string): string[] {
  const bytes = readFileSync(path)
  const text = path.endsWith('.gz') ? gunzipSync(bytes) : bytes
  return text.toString('utf8').split('\n').slice(0, -1)
}

describe('the oracle', () => {
  for (const path of files) {
    it(`performs ${path.slice(data.length + 1)} as the kernel did`, () => {
      assert.deepEqual(replayOnOracle(linesOf(path)), [])
    })
  }
})
