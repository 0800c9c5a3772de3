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
