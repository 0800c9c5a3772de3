/*
 * What the model test found wrong once, each the shortest sequence that showed it.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CLONE_NEWPID, Kernel, P_PIDFD, PIDFD_NONBLOCK, WEXITED, WNOHANG } from 'pidns'

describe('what the model test found', () => {
  it('ns_last_pid of a namespace whose init got its number by set_tid is -1, and its next number 2', () => {
    const kernel = Kernel.boot()
    const box = kernel.init.clone({ flags: CLONE_NEWPID, setTid: [1] })
    assert.equal(box.sysctl('kernel.ns_last_pid'), -1)
    assert.equal(box.fork().pid, 2)
    assert.equal(box.sysctl('kernel.ns_last_pid'), 2)
    box.sysctl('kernel.ns_last_pid', 0)
    assert.equal(box.sysctl('kernel.ns_last_pid'), 0)
    assert.deepEqual(kernel.check(), [])
  })

  it('in the seeds era that ns_last_pid is 0', () => {
    const kernel = Kernel.boot({ era: '4.14' })
    const box = kernel.init.clone({ flags: CLONE_NEWPID, setTid: [1] })
    assert.equal(box.sysctl('kernel.ns_last_pid'), 0)
    assert.equal(box.fork().pid, 2)
    assert.deepEqual(kernel.check(), [])
  })

  it('waitid on a pidfd with PIDFD_NONBLOCK says EAGAIN where it would wait, sync or not', async () => {
    const kernel = Kernel.boot()
    const { init } = kernel
    const child = init.fork()
    using pidfd = init.pidfdOpen(child.pid, PIDFD_NONBLOCK)
    assert.throws(() => init.waitidSync(P_PIDFD, pidfd, WEXITED), { code: 'EAGAIN' })
    await assert.rejects(init.waitid(P_PIDFD, pidfd, WEXITED), { code: 'EAGAIN' })
    assert.equal(init.waitidSync(P_PIDFD, pidfd, WEXITED | WNOHANG), null)
    child.exit(3)
    assert.equal(init.waitidSync(P_PIDFD, pidfd, WEXITED)?.si_status, 3)
    assert.throws(() => init.waitidSync(P_PIDFD, pidfd, WEXITED), { code: 'ECHILD' })
    assert.deepEqual(kernel.check(), [])
  })

  it('flags are looked at before a pidfd that is closed', () => {
    const kernel = Kernel.boot()
    const { init } = kernel
    const pidfd = init.pidfdOpen(1)
    pidfd.close()
    assert.throws(() => init.pidfdSendSignal(pidfd, 0, 3), { code: 'EINVAL' })
    assert.throws(() => init.pidfdSendSignal(pidfd, 77), { code: 'EBADF' })
    assert.throws(() => init.waitidSync(P_PIDFD, pidfd, 0), { code: 'EINVAL' })
    assert.throws(() => init.waitidSync(P_PIDFD, pidfd, WEXITED), { code: 'EBADF' })
    assert.deepEqual(kernel.check(), [])
  })

  it('asking a dead namespace for number 1 leaves no mount of procfs behind, and the namespace goes', () => {
    const kernel = Kernel.boot({ maxNamespaces: 1 })
    const { init } = kernel
    init.unshare(CLONE_NEWPID)
    init.fork().exit()
    init.waitpidSync()
    assert.throws(() => init.clone({ setTid: [1] }), { code: 'ENOMEM' })
    assert.deepEqual(kernel.check(), [])
    using own = init.openNs('pid')
    init.setns(own, CLONE_NEWPID)
    init.unshare(CLONE_NEWPID)
    assert.equal(init.fork().pid, 1)
    assert.deepEqual(kernel.check(), [])
  })

  it('in the seeds era, too, a namespace whose first fork failed begins with 1, and its process can end', () => {
    const kernel = Kernel.boot({ era: '4.14', pidMax: 301 })
    const { init } = kernel
    const only = [...Array(299)].map(() => init.fork())[298]
    init.unshare(CLONE_NEWPID)
    assert.throws(() => init.fork(), { code: 'EAGAIN' })
    only?.exit()
    init.waitpidSync()
    const box = init.fork()
    assert.deepEqual(box.nspid, [300, 1])
    box.exit(3)
    assert.equal(init.waitpidSync()?.code, 3)
    assert.deepEqual(kernel.check(), [])
  })
})
