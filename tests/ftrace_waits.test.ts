/*
 * sched_process_wait agrees with the call that it stands in.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { birth, call, exit, HEADER, notice, replayText, row } from './ftrace_tools.ts'

describe('sched_process_wait tells the number that the call waits for', () => {
  const START = [...call(0, 50, 'sys_getpid()', '0x32'), ...birth(10, 50, 100)]
  const waits = (us: number, upid: string, nr: number, by = 50): string[] => {
    const [entry, exit] = call(us, by, `sys_wait4(upid: ${upid}, stat_addr: 0, options: 1, ru: 0)`, '0x0')
    return [
      entry as string,
      row(us + 1, by, `sched_process_wait: comm=bash pid=${nr} prio=120`),
      exit as string,
    ]
  }
  const ok = [...waits(30, '0x64', 100), ...waits(50, '0xffffffff', 0), ...waits(70, '0xffffff9c', 50)]

  async function named(log: readonly string[]): Promise<number[]> {
    const { report } = await replayText([HEADER, ...START, ...log])
    return report.differences.map(({ line }) => line - 1 - START.length)
  }

  it('or 0 for any', async () => assert.deepEqual(await named(ok), []))
  it('another one is named', async () =>
    assert.ok((await named([...ok, ...waits(90, '0x64', 101)])).includes(11)))
  it('in a namespace, also of a child that another one has made for it (CLONE_PARENT)', async () => {
    const log = [
      ...birth(30, 50, 101, '20000000'),
      ...call(40, 101, 'sys_getpid()', '0x1'),
      ...birth(50, 101, 102),
      ...birth(60, 102, 103, '8000'),
      ...waits(70, '0x3', 103, 101),
    ]
    assert.deepEqual(await named(log), [])
  })
  it('somebody, where the call waits for any, too', async () =>
    assert.deepEqual(await named([...waits(30, '0xffffffff', 100)]), [2, 1]))
})

describe('an exit signal that is not SIGCHLD, where no clone is in the log', () => {
  const START = [
    ...call(0, 49, 'sys_getpid()', '0x31'),
    ...birth(5, 49, 50),
    ...birth(10, 50, 100, '0'),
    ...birth(20, 50, 101),
  ]
  const wait = (us: number, options: string, result: string): string[] =>
    call(us, 50, `sys_wait4(upid: 0x64, stat_addr: 0, options: ${options}, ru: 0)`, result)
  const FAILS = '0xfffffffffffffff6'

  async function named(log: readonly string[]): Promise<number[]> {
    const { report } = await replayText([HEADER, ...START, ...log])
    return report.differences.map(({ line }) => line - 1 - START.length)
  }

  it('a wait for such children finds it', async () => {
    assert.deepEqual(await named([exit(30, 100), ...wait(40, '0x80000000', '0x64')]), [])
    const told = row(35, 100, 'signal_generate: sig=10 errno=0 code=1 comm=bash pid=50 grp=1 res=0')
    assert.deepEqual(await named([exit(30, 100), told, ...wait(40, '0x80000000', '0x64')]), [])
    // SIGCHLD has told it.
    assert.deepEqual(
      await named([exit(30, 100), notice(35, 100, 50), ...wait(40, '0x80000000', '0x64')]),
      [4],
    )
  })

  it('a wait for others does not', async () => {
    assert.deepEqual(
      await named([...wait(30, '0x0', FAILS), exit(40, 100), ...wait(50, '0x40000000', '0x64')]),
      [],
    )
    // fork(2) of a C library has SIGCHLD.
    const other = wait(30, '0x1', FAILS).map((line) => line.replace('0x64', '0x65'))
    assert.deepEqual((await named(other)).length, 1)
  })
})

describe('a zombie', () => {
  const child = (us: number, nr: number): string[] => [exit(us, nr), notice(us + 5, nr, 100)]
  const LOG = [
    ...call(0, 50, 'sys_getpid()', '0x32'),
    ...birth(10, 50, 100),
    row(20, 50, 'sys_wait4(upid: 0x64, stat_addr: 0, options: 0, ru: 0)'),
    ...call(22, 100, 'sys_prctl(option: 0x24, arg2: 1, arg3: 0, arg4: 0, arg5: 0)', '0x0'),
    ...birth(30, 100, 101),
    ...birth(40, 101, 102),
    ...birth(50, 100, 103),
    exit(60, 102),
    notice(65, 102, 101),
    ...child(70, 101),
    ...child(80, 103),
  ]
  const waits = (us: number, nr: number): string[] =>
    call(us, 100, 'sys_wait4(upid: 0xffffffff, stat_addr: 0, options: 0, ru: 0)', `0x${nr.toString(16)}`)

  it('waits for somebody, if there are lines of waits, although none has come back', async () => {
    const { report } = await replayText([
      HEADER,
      ...LOG,
      ...waits(90, 101),
      ...waits(100, 103),
      ...waits(110, 102),
    ])
    assert.deepEqual(report.differences, [])
  })
})

describe('the children of threads', () => {
  const START = [
    ...call(0, 50, 'sys_getpid()', '0x32'),
    ...birth(10, 50, 100, '3d0f00'),
    ...birth(20, 50, 101, '3d0f00'),
    ...birth(30, 100, 102),
    ...birth(40, 101, 103),
    ...birth(50, 101, 104),
    ...[102, 103, 104].flatMap((nr, at) => [
      exit(60 + 10 * at, nr),
      notice(65 + 10 * at, nr, nr === 102 ? 100 : 101),
    ]),
  ]
  const waits = (...found: number[]): string[] =>
    found.flatMap((nr, at) =>
      call(
        120 + 10 * at,
        50,
        'sys_wait4(upid: 0xffffffff, stat_addr: 0, options: 0, ru: 0)',
        `0x${nr.toString(16)}`,
      ),
    )
  const ends = [exit(100, 100, false), exit(105, 101, false)]

  async function named(log: readonly string[]): Promise<number[]> {
    const { report } = await replayText([HEADER, ...START, ...log])
    return report.differences.map(({ line }) => line - 1 - START.length)
  }

  it('are found in the order of their threads while these live', async () => {
    assert.deepEqual(await named(waits(102, 103, 104)), [])
    assert.deepEqual((await named(waits(103, 102, 104)))[0], 2)
  })

  it('and go to another thread when theirs ends, those of one together and in their order', async () => {
    assert.deepEqual(await named([...ends, ...waits(102, 103, 104)]), [])
    assert.deepEqual(await named([...ends, ...waits(103, 104, 102)]), [])
    assert.deepEqual((await named([...ends, ...waits(104, 103, 102)]))[0], 4)
  })
})
