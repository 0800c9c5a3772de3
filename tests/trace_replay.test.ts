/*
 * The replayer finds a recording of a real kernel equal, and any number in it that is not the kernel's different.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FINDING_KINDS, type FileReport, sumUp } from 'pidns/trace'
import { DATA, fork, loadLines, recording, replayLines, see } from './trace_tools.ts'

type Json = Record<string, unknown>

describe('recordings of a real kernel', () => {
  for (const name of DATA) {
    it(`finds ${name} equal`, async () => {
      const lines = loadLines(name)
      const { report, trail, tree } = await replayLines(lines)
      assert.deepEqual(report.differences, [])
      assert.deepEqual(trail, [])
      assert.equal(report.events, lines.length - 2)
      assert.equal(report.checked, 2 * report.events + 1)
      assert.equal(report.matched, report.checked)
      assert.equal(report.lines, lines.length)
      assert.deepEqual(tree?.state.pid, [1])
    })
  }
})

describe('the report', () => {
  it('has the fields that are promised, in their order', async () => {
    const { report } = await replayLines(loadLines('ns-310'))
    const fields = 'path format lines events checked matched reordered skipped differences processes findings'
    assert.deepEqual(Object.keys(report), fields.split(' '))
    assert.equal(report.format, 'recording')
    assert.equal(report.reordered, 0)
    assert.deepEqual(report.skipped, {})
    for (const finding of report.findings) {
      assert.deepEqual(Object.keys(finding).slice(0, 4), ['kind', 'pid', 'line', 'text'])
      assert.equal('nspid' in finding, (finding.nspid?.length ?? 1) > 1)
      assert.ok(FINDING_KINDS.includes(finding.kind))
    }
  })

  it('sums up files', async () => {
    const reports: FileReport[] = []
    for (const name of ['basic-310', 'ns-32768']) reports.push((await replayLines(loadLines(name))).report)
    const report = sumUp(reports, 2)
    assert.deepEqual(Object.keys(report), ['files', 'checked', 'matched', 'seconds', 'eventsPerSecond'])
    assert.equal(report.checked, 1203 + 803)
    assert.equal(report.eventsPerSecond, (601 + 401) / 2)
    assert.equal(sumUp([], 0).eventsPerSecond, 0)
  })

  it('counts processes, and threads not among them', async () => {
    const lines = loadLines('ns-310')
    const made = lines.filter((line) => line.includes('"op":"fork"') && !line.includes('"ret":-1')).length
    assert.equal((await replayLines(lines)).report.processes, made + 1)
  })
})

/** Where a result stands: a line and the keys that lead to a number in it. */
interface Place {
  readonly line: number
  readonly keys: readonly string[]
}

/** Every number in the results of a recording. A `ret` that other fields depend on is left out. */
function results(lines: readonly string[]): Place[] {
  const places: Place[] = []
  lines.forEach((text, i) => {
    const json = JSON.parse(text) as Json
    const fields = ['changed', 'slots', 'err', 'status', 'si_signo', 'si_pid', 'si_code', 'si_status']
    if (json.ret !== -1 && (json.op !== 'waitpid' || json.ret !== 0)) fields.push('ret')
    if (i > 0) for (const field of fields) collect(json[field], [field], i + 1, places)
  })
  return places
}

function collect(value: unknown, keys: readonly string[], line: number, places: Place[]): void {
  if (typeof value === 'number') places.push({ line, keys })
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) collect(inner, [...keys, key], line, places)
  }
}

/** The recording with one number changed. */
function changeNumber(lines: readonly string[], { line, keys }: Place): string[] {
  const json = JSON.parse(lines[line - 1] ?? '') as Json
  let at: Json = json
  for (const key of keys.slice(0, -1)) at = at[key] as Json
  const last = keys.at(-1) ?? ''
  const value = at[last] as number
  at[last] = value === 65535 ? 65534 : value + 1
  return lines.with(line - 1, JSON.stringify(json))
}

describe('a recording with one number changed', () => {
  for (const name of DATA) {
    it(`differs at its line, in ${name}`, async () => {
      const lines = loadLines(name)
      const places = results(lines)
      const check = async (place: Place): Promise<void> => {
        const { report, trail } = await replayLines(changeNumber(lines, place), { check: false })
        assert.ok(report.matched < report.checked)
        assert.equal(report.differences[0]?.line, place.line)
        assert.equal(trail.at(-1)?.line, Math.min(place.line, lines.length - 1))
        assert.ok(trail.length <= 8)
      }
      await fc.assert(fc.asyncProperty(fc.constantFrom(...places), check), { numRuns: 60 })
    })
  }
})

describe('a recording with one result of another kind', () => {
  const lines = loadLines('ns-310')
  const cases: [what: string, from: RegExp, to: string][] = [
    ['a death for a return', /"ret":0,"changed"/, '"died":true,"changed"'],
    ['a stop for a death', /"died":true/, '"stopped":true'],
    ['a return for a death', /"died":true/, '"ret":0'],
    ['an error for a success', /"ret":0,"changed"/, '"ret":-1,"err":1,"changed"'],
    ['a success for an error', /"op":"kill"(.*)"ret":-1,"err":3/, '"op":"kill"$1"ret":0'],
    ['another state', /"state":"Z"/, '"state":"T"'],
    ['an error of open as one of setns', /,"stage":"open"/, ''],
    ['an error of setns as one of open', /("op":"setns".*"err":22)/, '$1,"stage":"open"'],
  ]
  for (const [what, from, to] of cases) {
    it(`finds ${what}`, async () => {
      const at = lines.findIndex((line) => from.test(line) && !line.includes('"end"'))
      assert.notEqual(at, -1)
      const { report } = await replayLines(lines.with(at, lines[at]?.replace(from, to) ?? ''))
      assert.equal(report.differences[0]?.line, at + 1)
    })
  }

  it('finds a task that should be gone, and goes on', async () => {
    const steps = [
      fork(0, 1, 2, see('S', 1, 2)),
      { op: 'getpid', by: 1, ret: 2, changed: { 1: null } },
      { op: 'waitpid', by: 0, pid: -1, options: 0, ret: -1, err: 10 },
      fork(0, 1, 3, see('S', 1, 3)),
    ]
    const { report } = await replayLines(recording(steps))
    assert.deepEqual(report.differences, [
      { line: 3, what: 'slot 1: state', expected: 'gone', actual: 'alive, pid [2]' },
      { line: 4, what: 'wait4(-1, 0) by slot 0 (pid 1)', expected: '-1 ECHILD', actual: '0' },
    ])
    // The pictures of lines 3 to 5 hold a task too many.
    assert.equal(report.checked - report.matched, 4)
  })

  it('finds a task that the log does not know, once', async () => {
    const steps = [
      { op: 'fork', by: 0, new: 1, flags: '', exit_signal: 17, ret: -1, err: 11 },
      { op: 'waitpid', by: 0, pid: -1, options: 0, ret: 0 },
      { op: 'waitpid', by: 0, pid: -1, options: 0, ret: 0 },
    ]
    const { report } = await replayLines(recording(steps))
    assert.deepEqual(report.differences, [
      { line: 2, what: 'clone(SIGCHLD) by slot 0 (pid 1)', expected: '-1 EAGAIN', actual: '2' },
      { line: 2, what: 'tasks', expected: 'no more tasks', actual: 'one with pid 2' },
    ])
    assert.equal(report.checked - report.matched, 4)
  })

  it('goes on with a task that could not be made', async () => {
    const steps = [
      { ...fork(0, 1, 500, see('S', 1, 500)), set_tid: [500] },
      { op: 'getpid', by: 1, ret: 500 },
      { op: 'exit', by: 1, code: 0, died: true, changed: { 1: see('Z', 1, 500) } },
    ]
    const { report, trail } = await replayLines(recording(steps))
    assert.equal(report.differences[0]?.actual, '-1 EINVAL')
    assert.equal(report.differences[2]?.actual, 'the caller does not exist here')
    assert.deepEqual(trail, [{ line: 2, text: 'slot 0 (pid 1): clone(SIGCHLD, set_tid [500]) = 500' }])
  })

  it('tells which steps led to the first difference, and only those about its tasks', async () => {
    const steps = [
      fork(0, 1, 2, see('S', 1, 2)),
      fork(0, 2, 3, see('S', 1, 3)),
      { op: 'getpid', by: 2, ret: 3 },
      { op: 'setsid', by: 1, ret: 2, changed: { 1: see('S', 1, 2, 2) } },
      { op: 'getpid', by: 2, ret: 3 },
      { op: 'getsid', by: 1, pid: 0, ret: 1 },
    ]
    const { trail } = await replayLines(recording(steps))
    assert.deepEqual(trail, [
      { line: 2, text: 'slot 0 (pid 1): clone(SIGCHLD) = 2' },
      { line: 5, text: 'slot 1 (pid 2): setsid() = 2' },
      { line: 7, text: 'slot 1 (pid 2): getsid(0) = 1' },
    ])
  })

  it('does not tell of those who had the slot before', async () => {
    const steps = [
      fork(0, 1, 2, see('S', 1, 2)),
      { op: 'getpid', by: 1, ret: 2 },
      { op: 'exit', by: 1, code: 0, died: true, changed: { 1: see('Z', 1, 2) } },
      { op: 'waitpid', by: 0, pid: -1, options: 0, ret: 2, status: 0, changed: { 1: null } },
      fork(0, 1, 3, see('S', 1, 3)),
      { op: 'getpid', by: 1, ret: 4 },
    ]
    const { trail } = await replayLines(recording(steps))
    assert.deepEqual(
      trail.map(({ line }) => line),
      [6, 7],
    )
  })

  it('lists the first hundred differences and counts all', async () => {
    const wrong = Array.from({ length: 150 }, () => ({ op: 'getpid', by: 1, ret: 7 }))
    const { report } = await replayLines(recording([fork(0, 1, 2, see('S', 1, 2)), ...wrong]))
    assert.equal(report.differences.length, 100)
    assert.equal(report.checked - report.matched, 150)
  })
})

describe('pidfds', () => {
  it('stay open while a process holds them, and are closed after', async () => {
    const open = { op: 'pidfd_open', by: 1, pid: 2, flags: 0, ret: 0 }
    const steps = [
      fork(0, 1, 2, see('S', 1, 2)),
      open,
      fork(1, 2, 3, see('S', 2, 3)),
      { op: 'exit', by: 1, code: 0, died: true, changed: { 1: see('Z', 1, 2), 2: see('S', 1, 3) } },
      { op: 'waitpid', by: 0, pid: -1, options: 0, ret: 2, status: 0, changed: { 1: null } },
      { op: 'pidfd_poll', by: 2, pidfd: 1, ret: 17 },
      { op: 'pidfd_send', by: 2, pidfd: 1, sig: 9, flags: 0, ret: -1, err: 3 },
    ]
    const { report } = await replayLines(recording(steps))
    assert.deepEqual(report.differences, [])
  })
})
