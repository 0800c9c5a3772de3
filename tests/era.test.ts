/*
 * Where the seeds' kernel (4.14) answers otherwise than today's: every difference that a program could see and that
 * is modelled. What came later (set_tid, pidfds, P_PIDFD) is there in both: an era takes nothing away. Nor is there a
 * hole of that kernel's in either: it numbered the first process of a namespace 2 when the outer one had been full.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  CLONE_NEWPID,
  Kernel,
  KernelError,
  P_PGID,
  P_PIDFD,
  PR_SET_PDEATHSIG,
  SIGKILL,
  SIGTERM,
  type Task,
  WEXITED,
} from 'pidns'
import { inject, newNs, thread } from './cases/case.ts'
import { ROWS } from './cases/numbers.ts'

interface Difference {
  readonly name: string
  readonly pidMax?: number
  see(init: Task): unknown
  readonly today: unknown
  readonly seeds: unknown
}

/** What a call gives: its value, or the name of its error. */
function outcome(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    assert.ok(error instanceof KernelError)
    return error.code
  }
}

function boot(era: '4.14' | 'latest', pidMax = 32768): Kernel {
  return Kernel.boot({ era, pidMax, maxPids: 512, maxNamespaces: 64 })
}

const DIFFERENCES: readonly Difference[] = [
  {
    name: 'P_PGID of 0 is the own group, or EINVAL',
    see(init) {
      init.fork().exit(1)
      return outcome(() => init.waitidSync(P_PGID, 0, WEXITED)?.si_pid)
    },
    today: 2,
    seeds: 'EINVAL',
  },
  {
    name: 'without a group exit the code of the last thread counts, or that of the leader',
    see(init) {
      const leader = init.fork()
      const other = thread(leader)
      leader.exitThread(3)
      other.exitThread(5)
      return init.waitpidSync()?.code
    },
    today: 5,
    seeds: 3,
  },
  {
    name: 'a new namespace has a pid_max of its own, or the one of all',
    see: (init) => newNs(init).sysctl('kernel.pid_max'),
    today: 4194304,
    seeds: 32768,
  },
  {
    name: 'pid_max set inside counts inside, or everywhere',
    see(init) {
      const box = newNs(init)
      box.sysctl('kernel.pid_max', 1000)
      return [init, box, newNs(box)].map((task) => task.sysctl('kernel.pid_max'))
    },
    today: [32768, 1000, 4194304],
    seeds: [1000, 1000, 1000],
  },
  {
    name: 'pid_max set outside counts outside only, or in every namespace',
    see(init) {
      const box = newNs(init)
      init.sysctl('kernel.pid_max', 400)
      box.sysctl('kernel.ns_last_pid', 399)
      return box.fork().pid
    },
    today: 400,
    seeds: 300,
  },
  {
    name: 'ns_last_pid is bounded by the pid_max of its namespace, or of all',
    see(init) {
      const box = newNs(init)
      return outcome(() => box.sysctl('kernel.ns_last_pid', 32769))
    },
    today: 0,
    seeds: 'EINVAL',
  },
]

/** The rows of the table of numbers that the seeds' kernel answers otherwise, by where they differ. */
const EAGAIN_THEN = [
  '310: 300 .. 309 of 10, last 299',
  '310: 301 .. 309 of 9, last 300',
  '301: 151 .. 300 of 150, last 150',
  '310: 2 .. 309 of 307, last 5',
]

describe('eras', () => {
  for (const { name, pidMax, see, today, seeds } of DIFFERENCES) {
    it(name, () => {
      for (const [era, expected] of [
        ['latest', today],
        ['4.14', seeds],
      ] as const) {
        const kernel = boot(era, pidMax)
        assert.deepEqual(see(kernel.init), expected, era)
        assert.deepEqual(kernel.check(), [])
      }
    })
  }

  it('give the same numbers but where the old search stopped early or wrapped to 300 only', () => {
    const differ = ROWS.map(([pidMax, taken, last, next]) => {
      const kernel = boot('4.14', pidMax)
      for (const nr of taken) kernel.init.clone({ setTid: [nr] })
      kernel.init.sysctl('kernel.ns_last_pid', last)
      const given = outcome(() => kernel.init.fork().pid)
      assert.deepEqual(kernel.check(), [])
      if (given === next) return ''
      assert.equal(given, 'EAGAIN')
      return `${pidMax}: ${taken[0]} .. ${taken.at(-1)} of ${taken.length}, last ${last}`
    })
    assert.deepEqual(
      differ.filter((row) => row !== ''),
      EAGAIN_THEN,
    )
  })

  it('both have what came after 4.14: set_tid, pidfds, P_PIDFD', () => {
    for (const era of ['4.14', 'latest'] as const) {
      const kernel = boot(era)
      const { init } = kernel
      const child = init.clone({ setTid: [77] })
      const pidfd = init.pidfdOpen(77)
      init.pidfdSendSignal(pidfd, SIGTERM)
      assert.equal(init.waitidSync(P_PIDFD, pidfd, WEXITED)?.si_pid, 77)
      assert.equal(child.state, 'X')
      assert.deepEqual(kernel.check(), [])
    }
  })

  it('both begin a new namespace with 1 where the outer one was full before', () => {
    for (const era of ['4.14', 'latest'] as const) {
      const kernel = boot(era, 301)
      const { init } = kernel
      const task = init.fork()
      task.unshare(CLONE_NEWPID)
      init.sysctl('kernel.ns_last_pid', 299)
      const last = init.fork()
      assert.equal(
        outcome(() => task.fork()),
        'EAGAIN',
      )
      last.exit()
      init.waitpidSync(last.pid)
      assert.deepEqual(task.fork().nspid, [300, 1])
      assert.deepEqual(kernel.check(), [])
    }
  })

  it('agree on death signals and on how a namespace ends', () => {
    for (const era of ['4.14', 'latest'] as const) {
      const kernel = boot(era)
      const { init } = kernel
      const parent = init.fork()
      const box = newNs(parent)
      const guest = inject(init, box)
      box.prctl(PR_SET_PDEATHSIG, SIGKILL)
      parent.exit()
      assert.deepEqual([box.exiting, guest.state], [true, 'Z'])
      init.waitpidSync(init.pidOf(guest))
      assert.equal(box.state, 'Z')
      assert.deepEqual(kernel.check(), [])
    }
  })
})
