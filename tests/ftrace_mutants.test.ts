/*
 * One number changed in logs of ftrace, in the columns and fields that other lines bear out: its line is named.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { birth, call, exit, HEADER, loadTrace, notice, replayText, row } from './ftrace_tools.ts'

const COLUMN = /-(\d+) +(?:\( *[\d-]+\) +)?\[/d

/** A number that no task of these logs has. */
const NOBODY = 999_999

const ROWS: readonly [log: string, what: string, lines: RegExp, place: RegExp, by: (nr: number) => number][] =
  [
    ['jobs-zombies', 'who makes a task', /: task_newtask:/, COLUMN, () => NOBODY],
    ['jobs-zombies', 'who makes a task, a neighbour', /: task_newtask:/, COLUMN, (nr) => nr + 1],
    ['jobs-zombies', 'the process of a task', /: sched_process_exec:/, /\( *(\d+)\)/d, (nr) => nr + 1],
    ['jobs-zombies', 'the process of a task, nobody', /: signal_generate:/, /\( *(\d+)\)/d, () => NOBODY],
    ['groupkill-ns', 'who enters a call', /: sys_(?:setpgid|setsid|getppid)\(/, COLUMN, () => NOBODY],
    ['groupkill-ns', 'who comes back from a call', /: sys_(?:setpgid|setsid) ->/, COLUMN, () => NOBODY],
    ['groupkill-ns', 'who waits', /: sched_process_wait:/, COLUMN, () => NOBODY],
    [
      'groupkill-ns',
      'whose end is told',
      /: signal_generate: sig=17 errno=0 code=[12]/,
      COLUMN,
      () => NOBODY,
    ],
  ]

/** Its first lines may tell of what was before the log. */
const FROM = 150
/** So many places of each kind are changed, one at a time. */
const SAMPLES = 6

function placesIn(
  lines: readonly string[],
  which: RegExp,
  place: RegExp,
): [at: number, from: number, to: number][] {
  return lines.flatMap((line, at) => {
    const [from, to] = (which.test(line) && place.exec(line)?.indices?.[1]) || [0, 0]
    return to > 0 && at > FROM ? [[at, from, to] as [number, number, number]] : []
  })
}

describe('one number changed in a log of ftrace: the line is named', () => {
  for (const [log, what, which, place, change] of ROWS) {
    it(`${log}: ${what}`, async () => {
      const lines = loadTrace(log)
      const places = placesIn(lines, which, place)
      assert.ok(places.length > 3, `${places.length} places`)
      for (let i = 0; i < SAMPLES; i++) {
        const [at, from, to] = places[Math.floor((i * places.length) / SAMPLES)] as (typeof places)[number]
        const line = lines[at] as string
        const wrong = `${line.slice(0, from)}${change(Number(line.slice(from, to)))}${line.slice(to)}`
        const { report } = await replayText(lines.with(at, wrong), { check: false })
        assert.ok(
          report.differences.some(({ line: named }) => named === at + 1),
          `${wrong}\n${JSON.stringify(report.differences.slice(0, 2))}`,
        )
      }
    })
  }
})

async function linesNamed(lines: readonly string[]): Promise<number[]> {
  const { report } = await replayText([HEADER, ...lines])
  return report.differences.map(({ line }) => line - 1)
}

/** Some ends, so that the log is not at its beginning. */
const ENDS = [100, 101, 102, 103].flatMap((nr, at) => [
  ...birth(at * 50, 50, nr),
  exit(at * 50 + 20, nr),
  notice(at * 50 + 25, nr, 50),
])

describe('what lines of ftrace have in common', () => {
  it('a wait that began before the log comes back', async () =>
    assert.deepEqual(await linesNamed([...ENDS, row(300, 60, 'sys_wait4 -> 0x3d')]), []))

  it('a call does not come back to another task', async () => {
    const kill = 'sys_setpgid(pid: 0, pgid: 0)'
    const lines = [...call(300, 50, kill, '0x0'), row(310, 50, kill), row(312, 60, 'sys_setpgid -> 0x0')]
    assert.deepEqual(await linesNamed([...ENDS, ...lines]), [ENDS.length + 4])
  })

  it('a task that dies tells of its own end, and of the children that it leaves', async () => {
    const lines = [
      ...birth(300, 50, 104),
      ...birth(310, 104, 105),
      exit(320, 105),
      notice(325, 105, 104),
      exit(330, 104),
      notice(331, 104, 50),
      notice(332, 104, 50),
    ]
    assert.deepEqual(await linesNamed([...ENDS, ...lines]), [])
  })

  it('and nobody else does', async () => {
    const lines = [...birth(300, 50, 104), ...birth(310, 50, 105), exit(320, 104), notice(325, 105, 50)]
    assert.deepEqual(await linesNamed([...ENDS, ...lines]), [ENDS.length + 6])
  })

  it('a task that lives is not freed', async () => {
    const freed = row(320, 0, 'sched_process_free: comm=bash pid=104 prio=120', '<idle>')
    assert.deepEqual(await linesNamed([...ENDS, ...birth(300, 50, 104), freed]), [ENDS.length + 3])
  })

  it('nor one of another name', async () => {
    const freed = row(320, 0, 'sched_process_free: comm=sleep pid=103 prio=120', '<idle>')
    assert.deepEqual(await linesNamed([...ENDS, freed]), [ENDS.length + 1])
  })

  it('a signal that nobody has sent does not arrive', async () => {
    const taken = row(320, 104, 'signal_deliver: sig=10 errno=0 code=0 sa_handler=55e88e871e40 sa_flags=0')
    const sent = 'signal_generate: sig=10 errno=0 code=0 comm=bash pid=105 grp=1 res=0'
    const lines = [...ENDS, ...birth(300, 50, 104), ...birth(310, 50, 105)]
    assert.deepEqual(await linesNamed([...lines, row(315, 50, sent), taken]), [lines.length + 2])
    // Of a log of chosen tasks, whose senders are others.
    assert.deepEqual(await linesNamed([...lines, taken]), [])
  })
})
