/*
 * What happens at the limits: too many tasks, namespaces and levels, the edges of pid_max, and no memory left. Each
 * call that fails says which limit it was and changes nothing.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  CLONE_NEWPID,
  CLONE_PTHREAD,
  CLONE_THREAD,
  Kernel,
  KernelError,
  type NsFd,
  type Pidfd,
  SIGKILL,
  type Task,
} from 'pidns'

const EAGAIN = { code: 'EAGAIN' }
const EINVAL = { code: 'EINVAL' }
const ENOMEM = { code: 'ENOMEM' }
const ENOSPC = { code: 'ENOSPC' }

function isSound(kernel: Kernel): void {
  assert.deepEqual(kernel.check(), [])
}

/** Calls until it fails; how often it worked, and how it failed. */
function untilItFails(call: () => unknown, most: number): { worked: number; code: string } {
  for (let worked = 0; worked < most; worked++) {
    try {
      call()
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      return { worked, code: error.code }
    }
  }
  return { worked: most, code: 'none' }
}

/** Kills the whole tree below init, and reaps it. */
function killAll({ init }: Kernel): void {
  untilItFails(() => init.kill(-1, SIGKILL), 1)
  while (untilItFails(() => init.waitpidSync(), 1).worked > 0);
}

describe('maxPids', () => {
  it('counts init: with 10, nine forks work and the tenth is EAGAIN', () => {
    const kernel = Kernel.boot({ maxPids: 10 })
    assert.deepEqual(
      untilItFails(() => kernel.init.fork(), 99),
      { worked: 9, code: 'EAGAIN' },
    )
    assert.equal(kernel.tasks().length, 10)
    isSound(kernel)
  })

  it('counts threads and zombies, and a reaped one no more', () => {
    const kernel = Kernel.boot({ maxPids: 3 })
    const { init } = kernel
    const child = init.fork()
    const thread = init.clone({ flags: CLONE_PTHREAD })
    assert.throws(() => init.fork(), EAGAIN)
    child.exit()
    assert.throws(() => init.fork(), EAGAIN)
    init.waitpidSync()
    assert.equal(init.fork().pid, 4)
    assert.throws(() => init.clone({ flags: CLONE_PTHREAD }), EAGAIN)
    thread.exitThread()
    assert.equal(init.clone({ flags: CLONE_PTHREAD }).tid, 5)
    isSound(kernel)
  })

  it('with 1, init is alone for ever', () => {
    const kernel = Kernel.boot({ maxPids: 1 })
    assert.throws(() => kernel.init.fork(), EAGAIN)
    assert.equal(kernel.init.unshare(CLONE_NEWPID), 0)
    assert.throws(() => kernel.init.fork(), EAGAIN)
    isSound(kernel)
  })

  it('is tested after the flags, and before namespaces', () => {
    const kernel = Kernel.boot({ maxPids: 1, maxNamespaces: 0 })
    assert.throws(() => kernel.init.clone({ flags: CLONE_THREAD }), EINVAL)
    assert.throws(() => kernel.init.clone({ exitSignal: 65 }), EINVAL)
    assert.throws(() => kernel.init.clone({ flags: CLONE_NEWPID }), EAGAIN)
    isSound(kernel)
  })

  it('a fork that it stops consumes no number', () => {
    const kernel = Kernel.boot({ maxPids: 2 })
    const child = kernel.init.fork()
    for (let i = 0; i < 5; i++) assert.throws(() => kernel.init.fork(), EAGAIN)
    child.exit()
    kernel.init.waitpidSync()
    assert.equal(kernel.init.fork().pid, 3)
    isSound(kernel)
  })
})

describe('maxNamespaces', () => {
  it('with 0, neither clone nor unshare makes one', () => {
    const kernel = Kernel.boot({ maxNamespaces: 0 })
    assert.throws(() => kernel.init.clone({ flags: CLONE_NEWPID }), ENOSPC)
    assert.throws(() => kernel.init.unshare(CLONE_NEWPID), ENOSPC)
    assert.equal(kernel.init.fork().pid, 2)
    isSound(kernel)
  })

  it('counts namespaces at all levels', () => {
    const kernel = Kernel.boot({ maxNamespaces: 3 })
    const box = kernel.init.clone({ flags: CLONE_NEWPID })
    box.clone({ flags: CLONE_NEWPID }).unshare(CLONE_NEWPID)
    assert.throws(() => kernel.init.clone({ flags: CLONE_NEWPID }), ENOSPC)
    assert.throws(() => box.unshare(CLONE_NEWPID), ENOSPC)
    isSound(kernel)
  })

  it('a dead namespace counts as long as somebody refers to it', () => {
    const kernel = Kernel.boot({ maxNamespaces: 1 })
    const { init } = kernel
    const full = (): void => assert.throws(() => init.clone({ flags: CLONE_NEWPID }), ENOSPC)
    const box = init.clone({ flags: CLONE_NEWPID })
    const pidfd = init.pidfdOpen(init.pidOf(box))
    const file = box.openNs('pid')
    const joined = init.fork()
    joined.setns(file, CLONE_NEWPID)
    full()
    box.exit(1)
    full()
    init.waitpidSync(init.pidOf(box))
    full()
    pidfd.close()
    full()
    file.close()
    full()
    joined.exit()
    assert.equal(init.clone({ flags: CLONE_NEWPID }).pid, 1)
    isSound(kernel)
  })

  it('a namespace made by unshare and never used counts until its maker goes back', () => {
    const kernel = Kernel.boot({ maxNamespaces: 1 })
    const child = kernel.init.fork()
    child.unshare(CLONE_NEWPID)
    assert.throws(() => kernel.init.unshare(CLONE_NEWPID), ENOSPC)
    using own = child.openNs('pid')
    child.setns(own, CLONE_NEWPID)
    assert.equal(kernel.init.unshare(CLONE_NEWPID), 0)
    isSound(kernel)
  })

  it('a thousand namespaces one after the other fit into one', () => {
    const kernel = Kernel.boot({ maxNamespaces: 1, maxPids: 8 })
    const { init } = kernel
    for (let i = 0; i < 1000; i++) {
      const box = init.clone({ flags: CLONE_NEWPID })
      box.fork()
      init.kill(init.pidOf(box), SIGKILL)
      assert.equal(init.waitpidSync()?.status, SIGKILL)
    }
    isSound(kernel)
  })
})

describe('levels', () => {
  const deepest = (kernel: Kernel): Task => {
    let task = kernel.init
    for (let level = 1; level <= 32; level++) task = task.clone({ flags: CLONE_NEWPID })
    return task
  }

  it('32 below the initial namespace work, the 33rd is ENOSPC by clone and by unshare', () => {
    const kernel = Kernel.boot()
    const task = deepest(kernel)
    assert.equal(task.level, 32)
    assert.deepEqual(
      task.nspid,
      Array.from({ length: 33 }, (_, level) => 33 - level),
    )
    assert.throws(() => task.clone({ flags: CLONE_NEWPID }), ENOSPC)
    assert.throws(() => task.unshare(CLONE_NEWPID), ENOSPC)
    const child = task.fork()
    assert.equal(child.nspid.length, 33)
    assert.equal(kernel.init.pidOf(child), 34)
    isSound(kernel)
  })

  it('setTid may name 32 numbers, the innermost of 33 levels', () => {
    const kernel = Kernel.boot()
    const task = deepest(kernel)
    const asked = Array.from({ length: 32 }, (_, i) => 100 + i)
    const child = task.clone({ setTid: asked })
    assert.deepEqual(child.nspid.slice(1), asked.toReversed())
    assert.throws(() => task.clone({ setTid: [...asked, 200] }), EINVAL)
    isSound(kernel)
  })

  it('killing the outermost box ends all 32 levels', () => {
    const kernel = Kernel.boot()
    deepest(kernel)
    kernel.init.kill(2, SIGKILL)
    assert.equal(kernel.init.waitpidSync()?.pid, 2)
    assert.equal(kernel.tasks().length, 1)
    isSound(kernel)
  })
})

describe('the edges of pid_max', () => {
  it('301 to 4194304 can be set, 300 and 4194305 cannot', () => {
    const kernel = Kernel.boot()
    const { init } = kernel
    for (const value of [301, 4194304]) assert.equal(init.sysctl('kernel.pid_max', value), 0)
    for (const value of [300, 4194305, 0, -1]) {
      assert.throws(() => init.sysctl('kernel.pid_max', value), EINVAL)
    }
    assert.equal(init.sysctl('kernel.pid_max'), 4194304)
    isSound(kernel)
  })

  it('the largest number given out is one below it; then 300 follows', () => {
    const kernel = Kernel.boot({ pidMax: 4194304 })
    const { init } = kernel
    init.sysctl('kernel.ns_last_pid', 4194302)
    assert.equal(init.fork().pid, 4194303)
    assert.equal(init.fork().pid, 300)
    isSound(kernel)
  })

  it('ns_last_pid takes 0 to pid_max', () => {
    const kernel = Kernel.boot({ pidMax: 400 })
    const { init } = kernel
    for (const value of [-1, 401]) assert.throws(() => init.sysctl('kernel.ns_last_pid', value), EINVAL)
    for (const [value, next] of [
      [400, 300],
      [399, 301],
      [398, 399],
      [0, 2],
    ] as const) {
      assert.equal(init.sysctl('kernel.ns_last_pid', value), 0)
      assert.equal(init.fork().pid, next)
    }
    isSound(kernel)
  })

  it('301 leaves one number after the first lap', () => {
    const kernel = Kernel.boot({ pidMax: 301 })
    const { init } = kernel
    init.sysctl('kernel.ns_last_pid', 299)
    for (let i = 0; i < 5; i++) {
      const child = init.fork()
      assert.equal(child.pid, 300)
      assert.throws(() => init.fork(), EAGAIN)
      child.exit()
      init.waitpidSync()
    }
    isSound(kernel)
  })

  it('numbers above a lowered pid_max stay, and are found', () => {
    const kernel = Kernel.boot({ pidMax: 40000 })
    const { init } = kernel
    init.sysctl('kernel.ns_last_pid', 39000)
    const high = init.fork()
    init.sysctl('kernel.pid_max', 301)
    assert.equal(init.fork().pid, 300)
    assert.equal(init.getpgid(39001), 1)
    assert.equal(init.kill(39001, SIGKILL), 0)
    assert.equal(high.state, 'Z')
    assert.equal(init.waitpidSync(39001)?.pid, 39001)
    isSound(kernel)
  })

  it('a namespace has a pid_max of its own, and an exhausted ancestor is EAGAIN at the price of inner numbers', () => {
    const kernel = Kernel.boot({ pidMax: 301 })
    const { init } = kernel
    const box = init.clone({ flags: CLONE_NEWPID })
    assert.equal(box.sysctl('kernel.pid_max'), 4194304)
    init.sysctl('kernel.ns_last_pid', 299)
    assert.deepEqual(box.fork().nspid, [300, 2])
    for (let i = 0; i < 3; i++) assert.throws(() => box.fork(), EAGAIN)
    assert.equal(box.sysctl('kernel.ns_last_pid'), 5)
    init.sysctl('kernel.pid_max', 400)
    assert.deepEqual(box.fork().nspid, [301, 6])
    isSound(kernel)
  })

  it('setTid takes 1 to pid_max - 1', () => {
    const kernel = Kernel.boot({ pidMax: 400 })
    const { init } = kernel
    for (const nr of [0, -1, 400, 4194304]) assert.throws(() => init.clone({ setTid: [nr] }), EINVAL)
    assert.throws(() => init.clone({ setTid: [1] }), { code: 'EEXIST' })
    assert.equal(init.clone({ setTid: [399] }).pid, 399)
    isSound(kernel)
  })
})

describe('memory is exhausted', () => {
  it('by open pidfds: whatever fails is ENOMEM, and once they are closed all works again', () => {
    const kernel = Kernel.boot({ maxPids: 2, maxNamespaces: 0, bitsPerPage: 32, pidMaxLimit: 4096 })
    const { init } = kernel
    const pidfds: Pidfd[] = []
    const { code } = untilItFails(() => pidfds.push(init.pidfdOpen(1)), 1e6)
    assert.equal(code, 'ENOMEM')
    isSound(kernel)
    for (let i = 0; i < 3; i++) assert.throws(() => init.pidfdOpen(1), ENOMEM)
    // Every kind of record that was never made before needs memory that is not there.
    untilItFails(() => init.fork(), 1)
    untilItFails(() => init.openNs('pid'), 1)
    isSound(kernel)
    for (const pidfd of pidfds) pidfd.close()
    assert.equal(init.pidfdOpen(1).poll(), 0)
    isSound(kernel)
  })

  it('by open namespace files', () => {
    const kernel = Kernel.boot({ maxPids: 2, maxNamespaces: 1, bitsPerPage: 32, pidMaxLimit: 4096 })
    const { init } = kernel
    const files: NsFd[] = []
    assert.equal(untilItFails(() => files.push(init.openNs('pid')), 1e6).code, 'ENOMEM')
    isSound(kernel)
    untilItFails(() => init.clone({ flags: CLONE_NEWPID }), 1)
    isSound(kernel)
    for (const file of files) file.close()
    init.openNs('pid').close()
    isSound(kernel)
  })

  it('by pages of numbers in many namespaces', () => {
    const kernel = Kernel.boot({ maxPids: 40, maxNamespaces: 32 })
    const { init } = kernel
    const boxes = Array.from({ length: 32 }, () => init.clone({ flags: CLONE_NEWPID }))
    let failures = 0
    for (let page = 1; page < 128; page++) {
      for (const box of boxes) {
        box.sysctl('kernel.ns_last_pid', 32768 * page)
        const { worked, code } = untilItFails(() => box.fork().exit(), 1)
        if (worked === 0) assert.equal(code, 'ENOMEM')
        failures += 1 - worked
        untilItFails(() => box.waitpidSync(), 1)
      }
      if (page % 16 === 0) isSound(kernel)
    }
    assert.ok(failures > 0)
    isSound(kernel)
    killAll(kernel)
    assert.equal(kernel.tasks().length, 1)
    assert.equal(init.clone({ flags: CLONE_NEWPID }).fork().pid, 2)
    isSound(kernel)
  })

  for (const maxPids of [1, 2, 3, 5, 8]) {
    it(`never where only tasks are made (maxPids ${maxPids}): the limit comes first`, () => {
      const kernel = Kernel.boot({ maxPids, maxNamespaces: maxPids })
      const { init } = kernel
      for (let round = 0; round < 20; round++) {
        let task = init
        const flags = [0, CLONE_NEWPID, CLONE_PTHREAD]
        const { worked, code } = untilItFails(() => {
          const made = task.clone({ flags: flags[(round + kernel.tasks().length) % 3] as number })
          task = made.leader === task.leader ? task : made
        }, 99)
        assert.deepEqual({ worked, code }, { worked: maxPids - 1, code: 'EAGAIN' })
        isSound(kernel)
        for (const other of kernel.tasks()) if (other !== init && other.leader === init) other.exitThread()
        killAll(kernel)
        assert.equal(kernel.tasks().length, 1)
        isSound(kernel)
      }
    })
  }
})
