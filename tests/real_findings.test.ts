/*
 * What replay finds in logs of real programs, against what the programs themselves printed while they ran: tables of ps,
 * exit codes, numbers. Those are quoted here.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { type Finding, type FindingKind, replayLog } from 'pidns/trace'
import { bytesOf } from './trace_tools.ts'

async function findingsOf(path: string): Promise<(kind: FindingKind) => Finding[]> {
  const file = readFileSync(new URL(`../../${path}`, import.meta.url))
  const text = path.endsWith('.gz') ? gunzipSync(file) : file
  const { report } = await replayLog(path, bytesOf(text))
  assert.equal(report.matched, report.checked)
  return (kind) => report.findings.filter((finding) => finding.kind === kind)
}

/** The number in the innermost namespace, as ps inside shows it. */
function inside({ pid, nspid }: Finding): number {
  return nspid?.at(-1) ?? pid
}

interface Row {
  readonly pid: number
  readonly ppid: number
  readonly sid: number
  readonly state: string
}

function psRows(table: string): Row[] {
  return table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, ppid, , sid, state]) => ({
      pid: Number(pid),
      ppid: Number(ppid),
      sid: Number(sid),
      state: `${state}`,
    }))
}

const sorted = (numbers: number[]): number[] => [...new Set(numbers)].sort((a, b) => a - b)

describe('zombies and a group kill (d08)', () => {
  const rows = psRows(`
      1       0       0       0 S    bash
     19       1      19      19 Ss   sh
     20      19      19      19 S    sleep
     22       1      22       0 S    perl
     24      22      22       0 Z    perl
     25      22      22       0 Z    perl
     26      22      22       0 Z    perl
     27       1      27       0 R    ps`)

  it('names the zombies of ps, and the parent that should have waited', async () => {
    const findings = await findingsOf('tests/data/traces/d08-zombies-groupkill.strace.gz')
    const zombies = findings('zombie')
    for (const { pid } of rows.filter(({ state }) => state === 'Z')) {
      const found = zombies.find((finding) => inside(finding) === pid)
      assert.match(found?.text ?? `${pid} is missing`, /^ended by exit_group\(0\); its parent 15016 ended/)
      assert.match(found?.command ?? '', /^perl /)
      assert.match(found?.descent?.at(-1) ?? '', /^15016 \(perl /)
    }
  })

  it('names who had left the group by setsid when it was killed ("rc 143", "group gone")', async () => {
    const findings = await findingsOf('tests/data/traces/d08-zombies-groupkill.strace.gz')
    const escaped = findings('session-escape')
    for (const { pid } of rows.filter(({ sid }) => sid === 19))
      assert.ok(escaped.some((finding) => inside(finding) === pid))
    assert.deepEqual(findings('group-survivor'), [])
  })
})

describe('nested namespaces (d07)', () => {
  it('tells whom each init took along: "inner 1", "mid 1", and "rc 137" of one that was killed', async () => {
    const deaths = (await findingsOf('tests/data/traces/d07-nested-ns.strace.gz'))('namespace-death')
    assert.deepEqual(
      deaths.map(({ nspid }) => nspid?.length),
      [4, 3, 3],
    )
    for (const death of deaths) assert.equal(inside(death), 1)
    assert.match(deaths[0]?.command ?? '', /^bash -c echo inner/)
    assert.match(deaths[1]?.command ?? '', /^bash -c echo mid/)
    assert.match(deaths[2]?.text ?? '', /took along 14974, 14975$/)
  })
})

describe('subreapers (d10)', () => {
  // What the subreaper 21 printed for each child that it waited for: number and status.
  const reaped = ['22 256', '24 768', '23 1792', '25 2304', '26 1280', '28 1024', '29 0', '30 15']

  it('adopted what ps showed it to wait for, and left no zombie', async () => {
    const findings = await findingsOf('tests/data/traces/d10-subreaper-tini.strace.gz')
    const adopted = findings('orphan').filter(({ text }) => text.endsWith('adopted by subreaper 21'))
    const children = new Set([22, 26, 29])
    const orphans = reaped.map((line) => Number(line.split(' ')[0])).filter((pid) => !children.has(pid))
    assert.deepEqual(sorted(adopted.map(({ pid }) => pid).filter((pid) => pid <= 30)), sorted(orphans))
    assert.deepEqual(findings('zombie'), [])
    assert.deepEqual(findings('unreaped-injected'), [])
  })
})

describe('numbers held across the wrap (d17)', () => {
  it('come back, and nobody is left unwaited for: ps at the end shows strace, dash and ps alone', async () => {
    const findings = await findingsOf('tests/data/traces/d17-wrap-pins.strace.gz')
    assert.ok(findings('reuse').length > 400)
    for (const { text } of findings('zombie')) assert.doesNotMatch(text, /has not waited/)
  })
})

describe('a script that leaks in each of six ways', () => {
  // What it printed.
  const printed = `
background 6 child of 5
double-fork 9 by 8
daemon 12 in session 11
zombie 15 under 13
namespace 17 init 1
namespace 18 child 2
missed 23 by setsid
missed 24 by setpgid
group 19 killed`

  function printedNumbers(word: string): number[] {
    return printed
      .trim()
      .split('\n')
      .filter((line) => line.startsWith(word))
      .map((line) => Number(line.split(' ')[1]))
  }

  it('is told of: who outlived it, and by whom each was adopted', async () => {
    const findings = await findingsOf('examples/leaks.strace')
    const orphans = findings('orphan').map(({ pid }) => pid)
    for (const way of ['background', 'double-fork', 'daemon', 'missed'])
      for (const pid of printedNumbers(way)) assert.ok(orphans.includes(pid), `${way} ${pid}`)
    assert.ok(orphans.includes(17))
  })

  it('its zombie, with the parent that slept', async () => {
    const zombies = (await findingsOf('examples/leaks.strace'))('zombie')
    const found = zombies.find(({ pid }) => pid === 15)
    assert.match(found?.text ?? '', /^ended by exit_group\(3\); its parent 13 ended/)
  })

  it('who escaped the kill of the group, and how', async () => {
    const findings = await findingsOf('examples/leaks.strace')
    const [bySetsid, bySetpgid] = printedNumbers('missed')
    assert.deepEqual(
      findings('session-escape').map(({ pid }) => pid),
      [bySetsid],
    )
    assert.deepEqual(
      findings('group-survivor').map(({ pid }) => pid),
      [bySetpgid],
    )
    for (const { text } of [...findings('session-escape'), ...findings('group-survivor')])
      assert.match(text, /^outlived SIGTERM to group 19, which ended /)
  })

  it('the child in a namespace of its own, by both numbers', async () => {
    const file = readFileSync(new URL('../../examples/leaks.strace', import.meta.url))
    const { report, tree } = await replayLog('leaks', bytesOf(file))
    const init = tree?.children.find(({ state }) => state.pid[0] === 17)
    assert.deepEqual(init?.state.pid, [17, 1])
    assert.deepEqual(init?.children[0]?.state.pid, [18, 2])
    assert.equal(report.matched, report.checked)
  })
})
