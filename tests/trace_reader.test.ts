/*
 * The reader of recordings refuses every damage, and names the line and what it expected there.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { replayLog, TraceError } from 'pidns/trace'
import { bytesOf, fork, loadLines, recording, replayLines, see } from './trace_tools.ts'

const CHILD = see('S', 1, 2)
const ZOMBIE = see('Z', 1, 2)
const SOUND = recording([
  fork(0, 1, 2, CHILD),
  { op: 'exit', by: 1, code: 3, died: true, changed: { 1: ZOMBIE } },
  { op: 'waitpid', by: 0, pid: -1, options: 0, ret: 2, status: 768, changed: { 1: null } },
])

async function failure(bytes: string | Uint8Array, chunk?: number): Promise<TraceError> {
  try {
    await replayLog('broken.jsonl', bytesOf(bytes, chunk))
  } catch (error) {
    assert.ok(error instanceof TraceError, String(error))
    assert.equal(error.path, 'broken.jsonl')
    return error
  }
  return assert.fail('it was replayed')
}

async function refuses(
  bytes: string | Uint8Array,
  line: number,
  message: RegExp,
  chunk?: number,
): Promise<void> {
  const error = await failure(bytes, chunk)
  assert.match(error.message, message)
  assert.equal(error.line, line, error.message)
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

/** SOUND with fields of one line replaced; undefined takes a field away. */
function altered(at: number, fields: Record<string, unknown>): string {
  return text(SOUND.with(at, JSON.stringify({ ...JSON.parse(SOUND[at] ?? ''), ...fields })))
}

describe('bytes that are not lines of text', () => {
  const cases: [what: string, bytes: string | Uint8Array, line: number, message: RegExp][] = [
    ['nothing at all', '', 0, /^empty: expected a log/],
    ['a last line cut in its middle', text(SOUND).slice(0, -7), 5, /the line is cut: expected a newline/],
    ['a last line without its newline', text(SOUND).slice(0, -1), 5, /the line is cut/],
    ['CR LF', text(SOUND).replaceAll('\n', '\r\n'), 1, /CR LF.*LF alone/],
    ['one CR LF', text(SOUND).replace('}\n{"end', '}\r\n{"end'), 4, /CR LF/],
    ['a zero byte', text(SOUND).replace('"exit"', '"ex\0t"'), 3, /byte 0x00: expected text/],
    ['an escape byte', text(SOUND).replace('waitpid', 'wait\u001bpid'), 4, /byte 0x1b/],
    [
      'a picture',
      new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]),
      1,
      /line ends in CR LF|byte/,
    ],
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x7b, 0, 0x0a, 0]), 1, /byte 0x00/],
    ['a byte order mark', `\uFEFF${text(SOUND)}`, 1, /byte order mark/],
    [
      'a line longer than 16 MiB',
      `${SOUND[0]}\n"${'x'.repeat(17 * 1024 * 1024)}`,
      2,
      /longer than 16777216 bytes/,
    ],
  ]
  for (const [what, bytes, line, message] of cases) {
    it(`refuses ${what}`, () => refuses(bytes, line, message))
  }

  it('refuses broken UTF-8 in the line that has it', async () => {
    const bytes = new TextEncoder().encode(text(SOUND).replace('"exit"', '"ex?t"'))
    bytes[bytes.indexOf(0x3f)] = 0xc3
    await refuses(bytes, 3, /invalid UTF-8/)
    await refuses(bytes, 3, /invalid UTF-8/, 1)
  })

  it('finds one bad byte wherever the chunks end', async () => {
    const bad = new TextEncoder().encode(text(SOUND).replace('"exit"', '"e\u0001xit"'))
    for (let chunk = 1; chunk < bad.length; chunk += chunk < 64 ? 1 : 13) {
      const error = await failure(bad, chunk)
      assert.deepEqual(
        [error.line, error.message, error.checked],
        [3, 'byte 0x01: expected text', 2],
        `${chunk}`,
      )
    }
  })

  it('reads the same whatever the chunks', async () => {
    const whole = await replayLines(SOUND)
    for (const chunk of [1, 2, 3, 7, 100]) {
      const { report } = await replayLog('test.jsonl', bytesOf(text(SOUND), chunk))
      assert.deepEqual(report, whole.report)
    }
  })
})

describe('lines that are no recording', () => {
  const cases: [what: string, text: string, line: number, message: RegExp][] = [
    ['another text', 'hello\n', 1, /expected the header of a recording.*got "hello"/],
    ['an empty first line', `\n${text(SOUND)}`, 1, /expected the header/],
    ['an empty line', text(SOUND.with(2, '')), 3, /expected a JSON object, got an empty line/],
    [
      'a line that is not JSON',
      text(SOUND.with(2, '{"step":1,')),
      3,
      /expected a JSON object, got \{"step":1,$/,
    ],
    ['an array', text(SOUND.with(2, '[1]')), 3, /expected a JSON object, got \[1\]/],
    ['a header without its end', text(SOUND.slice(0, 1)), 1, /ends here: expected step 0 of 2/],
    ['a missing end line', text(SOUND.slice(0, -1)), 4, /ends here: expected an end line/],
    ['an end line too early', text(SOUND.toSpliced(3, 1)), 4, /expected step 2 of 2, got the end line/],
    ['a line after the end', text([...SOUND, SOUND[1] ?? '']), 6, /nothing after the end line/],
    ['a step left out', text(SOUND.toSpliced(2, 1)), 3, /"step": expected 1, got 2/],
    ['a step twice', text(SOUND.toSpliced(2, 0, SOUND[1] ?? '')), 3, /"step": expected 1, got 0/],
    ['one step too many', text(SOUND.toSpliced(4, 0, SOUND[3] ?? '')), 5, /expected the end line/],
  ]
  for (const [what, lines, line, message] of cases) {
    it(`refuses ${what}`, () => refuses(lines, line, message))
  }
})

describe('fields of the wrong kind', () => {
  const cases: [at: number, fields: Record<string, unknown>, message: RegExp][] = [
    [0, { version: 3 }, /header: "version": expected 2, got 3/],
    [0, { recorder: 7 }, /"recorder": expected a string/],
    [0, { seed: -1 }, /"seed"/],
    [0, { mix: 'odd' }, /"mix": expected "basic" or "ns" or "threads" or "all", got "odd"/],
    [0, { steps: 1.5 }, /"steps": expected an integer/],
    [0, { pid_max: 300 }, /"pid_max": expected an integer from 301 to 4194304, got 300/],
    [0, { slots: 0 }, /"slots": expected an integer from 1/],
    [0, { slots: 1e9 }, /"slots": expected an integer from 1/],
    [0, { steps: undefined }, /"steps": expected an integer.*got nothing/],
    [0, { colour: 'red' }, /expected no field "colour"/],
    [1, { by: 8 }, /"by": expected an integer from 0 to 7, got 8/],
    [1, { by: 3 }, /"by": expected a slot in use, got 3/],
    [1, { op: 'spoon' }, /"op": expected one of fork, thread, .*, got "spoon"/],
    [1, { op: 'constructor' }, /"op": expected one of/],
    [1, { op: undefined }, /"op": expected a string, got nothing/],
    [1, { new: 0 }, /"new": expected an integer from 1 to 7/],
    [1, { new: 2 }, /expected the state of slot 2, the new task/],
    [1, { flags: 'X' }, /"flags": expected .*"N".* got "X"/],
    [1, { exit_signal: '17' }, /"exit_signal": expected an integer .*got "17"/],
    [1, { set_tid: [] }, /"set_tid": expected 1 to 16 of/],
    [1, { set_tid: [1, 'x'] }, /"set_tid"/],
    [1, { ret: 0 }, /"ret": expected the number of the new task/],
    [1, { ret: -2 }, /"ret": expected an integer from -1/],
    [1, { ret: -1 }, /"err": expected an integer from 1 to 4095, got nothing/],
    [1, { err: 3 }, /expected no field "err"/],
    [1, { ret: undefined }, /expected exactly one of "ret", "died", "stopped", got none/],
    [1, { died: true }, /exactly one of .* got ret and died/],
    [1, { changed: [] }, /"changed": expected a JSON object/],
    [1, { changed: { 1: null } }, /expected the state of slot 1/],
    [1, { changed: { 8: CHILD } }, /expected slots from 1 to 7, got "8"/],
    [1, { changed: { '01': CHILD } }, /got "01"/],
    [1, { changed: { 1: CHILD, 2: CHILD } }, /expected no slot 2, it is not in use/],
    [
      1,
      { changed: { 1: { ...CHILD, state: 'Q' } } },
      /slot 1: "state": expected "S" or "T" or "Z" or "E", got "Q"/,
    ],
    [1, { changed: { 1: { ...CHILD, ppid: -1 } } }, /slot 1: "ppid"/],
    [1, { changed: { 1: { ...CHILD, pid: [] } } }, /slot 1: "pid": expected 1 to 32 of/],
    [1, { changed: { 1: { ...CHILD, pid: [0] } } }, /slot 1: "pid"/],
    [1, { changed: { 1: { ...CHILD, sid: [1, 2] } } }, /slot 1: "sid": expected 1 numbers, as in "pid"/],
    [1, { changed: { 1: { ...CHILD, age: 1 } } }, /slot 1: expected no field "age"/],
    [2, { died: false }, /"died": expected true/],
    [2, { code: 2 ** 31 }, /"code": expected an integer from -2147483648 to 2147483647/],
    [3, { status: undefined }, /"status": expected an integer from 0 to 65535, got nothing/],
    [3, { ret: 0 }, /expected no field "status"/],
    [3, { options: -1 }, /"options": expected an integer from 0 to 4294967295/],
    [4, { steps: 3 }, /end: "steps": expected 2, got 3/],
    [4, { end: 1 }, /end: "end": expected true/],
    [4, { slots: { 1: CHILD } }, /end: "slots": expected no slot 1/],
    [4, { slots: { 1: null } }, /slot 1: expected a JSON object, got null/],
  ]
  for (const [at, fields, message] of cases) {
    it(`refuses ${JSON.stringify(fields, (_, value) => value ?? null)} in line ${at + 1}`, () =>
      refuses(altered(at, fields), at + 1, message))
  }

  it('refuses an end line that leaves out who is left', async () => {
    const lines = recording([fork(0, 1, 2, CHILD)])
    await refuses(text(lines.with(2, '{"end":true,"steps":0,"slots":{}}')), 3, /expected the state of slot 1/)
  })

  it('refuses a pidfd that nobody opened', async () => {
    const steps = [
      fork(0, 1, 2, CHILD),
      { op: 'getpid', by: 1, ret: 2 },
      { op: 'pidfd_poll', by: 1, pidfd: 1, ret: 0 },
    ]
    await refuses(text(recording(steps)), 4, /expected a pidfd that the caller holds, got 1/)
    await refuses(text(recording(steps.with(2, { op: 'pidfd_poll', by: 1, pidfd: 2, ret: 0 }))), 4, /"pidfd"/)
  })

  it('refuses a setns into the namespace of a slot that is free', async () => {
    const setns = { op: 'setns', by: 1, target: 5, for_children: 0, ret: 0 }
    await refuses(
      text(recording([fork(0, 1, 2, CHILD), setns])),
      3,
      /"target": expected a slot in use, got 5/,
    )
  })

  it('tells how far it came', async () => {
    const error = await failure(text(loadLines('basic-310').slice(0, 101)))
    assert.equal(error.line, 101)
    assert.equal(error.checked, 200)
    assert.equal(error.matched, 200)
  })
})
