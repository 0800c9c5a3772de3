/*
 * Logs that end before their programs do: strace was killed, or its file was read meanwhile. What had begun by then may have
 * been done, and whoever acts by then may be the child of a creation whose result would have come later. And logs that go on
 * when their programs have ended.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { replayLines } from './trace_tools.ts'

const FORK = 'clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD'

/** Two programs make children at once, while the second one's first child makes one as well. */
const LINES = [
  '5 execve("/bin/make", ["make"], 0x7f /* 5 vars */) = 0',
  '5 vfork( <unfinished ...>',
  '6 execve("/bin/sh", ["sh"], 0x7f /* 5 vars */ <unfinished ...>',
  '5 <... vfork resumed>) = 6',
  '6 <... execve resumed>) = 0',
  '6 getppid() = 5',
  '5 vfork( <unfinished ...>',
  '6 vfork( <unfinished ...>',
  '8 execve("/bin/cc", ["cc"], 0x7f /* 5 vars */) = 0',
  '8 getppid() = 6',
  '6 <... vfork resumed>) = 8',
  '6 wait4(8,  <unfinished ...>',
  '8 exit_group(0) = ?',
  '8 +++ exited with 0 +++',
  '6 <... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 8',
  '7 execve("/bin/sh", ["sh"], 0x7f /* 5 vars */ <unfinished ...>',
  '5 <... vfork resumed>) = 7',
]

async function assertPrefixesRight(lines: readonly string[]): Promise<void> {
  for (let length = 1; length <= lines.length; length++) {
    const { report } = await replayLines(lines.slice(0, length), { waits: false })
    assert.deepEqual(report.differences, [], `the first ${length} lines`)
    assert.deepEqual(report.skipped, {})
  }
}

describe('the beginning of a right log is right', () => {
  it('creations overlap, and the first number is that of one whose result would have come later', async () => {
    await assertPrefixesRight(LINES)
  })

  it('the children of two come up first, and one says who its parent is', async () => {
    await assertPrefixesRight([
      ...LINES.slice(0, 6),
      `6 ${FORK} <unfinished ...>`,
      `5 ${FORK} <unfinished ...>`,
      '7 getppid() = 5',
      '8 getppid() = 6',
      `8 ${FORK} <unfinished ...>`,
      '5 <... clone resumed>, child_tidptr=0x7f04) = 7',
      '6 <... clone resumed>, child_tidptr=0x7f04) = 8',
      '8 <... clone resumed>, child_tidptr=0x7f04) = 9',
    ])
  })

  it('but nobody has made whom nobody can have made', async () => {
    const lines = [...LINES.slice(0, 8), '9 execve("/bin/cc", ["cc"], 0x7f /* 5 vars */) = 0']
    const { report } = await replayLines(lines, { waits: false })
    assert.deepEqual(
      report.differences.map(({ line }) => line),
      [9],
    )
  })

  it('a child that nobody tells of, and one that acts before its number is told', async () => {
    await assertPrefixesRight([
      LINES[0] as string,
      `5 ${FORK}, child_tidptr=0x7f04) = 6`,
      `5 ${FORK}, child_tidptr=0x7f04) = 7`,
      `6 ${FORK} <unfinished ...>`,
      `5 ${FORK} <unfinished ...>`,
      `7 ${FORK} <unfinished ...>`,
      '5 <... clone resumed>, child_tidptr=0x7f04) = 9',
      `5 ${FORK} <unfinished ...>`,
      '11 execve("/bin/true", ["true"], 0x7f /* 5 vars */) = 0',
      '5 <... clone resumed>, child_tidptr=0x7f04) = 10',
      '6 <... clone resumed>, child_tidptr=0x7f04) = 8',
      '7 <... clone resumed>, child_tidptr=0x7f04) = 11',
    ])
  })

  it('in a log on the standard error, a message stands where the rest of a line would', async () => {
    const lines = [
      'execve("/bin/sh", ["sh"], 0x7f /* 5 vars */) = 0',
      'gettid() = 5',
      `${FORK}strace: Process 6 attached`,
      ', child_tidptr=0x7f04) = 6',
      '[pid     6] vfork(strace: Process 7 attached',
      'strace: Process 8 attached',
      ' <unfinished ...>',
      `[pid     5] ${FORK} <unfinished ...>`,
      '[pid     8] exit_group(0) = ?',
      '[pid     7] execve("/bin/true", ["true"], 0x7f /* 5 vars */) = 0',
      `[pid     5] <... clone resumed>, child_tidptr=0x7f04) = 8`,
      `[pid     5] ${FORK}strace: Process 9 attached`,
    ]
    await assertPrefixesRight(lines)
  })
})

describe('behind the end of all programs', () => {
  const waited = '[{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL)'
  const run = (by: number): string[] => [
    `${by} execve("/bin/sh", ["sh"], 0x7f /* 5 vars */) = 0`,
    `${by} ${FORK}, child_tidptr=0x7f04) = ${by + 1}`,
    `${by + 1} exit_group(0) = ?`,
    `${by + 1} +++ exited with 0 +++`,
    `${by} wait4(-1, ${waited} = ${by + 1}`,
    `${by} exit_group(0) = ?`,
    `${by} +++ exited with 0 +++`,
  ]

  it('stands another log (strace -A), in the same namespace or in one of its own', async () => {
    for (const lines of [
      [...run(1000), ...run(1010)],
      [...run(5), ...run(5)],
    ]) {
      const { report } = await replayLines(lines)
      assert.deepEqual(report.differences, [])
      assert.deepEqual(report.skipped, {})
      assert.equal(report.checked, 4)
    }
  })

  it('nobody acts where one of them lives still', async () => {
    const { report } = await replayLines([...run(1000).slice(0, -1), ...run(1010)])
    assert.deepEqual(
      report.differences.map(({ line }) => line),
      [7],
    )
  })

  it('nobody acts who has not begun with the start of a program', async () => {
    for (const by of [1000, 1010]) {
      const { report } = await replayLines([...run(1000), `${by} getpid() = ${by}`])
      assert.ok(report.differences.some(({ line }) => line === 8))
    }
  })

  it('stands a table of how often each call was made (-C)', async () => {
    const table = [
      '% time     seconds  usecs/call     calls    errors syscall',
      '------ ----------- ----------- --------- --------- ----------------',
      ' 96.76    0.377275        3662       103        46 wait4',
      '100.00    0.159407         102      1549       244 total',
    ]
    const { report } = await replayLines([...run(1000), ...table])
    assert.equal(report.checked, 2)
    assert.deepEqual(report.differences, [])
  })
})

it('arguments that strace was told to print raw (-e raw=all) are of 32 bits', async () => {
  const { report } = await replayLines([
    LINES[0] as string,
    '5 clone(0x1200011, 0, 0, 0x7f04, 0) = 0x6',
    '6 exit_group(0) = ?',
    '6 +++ exited with 0 +++',
    '5 wait4(0xffffffff, 0, 0, 0) = 0x6',
  ])
  assert.deepEqual(report.differences, [])
  assert.equal(report.checked, 2)
})

describe('the end of a log finds a task in a call', () => {
  it('a line of that task since is wrong, or the first half', async () => {
    const { report } = await replayLines(
      [
        '6 execve("/bin/sh", ["sh"], 0x7f /* 5 vars */) = 0',
        '6 wait4(-1,  <unfinished ...>',
        '6 getpid() = 6',
      ],
      { waits: false },
    )
    assert.deepEqual(
      report.differences.map(({ line }) => line),
      [3, 2],
    )
  })
})
