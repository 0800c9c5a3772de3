/*
 * Who is left when a log ends, or when its first process has: as `replayLog` gives it, without any process.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Left, type LogOptions, type LogResult, replayLog } from 'pidns/trace'

/** A line at a time, as from a program that runs. */
async function* bytes(lines: readonly string[]) {
  for (const line of lines) yield new TextEncoder().encode(`${line}\n`)
}

async function replay(lines: readonly string[], options: LogOptions = {}): Promise<LogResult> {
  const result = await replayLog('log', bytes(lines), { waits: false, ...options })
  assert.equal(result.report.checked, result.report.matched)
  return result
}

const FORK = 'clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD) ='

/** 100 starts 101, which starts 102 and ends; 100 starts 103, which leaves the session, and 104, which leaves the group. */
const LOG = [
  '100 1.000000 execve("/bin/sh", ["sh", "job.sh"], 0x1 /* 2 vars */) = 0',
  `100 1.100000 ${FORK} 101`,
  `101 1.200000 ${FORK} 102`,
  '102 1.300000 execve("/bin/sleep", ["sleep", "60"], 0x1 /* 2 vars */) = 0',
  '101 1.400000 exit_group(0)     = ?',
  '101 1.500000 +++ exited with 0 +++',
  '100 1.600000 wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 101',
  `100 1.700000 ${FORK} 103`,
  '103 1.800000 setsid()          = 103',
  `100 1.900000 ${FORK} 104`,
  '104 2.000000 setpgid(0, 0)     = 0',
  `104 2.100000 ${FORK} 105`,
  '105 2.200000 exit_group(3)     = ?',
  '105 2.300000 +++ exited with 3 +++',
  '100 2.400000 exit_group(0)     = ?',
  '100 2.500000 +++ exited with 0 +++',
]
const LATER = [
  '102 3.000000 exit_group(0)     = ?',
  '102 3.100000 +++ exited with 0 +++',
  `103 3.200000 ${FORK} 106`,
]

function pids({ left }: LogResult): number[] {
  return (left as Left).processes.map(({ pid }) => pid)
}

describe('who is left', () => {
  it('is everybody who lives at the end, in order of birth', async () => {
    assert.deepEqual(pids(await replay(LOG)), [102, 103, 104])
    assert.deepEqual(pids(await replay([...LOG, ...LATER])), [103, 104, 106])
  })

  it('is told with its birth, its command and its line of descent, dead ancestors included', async () => {
    const [first] = ((await replay(LOG)).left as Left).processes
    assert.deepEqual(first, {
      pid: 102,
      numbers: [102],
      command: 'sleep 60',
      descent: [
        { pid: 101, command: 'sh job.sh' },
        { pid: 100, command: 'sh job.sh' },
      ],
      line: 3,
      time: '1.200000',
      pgid: 0,
      sid: 0,
      left: undefined,
      outlived: undefined,
    })
  })

  it('is told how it left the group of the first process', async () => {
    const { processes } = (await replay(LOG)).left as Left
    assert.deepEqual(
      processes.map(({ left, pgid, sid }) => [left, pgid, sid]),
      [
        [undefined, 0, 0],
        ['setsid', 103, 103],
        ['setpgid', 104, 0],
      ],
    )
  })

  it('is told which kill of a group it outlived', async () => {
    const killed = [
      ...LOG.slice(0, -2),
      `103 2.310000 ${FORK} 107`,
      '107 2.320000 setsid()          = 107',
      '103 2.330000 kill(0, SIGTERM)  = 0',
      '103 2.340000 --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=103, si_uid=0} ---',
      '103 2.350000 +++ killed by SIGTERM +++',
      ...LOG.slice(-2),
    ]
    const { processes } = (await replay(killed)).left as Left
    assert.deepEqual(
      processes.map(({ pid, outlived }) => [pid, outlived?.group, outlived?.line]),
      [
        [102, undefined, undefined],
        [104, undefined, undefined],
        [107, 103, 17],
      ],
    )
  })

  it('are zombies whose parents live, and no others', async () => {
    assert.deepEqual(((await replay(LOG)).left as Left).zombies, [
      { pid: 105, command: 'sh job.sh', parent: { pid: 104, command: 'sh job.sh' }, line: 14 },
    ])
    const ended = [...LOG, '104 3.000000 exit_group(0)     = ?', '104 3.100000 +++ exited with 0 +++']
    assert.deepEqual(((await replay(ended)).left as Left).zombies, [])
  })

  it('is nobody whom the log does not show', async () => {
    assert.deepEqual(
      (await replay(LOG.slice(0, 1))).left?.processes.map(({ pid }) => pid),
      [100],
    )
  })
})

describe("until: 'root'", () => {
  it('ends the replay with the first process, whoever goes on', async () => {
    const result = await replay([...LOG, ...LATER], { until: 'root' })
    assert.equal(result.report.lines, LOG.length)
    assert.deepEqual(pids(result), [102, 103, 104])
  })

  it('reads to the end where the first process does not end', async () => {
    const lines = LOG.slice(0, -2)
    assert.equal((await replay(lines, { until: 'root' })).report.lines, lines.length)
  })

  it('the end of the first process is told once', async () => {
    let told = 0
    const onRootEnd = (): void => {
      told++
    }
    await replay([...LOG, ...LATER], { onRootEnd })
    assert.equal(told, 1)
    await replay(LOG.slice(0, -1), { onRootEnd })
    assert.equal(told, 1)
  })
})
