/*
 * Acts that go to another thread as numbers and text: they come out as they went in. And a long log, which is read by a
 * second thread: its report, its errors and its findings are those of one thread.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { replayLog } from 'pidns/trace'
import type { Span } from '#internal/trace/acts.js'
import { createActsDecoder, createActsEncoder } from '#internal/trace/acts_code.js'
import type { LogItem } from '#internal/trace/event.js'
import { readParts } from '#internal/trace/log_parts.js'
import { bytesOf } from './trace_tools.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, 'tests/data/traces')

/** An item as it is now: a span goes on changing. */
function snapshot(item: LogItem): unknown {
  return structuredClone(item)
}

async function* parts(text: Uint8Array): AsyncGenerator<(take: (item: LogItem) => void) => void> {
  for await (const part of readParts(bytesOf(text, 20_000))) {
    yield (take) => part.play(take, () => false)
  }
}

describe('coded acts come out as they went in', () => {
  for (const name of readdirSync(folder)) {
    it(name, async () => {
      const [encoder, decoder] = [createActsEncoder(), createActsDecoder()]
      const before: unknown[] = []
      const after: unknown[] = []
      const entered = new Map<number, Span>()
      for await (const play of parts(gunzipSync(readFileSync(join(folder, name))))) {
        play((item) => {
          before.push(snapshot(item))
          encoder.add(item)
        })
        // As it is posted.
        const coded = structuredClone(encoder.take())
        decoder.play(coded, (item) => {
          after.push(snapshot(item))
          if (item.kind === 'enter') entered.set(item.span.line, item.span)
          else if (item.kind === 'leave') assert.equal(item.span, entered.get(item.span.line))
        })
      }
      assert.ok(before.length > 50)
      assert.deepEqual(after, before)
    })
  }

  it('numbers that are no 32-bit integers', () => {
    const [encoder, decoder] = [createActsEncoder(), createActsDecoder()]
    const calls: Span['call'][] = [
      { op: 'clone', flags: 0x80000000, exitSignal: 17, setTid: undefined },
      { op: 'clone', flags: 0, exitSignal: 17, setTid: [7, 8, 9] },
      { op: 'kill', pid: -(2 ** 31), sig: 2 ** 40 },
      { op: 'waitid', idtype: 1, id: 5, fd: undefined, options: 4 },
    ]
    const items = calls.map((call, i): LogItem => {
      const outcome = {
        kind: 'returned',
        value: 2 ** 33,
        outer: undefined,
        status: -1,
        info: undefined,
        fd: undefined,
      } as const
      return { kind: 'call', span: { by: 5, line: i, time: '12:00:0é', call, last: i, outcome } }
    })
    for (const item of items) encoder.add(item)
    const out: LogItem[] = []
    decoder.play(encoder.take(), (item) => out.push(item))
    assert.deepEqual(out, items)
  })
})

describe('a log that is read by a second thread', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'pidns-acts-'))
  after(() => rmSync(scratch, { recursive: true }))

  const lines = readFileSync(join(root, 'examples/leaks.strace'), 'utf8').split('\n').slice(0, -1)
  /** After each call that has returned another that tells nothing: enough for a second thread. */
  const long = lines.flatMap((line) => {
    const by = /^(\d+) .*\) += \d/.exec(line)?.[1]
    return by === undefined
      ? [line]
      : [line, `${by} 1795369650.0 pread64(3, "${'x'.repeat(9000)}", 9000, 0) = 9000`]
  })

  function replay(name: string, content: string | Uint8Array) {
    const path = join(scratch, name)
    writeFileSync(path, content)
    const args = [join(root, 'dist/cli/main.js'), 'replay', '--json', path]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    })
    return { status, report: stdout === '' ? undefined : JSON.parse(stdout).files[0], stderr }
  }

  /** As gzip data, and no shorter for it. */
  const store = (content: string): Uint8Array => gzipSync(content, { level: 0 })

  const text = `${long.join('\n')}\n`

  it('is long enough', () => {
    assert.ok(text.length > 4 * 1024 * 1024)
  })

  for (const [name, pack] of [
    ['plain.strace', Buffer.from],
    ['packed.strace.gz', store],
  ] as const) {
    it(`${name}: the same report`, async () => {
      const { report } = await replayLog(name, bytesOf(text))
      const other = replay(name, pack(text))
      assert.equal(other.status, 0)
      assert.deepEqual({ ...other.report, path: name }, { ...report })
    })
  }

  it('a number that was changed is named at its line', () => {
    const at = long.findLastIndex((line) => / wait4\(.*= \d+$/.test(line))
    const changed = long.with(
      at,
      (long[at] as string).replace(/\d+$/, (nr) => `${Number(nr) + 1}`),
    )
    const { status, report } = replay('changed.strace', `${changed.join('\n')}\n`)
    assert.equal(status, 1)
    assert.equal(report.differences[0].line, at + 1)
  })

  it('a broken line: what came before it is replayed, and the line named', () => {
    const at = long.length - 5
    const { status, report, stderr } = replay(
      'broken.strace',
      `${long.with(at, '5 1795369650.0 kill(').join('\n')}\n`,
    )
    assert.equal(status, 2)
    assert.equal(report, undefined)
    assert.match(
      stderr,
      new RegExp(`broken\\.strace:${at + 1}: .*\\(before that: \\d{3,} results, all equal\\)\\n$`),
    )
  })

  it('damaged gzip data is what is told', () => {
    const packed = store(text)
    const { status, stderr } = replay('cut.strace.gz', packed.subarray(0, packed.length - 100_000))
    assert.equal(status, 2)
    assert.match(
      stderr,
      /cut\.strace\.gz: damaged gzip data: it is cut short \(before that: \d+ results, all equal\)\n$/,
    )
  })

  it('bytes that are no text', () => {
    const bytes = Buffer.from(text)
    bytes[bytes.lastIndexOf('x')] = 0
    const { status, stderr } = replay('binary.strace', bytes)
    assert.equal(status, 2)
    assert.match(
      stderr,
      /binary\.strace:\d+: byte 0x00: expected text \(before that: \d+ results, all equal\)\n$/,
    )
  })
})
