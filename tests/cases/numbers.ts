/** Which number comes next: the cursor, pid_max, wrapping, and what is left when numbers run out. */
import { CLONE_NEWPID, CLONE_PTHREAD, SIGKILL } from 'pidns'
import { type Case, equal, fails, inject, newNs } from './case.ts'

/** pid_max, the numbers taken besides 1, ns_last_pid, and the number given out then. */
type Row = readonly [pidMax: number, taken: readonly number[], last: number, next: number | 'EAGAIN']

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)
const without = (numbers: number[], hole: number): number[] => numbers.filter((nr) => nr !== hole)

/** Each row was tried on a running kernel; the seeds' era answers some of them otherwise. */
export const ROWS: readonly Row[] = [
  [32768, [], 0, 2],
  [32768, [], 1, 2],
  [32768, [], 32767, 300],
  [32768, [], 32768, 300],
  [32768, [300], 32767, 301],
  [32768, [100, 101], 99, 102],
  [32768, [], 298, 299],
  [310, range(300, 309), 309, 'EAGAIN'],
  [310, range(300, 309), 299, 2],
  [310, range(301, 309), 300, 300],
  [310, range(301, 309), 301, 300],
  [310, without(range(300, 309), 305), 305, 305],
  [310, without(range(300, 309), 305), 309, 305],
  [301, [], 300, 300],
  [301, [300], 300, 'EAGAIN'],
  [301, range(151, 300), 150, 2],
  [310, without(range(2, 309), 5), 4, 5],
  [310, without(range(2, 309), 5), 5, 5],
  [310, without(range(2, 309), 5), 309, 'EAGAIN'],
]

function rowCase([pidMax, taken, last, next]: Row): Case {
  const list =
    taken.length > 2 ? `${taken[0]} .. ${taken.at(-1)} (${taken.length} of them)` : taken.join(', ')
  return {
    source: 'Linux 6.18',
    name: `pid_max ${pidMax}, taken 1${list && `, ${list}`}, last ${last}: next is ${next}`,
    boot: { pidMax, maxPids: 512 },
    run({ init }) {
      for (const nr of taken) init.clone({ setTid: [nr] })
      init.sysctl('kernel.ns_last_pid', last)
      if (next === 'EAGAIN') fails('EAGAIN', () => init.fork())
      else equal(init.fork().pid, next)
      equal(init.sysctl('kernel.ns_last_pid'), next === 'EAGAIN' ? last : next)
    },
  }
}

export const NUMBERS: readonly Case[] = [
  ...ROWS.map(rowCase),
  {
    source: 'Linux 6.18',
    name: 'with pid_max lowered below the cursor the next number is 300',
    run({ init }) {
      init.sysctl('kernel.ns_last_pid', 5000)
      init.sysctl('kernel.pid_max', 400)
      equal(init.fork().pid, 300)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'numbers above a lowered pid_max stay in use, and can be found',
    run({ init }) {
      init.sysctl('kernel.ns_last_pid', 5000)
      const high = init.fork()
      init.sysctl('kernel.pid_max', 400)
      equal([high.pid, init.kill(5001, 0)], [5001, 0])
      equal(init.getpgid(5001), 1)
      high.exit()
      equal(init.waitpidSync()?.pid, 5001)
    },
  },
  {
    source: 'LTP getpid01',
    name: 'numbers lie between 2 and pid_max',
    boot: { pidMax: 320 },
    run({ init }) {
      for (let i = 0; i < 400; i++) {
        const child = init.fork()
        equal(child.pid >= 2 && child.pid < 320, true)
        child.exit()
        init.waitpidSync()
      }
    },
  },
  {
    source: 'CRIU pid_reuse',
    name: 'a number can be had again by way of ns_last_pid',
    run({ init }) {
      const child = init.fork()
      child.exit()
      init.waitpidSync()
      init.sysctl('kernel.ns_last_pid', 1)
      equal(init.fork().pid, 2)
    },
  },
  {
    source: 'man proc_sys_kernel(5)',
    name: 'ns_last_pid is what was given out last, and a thread counts',
    run({ init }) {
      equal(init.sysctl('kernel.ns_last_pid'), 1)
      init.fork().clone({ flags: CLONE_PTHREAD })
      equal(init.sysctl('kernel.ns_last_pid'), 3)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'ns_last_pid takes 0 to pid_max, and nothing else',
    boot: { pidMax: 400 },
    run({ init }) {
      for (const value of [0, 1, 399, 400]) equal(init.sysctl('kernel.ns_last_pid', value), 0)
      for (const value of [-1, 401, 4194304]) fails('EINVAL', () => init.sysctl('kernel.ns_last_pid', value))
      equal(init.sysctl('kernel.ns_last_pid'), 400)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'pid_max takes 301 to 4194304, and nothing else',
    run({ init }) {
      for (const value of [301, 4194304]) equal(init.sysctl('kernel.pid_max', value), 0)
      for (const value of [300, 0, -1, 4194305]) fails('EINVAL', () => init.sysctl('kernel.pid_max', value))
      equal(init.sysctl('kernel.pid_max'), 4194304)
    },
  },
  {
    source: 'selftests pid_namespace/pid_max',
    name: 'each namespace has a pid_max of its own, 4194304 to begin with',
    run({ init }) {
      const box = newNs(init)
      equal(box.sysctl('kernel.pid_max'), 4194304)
      box.sysctl('kernel.pid_max', 500)
      equal([box.sysctl('kernel.pid_max'), init.sysctl('kernel.pid_max')], [500, 32768])
      equal(newNs(box).sysctl('kernel.pid_max'), 4194304)
    },
  },
  {
    source: 'selftests pid_namespace/pid_max',
    name: 'the limit of an inner namespace makes its numbers wrap, and not the outer ones',
    run({ init }) {
      const box = newNs(init)
      box.sysctl('kernel.pid_max', 400)
      box.sysctl('kernel.ns_last_pid', 398)
      equal(
        [1, 2, 3].map(() => box.fork().nspid),
        [
          [3, 399],
          [4, 300],
          [5, 301],
        ],
      )
    },
  },
  {
    source: 'selftests pid_namespace/pid_max',
    name: 'the limit of an outer namespace binds the inner ones too',
    boot: { pidMax: 301 },
    run({ init }) {
      const box = newNs(init)
      init.sysctl('kernel.ns_last_pid', 299)
      equal(box.fork().nspid, [300, 2])
      fails('EAGAIN', () => box.fork())
      equal(box.sysctl('kernel.ns_last_pid'), 3)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a fork that an outer namespace refuses uses up an inner number',
    boot: { pidMax: 301 },
    run({ init }) {
      const box = newNs(init)
      init.sysctl('kernel.ns_last_pid', 299)
      const last = init.fork()
      for (let i = 0; i < 3; i++) fails('EAGAIN', () => box.fork())
      last.exit()
      init.waitpidSync(300)
      equal(box.fork().nspid, [300, 5])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a new namespace whose first process the outer one refuses can still be begun: 1',
    boot: { pidMax: 301 },
    run({ init }) {
      const task = init.fork()
      task.unshare(CLONE_NEWPID)
      init.sysctl('kernel.ns_last_pid', 299)
      const last = init.fork()
      fails('EAGAIN', () => task.fork())
      fails('EAGAIN', () => task.fork())
      last.exit()
      init.waitpidSync(300)
      equal(task.fork().nspid, [300, 1])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'clone with CLONE_NEWPID is EAGAIN where the outer namespace is full',
    boot: { pidMax: 301 },
    run({ init }) {
      init.sysctl('kernel.ns_last_pid', 299)
      init.fork()
      fails('EAGAIN', () => newNs(init))
      fails('EAGAIN', () => init.clone({ flags: CLONE_PTHREAD }))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'the sysctls are those of the namespace that the caller is in',
    run({ init }) {
      const box = newNs(init)
      const guest = inject(init, box)
      guest.sysctl('kernel.pid_max', 1000)
      guest.sysctl('kernel.ns_last_pid', 700)
      equal([box.sysctl('kernel.pid_max'), box.fork().pid], [1000, 701])
      const task = init.fork()
      task.unshare(CLONE_NEWPID)
      equal(task.sysctl('kernel.pid_max'), 32768)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a zombie holds its number until it is waited for',
    boot: { pidMax: 301 },
    run({ init }) {
      init.sysctl('kernel.ns_last_pid', 299)
      const child = init.fork()
      init.kill(child.pid, SIGKILL)
      fails('EAGAIN', () => init.fork())
      init.waitpidSync()
      equal(init.fork().pid, 300)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'in a new namespace numbers go on as in any other: 2 after the first',
    run({ init }) {
      const box = newNs(init)
      const first = box.fork()
      first.exit()
      box.waitpidSync()
      equal(box.fork().pid, 3)
      box.sysctl('kernel.ns_last_pid', 0)
      equal(box.fork().pid, 2)
    },
  },
]
