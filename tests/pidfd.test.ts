/*
 * Pidfds and namespace files: what they stand for, how their end is waited for, translation between namespaces.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CLONE_NEWPID,
  CLONE_PTHREAD,
  Kernel,
  NS_GET_NSTYPE,
  NS_GET_PID_FROM_PIDNS,
  NS_GET_PID_IN_PIDNS,
  NS_GET_TGID_FROM_PIDNS,
  NS_GET_TGID_IN_PIDNS,
  PIDFD_THREAD,
  POLLHUP,
  POLLIN,
  SIGKILL,
  SIGTERM,
} from 'pidns'

test('a pidfd never follows its number to another process', () => {
  const kernel = Kernel.boot()
  const first = kernel.init.fork()
  using pidfd = kernel.init.pidfdOpen(first.pid)
  first.exit()
  kernel.init.waitpidSync()
  kernel.init.sysctl('kernel.ns_last_pid', first.pid - 1)
  const second = kernel.init.fork()
  assert.equal(second.pid, first.pid)
  assert.throws(() => kernel.init.pidfdSendSignal(pidfd, SIGKILL), { code: 'ESRCH' })
  assert.deepEqual([pidfd.poll(), second.state], [POLLIN | POLLHUP, 'S'])
  assert.deepEqual(kernel.check(), [])
})

test('ended resolves when the process dies, before it is reaped', async () => {
  const kernel = Kernel.boot()
  const child = kernel.init.fork()
  using pidfd = kernel.init.pidfdOpen(child.pid)
  const ended = pidfd.ended()
  child.exit()
  assert.equal(await ended, POLLIN)
  kernel.init.waitpidSync()
  assert.equal(await pidfd.ended(), POLLIN | POLLHUP)
  assert.deepEqual(kernel.check(), [])
})

test('ended waits for the last thread of a process whose leader is dead', async () => {
  const kernel = Kernel.boot()
  const leader = kernel.init.fork()
  const thread = leader.clone({ flags: CLONE_PTHREAD })
  using pidfd = kernel.init.pidfdOpen(leader.pid)
  let events = 0
  const ended = pidfd.ended().then((seen) => {
    events = seen
  })
  leader.exitThread()
  await new Promise((turn) => setImmediate(turn))
  assert.deepEqual([events, leader.state], [0, 'Z'])
  thread.exitThread()
  await ended
  assert.equal(events, POLLIN)
  assert.deepEqual(kernel.check(), [])
})

test("ended of a thread's pidfd resolves with the thread", async () => {
  const kernel = Kernel.boot()
  const leader = kernel.init.fork()
  const thread = leader.clone({ flags: CLONE_PTHREAD })
  assert.throws(() => kernel.init.pidfdOpen(kernel.init.tidOf(thread)), { code: 'ENOENT' })
  using pidfd = kernel.init.pidfdOpen(kernel.init.tidOf(thread), PIDFD_THREAD)
  const ended = pidfd.ended()
  thread.exitThread()
  assert.equal(await ended, POLLIN | POLLHUP)
  assert.equal(leader.state, 'S')
  assert.deepEqual(kernel.check(), [])
})

test('a process that nobody waits for ends its pidfd too', async () => {
  const kernel = Kernel.boot()
  const parent = kernel.init.fork()
  parent.sigaction(17, { handler: 'ign' })
  const child = parent.fork()
  using pidfd = kernel.init.pidfdOpen(kernel.init.pidOf(child))
  const ended = pidfd.ended()
  child.exit()
  assert.equal(await ended, POLLIN | POLLHUP)
  assert.deepEqual(kernel.check(), [])
})

test('a wait on a pidfd that is closed, or whose kernel ends, is rejected', async () => {
  const kernel = Kernel.boot()
  const child = kernel.init.fork()
  const [one, two] = [kernel.init.pidfdOpen(child.pid), kernel.init.pidfdOpen(child.pid)]
  const [first, second] = [one.ended(), two.ended()]
  one.close()
  await assert.rejects(first, { code: 'EBADF' })
  assert.throws(() => one.poll(), { code: 'EBADF' })
  assert.deepEqual(kernel.check(), [])
  kernel.dispose()
  await assert.rejects(second, { code: 'EBADF' })
})

test('numbers are translated between a namespace and the own one, both ways', () => {
  const kernel = Kernel.boot()
  const { init } = kernel
  const box = init.clone({ flags: CLONE_NEWPID })
  const leader = box.fork()
  const thread = leader.clone({ flags: CLONE_PTHREAD })
  using ns = box.openNs('pid')
  assert.equal(init.ioctl(ns, NS_GET_NSTYPE), CLONE_NEWPID)
  assert.equal(init.ioctl(ns, NS_GET_PID_FROM_PIDNS, thread.tid), init.tidOf(thread))
  assert.equal(init.ioctl(ns, NS_GET_TGID_FROM_PIDNS, thread.tid), init.pidOf(leader))
  assert.equal(init.ioctl(ns, NS_GET_PID_IN_PIDNS, init.tidOf(thread)), thread.tid)
  assert.equal(init.ioctl(ns, NS_GET_TGID_IN_PIDNS, init.tidOf(thread)), leader.pid)
  assert.throws(() => init.ioctl(ns, NS_GET_PID_FROM_PIDNS, 99), { code: 'ESRCH' })
  assert.throws(() => init.ioctl(ns, NS_GET_PID_IN_PIDNS, 1), { code: 'ESRCH' })
  assert.throws(() => init.ioctl(ns, NS_GET_PID_FROM_PIDNS, 0), { code: 'ESRCH' })
  assert.throws(() => init.ioctl(ns, NS_GET_PID_FROM_PIDNS, -1), { code: 'ESRCH' })
  assert.throws(() => init.ioctl(ns, 0xb701), { code: 'ENOTTY' })
  assert.deepEqual(kernel.check(), [])
})

test('the parent of a namespace is told to those who are in it or above', () => {
  const kernel = Kernel.boot()
  const { init } = kernel
  const box = init.clone({ flags: CLONE_NEWPID })
  const inner = box.clone({ flags: CLONE_NEWPID })
  using ns = inner.openNs('pid')
  using up = box.nsParent(ns)
  using top = init.nsParent(up)
  assert.equal(init.setns(up, CLONE_NEWPID), 0)
  assert.equal(init.fork().level, 1)
  assert.throws(() => inner.nsParent(ns), { code: 'EPERM' })
  assert.throws(() => box.nsParent(up), { code: 'EPERM' })
  assert.throws(() => init.nsParent(top), { code: 'EPERM' })
  assert.deepEqual(kernel.check(), [])
})

test('an open file keeps its namespace; a dead one can be joined, but not forked into', () => {
  const kernel = Kernel.boot()
  const box = kernel.init.clone({ flags: CLONE_NEWPID })
  const ns = box.openNs('pid')
  kernel.init.kill(kernel.init.pidOf(box), SIGKILL)
  kernel.init.waitpidSync()
  assert.equal(kernel.init.setns(ns, 0), 0)
  ns.close()
  ns.close()
  assert.throws(() => kernel.init.fork(), { code: 'ENOMEM' })
  assert.throws(() => kernel.init.setns(ns, 0), { code: 'EBADF' })
  assert.deepEqual(kernel.check(), [])
})

test('a pidfd of another kernel is a bad file descriptor', () => {
  const kernel = Kernel.boot()
  const other = Kernel.boot()
  const pidfd = other.init.pidfdOpen(1)
  assert.throws(() => kernel.init.pidfdSendSignal(pidfd, SIGTERM), { code: 'EBADF' })
  assert.throws(() => kernel.init.setns(pidfd, CLONE_NEWPID), { code: 'EBADF' })
  assert.deepEqual([...kernel.check(), ...other.check()], [])
})
