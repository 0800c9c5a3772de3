/*
 * The oracle itself, against recordings of a real kernel: what the model test compares with is Linux's behaviour.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { replayOnOracle } from './oracle/replay.ts'

const shipped = fileURLToPath(new URL('../../tests/data', import.meta.url))
const more =
  process.env.PIDNS_RECORDINGS ?? fileURLToPath(new URL('../../../shared/recordings', import.meta.url))

function check(folder: string): void {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.jsonl'))) {
    it(`performs ${file} as the kernel did`, () => {
      const lines = readFileSync(join(folder, file), 'utf8').split('\n').slice(0, -1)
      assert.deepEqual(replayOnOracle(lines), [])
    })
  }
}

describe('the oracle on the recordings that ship', () => check(shipped))
describe('the oracle on all recordings at hand', () => {
  if (existsSync(more)) check(more)
})
