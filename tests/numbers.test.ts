/*
 * Numbers at the edges: two searches at once, pages that cannot be had, a pid_max that is lowered, namespaces that only
 * wait for a grace period.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { CLONE_NEWPID, Kernel, KernelError, SIGKILL } from 'pidns'
import {
  allocPid,
  checkPids,
  createPidNamespace,
  createPidTable,
  initPidNs,
  pidBefore,
  pidNr,
  putPidNs,
  rcuReadLock,
  rcuReadUnlock,
  setLastPid,
} from 'pidns/pid'

it('of two searches at once the later number stays the last', () => {
  const table = createPidTable()
  const ns = initPidNs(table)
  for (let i = 1; i <= 100; i++) allocPid(table, ns)
  // Both began at 100. One took 101, the other 102 and was faster to say so.
  setLastPid(table, ns, 100, 102)
  setLastPid(table, ns, 100, 101)
  assert.equal(pidNr(table, allocPid(table, ns)), 103)
  // After a wrap 300 is later than 32767.
  setLastPid(table, ns, 103, 32767)
  setLastPid(table, ns, 32766, 300)
  setLastPid(table, ns, 32766, 32767)
  assert.equal(pidNr(table, allocPid(table, ns)), 301)
  assert.deepEqual(
    [pidBefore(5, 6, 7), pidBefore(5, 7, 6), pidBefore(5, 4, 6), pidBefore(5, 6, 4)],
    [true, false, false, true],
  )
  assert.deepEqual(checkPids(table), [])
})

it('a page of bits that cannot be had is ENOMEM, and the number is not lost', () => {
  const kernel = Kernel.boot({
    bitsPerPage: 32,
    pidMaxLimit: 1024,
    reservedPids: 2,
    pidMaxMin: 3,
    pidMax: 400,
  })
  const { init } = kernel
  for (let nr = 2; nr < 32; nr++) assert.equal(init.fork().pid, nr)
  let failures = 0
  for (let pid: number | undefined; pid === undefined; ) {
    kernel.failNth(failures + 1)
    try {
      pid = init.fork().pid
      assert.equal(pid, 32)
    } catch (error) {
      assert.ok(error instanceof KernelError && error.code === 'ENOMEM', String(error))
      failures++
    }
    kernel.failNth(0)
    assert.deepEqual(kernel.check(), [])
  }
  // A task, what its threads share, a struct pid, and the page.
  assert.ok(failures >= 4, `${failures} allocations`)
})

it('numbers above a lowered pid_max stay in use and are found', () => {
  const kernel = Kernel.boot()
  const { init } = kernel
  const box = init.clone({ flags: CLONE_NEWPID })
  box.sysctl('kernel.ns_last_pid', 5000)
  const [a, b, c] = [box.fork(), box.fork(), box.fork()]
  box.sysctl('kernel.pid_max', 400)
  assert.equal(box.fork().pid, 300)
  assert.deepEqual([box.pidOf(a), b.pid], [5001, 5002])
  box.kill(5001, SIGKILL)
  assert.deepEqual(box.waitpidSync(5001), { pid: 5001, status: 9, signal: 'SIGKILL' })
  // The end of the namespace goes through its numbers, whatever pid_max is now.
  init.kill(init.pidOf(box), SIGKILL)
  assert.deepEqual([b.state, c.state], ['X', 'X'])
  assert.deepEqual(kernel.check(), [])
})

it('a namespace counts until its grace period is over', () => {
  const table = createPidTable({ maxNamespaces: 1 })
  const ns = createPidNamespace(table, initPidNs(table))
  assert.ok(ns > 0)
  rcuReadLock(table)
  putPidNs(table, ns)
  assert.equal(createPidNamespace(table, initPidNs(table)), -28)
  rcuReadUnlock(table)
  assert.ok(createPidNamespace(table, initPidNs(table)) > 0)
  assert.deepEqual(checkPids(table), [])
})
