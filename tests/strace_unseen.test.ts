/*
 * What a log does not show, because strace has cut it or because SIGKILL or an exec of another thread ended the call: it is
 * taken for neither true nor wrong, and what it may have done is done where the log says so later.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FileReport } from 'pidns/trace'
import { replayLines } from './trace_tools.ts'

const START = '5 execve("/bin/p", ["p"], 0x7f /* 5 vars */) = 0'
const FORK = 'clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD'
const ASKS = 'exit_signal=SIGCHLD, stack=NULL, stack_size=0, set_tid='
const THREAD = 'clone(child_stack=0x7f, flags=CLONE_VM|CLONE_SIGHAND|CLONE_THREAD)'
const ENDED = 'WIFEXITED(s) && WEXITSTATUS(s) == 0'

/** The results of a log, as fields of `NUMBER CALL`, the first of them an execve of 5. */
async function replayed(...lines: string[]): Promise<FileReport> {
  return (await replayLines([START, ...lines], { waits: false })).report
}

function assertEqual({ differences, checked, matched, skipped }: FileReport, skips: string[] = []): void {
  assert.deepEqual(differences, [])
  assert.equal(matched, checked)
  assert.ok(checked > 0)
  assert.deepEqual(Object.keys(skipped), skips)
}

describe('strace does not show', () => {
  it('numbers asked for, where -s 0 has cut the list: they stand in the result', async () => {
    const report = await replayed(
      `5 clone3({flags=0, ${ASKS}[...], set_tid_size=1}, 88) = 250`,
      '250 exit_group(0) = ?',
      '250 +++ exited with 0 +++',
      `5 wait4(-1, [{${ENDED}}], 0, NULL) = 250`,
      `5 clone3({flags=CLONE_NEWPID, ${ASKS}[1, ...], set_tid_size=2}, 88) = 300`,
      '300 getpid() = 1',
      `5 clone3({flags=0, ${ASKS}[...], set_tid_size=1}, 88) = -1 EEXIST (File exists)`,
      `5 ${FORK}, child_tidptr=0x7f04) = 6`,
    )
    assertEqual(report, ['results in memory that the log does not show'])
  })

  it('an asked for 0 is a number, which is refused', async () => {
    assertEqual(
      await replayed(`5 clone3({flags=0, ${ASKS}[0], set_tid_size=1}, 88) = -1 EINVAL (Invalid argument)`),
    )
  })

  it('what became of a pidfd: whoever it stood for has been waited for, or lives and is not to be waited for', async () => {
    const report = await replayed(
      `5 ${FORK}, child_tidptr=0x7f04) = 6`,
      '5 pidfd_open(6, PIDFD_NONBLOCK) = 3',
      '5 waitid(P_PIDFD, 3, 0x7ff, WEXITED, NULL) = -1 EAGAIN (Resource temporarily unavailable)',
      '6 exit_group(0) = ?',
      '6 +++ exited with 0 +++',
      `5 wait4(-1, [{${ENDED}}], 0, NULL) = 6`,
      '5 waitid(P_PIDFD, 3, 0x7ff, WEXITED, NULL) = -1 ECHILD (No child processes)',
      '5 waitid(P_PIDFD, 77, 0x7ff, WEXITED, NULL) = -1 EBADF (Bad file descriptor)',
    )
    assertEqual(report, ['a pidfd whose process the log does not name'])
    const ready = await replayed(
      `5 ${FORK}, child_tidptr=0x7f04) = 6`,
      '5 pidfd_open(6, PIDFD_NONBLOCK) = 3',
      '6 exit_group(0) = ?',
      '6 +++ exited with 0 +++',
      '5 waitid(P_PIDFD, 3, 0x7ff, WEXITED, NULL) = -1 EAGAIN (Resource temporarily unavailable)',
    )
    assert.deepEqual(
      ready.differences.map(({ line }) => line),
      [6],
    )
  })
})

describe('a call that was ended from outside', () => {
  it('a creation whose caller an exec has killed: its result is the one before', async () => {
    const report = await replayed(
      `5 ${THREAD} = 6`,
      `6 ${FORK}, child_tidptr=0x7f04) = 7`,
      '7 exit_group(0) = ?',
      '7 +++ exited with 0 +++',
      '6 wait4(7, NULL, 0, NULL) = 7',
      `5 ${FORK} <unfinished ...>`,
      '6 execve("/bin/q", ["q"], 0x7f /* 5 vars */ <unfinished ...>',
      '5 <... clone resumed>, child_tidptr=0x7f04) = 7',
      '5 +++ superseded by execve in pid 6 +++',
      '5 <... execve resumed>) = 0',
      '5 gettid() = 5',
      `5 ${FORK}, child_tidptr=0x7f04) = 8`,
    )
    assertEqual(report, ['results of calls that SIGKILL ended'])
  })

  it('a wait may have found the child that it waited for', async () => {
    const report = await replayed(
      `5 ${FORK}, child_tidptr=0x7f04) = 6`,
      '5 prctl(PR_SET_CHILD_SUBREAPER, 1) = 0',
      `6 ${FORK}, child_tidptr=0x7f04) = 7`,
      '6 wait4(7,  <unfinished ...>',
      '5 kill(6, SIGKILL) = 0',
      '7 exit_group(0) = ?',
      '7 +++ exited with 0 +++',
      '6 <... wait4 resumed> <unfinished ...>) = ?',
      '6 +++ killed by SIGKILL +++',
      '5 wait4(-1, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL}], 0, NULL) = 6',
      '5 wait4(-1, 0x7ff, 0, NULL) = -1 ECHILD (No child processes)',
    )
    assertEqual(report)
  })

  it('a signal that ends nobody is no end: who has taken SIGCHLD goes on', async () => {
    const report = await replayed(
      `5 ${FORK}, child_tidptr=0x7f04) = 6`,
      `6 ${FORK}, child_tidptr=0x7f04) = 7`,
      '7 exit_group(0) = ?',
      '7 +++ exited with 0 +++',
      '6 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=7, si_uid=0, si_status=0, si_utime=0, si_stime=0} ---',
      '5 wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 7',
      '6 getppid() = 5',
    )
    assert.deepEqual(
      report.differences.map(({ line }) => line).filter((line) => line === 8),
      [],
    )
  })
})

describe('SIGCHLD that a program took by sigtimedwait or from a signalfd', () => {
  const told = (nr: number): string =>
    `5 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=${nr}, si_uid=0, si_status=0, si_utime=0, si_stime=0} ---`
  const ends = (nr: number): string[] => [`${nr} exit_group(0) = ?`, `${nr} +++ exited with 0 +++`]
  const forks = (nr: number): string => `5 ${FORK}, child_tidptr=0x7f04) = ${nr}`
  const waits = (nr: number): string => `5 wait4(-1, [{${ENDED}}], 0, NULL) = ${nr}`
  /** The program takes the signals that no call of its own takes away. */
  const before = [forks(6), ...ends(6), told(6), waits(6), forks(7), forks(8)]

  it('is in no line: the next one tells of the next end', async () => {
    assertEqual(await replayed(...before, ...ends(7), waits(7), ...ends(8), waits(8), told(8)))
  })

  it('but of two that ended before either was waited for, the first is told', async () => {
    const { differences } = await replayed(...before, ...ends(7), ...ends(8), waits(7), waits(8), told(8))
    assert.deepEqual(
      differences.map(({ line }) => line),
      [15],
    )
  })
})
