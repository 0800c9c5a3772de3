/*
 * What lines of ftrace have in common further: names, who waits, who is told, whom a kill is for. Each log is right, and wrong with one number
 * changed in it.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { birth, call, exit, HEADER, notice, replayText, row } from './ftrace_tools.ts'

/** Some ends, so that the log is not at its beginning; 50 is of the log, and in its namespace. */
const START = [
  ...call(0, 49, 'sys_getpid()', '0x31'),
  ...birth(5, 49, 50),
  ...[100, 101, 102, 103].flatMap((nr, at) => [
    ...birth(50 + at * 50, 50, nr),
    exit(70 + at * 50, nr),
    notice(75 + at * 50, nr, 50),
  ]),
  ...birth(300, 50, 104),
  ...birth(310, 50, 105),
]

async function named(log: readonly string[], header = HEADER): Promise<number[]> {
  const { report } = await replayText([header, ...START, ...log])
  return report.differences.map(({ line }) => line - 1 - START.length)
}

/** Right as it is; wrong, and so said, with `to` instead of `from` in line `at`. */
async function assertTold(
  log: readonly string[],
  at: number,
  from: string,
  to: string,
  header = HEADER,
): Promise<void> {
  assert.deepEqual(await named(log, header), [])
  const line = log[at - 1] as string
  assert.ok(line.includes(from), line)
  const wrong = await named(log.with(at - 1, line.replace(from, to)), header)
  assert.ok(wrong.includes(at), `${wrong}`)
}

const sent = (us: number, by: number, to: number, comm = 'bash'): string =>
  row(us, by, `signal_generate: sig=15 errno=0 code=0 comm=${comm} pid=${to} grp=1 res=0`)
/** -ECHILD. */
const NONE = '0xfffffffffffffff6'
const exec = (us: number, by: number, file: string): string =>
  row(us, by, `sched_process_exec: filename=${file} pid=${by} old_pid=${by}`)
const wait = (us: number, by: number, result: string): [string, string, string] => {
  const [enters, leaves] = call(
    us,
    by,
    'sys_wait4(upid: 0xffffffff, stat_addr: 0, options: 1, ru: 0)',
    result,
  )
  return [enters as string, row(us + 1, by, 'sched_process_wait: comm=bash pid=0 prio=120'), leaves as string]
}

describe('lines of ftrace agree', () => {
  it('a signal is for a task of the name that it has', () => {
    const end = row(360, 104, 'sched_process_exit: comm=sleep pid=104 prio=120 group_dead=true')
    return assertTold(
      [
        exec(320, 104, '/bin/sleep'),
        sent(330, 49, 104, 'sleep'),
        sent(340, 49, 105),
        sent(350, 49, 105),
        end,
      ],
      3,
      'pid=105',
      'pid=104',
    )
  })

  it('a task may have another name from some line on', async () => {
    const log = [exec(320, 104, '/bin/sleep'), sent(330, 49, 104, 'nap'), sent(340, 49, 104, 'nap')]
    assert.deepEqual(await named(log), [])
  })

  it('in the file trace a task has one name in front of its lines', async () => {
    const asks = (us: number): string[] => [
      row(us, 105, 'sys_getppid()', 'sleep'),
      row(us + 1, 105, 'sys_getppid -> 0x32', 'sleep'),
    ]
    const log = [...asks(320), sent(330, 104, 49), ...asks(340)]
    await assertTold(log, 3, '-104', '-105', '# entries-in-buffer/entries-written: 9/9   #P:1')
    // What trace_pipe prints may change with each exec.
    assert.deepEqual(await named(log.with(2, sent(330, 105, 49))), [])
  })

  it('whoever ends has come back from its call', () => {
    const log = [...wait(320, 105, NONE), ...wait(330, 104, NONE), exit(340, 104)]
    return assertTold(log, 6, '-104', '-999')
  })

  it('whoever is dead takes no signal', () => {
    const taken = row(320, 105, 'signal_deliver: sig=15 errno=0 code=0 sa_handler=0 sa_flags=0')
    return assertTold([sent(315, 49, 105), taken], 2, '-105', '-103')
  })

  it('a wait looks for children', () => {
    const log = [...wait(320, 104, NONE), ...wait(330, 104, NONE)]
    return assertTold(log, 5, '-104', '-103')
  })

  it('a process whose parent has been told of its end is told nothing', () =>
    assertTold([...birth(320, 50, 106), exit(330, 106), notice(335, 106, 50)], 4, 'pid=50', 'pid=103'))

  it('nor does it tell of others', () =>
    assertTold(
      [
        ...birth(320, 50, 106),
        ...birth(330, 106, 107),
        exit(340, 106),
        notice(345, 106, 50),
        ...Array.from({ length: 70 }, (_, at) => sent(350 + at, 49, 105)),
        exit(430, 104),
        notice(435, 104, 50),
      ],
      78,
      '-104',
      '-106',
    ))

  it('a continuation is told to the parent', () => {
    const log = [sent(320, 49, 105), notice(330, 105, 50, 5), notice(340, 105, 50, 6)]
    return assertTold(log, 3, 'pid=50', 'pid=104')
  })

  it('and to a tracer, who has been told of a stop', async () =>
    assert.deepEqual(
      await named([notice(330, 105, 104, 5), notice(340, 105, 50, 6), notice(345, 105, 104, 6)]),
      [],
    ))

  it('a task that only signals tell of may be a zombie', async () => {
    const freed = row(330, 0, 'sched_process_free: comm=bash pid=70 prio=120', '<idle>')
    assert.deepEqual(await named([sent(320, 49, 70), freed]), [])
  })

  it('whoever was there before the log may have begun to make a task then', async () =>
    assert.deepEqual(
      await named([...birth(320, 50, 107), ...birth(330, 60, 106), ...birth(340, 50, 108)]),
      [],
    ))

  it('a signal is for whom the call names, dead or alive', async () => {
    const kill = (pid: string): [string, string] =>
      call(320, 50, `sys_kill(pid: ${pid}, sig: 15)`, '0x0') as [string, string]
    for (const [pid, nr] of [
      ['0x69', 105],
      ['0x67', 103],
    ] as const) {
      const [enters, leaves] = kill(pid)
      await assertTold([enters, sent(322, 50, nr), leaves], 2, `pid=${nr}`, 'pid=104')
    }
  })

  it('or one of its group', () => {
    const [enters, leaves] = call(340, 50, 'sys_kill(pid: 0xffffff97, sig: 15)', '0x0') as [string, string]
    const group = call(320, 105, 'sys_setpgid(pid: 0, pgid: 0)', '0x0')
    return assertTold([...group, enters, sent(342, 50, 105), leaves], 4, 'pid=105', 'pid=999')
  })

  it('a program is executed in the call that does', () => {
    const calls = (us: number, by: number): string[] => [
      row(us, by, 'sys_execve(filename: 0x7f, argv: 0x7f, envp: 0x7f)'),
      exec(us + 1, by, '/bin/true'),
      row(us + 2, by, 'sys_execve -> 0x0'),
    ]
    const fails = call(350, 104, 'sys_execve(filename: 0x7f, argv: 0x7f, envp: 0x7f)', '0xfffffffffffffffe')
    return assertTold([...calls(320, 104), ...calls(330, 105), ...fails], 8, '-104', '-105')
  })
})
