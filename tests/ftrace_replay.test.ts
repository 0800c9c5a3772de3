/*
 * The replayer finds what ftrace wrote equal, learns what lies outside the log once, and names a number that is not the
 * kernel's.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FileReport, LogOptions } from 'pidns/trace'
import { birth, call, exit, fork, HEADER, loadTrace, notice, replayText, row } from './ftrace_tools.ts'

const FOREIGN = 'numbers taken outside the log'
const LIMIT = 'limits that the log does not show'
const OLDER = 'processes from before the log'
const ELSEWHERE = 'namespaces that the log does not show'

async function reportOf(lines: readonly string[], options?: LogOptions): Promise<FileReport> {
  return (await replayText([HEADER, ...lines], options)).report
}

async function equal(lines: readonly string[], checked: number, skipped = {}): Promise<FileReport> {
  const report = await reportOf(lines)
  assert.deepEqual(report.differences, [])
  assert.deepEqual([report.checked, report.matched, report.skipped], [checked, checked, skipped])
  return report
}

async function assertEqual(lines: readonly string[], checked: number, skipped = {}): Promise<void> {
  await equal(lines, checked, skipped)
}

/** What stands in the first difference: its line in the log, counted from 1 behind the header, and the two values. */
async function assertDiffers(
  lines: readonly string[],
  line: number,
  expected: string,
  actual: string,
): Promise<void> {
  const { differences, checked, matched } = await reportOf(lines)
  assert.ok(checked > matched)
  assert.deepEqual(
    [differences[0]?.line, differences[0]?.expected, differences[0]?.actual],
    [line + 1, expected, actual],
  )
}

describe('logs of real programs', () => {
  const rows: [name: string, checked: number, skipped: Record<string, number>][] = [
    ['jobs-zombies', 125, { [FOREIGN]: 1 }],
    ['groupkill-ns', 198, { [FOREIGN]: 1 }],
    ['wrap', 1346, { [FOREIGN]: 3, [LIMIT]: 1 }],
  ]
  for (const [name, checked, skipped] of rows) {
    it(`finds ${name} equal`, async () => {
      const { report } = await replayText(loadTrace(name))
      assert.deepEqual(report.differences, [])
      assert.deepEqual([report.checked, report.matched, report.skipped], [checked, checked, skipped])
      assert.equal(report.format, 'ftrace')
    })
  }

  it('tells who survived the kills of groups in groupkill-ns, and why', async () => {
    const { report } = await replayText(loadTrace('groupkill-ns'))
    const told = report.findings
      .filter(({ kind, line }) => kind !== 'orphan' && line === 142)
      .map(({ nspid, text }) => `${nspid?.[1]} ${text.slice(text.lastIndexOf(':') + 2)}`)
    assert.deepEqual(told.sort(), [
      '10 it had left by setsid at line 80',
      '11 it had left by setsid at line 80',
      '12 it ignores the signal',
      '6 it had left by setsid at line 80',
      '8 it ignores the signal',
      '9 it had left by setpgid at line 127',
    ])
  })

  it('tells the zombies of jobs-zombies, and none of those that were waited for unseen', async () => {
    const { report } = await replayText(loadTrace('jobs-zombies'))
    const zombies = report.findings.filter(({ kind }) => kind === 'zombie').map(({ pid }) => pid)
    assert.deepEqual(zombies, [21032, 21035, 21037, 21039, 21038, 21052, 21053, 21054])
  })
})

describe('a wrong number is named with its line', () => {
  const child = /child_pid=(\d+)$/
  const made = /task_newtask: pid=(\d+)/
  const result = /sys_(?:wait4|getppid|setsid) -> (0x[1-9a-f][0-9a-f]{0,6})$/

  for (const [name, pattern, shift] of [
    ['jobs-zombies', child, 1],
    ['jobs-zombies', made, 2],
    ['wrap', child, 1],
    ['wrap', child, -1],
    ['wrap', child, 700],
    ['groupkill-ns', made, -3],
    ['groupkill-ns', result, 1],
    ['groupkill-ns', result, 9000],
  ] as const) {
    it(`${name}: ${pattern.source} ${shift > 0 ? '+' : ''}${shift}`, async () => {
      const lines = loadTrace(name)
      const places = lines.flatMap((line, at) => (pattern.test(line) ? [at] : [])).slice(1)
      for (let i = 1; i < 8; i++) {
        const at = places[Math.floor((i * places.length) / 8)] as number
        const wrong = lines.slice()
        wrong[at] = (lines[at] as string).replace(pattern, (all, digits: string) => {
          const nr = Number(digits) + shift
          return all.slice(0, -digits.length) + (digits.startsWith('0x') ? `0x${nr.toString(16)}` : nr)
        })
        const { report } = await replayText(wrong, { check: false })
        assert.equal(
          report.differences[0]?.line,
          at + 1,
          `${lines[at]}\n${JSON.stringify(report.differences[0])}`,
        )
        assert.ok(report.matched < report.checked)
      }
    })
  }
})

describe('births', () => {
  it('the first tells where the numbers are, the others follow', () =>
    assertEqual([...birth(0, 50, 100), ...birth(10, 50, 101), ...birth(20, 60, 102)], 2, { [FOREIGN]: 1 }))

  it('one that was first on another CPU may be told later', async () => {
    const report = await equal(
      [fork(0, 50, 100), row(5, 60, 'x: y'), fork(10, 50, 102), fork(11, 60, 101)],
      2,
      {
        [FOREIGN]: 1,
      },
    )
    assert.equal(report.reordered, 2)
  })

  it('but not if its parent had a line in between', () =>
    assertDiffers(
      [fork(0, 50, 100), fork(10, 50, 102), row(11, 60, 'x: y'), fork(12, 60, 101)],
      2,
      '102',
      '101',
    ))

  it('numbers passed over are held by others, once', () =>
    assertEqual([fork(0, 50, 100), fork(1, 50, 104), fork(2, 50, 105), exit(3, 104)], 1, { [FOREIGN]: 2 }))

  it('whose task then shows itself was not', () =>
    assertDiffers([fork(0, 50, 100), fork(1, 50, 104), exit(2, 101)], 2, '104', '101'))

  it('a step backward is a difference', () =>
    assertDiffers([fork(0, 50, 100), fork(1, 50, 99), fork(2, 50, 102)], 2, '99', '101'))

  it('the number of a living task is a difference', () =>
    assertDiffers(
      [fork(0, 50, 100), fork(1, 50, 101), exit(2, 101), row(3, 60, 'x: y'), fork(4, 50, 60)],
      5,
      '60',
      '102',
    ))

  it('the two events of a birth must agree', () =>
    assertDiffers(
      [...birth(0, 50, 100), birth(10, 50, 101)[0] as string, fork(15, 50, 107)],
      4,
      '107',
      '101',
    ))

  it('pid_max shows at the first lap', () =>
    assertEqual([fork(0, 50, 32766), fork(1, 50, 32767), fork(2, 50, 300), fork(3, 50, 301)], 2, {
      [FOREIGN]: 1,
      [LIMIT]: 1,
    }))

  it('or is given', async () => {
    const lines = [fork(0, 50, 32766), fork(1, 50, 32767), fork(2, 50, 300)]
    const { skipped, checked } = await reportOf(lines, { pidMax: 32768 })
    assert.deepEqual([skipped, checked], [{ [FOREIGN]: 1 }, 2])
  })

  it('a limit that a later number exceeds was none', () =>
    assertDiffers([fork(0, 50, 2000), fork(1, 50, 300), fork(2, 50, 2002)], 2, '300', '2001'))

  it('a number is free again at some time after the end of its holder', async () => {
    const lines = [fork(0, 50, 301), fork(1, 50, 302), exit(2, 301), fork(3, 50, 300), fork(4, 50, 301)]
    const { differences, checked, reordered } = await reportOf(lines, { pidMax: 303 })
    assert.deepEqual([differences, checked, reordered], [[], 3, 1])
  })
})

describe('ends', () => {
  it('the notice goes to the parent', () =>
    assertEqual([fork(0, 50, 100), exit(1, 100), notice(2, 100, 50)], 1, { [FOREIGN]: 1 }))

  it('and to nobody else', () =>
    assertDiffers(
      [fork(0, 50, 100), fork(1, 100, 101), fork(2, 100, 102), exit(3, 102), notice(4, 102, 101)],
      5,
      '101',
      '100',
    ))

  it('a dying parent tells the adopter of its dead children', () =>
    assertEqual(
      [
        fork(0, 50, 100),
        fork(1, 100, 101),
        exit(2, 101),
        notice(3, 101, 100),
        exit(4, 100),
        notice(5, 100, 1),
        notice(6, 100, 50),
      ],
      3,
      { [FOREIGN]: 1 },
    ))

  it('a wait that finds nothing may be earlier than an end that has begun', () =>
    assertEqual(
      [
        ...birth(0, 50, 100),
        exit(10, 100),
        ...call(20, 50, 'sys_wait4(upid: 0x64, stat_addr: 0, options: 1, ru: 0)', '0x0'),
        notice(30, 100, 50),
        ...call(40, 50, 'sys_wait4(upid: 0x64, stat_addr: 0, options: 1, ru: 0)', '0x64'),
      ],
      3,
      { [FOREIGN]: 1 },
    ))

  it('but not after the parent has got its notice', () =>
    assertDiffers(
      [
        ...call(0, 50, 'sys_getpid()', '0x32'),
        ...birth(0, 50, 100),
        exit(10, 100),
        notice(30, 100, 50),
        ...call(40, 50, 'sys_wait4(upid: 0x64, stat_addr: 0, options: 1, ru: 0)', '0x0'),
      ],
      8,
      '0',
      '100',
    ))

  it('a thread that is not the first executes a program under the number of the first', () =>
    assertEqual(
      [
        ...birth(0, 50, 100),
        ...birth(10, 100, 101, '3d0f00'),
        exit(20, 100, false),
        row(30, 100, 'sched_process_exec: filename=/bin/true pid=100 old_pid=101'),
        ...birth(40, 100, 102),
        exit(50, 100),
        notice(51, 100, 50),
      ],
      3,
      { [FOREIGN]: 1 },
    ))

  it('getppid follows the end of the parent', () =>
    assertEqual(
      [
        ...birth(0, 50, 100),
        ...birth(10, 100, 101),
        exit(20, 100),
        ...call(30, 101, 'sys_getppid()', '0x64'),
        notice(40, 100, 50),
        ...call(50, 101, 'sys_getppid()', '0x1'),
      ],
      4,
      { [FOREIGN]: 1 },
    ))
})

describe('namespaces', () => {
  const INIT = [
    ...birth(0, 50, 100),
    ...call(10, 100, 'sys_unshare(unshare_flags: 0x20000000)', '0x0'),
    row(19, 100, 'sys_clone(clone_flags: 0x1200011, newsp: 0)'),
    ...birth(20, 100, 101),
    row(28, 100, 'sys_clone -> 0x65'),
  ]

  it('results are in the numbers of the caller, events in the outermost', () =>
    assertEqual(
      [
        ...INIT,
        ...call(30, 101, 'sys_getpid()', '0x1'),
        row(39, 101, 'sys_clone(clone_flags: 0x1200011, newsp: 0)'),
        ...birth(40, 101, 102),
        row(48, 101, 'sys_clone -> 0x2'),
        exit(50, 102),
        notice(51, 102, 101),
        ...call(60, 101, 'sys_wait4(upid: 0xffffffff, stat_addr: 0, options: 0, ru: 0)', '0x2'),
      ],
      8,
      { [FOREIGN]: 1 },
    ))

  it('a wrong one of them is found', () =>
    assertDiffers([...INIT, ...call(30, 101, 'sys_getpid()', '0x2')], 10, '2', '1'))

  it('one from before the log is not known', () =>
    assertEqual(
      [
        ...birth(0, 50, 100),
        ...call(10, 50, 'sys_getpid()', '0x7'),
        ...call(20, 100, 'sys_getppid()', '0x7'),
      ],
      1,
      {
        [FOREIGN]: 1,
        [OLDER]: 1,
      },
    ))

  it('unless a later number shows that it is none', () =>
    assertDiffers(
      [
        ...birth(0, 500, 600),
        ...call(10, 500, 'sys_getpid()', '0x7'),
        ...call(20, 500, 'sys_getpid()', '0x1f4'),
      ],
      4,
      '7',
      '500 at line 7',
    ))

  it('one that was made without a line is not known either', () =>
    assertEqual(
      [
        ...birth(0, 50, 100),
        ...call(10, 50, 'sys_getpid()', '0x32'),
        ...call(20, 100, 'sys_getpid()', '0x1'),
        ...call(30, 100, 'sys_getppid()', '0x0'),
      ],
      1,
      { [FOREIGN]: 1, [ELSEWHERE]: 2 },
    ))

  it('but has no large numbers', () =>
    assertDiffers(
      [
        ...call(0, 50, 'sys_getpid()', '0x32'),
        ...birth(10, 50, 100),
        ...call(20, 100, 'sys_getpid()', '0x63'),
      ],
      6,
      '99',
      '100',
    ))
})
