/** waitid(2) through a pidfd (P_PIDFD). */
import {
  CLD_CONTINUED,
  CLD_EXITED,
  CLD_KILLED,
  CLD_STOPPED,
  P_PIDFD,
  PIDFD_NONBLOCK,
  PIDFD_THREAD,
  SIGCONT,
  SIGKILL,
  SIGSTOP,
  WCONTINUED,
  WEXITED,
  WNOHANG,
  WSTOPPED,
} from 'pidns'
import { type Case, equal, fails, info, thread } from './case.ts'

export const WAIT_PIDFD: readonly Case[] = [
  {
    source: 'selftests pidfd/pidfd_wait.c',
    name: 'P_PIDFD of a negative number is EINVAL, of one that is not open EBADF',
    run({ init }) {
      fails('EINVAL', () => init.waitidSync(P_PIDFD, -1, WEXITED))
      fails('EBADF', () => init.waitidSync(P_PIDFD, 999, WEXITED))
    },
  },
  {
    source: 'selftests pidfd/pidfd_wait.c',
    name: 'through a pidfd a child is seen to exit',
    run({ init }) {
      const child = init.fork()
      const pidfd = init.pidfdOpen(child.pid)
      child.exit(1)
      equal(init.waitidSync(P_PIDFD, pidfd, WEXITED), info(CLD_EXITED, 2, 1))
      fails('ECHILD', () => init.waitidSync(P_PIDFD, pidfd, WEXITED))
    },
  },
  {
    source: 'selftests pidfd/pidfd_wait.c',
    name: 'through a pidfd a child is seen to stop, go on, and be killed',
    run({ init }) {
      const pidfd = init.pidfdOpen(init.fork().pid)
      init.pidfdSendSignal(pidfd, SIGSTOP)
      equal(init.waitidSync(P_PIDFD, pidfd, WSTOPPED), info(CLD_STOPPED, 2, SIGSTOP))
      init.pidfdSendSignal(pidfd, SIGCONT)
      equal(init.waitidSync(P_PIDFD, pidfd, WCONTINUED), info(CLD_CONTINUED, 2, SIGCONT))
      init.pidfdSendSignal(pidfd, SIGKILL)
      equal(init.waitidSync(P_PIDFD, pidfd, WEXITED), info(CLD_KILLED, 2, SIGKILL))
    },
  },
  {
    source: 'LTP pidfd_open04',
    name: 'through a pidfd of PIDFD_NONBLOCK it is EAGAIN while the child lives',
    run({ init }) {
      const child = init.fork()
      const pidfd = init.pidfdOpen(child.pid, PIDFD_NONBLOCK)
      fails('EAGAIN', () => init.waitidSync(P_PIDFD, pidfd, WEXITED))
      child.exit(1)
      equal(init.waitidSync(P_PIDFD, pidfd, WEXITED), info(CLD_EXITED, 2, 1))
    },
  },
  {
    source: 'selftests pidfd/pidfd_wait.c',
    name: 'through a pidfd of PIDFD_NONBLOCK, with WNOHANG, it is no error that the child lives',
    run({ init }) {
      const pidfd = init.pidfdOpen(init.fork().pid, PIDFD_NONBLOCK)
      equal(init.waitidSync(P_PIDFD, pidfd, WEXITED | WNOHANG), null)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'through a pidfd of PIDFD_NONBLOCK a wait that would last is rejected with EAGAIN',
    async run({ init }) {
      const pidfd = init.pidfdOpen(init.fork().pid, PIDFD_NONBLOCK)
      const end = await init.waitid(P_PIDFD, pidfd, WEXITED).catch((error) => error.code)
      equal(end, 'EAGAIN')
    },
  },
  {
    source: 'Linux 6.18',
    name: 'through the pidfd of somebody who is no child it is ECHILD',
    run({ init }) {
      const [a, b] = [init.fork(), init.fork()]
      const pidfd = a.pidfdOpen(b.pid)
      fails('ECHILD', () => a.waitidSync(P_PIDFD, pidfd, WEXITED))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a closed pidfd is EBADF, but bad options come first',
    run({ init }) {
      const pidfd = init.pidfdOpen(init.fork().pid)
      pidfd.close()
      fails('EINVAL', () => init.waitidSync(P_PIDFD, pidfd, 0))
      fails('EBADF', () => init.waitidSync(P_PIDFD, pidfd, WEXITED))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a wait through the pidfd of a thread is ECHILD, of a child with PIDFD_THREAD it works',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      const ofThread = init.pidfdOpen(other.tid, PIDFD_THREAD)
      const ofLeader = init.pidfdOpen(leader.pid, PIDFD_THREAD)
      fails('ECHILD', () => init.waitidSync(P_PIDFD, ofThread, WEXITED | WNOHANG))
      equal(init.waitidSync(P_PIDFD, ofLeader, WEXITED | WNOHANG), null)
      leader.exit(1)
      equal(init.waitidSync(P_PIDFD, ofLeader, WEXITED), info(CLD_EXITED, 2, 1))
    },
  },
]
