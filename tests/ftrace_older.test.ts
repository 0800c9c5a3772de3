/*
 * A log of ftrace begins amid living tasks: threads whose process no line names, processes that have ended and not told, others that have
 * entered a namespace in a call that the log does not show.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FileReport } from 'pidns/trace'
import { birth, call, exit, HEADER, notice, replayText, row } from './ftrace_tools.ts'

const OLDER = 'processes from before the log'
const ELSEWHERE = 'namespaces that the log does not show'
const FOREIGN = 'numbers taken outside the log'

async function reportOf(log: readonly string[]): Promise<FileReport> {
  return (await replayText([HEADER, ...log])).report
}

const named = ({ differences }: FileReport): number[] => differences.map(({ line }) => line - 1)
const clone = (us: number, by: number, child: number): string[] => [
  row(us, by, 'sys_clone(clone_flags: 0x1200011, newsp: 0, parent_tidptr: 0, child_tidptr: 0x7f, tls: 0)'),
  ...birth(us + 1, by, child),
  row(us + 8, by, `sys_clone -> 0x${child.toString(16)}`),
]

describe('tasks from before a log of ftrace', () => {
  it('a thread asks for its process, as its children do; the answer does not change', async () => {
    const log = [
      ...call(0, 5046, 'sys_getpid()', '0x13b0'),
      ...clone(10, 5046, 5100),
      ...call(30, 5046, 'sys_getpid()', '0x13b0'),
      ...call(40, 5100, 'sys_getppid()', '0x13b0'),
    ]
    const report = await reportOf(log)
    assert.deepEqual(named(report), [])
    assert.deepEqual(report.skipped, { [OLDER]: 1, [FOREIGN]: 1 })
    assert.deepEqual(named(await reportOf([...log, ...call(50, 5046, 'sys_getpid()', '0x13b1')])), [
      log.length + 2,
    ])
    assert.deepEqual(named(await reportOf([...log, ...call(50, 5100, 'sys_getppid()', '0x13b6')])), [
      2,
      log.length + 2,
    ])
  })

  it('one that has been its own process stays so', async () => {
    const log = [...call(0, 5046, 'sys_getpid()', '0x13b6'), ...clone(10, 5046, 5100)]
    assert.deepEqual(named(await reportOf([...log, ...call(50, 5100, 'sys_getppid()', '0x13b0')])), [
      log.length + 2,
    ])
  })

  it('the first that is seen of a process is its end', async () => {
    const freed = row(90, 0, 'sched_process_free: comm=node pid=5130 prio=120', '<idle>')
    const log = [
      ...birth(0, 60, 5140),
      notice(10, 5130, 50),
      ...call(20, 50, 'sys_wait4(upid: 0x140a, stat_addr: 0, options: 1, ru: 0)', '0x140a'),
      exit(30, 5140),
      notice(35, 5140, 60),
      ...birth(40, 60, 5141),
      exit(50, 5141),
      notice(55, 5141, 60),
      freed,
    ]
    assert.deepEqual(named(await reportOf(log)), [])
  })

  it('a process without a parent is in a namespace that its parent has entered unseen', async () => {
    const enters = [
      ...call(0, 50, 'sys_getpid()', '0x32'),
      ...birth(1, 50, 100),
      ...call(10, 100, 'sys_unshare(unshare_flags: 0x8000000)', '0x0'),
      ...birth(20, 50, 101),
      ...birth(30, 101, 102),
      ...call(40, 102, 'sys_getppid()', '0x0'),
      ...birth(50, 102, 103),
      exit(60, 103),
      notice(65, 103, 102),
      ...call(70, 102, 'sys_wait4(upid: 0xffffffff, stat_addr: 0, options: 1, ru: 0)', '0x4'),
    ]
    const report = await reportOf(enters)
    assert.deepEqual(named(report), [])
    assert.deepEqual(report.skipped, { [FOREIGN]: 1, [ELSEWHERE]: 2 })
    // In a log that shows who enters one, it is wrong.
    const shown = [...call(5, 60, 'sys_setns(fd: 3, flags: 0x20000000)', '0x0'), ...enters]
    assert.deepEqual(named(await reportOf(shown)).length > 0, true)
  })

  it('parent and child may both be, and another one adopts when the parent ends', async () => {
    const log = [
      ...call(0, 5046, 'sys_getpid()', '0x13b6'),
      ...call(10, 5047, 'sys_getppid()', '0x13b6'),
      ...call(20, 5047, 'sys_getppid()', '0x13b6'),
    ]
    const ended = [...log, exit(30, 5046), notice(35, 5046, 60), ...call(40, 5047, 'sys_getppid()', '0x1')]
    assert.deepEqual(named(await reportOf(ended)), [])
    assert.deepEqual((await reportOf(ended)).skipped, { [OLDER]: 2 })
    const wrong = [...log, ...call(30, 5047, 'sys_getppid()', '0x13b5')]
    assert.ok(named(await reportOf(wrong)).includes(log.length + 2))
  })
})

describe('children from before a log of ftrace', () => {
  const asks = (us: number, nr: number): string[] => call(us, nr, 'sys_getpid()', `0x${nr.toString(16)}`)
  const waits = (us: number, upid: string, options: string, found: number): string[] =>
    call(
      us,
      5046,
      `sys_wait4(upid: ${upid}, stat_addr: 0, options: ${options}, ru: 0)`,
      `0x${found.toString(16)}`,
    )
  const signal = (us: number, sig: number, to: number, ignored = 0): string =>
    row(us, 5046, `signal_generate: sig=${sig} errno=0 code=0 comm=bash pid=${to} grp=1 res=${ignored}`)

  it('stop and go on', async () => {
    const log = [...asks(0, 5046), ...asks(10, 5050), signal(20, 20, 5050), notice(30, 5050, 5046, 5)]
    assert.deepEqual(named(await reportOf([...log, ...waits(40, '0xffffffff', '0xb', 5050)])), [])
    // Whoever has not ended is not found otherwise.
    assert.deepEqual(named(await reportOf([...log, ...waits(40, '0xffffffff', '0x1', 5050)])), [
      log.length + 2,
    ])
  })

  it('lead groups', async () => {
    const kills = call(20, 5046, 'sys_kill(pid: 0xffffec46, sig: 20)', '0x0') as [string, string]
    const moves = call(15, 5046, 'sys_setpgid(pid: 0, pgid: 0)', '0x0')
    const log = [...asks(0, 5046), ...asks(10, 5050), ...moves, kills[0], signal(22, 20, 5050), kills[1]]
    const report = await reportOf(log)
    assert.deepEqual(named(report), [])
    assert.deepEqual(report.skipped, { [OLDER]: 1 })
  })

  it('are zombies that signals do nothing to', async () => {
    const log = [...asks(0, 5046), signal(10, 9, 5050, 1), ...waits(20, '0xffffec46', '0x0', 5050)]
    assert.deepEqual(named(await reportOf(log)), [])
  })

  it('wait for their own at their end, when they have been the init of a namespace', async () => {
    const log = [
      row(0, 5060, 'sched_process_wait: comm=bash pid=0 prio=120'),
      notice(10, 5060, 5046),
      ...birth(20, 5046, 5100),
      exit(30, 5100),
      notice(35, 5100, 5046),
      ...birth(40, 5046, 5101),
      exit(50, 5101),
      notice(55, 5101, 5046),
      row(60, 0, 'sched_process_free: comm=bash pid=5060 prio=120', '<idle>'),
    ]
    assert.deepEqual(named(await reportOf(log)), [])
  })
})

describe('who adopts, where the log has no calls', () => {
  it('is the nearest that does, which may be another one each time', async () => {
    const log = [
      ...birth(0, 49, 50),
      ...birth(10, 50, 100),
      ...birth(20, 100, 101),
      ...birth(30, 101, 102),
      ...birth(40, 102, 103),
      ...birth(50, 101, 104),
      ...birth(60, 104, 105),
    ]
    const ends = (us: number, parent: number, child: number, to: number, above: number): string[] => [
      exit(us, parent),
      notice(us + 2, parent, above),
      exit(us + 10, child),
      notice(us + 12, child, to),
    ]
    const report = await reportOf([...log, ...ends(100, 102, 103, 50, 101), ...ends(200, 104, 105, 100, 101)])
    assert.deepEqual(named(report), [])
  })
})
