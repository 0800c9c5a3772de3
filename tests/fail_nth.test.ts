/*
 * Memory is exhausted at every single allocation that a call makes: the call fails with ENOMEM and has changed
 * nothing, and asked again it does what it should.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CLONE_NEWPID, CLONE_PTHREAD, Kernel, KernelError, type NsFd, type Pidfd, type Task } from 'pidns'
import { memoryOf, SLAB_PAGE } from './table_words.ts'

const ERAS = ['latest', '4.14'] as const

/** More calls in a row succeed than one call allocates: nothing is left to fail. */
const ENOUGH = 12

interface Case {
  readonly name: string
  readonly call: (task: Task) => Task | NsFd | Pidfd | number
  /** Makes the task that calls. */
  readonly before?: (kernel: Kernel) => Task
  /** What a call that worked has made. */
  readonly after?: (made: never, task: Task) => void
  /** How many of its allocations kill the namespace that it forks into: that of procfs's mount for its number 1. */
  readonly fatal?: number
  /** Whether it allocates at all. */
  readonly free?: boolean
}

const init = (kernel: Kernel): Task => kernel.init

function nested(kernel: Kernel, levels: number): Task {
  let task = kernel.init
  for (let level = 0; level < levels; level++) task = task.clone({ flags: CLONE_NEWPID })
  return task
}

const CASES: readonly Case[] = [
  {
    name: 'fork',
    call: (task) => task.fork(),
    after: (child: Task) => assert.deepEqual([child.pid, child.state], [2, 'S']),
  },
  {
    name: 'clone(CLONE_NEWPID)',
    call: (task) => task.clone({ flags: CLONE_NEWPID }),
    after: (box: Task) => assert.deepEqual([box.pid, box.level, box.fork().pid], [1, 1, 2]),
  },
  {
    name: 'a thread',
    call: (task) => task.clone({ flags: CLONE_PTHREAD }),
    after: (thread: Task, task) => assert.deepEqual([thread.tid, thread.leader], [2, task]),
  },
  {
    name: 'unshare',
    call: (task) => task.unshare(CLONE_NEWPID),
    after: (_: never, task) => assert.equal(task.fork().pid, 1),
  },
  {
    name: 'the first fork after unshare',
    before: (kernel) => {
      kernel.init.unshare(CLONE_NEWPID)
      return kernel.init
    },
    call: (task) => task.fork(),
    after: (box: Task, task) => assert.deepEqual([box.pid, task.fork().pid], [1, 2]),
    fatal: 1,
  },
  {
    name: 'a fork after setns into a namespace three levels down',
    before: (kernel) => {
      using file = nested(kernel, 3).openNs('pid')
      kernel.init.setns(file, CLONE_NEWPID)
      return kernel.init
    },
    call: (task) => task.fork(),
    after: (child: Task) => assert.deepEqual([child.pid, child.level, child.getppid()], [2, 3, 0]),
  },
  {
    name: 'setns',
    call: (task) => {
      using file = task.openNs('pid')
      return task.setns(file, CLONE_NEWPID)
    },
    after: (_: never, task) => assert.equal(task.fork().pid, 2),
  },
  {
    name: 'openNs',
    call: (task) => task.openNs('pid'),
    after: (file: NsFd) => file.close(),
  },
  {
    name: 'pidfdOpen',
    call: (task) => task.pidfdOpen(1),
    after: (pidfd: Pidfd) => {
      assert.equal(pidfd.poll(), 0)
      pidfd.close()
    },
  },
  {
    name: 'setTid of a number in a page never touched',
    call: (task) => task.clone({ setTid: [3000] }),
    after: (child: Task, task) => assert.deepEqual([child.pid, task.fork().pid], [3000, 2]),
  },
  {
    name: 'setTid at two levels, with a new namespace',
    call: (task) => task.clone({ flags: CLONE_NEWPID, setTid: [1, 3500] }),
    after: (box: Task) => assert.deepEqual(box.nspid, [3500, 1]),
  },
  {
    name: 'fork at level 3',
    before: (kernel) => nested(kernel, 3),
    call: (task) => task.fork(),
    after: (child: Task) => assert.deepEqual(child.nspid, [5, 4, 3, 2]),
  },
  {
    name: 'clone(CLONE_NEWPID) at level 3',
    before: (kernel) => nested(kernel, 3),
    call: (task) => task.clone({ flags: CLONE_NEWPID }),
    after: (box: Task) => assert.deepEqual([box.pid, box.level], [1, 4]),
  },
  { name: 'exit', before: (kernel) => kernel.init.fork(), call: (task) => task.exit() ?? 0, free: true },
  {
    name: 'setsid',
    before: (kernel) => kernel.init.fork(),
    call: (task) => task.setsid(),
    free: true,
  },
]

/** The call where its n-th allocation fails; what it gave, or undefined for ENOMEM. */
function callFailing(
  kernel: Kernel,
  task: Task,
  { call }: Case,
  n: number,
): ReturnType<Case['call']> | undefined {
  kernel.failNth(n)
  try {
    return call(task)
  } catch (error) {
    assert.ok(error instanceof KernelError && error.code === 'ENOMEM', String(error))
    return undefined
  } finally {
    kernel.failNth(0)
  }
}

/** The namespace for children is dead: every fork into it fails, but the task can go back to its own. */
function assertDeadForChildren(task: Task): void {
  for (let i = 0; i < 3; i++) assert.throws(() => task.fork(), { code: 'ENOMEM' })
  using own = task.openNs('pid')
  task.setns(own, CLONE_NEWPID)
  assert.equal(task.fork().level, task.level)
}

describe('the n-th allocation fails, for every n', () => {
  for (const era of ERAS) {
    for (const one of CASES) {
      const { name, before = init, after = () => {}, fatal = 0, free = false } = one
      it(`${name} (${era})`, () => {
        let failed = 0
        let killed = 0
        for (let n = 1, worked = 0; worked < ENOUGH; n++) {
          const kernel = Kernel.boot({
            era,
            maxPids: 64,
            maxNamespaces: 16,
            bitsPerPage: 32,
            pidMaxLimit: 4096,
          })
          const task = before(kernel)
          const tasks = kernel.tasks().length
          let made = callFailing(kernel, task, one, n)
          assert.deepEqual(kernel.check(), [])
          worked = made === undefined ? 0 : worked + 1
          if (made === undefined) {
            failed += 1
            assert.equal(kernel.tasks().length, tasks)
            try {
              made = one.call(task)
            } catch (error) {
              assert.ok(error instanceof KernelError && error.code === 'ENOMEM', String(error))
              killed += 1
              assertDeadForChildren(task)
            }
          }
          if (made !== undefined) (after as (made: unknown, task: Task) => void)(made, task)
          assert.deepEqual(kernel.check(), [])
        }
        assert.equal(failed === 0, free)
        assert.equal(killed, fatal)
      })
    }
  }
})

describe('a failed call leaves nothing behind', () => {
  for (const one of CASES.filter(({ free, fatal }) => !free && fatal === undefined)) {
    it(`${one.name}`, () => {
      const kernel = Kernel.boot({ maxPids: 64, maxNamespaces: 16 })
      const task = (one.before ?? init)(kernel)
      const before = withoutPages(kernel)
      for (let n = 1; callFailing(kernel, task, one, n) === undefined; n++) {
        assert.deepEqual(withoutPages(kernel), before)
      }
      assert.deepEqual(kernel.check(), [])
    })
  }
})

/** Slots in use, but of the pages of numbers: those that a search has touched stay. */
function withoutPages(kernel: Kernel): number[] {
  return memoryOf(kernel).live.filter((_, slab) => slab !== SLAB_PAGE)
}

describe('hundreds of forks, each failing at each of its allocations first', () => {
  it('gives the numbers that it gives without failures', () => {
    const kernel = Kernel.boot({ maxPids: 600, bitsPerPage: 32, pidMaxLimit: 4096, pidMax: 4096 })
    const box = kernel.init.clone({ flags: CLONE_NEWPID })
    const fork: Case = { name: 'fork', call: (task) => task.fork() }
    for (let i = 0; i < 300; i++) {
      let child: unknown
      for (let n = 1; child === undefined; n++) child = callFailing(kernel, box, fork, n)
      assert.equal((child as Task).level, 1)
      if (i % 20 === 0) assert.deepEqual(kernel.check(), [])
    }
    assert.equal(kernel.tasks().length, 302)
    assert.deepEqual(kernel.check(), [])
  })
})
