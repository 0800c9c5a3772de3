/*
 * Stops and continuations in logs of ftrace: a signal that is sent wakes nobody but SIGCONT, whoever is being killed is told to have
 * ended and nothing else, and a parent that asked not to be told finds its stopped child nonetheless.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { birth, call, exit, HEADER, notice, replayText, row } from './ftrace_tools.ts'

const START = [...call(0, 50, 'sys_getpid()', '0x32'), ...birth(10, 50, 100), ...birth(20, 50, 101)]
const STOPPED = 5
const CONTINUED = 6

const sent = (us: number, by: number, to: number, sig: number, ignored = 0): string =>
  row(us, by, `signal_generate: sig=${sig} errno=0 code=0 comm=bash pid=${to} grp=1 res=${ignored}`)
const taken = (us: number, by: number, sig: number): string =>
  row(us, by, `signal_deliver: sig=${sig} errno=0 code=0 sa_handler=0 sa_flags=0`)
const wait = (us: number, options: string, result: string, upid = '0xffffffff'): string[] =>
  call(us, 50, `sys_wait4(upid: ${upid}, stat_addr: 0, options: ${options}, ru: 0)`, result)
/** WNOHANG | WUNTRACED | WCONTINUED. */
const ANY = '0xb'

async function named(log: readonly string[]): Promise<number[]> {
  const { report } = await replayText([HEADER, ...START, ...log])
  return report.differences.map(({ line }) => line - 1 - START.length)
}

describe('stops in a log of ftrace', () => {
  const stopped = [sent(30, 50, 100, 20), taken(40, 100, 20), notice(41, 100, 50, STOPPED)]

  it('a signal leaves a stopped process as it is', async () => {
    const log = [...stopped, ...wait(50, ANY, '0x64'), sent(60, 50, 100, 15)]
    assert.deepEqual(await named([...log, ...wait(70, ANY, '0x0')]), [])
    assert.deepEqual(await named([...log, ...wait(70, ANY, '0x64')]), [log.length + 2])
  })

  it('SIGCONT lets it go on, before it tells so, and whether it is ignored or not', async () => {
    const log = [...stopped, ...wait(50, ANY, '0x64'), sent(60, 50, 100, 18, 1)]
    assert.deepEqual(await named([...log, ...wait(70, ANY, '0x64'), notice(80, 100, 50, CONTINUED)]), [])
    assert.deepEqual(await named([...log, ...wait(70, ANY, '0x0')]), [log.length + 2])
  })

  it('whoever is killed has neither stopped nor gone on', async () => {
    const goes = [...stopped, sent(50, 50, 100, 18, 1), notice(55, 100, 50, CONTINUED)]
    for (const log of [stopped, goes]) {
      const killed = [
        ...log,
        sent(60, 50, 100, 9),
        exit(70, 101),
        notice(75, 101, 50),
        ...wait(80, ANY, '0x65', '0x0'),
      ]
      assert.deepEqual(await named(killed), [])
      assert.deepEqual(
        await named([...killed, exit(90, 100), notice(92, 100, 50, 2), ...wait(95, ANY, '0x64')]),
        [],
      )
    }
  })

  it('a stop that the tracer alone is told of is none', async () => {
    const traps = (us: number, by: number, code: number): string =>
      row(us, by, `signal_generate: sig=17 errno=0 code=${code} comm=strace pid=60 grp=1 res=0`)
    const log = [traps(30, 101, 4), traps(40, 100, STOPPED)]
    assert.deepEqual(await named([...log, ...wait(50, ANY, '0x0')]), [])
  })

  it('nor is a child that its tracer has found gone', async () => {
    const traced = call(
      62,
      60,
      'sys_wait4(upid: 0xffffffff, stat_addr: 0, options: 0x40000000, ru: 0)',
      '0x65',
    )
    const trap = row(22, 101, 'signal_generate: sig=17 errno=0 code=4 comm=strace pid=60 grp=1 res=0')
    const [enters, leaves] = wait(30, '0', '0x64') as [string, string]
    const ends = (us: number, nr: number): string[] => [
      exit(us, nr),
      notice(us + 2, nr, 60),
      notice(us + 3, 60, 50),
    ]
    const log = [trap, enters, ...ends(50, 101), ...traced, ...ends(70, 100), leaves]
    assert.deepEqual(await named([...log, ...wait(90, '0', '0x65')]), [])
  })

  it('a parent with SA_NOCLDSTOP is told nothing, and finds who has stopped and who goes on', async () => {
    const log = [sent(30, 50, 100, 19), taken(40, 100, 19)]
    const found = [...log, ...wait(50, '0x2', '0x64', '0x64')]
    assert.deepEqual(await named(found), [])
    const goes = [...found, sent(60, 50, 100, 18, 1)]
    assert.deepEqual(await named([...goes, ...wait(70, '0x8', '0x64', '0x64')]), [])
    assert.deepEqual(await named([...log, sent(45, 50, 100, 18, 1), ...wait(50, '0x8', '0x64', '0x64')]), [])
    // Nothing has stopped the other one.
    assert.deepEqual(await named([...log, ...wait(50, '0x2', '0x65')]), [log.length + 2])
  })
})
