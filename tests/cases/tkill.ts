/** tkill(2) and tgkill(2). */
import { SIGABRT, SIGQUIT, SIGSEGV, SIGTERM, SIGUSR1 } from 'pidns'
import { type Case, equal, fails, killed, thread } from './case.ts'

const INT_MIN = -0x80000000

export const TKILL: readonly Case[] = [
  {
    source: 'LTP tkill01',
    name: 'tkill reaches a thread, and a fatal signal then ends its process',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      equal(init.tkill(other.tid, SIGUSR1), 0)
      equal(init.waitpidSync(), killed(leader.pid, SIGUSR1))
    },
  },
  {
    source: 'LTP tkill02',
    name: 'tkill of a number that cannot be is EINVAL, of an unused one ESRCH',
    run({ init }) {
      for (const tid of [-1, 0, INT_MIN]) fails('EINVAL', () => init.tkill(tid, SIGUSR1))
      fails('ESRCH', () => init.tkill(32767, SIGUSR1))
    },
  },
  {
    source: 'LTP tgkill03',
    name: 'tgkill of numbers that cannot be, or of no signal, is EINVAL',
    run({ init }) {
      const child = init.fork()
      fails('EINVAL', () => init.tgkill(-1, child.pid, SIGUSR1))
      fails('EINVAL', () => init.tgkill(child.pid, -1, SIGUSR1))
      fails('EINVAL', () => init.tgkill(child.pid, 0, SIGUSR1))
      fails('EINVAL', () => init.tgkill(child.pid, child.pid, -1))
    },
  },
  {
    source: 'LTP tgkill03',
    name: 'tgkill of a thread that has ended, or is in another process, is ESRCH',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      const tid = other.tid
      fails('ESRCH', () => init.tgkill(init.pid, tid, SIGUSR1))
      fails('ESRCH', () => init.tgkill(tid, leader.tid, SIGUSR1))
      other.exitThread()
      fails('ESRCH', () => init.tgkill(leader.pid, tid, SIGUSR1))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'tgkill and tkill test the numbers, then existence, then the signal',
    run({ init }) {
      init.fork()
      fails('EINVAL', () => init.tgkill(99, 0, 65))
      fails('ESRCH', () => init.tgkill(99, 2, 65))
      fails('EINVAL', () => init.tgkill(2, 2, 65))
      fails('ESRCH', () => init.tkill(99, 65))
      fails('EINVAL', () => init.tkill(2, 65))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a dead leader is a thread that tgkill finds',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      leader.exitThread()
      equal(init.tgkill(leader.pid, leader.pid, 0), 0)
      equal(init.tgkill(leader.pid, leader.pid, SIGTERM), 0)
      equal(other.state, 'S')
      equal(init.tgkill(leader.pid, other.tid, SIGTERM), 0)
      equal(other.state, 'X')
    },
  },
  {
    source: 'man signal(7)',
    name: 'signals that dump core by default end a process with several threads as well',
    run({ init }) {
      for (const sig of [SIGQUIT, SIGABRT, SIGSEGV]) {
        const leader = init.fork()
        const other = thread(leader)
        init.tgkill(leader.pid, other.tid, sig)
        equal(init.waitpidSync(), killed(leader.pid, sig))
      }
    },
  },
]
