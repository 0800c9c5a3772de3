/*
 * Replays of logs of real programs, one rule of order in each: a few lines as strace writes them, what comes of them, and
 * which line is named when one number in them is changed.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type FileReport, type LogOptions, replayLog } from 'pidns/trace'
import { ROWS } from './span_rows.ts'
import { AHEAD_ROWS } from './span_rows_ahead.ts'
import { FILTER_ROWS } from './span_rows_filters.ts'
import { RARE_ROWS } from './span_rows_rare.ts'
import { SIGNAL_ROWS } from './span_rows_signals.ts'
import { bytesOf } from './trace_tools.ts'

const ALL = [...ROWS, ...RARE_ROWS, ...FILTER_ROWS, ...AHEAD_ROWS, ...SIGNAL_ROWS]

async function replay(lines: readonly string[], options: LogOptions = {}): Promise<FileReport> {
  const text = lines.map((line) => `${line}\n`).join('')
  return (await replayLog('test.strace', bytesOf(text), { waits: false, ...options })).report
}

describe('an order that the log allows is found', () => {
  for (const { what, lines, options, reordered = 0, skipped = {} } of ALL) {
    it(what, async () => {
      const result = await replay(lines, options)
      assert.deepEqual(result.differences, [])
      assert.equal(result.matched, result.checked)
      assert.equal(result.reordered, reordered)
      assert.deepEqual(result.skipped, skipped)
    })
  }
})

describe('one number changed is found, and its line named', () => {
  for (const { what, lines, options, mutant } of ALL) {
    it(what, async () => {
      const at = lines.findIndex((line, i) => i >= mutant.at - 1 && line.includes(mutant.from))
      const line = lines[at] ?? ''
      const result = await replay(lines.with(at, line.replace(mutant.from, mutant.to)), options)
      const named = [...new Set(result.differences.map((difference) => difference.line))].sort(
        (a, b) => a - b,
      )
      assert.equal(at, mutant.at - 1)
      assert.ok(result.matched < result.checked)
      assert.deepEqual(
        named,
        [mutant.at, ...(mutant.also ?? [])].sort((a, b) => a - b),
      )
    })
  }
})
