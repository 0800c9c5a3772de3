/** pidfd_send_signal(2): whom a pidfd means, and what is refused first. */
import {
  CLD_KILLED,
  P_PIDFD,
  PIDFD_SIGNAL_PROCESS_GROUP,
  PIDFD_SIGNAL_THREAD,
  PIDFD_SIGNAL_THREAD_GROUP,
  PIDFD_THREAD,
  POLLHUP,
  POLLIN,
  SIGKILL,
  SIGSTOP,
  SIGTERM,
  SIGUSR1,
  WEXITED,
} from 'pidns'
import { type Case, equal, fails, info, inject, killed, newNs, thread } from './case.ts'

export const PIDFD_SEND: readonly Case[] = [
  {
    source: 'selftests pidfd/pidfd_test',
    name: 'a process can signal itself through a pidfd',
    run({ init }) {
      const child = init.fork()
      const pidfd = child.pidfdOpen(child.pid)
      equal(child.pidfdSendSignal(pidfd, 0), 0)
      equal(child.pidfdSendSignal(pidfd, SIGTERM), undefined)
      equal(init.waitpidSync(), killed(2, SIGTERM))
    },
  },
  {
    source: 'selftests pidfd/pidfd_test',
    name: 'a signal to a process that is gone is ESRCH',
    run({ init }) {
      const child = init.fork()
      const pidfd = init.pidfdOpen(child.pid)
      child.exit()
      init.waitpidSync()
      fails('ESRCH', () => init.pidfdSendSignal(pidfd, SIGKILL))
    },
  },
  {
    source: 'selftests pidfd/pidfd_test',
    name: 'a process with a number used before is not meant by a pidfd of the old one',
    run({ init }) {
      const child = init.clone({ setTid: [1000] })
      const pidfd = init.pidfdOpen(1000)
      child.exit()
      init.waitpidSync()
      const other = init.clone({ setTid: [1000] })
      fails('ESRCH', () => init.pidfdSendSignal(pidfd, SIGKILL))
      equal([other.state, pidfd.poll()], ['S', POLLIN | POLLHUP])
    },
  },
  {
    source: 'LTP pidfd_send_signal03',
    name: 'a number that ns_last_pid brought back is not meant by an old pidfd',
    run({ init }) {
      const child = init.fork()
      const pidfd = init.pidfdOpen(2)
      child.exit()
      init.waitpidSync()
      init.sysctl('kernel.ns_last_pid', 1)
      equal(init.fork().pid, 2)
      fails('ESRCH', () => init.pidfdSendSignal(pidfd, SIGUSR1))
    },
  },
  {
    source: 'LTP pidfd_send_signal02',
    name: 'unknown flags are EINVAL',
    run({ init }) {
      const pidfd = init.pidfdOpen(init.fork().pid)
      fails('EINVAL', () => init.pidfdSendSignal(pidfd, 0, 8))
      fails('EINVAL', () => init.pidfdSendSignal(pidfd, 0, -1))
    },
  },
  {
    source: 'LTP pidfd_send_signal02',
    name: 'an invalid signal is EINVAL',
    run({ init }) {
      const pidfd = init.pidfdOpen(init.fork().pid)
      for (const sig of [-1, 65]) fails('EINVAL', () => init.pidfdSendSignal(pidfd, sig))
    },
  },
  {
    source: 'LTP pidfd_send_signal02',
    name: 'a closed pidfd is EBADF, but bad flags come first',
    run({ init }) {
      const pidfd = init.pidfdOpen(init.fork().pid)
      pidfd.close()
      fails('EBADF', () => init.pidfdSendSignal(pidfd, SIGTERM))
      fails('EBADF', () => init.pidfdSendSignal(pidfd, 65))
      fails('EINVAL', () => init.pidfdSendSignal(pidfd, SIGTERM, 8))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a process that is gone is noticed before an invalid signal',
    run({ init }) {
      const child = init.fork()
      const pidfd = init.pidfdOpen(2)
      child.exit()
      fails('EINVAL', () => init.pidfdSendSignal(pidfd, 65))
      init.waitpidSync()
      fails('ESRCH', () => init.pidfdSendSignal(pidfd, 65))
    },
  },
  {
    source: 'man pidfd_send_signal(2)',
    name: 'two scopes at once are EINVAL',
    run({ init }) {
      const pidfd = init.pidfdOpen(init.fork().pid)
      const both = PIDFD_SIGNAL_THREAD | PIDFD_SIGNAL_THREAD_GROUP
      fails('EINVAL', () => init.pidfdSendSignal(pidfd, 0, both))
      fails('EINVAL', () => init.pidfdSendSignal(pidfd, 0, 7))
    },
  },
  {
    source: 'man pidfd_send_signal(2)',
    name: 'the scope of a process group reaches the group of that name',
    run({ init }) {
      const leader = init.fork()
      leader.setpgid(0, 0)
      const member = leader.fork()
      const pidfd = init.pidfdOpen(leader.pid)
      equal(init.pidfdSendSignal(pidfd, SIGTERM, PIDFD_SIGNAL_PROCESS_GROUP), 0)
      equal([leader.state, member.state], ['Z', 'Z'])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'the scope of a process group is ESRCH where the process leads none',
    run({ init }) {
      const pidfd = init.pidfdOpen(init.fork().pid)
      fails('ESRCH', () => init.pidfdSendSignal(pidfd, SIGTERM, PIDFD_SIGNAL_PROCESS_GROUP))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'the scope of a process group works after the leader is gone, while the group lives',
    run({ init }) {
      const leader = init.fork()
      leader.setpgid(0, 0)
      const member = leader.fork()
      const pidfd = init.pidfdOpen(leader.pid)
      leader.exit()
      init.waitpidSync(2)
      fails('ESRCH', () => init.pidfdSendSignal(pidfd, SIGTERM))
      equal(init.pidfdSendSignal(pidfd, SIGTERM, PIDFD_SIGNAL_PROCESS_GROUP), 0)
      equal(member.state, 'Z')
    },
  },
  {
    source: 'Linux 6.18',
    name: 'through the pidfd of a thread the scope of the process reaches the process',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      const pidfd = init.pidfdOpen(other.tid, PIDFD_THREAD)
      equal(init.pidfdSendSignal(pidfd, SIGSTOP, PIDFD_SIGNAL_THREAD_GROUP), 0)
      equal([leader.state, other.state], ['T', 'T'])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a dead leader is a thread that takes no signal, and the process takes it',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      const pidfd = init.pidfdOpen(leader.pid)
      leader.exitThread()
      equal(init.pidfdSendSignal(pidfd, SIGTERM, PIDFD_SIGNAL_THREAD), 0)
      equal(other.state, 'S')
      equal(init.pidfdSendSignal(pidfd, SIGTERM), 0)
      equal(other.state, 'X')
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a pidfd of a process outside is EINVAL inside',
    run({ init }) {
      const pidfd = init.pidfdOpen(init.fork().pid)
      const box = newNs(init)
      fails('EINVAL', () => box.pidfdSendSignal(pidfd, SIGTERM))
      fails('EINVAL', () => box.pidfdSendSignal(pidfd, 0))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a pidfd of a sibling namespace is EINVAL, also of a process that is gone',
    run({ init }) {
      const [a, b] = [newNs(init), newNs(init)]
      const child = b.fork()
      const pidfd = init.pidfdOpen(init.pidOf(child))
      fails('EINVAL', () => a.pidfdSendSignal(pidfd, SIGTERM))
      child.exit()
      b.waitpidSync()
      fails('EINVAL', () => a.pidfdSendSignal(pidfd, SIGTERM))
      fails('ESRCH', () => b.pidfdSendSignal(pidfd, SIGTERM))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'the init of a namespace is as immune to a pidfd as to kill',
    run({ init }) {
      const box = newNs(init)
      const guest = inject(init, box)
      const pidfd = guest.pidfdOpen(1)
      equal(guest.pidfdSendSignal(pidfd, SIGKILL), 0)
      equal(box.state, 'S')
      equal(init.pidfdSendSignal(pidfd, SIGTERM), 0)
      equal(box.state, 'S')
      init.pidfdSendSignal(pidfd, SIGKILL)
      equal(box.exiting, true)
      init.waitpidSync(3)
      equal(box.state, 'Z')
    },
  },
  {
    source: 'Linux 6.18',
    name: 'after execve from another thread a pidfd of the process means the new leader',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      const pidfd = init.pidfdOpen(2)
      other.execve()
      init.pidfdSendSignal(pidfd, SIGTERM)
      equal(init.waitidSync(P_PIDFD, pidfd, WEXITED), info(CLD_KILLED, 2, SIGTERM))
    },
  },
  {
    source: 'gVisor pidfd_test.cc',
    name: 'a child of a sibling can be opened and signalled, but not waited for',
    run({ init }) {
      const [a, b] = [init.fork(), init.fork()]
      const child = a.fork()
      const pidfd = b.pidfdOpen(child.pid)
      fails('ECHILD', () => b.waitidSync(P_PIDFD, pidfd, WEXITED))
      equal(b.pidfdSendSignal(pidfd, SIGKILL), 0)
      equal([child.state, pidfd.poll()], ['Z', POLLIN])
    },
  },
]
