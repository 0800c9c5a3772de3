/*
 * One wrong number in a log made with -qq, outside of the namespace: most ends have no line of their own there.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { replayLog } from 'pidns/trace'
import { birth, call, HEADER, replayText, row } from './ftrace_tools.ts'
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

describe('sched_process_wait tells the number that the call waits for', () => {
  const START = [...call(0, 50, 'sys_getpid()', '0x32'), ...birth(10, 50, 100)]
  const waits = (us: number, upid: string, nr: number): string[] => {
    const [entry, exit] = call(us, 50, `sys_wait4(upid: ${upid}, stat_addr: 0, options: 1, ru: 0)`, '0x0')
    return [
      entry as string,
      row(us + 1, 50, `sched_process_wait: comm=bash pid=${nr} prio=120`),
      exit as string,
    ]
  }
  const ok = [...waits(30, '0x64', 100), ...waits(50, '0xffffffff', 0), ...waits(70, '0xffffff9c', 50)]

  async function named(log: readonly string[]): Promise<number[]> {
    const { report } = await replayText([HEADER, ...START, ...log])
    return report.differences.map(({ line }) => line - 1 - START.length)
  }

  it('or 0 for any', async () => assert.deepEqual(await named(ok), []))
  it('another one is named', async () =>
    assert.ok((await named([...ok, ...waits(90, '0x64', 101)])).includes(11)))
  it('somebody, where the call waits for any, too', async () =>
    assert.deepEqual(await named([...waits(30, '0xffffffff', 100)]), [2, 1]))
})
