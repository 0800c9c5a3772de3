/*
 * Numbers that come back soon, where creations overlap with the ends of those who had them: who was first, the numbers tell.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FileReport } from 'pidns/trace'
import { replayLines } from './trace_tools.ts'

const START = '5 execve("/bin/p", ["p"], 0x7f /* 5 vars */) = 0'
const FORK = 'clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD'
const ENDED = '[{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL)'

async function replayed(...lines: string[]): Promise<FileReport> {
  return (await replayLines([START, ...lines], { waits: false, pidMax: 310 })).report
}

function forks(by: number, nr: number): string {
  return `${by} ${FORK}, child_tidptr=0x7f04) = ${nr}`
}

function ends(nr: number): string[] {
  return [`${nr} exit_group(0) = ?`, `${nr} +++ exited with 0 +++`]
}

function gone(nr: number): string[] {
  return [...ends(nr), `5 wait4(${nr}, ${ENDED} = ${nr}`]
}

/** All numbers have been given once; 300 and 301 are zombies, 302 and 303 live, the others are free. */
const LAP = Array.from({ length: 304 }, (_, i) => i + 6)
  .flatMap((nr) => [forks(5, nr), ...(nr < 300 || nr > 303 ? gone(nr) : [])])
  .concat(ends(300), ends(301))

function assertRight(report: FileReport): void {
  assert.deepEqual(report.differences, [])
  assert.equal(report.matched, report.checked)
}

describe('numbers that come back', () => {
  it('a creation was first where the number that it passed over has become free meanwhile', async () => {
    const report = await replayed(
      ...LAP,
      `5 wait4(301, ${ENDED} = 301`,
      `302 ${FORK} <unfinished ...>`,
      `5 wait4(300, ${ENDED} = 300`,
      '302 <... clone resumed>, child_tidptr=0x7f04) = 301',
    )
    assertRight(report)
  })

  it('but not where it had been free before', async () => {
    const { differences } = await replayed(
      ...LAP,
      `5 wait4(301, ${ENDED} = 301`,
      `5 wait4(300, ${ENDED} = 300`,
      `302 ${FORK} <unfinished ...>`,
      '302 <... clone resumed>, child_tidptr=0x7f04) = 301',
    )
    assert.deepEqual(
      differences.map(({ line }) => line),
      [LAP.length + 5],
    )
  })

  it('one under way has the number that was passed over, whose holder was gone by then', async () => {
    const report = await replayed(
      ...LAP,
      `5 wait4(301, ${ENDED} = 301`,
      `302 ${FORK} <unfinished ...>`,
      '5 wait4(300,  <unfinished ...>',
      `303 ${FORK} <unfinished ...>`,
      '303 <... clone resumed>, child_tidptr=0x7f04) = 301',
      `5 <... wait4 resumed>${ENDED} = 300`,
      '302 <... clone resumed>, child_tidptr=0x7f04) = 300',
    )
    assertRight(report)
  })
})
