/*
 * Numbers that a caller of clone3 has chosen (set_tid), in a log that does not show the choice: no difference, and no way
 * for a wrong number to pass.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { birth, call, fork, HEADER, loadTrace, replayText, row } from './ftrace_tools.ts'

const FOREIGN = 'numbers taken outside the log'
const CHOSEN = 'numbers that a caller may have chosen'
const MEMORY = 'results in memory that the log does not show'
const BARE = '0'

function clone3(us: number, pid: number, child: number, told = child): string[] {
  return [
    row(us, pid, 'sys_clone3(uargs: 0x7ffe, size: 0x58)'),
    ...birth(us + 1, pid, child, BARE),
    row(us + 8, pid, `sys_clone3 -> 0x${told.toString(16)}`),
  ]
}

/** The init of a new namespace. */
function container(us: number, pid: number, init: number): string[] {
  return [...birth(us, pid, init, '20000000'), ...call(us + 6, init, 'sys_getpid()', '0x1')]
}

const START = [...call(0, 50, 'sys_getpid()', '0x32'), ...birth(10, 50, 100)]

async function reportOf(lines: readonly string[]) {
  return (await replayText([HEADER, ...lines])).report
}

/** What is skipped, besides the first number. */
async function assertEqual(lines: readonly string[], skipped: Record<string, number>): Promise<void> {
  const report = await reportOf(lines)
  assert.deepEqual(report.differences, [])
  assert.deepEqual(report.skipped, { [FOREIGN]: 1, ...skipped })
}

async function linesNamed(lines: readonly string[]): Promise<number[]> {
  const { differences, checked, matched } = await reportOf(lines)
  assert.ok(matched < checked)
  return differences.map(({ line }) => line - 1)
}

describe('a number in the outermost namespace', () => {
  it('further on is chosen if the next birth gets the one passed over', () =>
    assertEqual([...START, ...clone3(20, 50, 900), ...birth(40, 50, 101), ...birth(50, 50, 102)], {
      [CHOSEN]: 1,
    }))

  it('and further on is chosen twice', () =>
    assertEqual(
      [
        ...START,
        ...clone3(20, 50, 900),
        ...clone3(30, 50, 950),
        ...clone3(40, 50, 951),
        ...birth(60, 50, 101),
      ],
      { [CHOSEN]: 2 },
    ))

  it('was no choice if the next birth goes on from there', () =>
    assertEqual([...START, ...clone3(20, 50, 900), ...birth(40, 50, 901)], { [FOREIGN]: 2 }))

  it('that comes before the next one is chosen', () =>
    assertEqual([...START, ...clone3(20, 50, 60), ...birth(40, 50, 101)], { [CHOSEN]: 1 }))

  it('looks like a lap if it comes long before, until the next birth', () =>
    assertEqual(
      [
        ...call(0, 50, 'sys_getpid()', '0x32'),
        ...birth(10, 50, 5000),
        ...clone3(20, 50, 300),
        ...birth(40, 50, 5001),
      ],
      { [CHOSEN]: 1 },
    ))

  it('is chosen in a log without calls where no fork(2) has made the task', () =>
    assertEqual([...birth(0, 50, 100), ...birth(10, 50, 900, BARE), ...birth(20, 50, 101)], { [CHOSEN]: 1 }))

  it('is not chosen by fork(2)', async () =>
    assert.deepEqual(await linesNamed([...START, ...birth(20, 50, 60)]), [5]))

  it('is not chosen if somebody has it', async () =>
    assert.deepEqual(await linesNamed([...START, ...clone3(20, 50, 100)]), [6, 6]))

  it('is chosen if one event and the result of the call tell it, where the log has no other event', () =>
    assertEqual(
      [
        ...call(0, 50, 'sys_getpid()', '0x32'),
        fork(10, 50, 100),
        ...[...clone3(20, 50, 60)].filter((line) => !line.includes('task_newtask')),
        fork(40, 50, 101),
      ],
      { [CHOSEN]: 1 },
    ))

  it('is not chosen two namespaces further down', async () => {
    const log = [...container(10, 50, 100), ...container(20, 100, 101), ...clone3(30, 101, 60, 0x10)]
    assert.deepEqual(
      [...new Set(await linesNamed([...call(0, 50, 'sys_getpid()', '0x32'), ...log]))],
      [12, 14],
    )
  })

  it('is not chosen if only one of the two events tells it', async () => {
    const lines = [...START, ...clone3(20, 50, 101)]
    lines[6] = (lines[6] as string).replace('=101', '=900')
    assert.deepEqual(await linesNamed(lines), [7])
  })
})

describe('a number below it', () => {
  const name = 'chosen-ns'

  it('is chosen if the call comes back with it', async () => {
    const { report } = await replayText(loadTrace(name))
    assert.deepEqual(report.differences, [])
    assert.deepEqual(report.skipped, { [FOREIGN]: 1, [CHOSEN]: 4, [MEMORY]: 1 })
  })

  const lines = loadTrace(name)
  const places = lines.flatMap((line, at) =>
    /sys_clone3 -> 0x[1-9a-f][0-9a-f]{0,4}$/.test(line) ? [at] : [],
  )
  for (const at of places) {
    const [result, told] = /0x(\w+)$/.exec(lines[at] as string) as unknown as [string, string]
    for (const other of ['0x2', `0x${(Number.parseInt(told, 16) + 1).toString(16)}`, '0x7d3']) {
      if (other === result) continue
      it(`is found if it is another one: line ${at + 1}, ${other}`, async () => {
        const wrong = lines.with(at, (lines[at] as string).replace(result, other))
        const { report } = await replayText(wrong)
        assert.ok(report.checked > report.matched)
        // The next number is the only one that is not suspicious in itself.
        if (other !== '0x2') assert.ok(report.differences.some(({ line }) => line === at + 1))
      })
    }
  }

  const BEGIN = [...call(0, 50, 'sys_getpid()', '0x32'), ...container(10, 50, 100)]
  const choice = (told: number): string[] => clone3(20, 100, 101, told)
  const AT = BEGIN.length + 4

  for (const [what, ...after] of [
    ['gets the number that has been passed over', ...fork2(40, 100, 102, 0x2)],
    ['says the same itself', ...call(40, 101, 'sys_getpid()', '0x10')],
    ['is waited for by it', ...waitFor(40, 0x10, '0x0')],
  ] as [string, ...string[]][])
    it(`is chosen if ${what.startsWith('gets') ? 'the next task' : 'the child'} ${what}`, () =>
      assertEqual([...BEGIN, ...choice(0x10), ...after], { [CHOSEN]: 1 }))

  for (const [what, ...after] of [
    ['nothing bears it out'],
    ['the child says that it has the next one', ...call(40, 101, 'sys_getpid()', '0x2')],
    ['the next task gets the one after it', ...clone3(40, 100, 102, 0x3)],
    ['the next task gets the one after it, of fork(2)', ...fork2(40, 100, 102, 0x3)],
    ['the child is waited for by the next one', ...waitFor(40, 0x2, '0x0')],
  ] as [string, ...string[]][])
    it(`is wrong if ${what}`, async () => {
      for (const number of [0x3, 0x10])
        assert.ok((await linesNamed([...BEGIN, ...choice(number), ...after])).includes(AT), `${number}`)
    })

  it('is not blamed for what happens in another namespace', async () => {
    const log = [...BEGIN, ...container(30, 50, 200), ...clone3(40, 100, 201, 0x10)]
    const wrong = call(80, 200, 'sys_wait4(upid: 0xffffffff, stat_addr: 0, options: 1, ru: 0)', '0x5')
    assert.deepEqual(await linesNamed([...log, ...fork2(60, 100, 202, 0x2), ...wrong]), [log.length + 6])
  })

  it('is told by the result of the call where the log has one event of a birth only', async () => {
    const { report } = await replayText(
      loadTrace(name).filter((line) => !line.includes('sched_process_fork')),
    )
    assert.deepEqual(report.differences, [])
  })
})

/** Both events of a fork(2) amid its call. */
function fork2(us: number, pid: number, child: number, told: number): string[] {
  const [entry, exit] = call(us, pid, 'sys_clone(clone_flags: 0x1200011, newsp: 0)', `0x${told.toString(16)}`)
  return [entry as string, ...birth(us + 1, pid, child), exit as string]
}

function waitFor(us: number, nr: number, result: string): string[] {
  return call(us, 100, `sys_wait4(upid: 0x${nr.toString(16)}, stat_addr: 0, options: 1, ru: 0)`, result)
}
