/*
 * Numbers that a caller of clone3 has chosen (set_tid), in a log that does not show the choice: no difference, and no way
 * for a wrong number to pass.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { birth, call, HEADER, loadTrace, replayText, row } from './ftrace_tools.ts'

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
    it(`is found if it is another one: line ${at + 1}`, async () => {
      const wrong = lines.slice()
      wrong[at] = (lines[at] as string).replace(/0x\w+$/, '0x7d3')
      const { report } = await replayText(wrong)
      assert.ok(report.differences.some(({ line }) => line === at + 1))
    })
  }
})
