/*
 * What is the library's own: how system calls are methods, waits promises, and errors exceptions.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CLONE_NEWPID, CLONE_PTHREAD, Kernel, SIGCONT, SIGKILL, SIGSTOP, SIGTERM, WNOHANG } from 'pidns'

function fails(code: string, call: () => unknown): void {
  assert.throws(call, { name: 'KernelError', code })
}

/** Whether a promise is settled, once all microtasks have run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const note = (): void => {
    settled = true
  }
  promise.then(note, note)
  await new Promise((resolve) => setImmediate(resolve))
  return settled
}

describe('kernel.init', () => {
  it('kernel.init leads session 1 and group 1', () => {
    const kernel = Kernel.boot()
    const { init } = kernel
    assert.deepEqual([init.pid, init.getsid(), init.getpgid(), init.getppid()], [1, 1, 1, 0])
    assert.equal(init.parent, undefined)
    fails('EPERM', () => init.setsid())
    fails('EPERM', () => init.setpgid(0, 0))
    assert.deepEqual(kernel.check(), [])
  })

  it('kernel.init cannot exit, and nobody can kill it', () => {
    const kernel = Kernel.boot()
    const { init } = kernel
    fails('EPERM', () => init.exit())
    fails('EPERM', () => init.exitThread())
    const child = init.fork()
    for (const sig of [SIGTERM, SIGKILL, SIGSTOP]) {
      assert.equal(child.kill(1, sig), 0)
      assert.equal(init.kill(1, sig), 0)
    }
    assert.equal(init.state, 'S')
    assert.deepEqual(kernel.check(), [])
  })
})

describe('a call', () => {
  it('a dead task calls nothing, and goes on telling the numbers that it had', () => {
    const kernel = Kernel.boot()
    const { init } = kernel
    const box = init.clone({ flags: CLONE_NEWPID })
    const child = box.fork()
    child.exit()
    assert.equal(child.state, 'Z')
    fails('ESRCH', () => child.fork())
    box.waitpidSync()
    assert.equal(child.state, 'X')
    for (const call of ['fork', 'getpid', 'getppid', 'setsid', 'exit'] as const)
      fails('ESRCH', () => child[call]())
    assert.deepEqual([child.pid, child.tid, child.nspid, box.pidOf(child)], [2, 2, [], 0])

    const thread = box.fork().clone({ flags: CLONE_PTHREAD })
    thread.execve()
    box.kill(3, SIGKILL)
    box.waitpidSync()
    assert.deepEqual([thread.state, thread.pid, thread.tid], ['X', 3, 3])
    assert.deepEqual(kernel.check(), [])
  })

  it('a stopped task may call, and stays stopped', () => {
    const kernel = Kernel.boot()
    const child = kernel.init.fork()
    kernel.init.kill(child.pid, SIGSTOP)
    assert.equal(child.fork().getppid(), child.getpid())
    assert.equal(child.setsid(), child.pid)
    assert.equal(child.state, 'T')
    assert.deepEqual(kernel.check(), [])
  })

  it('a call that ends or stops its caller returns undefined', () => {
    const kernel = Kernel.boot()
    const { init } = kernel
    const [a, b, c] = [init.fork(), init.fork(), init.fork()]
    assert.equal(a.kill(a.pid, SIGKILL), undefined)
    assert.equal(b.kill(b.pid, SIGSTOP), undefined)
    assert.equal(c.exit(), undefined)
    assert.deepEqual([a.state, b.state, c.state], ['Z', 'T', 'Z'])
    assert.equal(init.kill(b.pid, SIGCONT), 0)
    assert.deepEqual(kernel.check(), [])
  })

  it('whoever a call kills has run before it returns, in the order of the signal', () => {
    const kernel = Kernel.boot()
    const { init } = kernel
    const leader = init.fork()
    leader.setpgid(0, 0)
    const [older, newer] = [leader.fork(), leader.fork()]
    const orphans = [newer, older, leader].map((member) => member.fork())
    for (const orphan of orphans) orphan.setpgid(0, 0)
    init.kill(-leader.pid, SIGKILL)
    assert.deepEqual(
      [leader, older, newer, ...orphans].map((task) => [task.state, task.parent?.pid]),
      [...Array(3).fill(['Z', 1]), ...Array(3).fill(['S', 1])],
    )
    // A group's newest member is sent the signal first, and has exited when the next one does: its child comes first.
    init.kill(-1, SIGKILL)
    const waited = Array.from({ length: 6 }, () => init.waitpidSync()?.pid)
    const inOrder = [leader, orphans[0], orphans[1], older, newer, orphans[2]]
    assert.deepEqual(
      waited,
      inOrder.map((task) => task?.pid),
    )
    assert.deepEqual(kernel.check(), [])
  })

  it('arguments that no C int could hold are a TypeError or RangeError', () => {
    const kernel = Kernel.boot()
    const { init } = kernel
    assert.throws(() => init.kill('1' as unknown as number, 9), TypeError)
    assert.throws(() => init.kill(1.5, 9), RangeError)
    assert.throws(() => init.kill(2 ** 31, 9), RangeError)
    assert.throws(() => init.kill(1, Number.NaN), RangeError)
    assert.throws(() => init.clone({ setTid: 5 as unknown as number[] }), TypeError)
    assert.throws(() => Kernel.boot({ pidMax: 5 }), RangeError)
    fails('ESRCH', () => init.kill(-(2 ** 31), 9))
    assert.equal(kernel.tasks().length, 1)
    assert.deepEqual(kernel.check(), [])
  })

  it('a handle never names a later task', () => {
    const kernel = Kernel.boot({ pidMax: 301 })
    const { init } = kernel
    const child = init.fork()
    const { handle } = child
    assert.equal(kernel.task(handle), child)
    child.exit()
    assert.equal(kernel.task(handle), child)
    init.waitpidSync()
    fails('ESRCH', () => kernel.task(handle))
    for (let i = 0; i < 400; i++) {
      const later = init.fork()
      assert.notEqual(later.handle, handle)
      fails('ESRCH', () => kernel.task(handle))
      later.exit()
      init.waitpidSync()
    }
    for (const wrong of [0, -1, 1, 0.5, 2 ** 53, Number.NaN]) fails('ESRCH', () => kernel.task(wrong))
    assert.deepEqual(kernel.check(), [])
  })

  it('maxPids is EAGAIN, maxNamespaces and depth are ENOSPC', () => {
    const kernel = Kernel.boot({ maxPids: 3, maxNamespaces: 1 })
    const { init } = kernel
    const child = init.clone({ flags: CLONE_NEWPID })
    fails('ENOSPC', () => init.clone({ flags: CLONE_NEWPID }))
    init.fork()
    fails('EAGAIN', () => init.fork())
    child.exit()
    init.waitpidSync()
    init.clone({ flags: CLONE_NEWPID })
    assert.deepEqual(kernel.check(), [])

    const deep = Kernel.boot()
    let task = deep.init
    for (let level = 1; level <= 32; level++) task = task.clone({ flags: CLONE_NEWPID })
    assert.deepEqual([task.level, task.nspid.length], [32, 33])
    fails('ENOSPC', () => task.clone({ flags: CLONE_NEWPID }))
    fails('ENOSPC', () => task.unshare(CLONE_NEWPID))
    assert.equal(task.fork().pid, 2)
    assert.deepEqual(deep.check(), [])
  })
})

describe('a wait', () => {
  it('two waits of one task are answered in the order in which they began', async () => {
    const kernel = Kernel.boot()
    const { init } = kernel
    const [a, b] = [init.fork(), init.fork()]
    const waits = [init.waitpid(-1), init.waitpid(-1)]
    b.exit(1)
    a.exit(2)
    assert.deepEqual(
      (await Promise.all(waits)).map((found) => found?.code),
      [1, 2],
    )
    await assert.rejects(init.waitpid(-1), { code: 'ECHILD' })
    assert.deepEqual(kernel.check(), [])
  })

  it('a child that somebody waits for is reaped by the call that ends it', async () => {
    const kernel = Kernel.boot()
    const child = kernel.init.fork()
    const wait = kernel.init.waitpid(child.pid)
    child.exit(3)
    assert.equal(child.state, 'X')
    assert.deepEqual(await wait, { pid: 2, status: 768, code: 3 })
    assert.deepEqual(kernel.check(), [])
  })

  it('the waits of a task that dies are rejected with ESRCH', async () => {
    const kernel = Kernel.boot()
    const parent = kernel.init.fork()
    const child = parent.fork()
    const waits = [parent.waitpid(child.pid), parent.waitpid(-1)]
    kernel.init.kill(parent.pid, SIGKILL)
    for (const wait of waits) await assert.rejects(wait, { code: 'ESRCH', syscall: 'wait4' })
    await assert.rejects(parent.waitpid(), { code: 'ESRCH' })
    assert.equal(child.state, 'S')
    assert.deepEqual(kernel.check(), [])
  })

  it('the wait of a stopped task goes on when the task does', async () => {
    const kernel = Kernel.boot()
    const parent = kernel.init.fork()
    const child = parent.fork()
    const wait = parent.waitpid()
    kernel.init.kill(parent.pid, SIGSTOP)
    child.exit()
    assert.equal(await isSettled(wait), false)
    assert.equal(child.state, 'Z')
    kernel.init.kill(parent.pid, SIGCONT)
    assert.equal(child.state, 'X')
    assert.equal((await wait)?.pid, child.pid)
    assert.deepEqual(kernel.check(), [])
  })

  it('an aborted wait rejects with the reason, and leaves the child', async () => {
    const kernel = Kernel.boot()
    const { init } = kernel
    const child = init.fork()
    const abort = new AbortController()
    const wait = init.waitpid(child.pid, 0, { signal: abort.signal })
    assert.equal(await isSettled(wait), false)
    abort.abort(new Error('enough'))
    await assert.rejects(wait, { message: 'enough' })
    child.exit()
    assert.equal(child.state, 'Z')
    await assert.rejects(init.waitpid(child.pid, 0, { signal: abort.signal }), { message: 'enough' })
    assert.equal(child.state, 'Z')
    assert.equal(init.waitpidSync()?.pid, child.pid)
    assert.deepEqual(kernel.check(), [])
  })

  it('waitpidSync is EDEADLK where it would have to wait', () => {
    const kernel = Kernel.boot()
    const { init } = kernel
    init.fork()
    fails('EDEADLK', () => init.waitpidSync())
    assert.equal(init.waitpidSync(-1, WNOHANG), null)
    assert.deepEqual(kernel.check(), [])
  })

  it('after dispose waits are rejected, and every call is ESRCH', async () => {
    const kernel = Kernel.boot()
    const child = kernel.init.fork()
    const wait = kernel.init.waitpid(child.pid)
    assert.deepEqual(kernel.check(), [])
    kernel.dispose()
    kernel.dispose()
    await assert.rejects(wait, { code: 'ESRCH' })
    fails('ESRCH', () => kernel.init.fork())
    fails('ESRCH', () => child.exit())
    await assert.rejects(kernel.init.waitpid(), { code: 'ESRCH' })
  })
})
