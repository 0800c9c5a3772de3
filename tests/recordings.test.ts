/*
 * Every recording of a real kernel that is at hand beside the repository. They are too many to ship; tests/data has some.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { replayLog } from 'pidns/trace'
import { bytesOf } from './trace_tools.ts'

const folder =
  process.env.PIDNS_RECORDINGS ?? fileURLToPath(new URL('../../../shared/recordings', import.meta.url))
const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.jsonl')) : []

describe('recordings beside the repository', () => {
  const skip = files.length === 0 && 'no recordings at hand: set PIDNS_RECORDINGS to a folder that has some'
  it('are there', { skip }, () => assert.ok(files.length > 0))
  for (const file of files) {
    it(`finds ${file} equal`, async () => {
      const { report } = await replayLog(file, bytesOf(readFileSync(join(folder, file))))
      assert.deepEqual(report.differences, [])
      assert.equal(report.matched, report.checked)
    })
  }
})
