/** pidfd_open(2), and poll(2) on pidfds. */
import { PIDFD_NONBLOCK, PIDFD_THREAD, POLLHUP, POLLIN, SIGKILL, SIGTERM } from 'pidns'
import { type Case, equal, fails, thread } from './case.ts'

const INT_MIN = -0x80000000

export const PIDFD_OPEN: readonly Case[] = [
  {
    source: 'LTP pidfd_open02',
    name: 'a process that is gone is ESRCH',
    run({ init }) {
      init.fork().exit()
      init.waitpidSync()
      fails('ESRCH', () => init.pidfdOpen(2))
    },
  },
  {
    source: 'LTP pidfd_open02',
    name: 'numbers below 1 are EINVAL',
    run({ init }) {
      for (const pid of [0, -1, INT_MIN]) fails('EINVAL', () => init.pidfdOpen(pid))
    },
  },
  {
    source: 'LTP pidfd_open02',
    name: 'unknown flags are EINVAL',
    run({ init }) {
      fails('EINVAL', () => init.pidfdOpen(1, 1))
      fails('EINVAL', () => init.pidfdOpen(1, -1))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'unknown flags are noticed before an unknown number',
    run({ init }) {
      fails('EINVAL', () => init.pidfdOpen(99, 1))
      fails('ESRCH', () => init.pidfdOpen(99, PIDFD_THREAD | PIDFD_NONBLOCK))
    },
  },
  {
    source: 'LTP pidfd_open03',
    name: 'poll shows the end of a child',
    run({ init }) {
      const child = init.fork()
      const pidfd = init.pidfdOpen(child.pid)
      equal(pidfd.poll(), 0)
      child.exit()
      equal(pidfd.poll(), POLLIN)
      init.waitpidSync()
      equal(pidfd.poll(), POLLIN | POLLHUP)
    },
  },
  {
    source: 'selftests pidfd/pidfd_test',
    name: 'poll says nothing when another thread executes a program',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      const pidfd = init.pidfdOpen(leader.pid)
      other.execve()
      equal(pidfd.poll(), 0)
      other.exit()
      equal(pidfd.poll(), POLLIN)
    },
  },
  {
    source: 'selftests pidfd/pidfd_test',
    name: 'poll says nothing when the leader ends before its threads',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      const pidfd = init.pidfdOpen(leader.pid)
      leader.exitThread()
      equal(pidfd.poll(), 0)
      other.exitThread()
      equal(pidfd.poll(), POLLIN)
    },
  },
  {
    source: 'selftests pidfd/pidfd_info_test',
    name: 'the number of a thread needs PIDFD_THREAD: ENOENT',
    run({ init }) {
      const other = thread(init.fork())
      fails('ENOENT', () => init.pidfdOpen(other.tid))
      fails('ENOENT', () => init.pidfdOpen(other.tid, PIDFD_NONBLOCK))
      equal(init.pidfdOpen(other.tid, PIDFD_THREAD).poll(), 0)
    },
  },
  {
    source: 'selftests pidfd/pidfd_info_test',
    name: 'the pidfd of a thread shows its end at once',
    run({ init }) {
      const other = thread(init.fork())
      const pidfd = init.pidfdOpen(other.tid, PIDFD_THREAD)
      other.exitThread()
      equal(pidfd.poll(), POLLIN | POLLHUP)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a zombie can be opened, and takes signals',
    run({ init }) {
      init.fork().exit()
      const pidfd = init.pidfdOpen(2)
      equal(pidfd.poll(), POLLIN)
      for (const sig of [0, SIGTERM, SIGKILL]) equal(init.pidfdSendSignal(pidfd, sig), 0)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a number that only a group uses is ESRCH',
    run({ init }) {
      const leader = init.fork()
      leader.setpgid(0, 0)
      leader.fork()
      leader.exit()
      init.waitpidSync(2)
      fails('ESRCH', () => init.pidfdOpen(2))
      fails('ESRCH', () => init.pidfdOpen(2, PIDFD_THREAD))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'after execve the pidfd of the thread that called it means nobody any more',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      const pidfd = init.pidfdOpen(other.tid, PIDFD_THREAD)
      other.execve()
      equal(pidfd.poll(), POLLIN | POLLHUP)
      fails('ESRCH', () => init.pidfdSendSignal(pidfd, 0))
    },
  },
]
