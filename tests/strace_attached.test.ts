/*
 * Logs of strace -p, which begin in the middle of their programs' lives: who is a thread of whom, and whose child, is learnt from
 * what tasks say later.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FileReport } from 'pidns/trace'
import { replayLines } from './trace_tools.ts'

const FORK = 'clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD'
const OLDER = 'processes from before the log'

async function replayed(...lines: string[]): Promise<FileReport> {
  return (await replayLines(lines, { waits: false })).report
}

function assertRight({ differences, checked, matched, skipped }: FileReport, skips: string[]): void {
  assert.deepEqual(differences, [])
  assert.equal(matched, checked)
  assert.deepEqual(Object.keys(skipped).sort(), skips)
}

describe('attached to the threads of a process', () => {
  it('one of them asks for the number of its process', async () => {
    const report = await replayed(
      '1003 futex(0x7f, FUTEX_WAKE, 1) = 0',
      `1003 ${FORK}, child_tidptr=0x7f04) = 1010`,
      '1002 getpid() = 1000',
      '1003 getpid() = 1000',
      '1010 exit_group(0) = ?',
      '1010 +++ exited with 0 +++',
      '1002 wait4(1010, NULL, 0, NULL) = 1010',
      '1000 exit_group(0) = ?',
      '1002 +++ exited with 0 +++',
      '1003 +++ exited with 0 +++',
      '1000 +++ exited with 0 +++',
    )
    assertRight(report, ['numbers taken outside the log', OLDER])
  })

  it('the child of one names the process as its parent, after others have', async () => {
    const report = await replayed(
      `1003 ${FORK} <unfinished ...>`,
      `1002 ${FORK}, child_tidptr=0x7f04) = 1010`,
      '1011 getppid() = 1000',
      '1003 <... clone resumed>, child_tidptr=0x7f04) = 1011',
      '1010 getppid() = 1000',
    )
    assertRight(report, ['numbers taken outside the log', OLDER])
  })

  it('a process that says two things of its number is wrong once', async () => {
    const { differences } = await replayed('1003 getpid() = 1003', '1003 getpid() = 1000')
    assert.deepEqual(
      differences.map(({ line }) => line),
      [2],
    )
  })
})

describe('attached to a process and to its child', () => {
  it('the child names its parent, which waits for it', async () => {
    const report = await replayed(
      '1003 setpgid(0, 0) = 0',
      '1003 getppid() = 1000',
      '1003 exit_group(3) = ?',
      '1003 +++ exited with 3 +++',
      '1000 wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 1003',
      `1000 ${FORK}, child_tidptr=0x7f04) = 1010`,
    )
    assertRight(report, ['numbers taken outside the log', OLDER])
  })

  it('two that were there before are waited for in any order', async () => {
    const report = await replayed(
      '1003 exit_group(3) = ?',
      '1004 exit_group(4) = ?',
      '1003 +++ exited with 3 +++',
      '1004 +++ exited with 4 +++',
      '1000 wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 4}], 0, NULL) = 1004',
      '1000 wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 1003',
    )
    assertRight(report, [OLDER])
  })

  it('a thread that the log has seen made waits for it', async () => {
    const report = await replayed(
      '1000 getpid() = 1000',
      '1004 gettid() = 1004',
      '1000 clone(child_stack=0x7f, flags=CLONE_VM|CLONE_SIGHAND|CLONE_THREAD) = 1010',
      '1004 exit_group(0) = ?',
      '1004 +++ exited with 0 +++',
      '1010 wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 1004',
    )
    assertRight(report, ['numbers taken outside the log', OLDER])
  })

  it('the second half of the call that made it is all that the log has of that', async () => {
    const report = await replayed(
      '1010 gettid( <unfinished ...>',
      '1000 <... clone resumed>, child_tidptr=0x7f04) = 1010',
      '1010 <... gettid resumed>) = 1010',
      `1000 ${FORK}, child_tidptr=0x7f04) = 1011`,
      '1010 exit_group(0) = ?',
      '1010 +++ exited with 0 +++',
      '1000 wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 1010',
    )
    assertRight(report, ['numbers taken outside the log', OLDER])
  })

  it('a number that was passed over is that of somebody who had done nothing so far', async () => {
    const report = await replayed(
      `1000 ${FORK}, child_tidptr=0x7f04) = 1010`,
      `1000 ${FORK}, child_tidptr=0x7f04) = 1012`,
      '1011 getpid() = 1011',
    )
    assertRight(report, ['numbers taken outside the log', OLDER])
  })
})

it('others take the last numbers below pid_max, and the first ones of the next lap', async () => {
  const report = await replayed(
    `1000 ${FORK}, child_tidptr=0x7f04) = 32750`,
    `1000 ${FORK}, child_tidptr=0x7f04) = 329`,
    `1000 ${FORK}, child_tidptr=0x7f04) = 330`,
    '330 getpid() = 330',
  )
  assertRight(report, ['numbers taken outside the log'])
})

it('a wait finds a child that goes on before the log tells that it has stopped', async () => {
  const report = await replayed(
    '5 execve("/bin/sh", ["sh"], 0x7f /* 5 vars */) = 0',
    `5 ${FORK}, child_tidptr=0x7f04) = 6`,
    '5 kill(6, SIGSTOP) = 0',
    '6 --- SIGSTOP {si_signo=SIGSTOP, si_code=SI_USER, si_pid=5, si_uid=0} ---',
    '5 kill(6, SIGCONT) = 0',
    '6 --- stopped by SIGSTOP ---',
    '5 wait4(-1, [{WIFCONTINUED(s)}], WNOHANG|WSTOPPED|WCONTINUED, NULL) = 6',
    '6 --- SIGCONT {si_signo=SIGCONT, si_code=SI_USER, si_pid=5, si_uid=0} ---',
    '5 wait4(-1, 0x7ff, WNOHANG|WSTOPPED|WCONTINUED, NULL) = 0',
  )
  assertRight(report, [])
})

it('the first program leads its own group where its tracer has withdrawn (strace -D)', async () => {
  const report = await replayed(
    '1000 execve("/bin/sh", ["sh"], 0x7f /* 5 vars */) = 0',
    '1000 getpgrp() = 1000',
    `1000 ${FORK}, child_tidptr=0x7f04) = 1001`,
    '1001 getpgrp() = 1000',
    '1001 setpgid(0, 0) = 0',
    '1001 getpgrp() = 1001',
  )
  assertRight(report, [OLDER])
  const { differences } = await replayed(
    '1000 execve("/bin/sh", ["sh"], 0x7f /* 5 vars */) = 0',
    '1000 getpgrp() = 990',
    '1000 getpgrp() = 1000',
  )
  assert.deepEqual(
    differences.map(({ line }) => line),
    [3, 2],
  )
})

describe('attached, what cannot be', () => {
  async function wrongLines(...lines: string[]): Promise<number[]> {
    const { differences } = await replayed(...lines)
    return differences.map(({ line }) => line)
  }

  it('whoever is older than the log has no parent that was made in it', async () => {
    const lines = await wrongLines(
      '100 getpid() = 100',
      `100 ${FORK}, child_tidptr=0x7f04) = 105`,
      '105 getpid() = 105',
      `100 ${FORK}, child_tidptr=0x7f04) = 107`,
      '106 getppid() = 105',
    )
    assert.ok(lines.includes(5), `${lines}`)
  })

  it('a process does not wait for its own thread', async () => {
    const lines = await wrongLines(
      '100 getpid() = 100',
      '200 getpid() = 100',
      '100 wait4(200, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 200',
    )
    assert.deepEqual(lines, [3])
  })

  it('whoever is in a call does nothing else', async () => {
    const lines = await wrongLines(
      '100 getpid() = 100',
      `100 ${FORK} <unfinished ...>`,
      '101 gettid() = 101',
      '100 getpid() = 100',
      '100 <... clone resumed>, child_tidptr=0x7f04) = 101',
    )
    assert.deepEqual(lines, [4])
  })

  it('the number of a thread that lives is not given, and its first line is named too', async () => {
    const lines = await wrongLines(
      '100 getpid() = 100',
      '105 getpid() = 100',
      `100 ${FORK}, child_tidptr=0x7f04) = 104`,
      `100 ${FORK}, child_tidptr=0x7f04) = 105`,
    )
    assert.deepEqual(lines, [4, 2])
  })
})
