/*
 * One wrong number in a log made with -qq, outside of the namespace: most ends have no line of their own there.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { replayLog } from 'pidns/trace'
import { bytesOf } from './trace_tools.ts'

const file = new URL('../../tests/data/traces/out-quiet-threads.strace.gz', import.meta.url)
const lines = gunzipSync(readFileSync(file)).toString().split('\n').slice(0, -1)

/** The lines named in the differences of the log, where the first line that matches is changed so. */
async function namedFor(pattern: RegExp, to: string): Promise<[line: number, named: number[]]> {
  const at = lines.findIndex((line) => pattern.test(line))
  assert.ok(at >= 0)
  const wrong = lines.with(at, (lines[at] as string).replace(pattern, to))
  const { report } = await replayLog('x', bytesOf(`${wrong.join('\n')}\n`), { waits: false })
  return [at + 1, report.differences.map(({ line }) => line)]
}

describe('in a log with -qq', () => {
  for (const [what, pattern, to] of [
    ['a sender whom the namespace does not have', /(SI_USER, si_pid=)\d+/, '$19999'],
    ['a call of a thread that has called exit', /^8433( +getpgid)/, '8434$1'],
  ] as const) {
    it(`${what} is named`, async () => {
      const [line, named] = await namedFor(pattern, to)
      assert.ok(named.includes(line), `${lines[line - 1]}: ${named}`)
    })
  }
})
