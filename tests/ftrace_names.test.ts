/*
 * The kernel prints the names of tasks as they are: cut within a character, in other encodings, with control characters.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type LogResult, replayLog } from 'pidns/trace'
import { birth, exit, HEADER, notice } from './ftrace_tools.ts'
import { bytesOf } from './trace_tools.ts'

const NAME = '@@@@'
const LINES = [
  HEADER,
  ...birth(0, 50, 100),
  ...birth(10, 50, 101),
  exit(20, 101),
  notice(25, 101, 50),
  ...birth(30, 50, 102),
].map((line) => line.replaceAll('bash', NAME))

function replayNamed(name: readonly number[], chunk = 65536): Promise<LogResult> {
  const bytes = new TextEncoder().encode(LINES.map((line) => `${line}\n`).join(''))
  const at = new TextEncoder().encode(NAME)
  for (let from = bytes.indexOf(at[0] as number); from >= 0; from = bytes.indexOf(at[0] as number, from))
    bytes.set(name, from)
  return replayLog('test.ftrace', bytesOf(bytes, chunk))
}

describe('names of tasks in a log of ftrace', () => {
  const rows: [what: string, name: number[]][] = [
    ['UTF-8', [0xc3, 0xa9, 0xc3, 0xa9]],
    ['cut within a character', [0x61, 0xc3, 0xa9, 0xe4]],
    ['another encoding', [0xe9, 0x61, 0xff, 0xe8]],
    ['control characters', [0x1b, 0x5b, 0x01, 0x7f]],
    ['a carriage return', [0x61, 0x61, 0x0d, 0x61]],
  ]
  for (const [what, name] of rows) {
    it(what, async () => {
      for (const chunk of [1, 7, 200, 65536]) {
        const { report } = await replayNamed(name, chunk)
        assert.deepEqual([report.checked, report.matched, report.differences], [3, 3, []])
      }
    })
  }

  it('no lines that end in CR LF', async () => {
    const text = LINES.map((line) => `${line}\r\n`).join('')
    await assert.rejects(replayLog('test.ftrace', bytesOf(text)), { line: 1, message: /CR LF/ })
  })
})
