/*
 * The threads of a process that exits end one after the other: until the last of them has, the process is there, and so is
 * whoever depends on it.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FileReport } from 'pidns/trace'
import { replayLines } from './trace_tools.ts'

const START = '5 execve("/bin/p", ["p"], 0x7f /* 5 vars */) = 0'
const FORK = 'clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD'
const THREAD = 'clone(child_stack=0x7f, flags=CLONE_VM|CLONE_SIGHAND|CLONE_THREAD)'

async function replayed(...lines: string[]): Promise<FileReport> {
  return (await replayLines([START, ...lines], { waits: false })).report
}

describe('a thread of a process that exits is gone', () => {
  it('its children have their parent still', async () => {
    const { differences, skipped } = await replayed(
      `5 ${THREAD} = 6`,
      `5 ${FORK}, child_tidptr=0x7f04) = 7`,
      '5 exit_group(0 <unfinished ...>',
      '6 +++ exited with 0 +++',
      '7 getppid() = 5',
      '5 <... exit_group resumed>) = ?',
      '5 +++ exited with 0 +++',
      '7 getppid() = 1',
    )
    assert.deepEqual(differences, [])
    assert.deepEqual(skipped, {})
  })

  it('whoever is in its namespace lives still, and makes others', async () => {
    const { differences } = await replayed(
      '5 unshare(CLONE_NEWPID) = 0',
      `5 ${FORK}, child_tidptr=0x7f04) = 6`,
      `6 ${THREAD} = 2`,
      `6 ${FORK}, child_tidptr=0x7f04) = 3 /* 8 in strace's PID NS */`,
      '6 exit_group(0 <unfinished ...>',
      '7 +++ exited with 0 +++',
      '8 setsid() = 3',
      `8 ${FORK} <unfinished ...>`,
      "9 getpid() = 4 /* 9 in strace's PID NS */",
      '9 +++ killed by SIGKILL +++',
      '8 <... clone resumed> <unfinished ...>) = ?',
      '8 +++ killed by SIGKILL +++',
      '6 <... exit_group resumed>) = ?',
      '6 +++ exited with 0 +++',
      '5 wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 6',
    )
    assert.deepEqual(differences, [])
  })

  it('all of them have the status of the signal that killed the process', async () => {
    const { differences } = await replayed(
      `5 ${FORK}, child_tidptr=0x7f04) = 6`,
      `6 ${THREAD} = 7`,
      '5 kill(6, SIGTERM) = 0',
      '6 --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=5, si_uid=0} ---',
      '7 +++ killed by SIGTERM +++',
      '6 +++ killed by SIGTERM +++',
      '5 wait4(-1, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGTERM}], 0, NULL) = 6',
    )
    assert.deepEqual(differences, [])
  })
})
