/*
 * What a real kernel was seen to do and the library once did not: one test for each.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Kernel } from 'pidns'
import { CLONE_NEWPID } from 'pidns/abi'
import { fork, recording, replayLines, see } from './trace_tools.ts'

describe('a namespace whose init is gone', () => {
  it('gives nobody number 1 again, and stays empty', () => {
    const kernel = Kernel.boot()
    const outside = kernel.init.fork()
    const box = outside.clone({ flags: CLONE_NEWPID })
    outside.setns(box.openNs('pid'), CLONE_NEWPID)
    box.exit(0)
    outside.waitpidSync(-1)
    assert.throws(() => outside.clone({ setTid: [1] }), { code: 'ENOMEM' })
    assert.deepEqual(kernel.check(), [])
  })
})

describe('kernel.ns_last_pid', () => {
  it('is -1 in a namespace whose init was made with set_tid and that gave out no other number', () => {
    const kernel = Kernel.boot()
    const box = kernel.init.clone({ flags: CLONE_NEWPID, setTid: [1] })
    assert.equal(box.sysctl('kernel.ns_last_pid'), -1)
    assert.equal(box.fork().pid, 2)
    assert.equal(box.sysctl('kernel.ns_last_pid'), 2)
    assert.deepEqual(kernel.check(), [])
  })

  it('is 0 there once that was written', () => {
    const kernel = Kernel.boot()
    const box = kernel.init.clone({ flags: CLONE_NEWPID, setTid: [1] })
    box.sysctl('kernel.ns_last_pid', 0)
    assert.equal(box.sysctl('kernel.ns_last_pid'), 0)
    assert.equal(box.fork().pid, 2)
    assert.deepEqual(kernel.check(), [])
  })

  it('is 0 there in the era of the seeds', () => {
    const kernel = Kernel.boot({ era: '4.14' })
    const box = kernel.init.clone({ flags: CLONE_NEWPID, setTid: [1] })
    assert.equal(box.sysctl('kernel.ns_last_pid'), 0)
    assert.deepEqual(kernel.check(), [])
  })

  it('may be -1 in a recording, which is no failure', async () => {
    const made = { ...fork(0, 1, 2, see('S', 1, [2, 1]), 'N'), set_tid: [1] }
    const read = (ret: number): Record<string, unknown> => ({ op: 'get_ns_last_pid', by: 1, ret })
    const { report } = await replayLines(recording([made, read(-1), read(0)]))
    assert.deepEqual(
      report.differences.map(({ line, expected, actual }) => ({ line, expected, actual })),
      [{ line: 4, expected: '0', actual: '-1' }],
    )
  })
})
