/*
 * Logs that end before their programs do: strace was killed, or its file was read meanwhile. What had begun by then may have
 * been done, and whoever acts by then may be the child of a creation whose result would have come later.
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
})
