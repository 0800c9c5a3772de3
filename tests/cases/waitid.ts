/** waitid(2): whose end is waited for, and what is refused. */
import {
  __WCLONE,
  CLD_EXITED,
  CLD_KILLED,
  P_ALL,
  P_PGID,
  P_PID,
  P_PIDFD,
  SIGFPE,
  SIGKILL,
  WEXITED,
  WNOHANG,
  WNOWAIT,
} from 'pidns'
import { type Case, equal, exited, fails, info, newNs } from './case.ts'

export const WAITID: readonly Case[] = [
  {
    source: 'LTP waitid01',
    name: 'WEXITED gives CLD_EXITED and the code',
    run({ init }) {
      init.fork().exit(123)
      equal(init.waitidSync(P_ALL, 0, WEXITED), info(CLD_EXITED, 2, 123))
    },
  },
  {
    source: 'LTP waitid02',
    name: 'none of WEXITED, WSTOPPED, WCONTINUED is EINVAL',
    run({ init }) {
      init.fork().exit()
      fails('EINVAL', () => init.waitidSync(P_ALL, 0, WNOHANG))
      fails('EINVAL', () => init.waitidSync(P_ALL, 0, 0))
    },
  },
  {
    source: 'LTP waitid03',
    name: 'without children it is ECHILD',
    run({ init }) {
      fails('ECHILD', () => init.waitidSync(P_ALL, 0, WEXITED))
    },
  },
  {
    source: 'LTP waitid04',
    name: 'WNOHANG gives nothing while nothing has happened',
    run({ init }) {
      init.fork()
      equal(init.waitidSync(P_ALL, 0, WEXITED | WNOHANG), null)
    },
  },
  {
    source: 'LTP waitid05',
    name: 'P_PGID waits for one group, and a group without a child is ECHILD',
    run({ init }) {
      const [own, other] = [init.fork(), init.fork()]
      other.setpgid(0, 0)
      other.exit(3)
      fails('ECHILD', () => init.waitidSync(P_PGID, own.pid, WEXITED))
      equal(init.waitidSync(P_PGID, other.pid, WEXITED), info(CLD_EXITED, 3, 3))
    },
  },
  {
    source: 'LTP waitid06',
    name: 'P_PID waits for one child',
    run({ init }) {
      const [a, b] = [init.fork(), init.fork()]
      a.exit(1)
      b.exit(2)
      fails('ECHILD', () => init.waitidSync(P_PID, 4, WEXITED))
      equal(init.waitidSync(P_PID, b.pid, WEXITED), info(CLD_EXITED, 3, 2))
    },
  },
  {
    source: 'LTP waitid09',
    name: 'init is not its own child: ECHILD',
    run({ init }) {
      fails('ECHILD', () => init.waitidSync(P_PID, 1, WEXITED))
    },
  },
  {
    source: 'LTP waitid10',
    name: 'a child that SIGFPE killed is CLD_KILLED where no core is dumped',
    run({ init }) {
      const child = init.fork()
      child.kill(child.pid, SIGFPE)
      equal(init.waitidSync(P_ALL, 0, WEXITED), info(CLD_KILLED, 2, SIGFPE))
    },
  },
  {
    source: 'LTP waitid11',
    name: 'a child that SIGKILL killed is CLD_KILLED',
    run({ init }) {
      init.fork()
      init.kill(2, SIGKILL)
      equal(init.waitidSync(P_ALL, 0, WEXITED), info(CLD_KILLED, 2, SIGKILL))
    },
  },
  {
    source: 'gVisor wait.cc WaitidOptions',
    name: 'unknown options are EINVAL',
    run({ init }) {
      fails('EINVAL', () => init.waitidSync(P_ALL, 0, WEXITED | 16))
    },
  },
  {
    source: 'gVisor wait.cc WaitidWNOWAIT',
    name: 'WNOWAIT leaves the zombie for a later wait',
    run({ init }) {
      init.fork().exit(4)
      const seen = info(CLD_EXITED, 2, 4)
      equal(init.waitidSync(P_PID, 2, WEXITED | WNOWAIT), seen)
      equal(init.waitidSync(P_PID, 2, WEXITED | WNOWAIT), seen)
      equal(init.waitpidSync(2), exited(2, 4))
    },
  },
  {
    source: 'gVisor wait.cc KillZombie',
    name: 'a signal to a zombie changes nothing of its status',
    run({ init }) {
      init.fork().exit(4)
      equal(init.kill(2, SIGKILL), 0)
      equal(init.waitidSync(P_PID, 2, WEXITED), info(CLD_EXITED, 2, 4))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'P_PID of 0 or less is EINVAL',
    run({ init }) {
      init.fork()
      for (const id of [0, -1, -0x80000000]) fails('EINVAL', () => init.waitidSync(P_PID, id, WEXITED))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'P_PGID below 0 is EINVAL',
    run({ init }) {
      init.fork()
      for (const id of [-1, -0x80000000]) fails('EINVAL', () => init.waitidSync(P_PGID, id, WEXITED))
    },
  },
  {
    source: 'man waitid(2)',
    name: 'P_PGID 0 is the own group, since 5.4',
    run({ init }) {
      const other = init.fork()
      other.setpgid(0, 0)
      other.exit(1)
      init.fork().exit(2)
      equal(init.waitidSync(P_PGID, 0, WEXITED), info(CLD_EXITED, 3, 2))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'P_ALL does not look at the ID',
    run({ init }) {
      init.fork().exit()
      equal(init.waitidSync(P_ALL, -5, WEXITED), info(CLD_EXITED, 2, 0))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'an unknown kind of ID is EINVAL',
    run({ init }) {
      init.fork()
      fails('EINVAL', () => init.waitidSync(4, 2, WEXITED))
      fails('EINVAL', () => init.waitidSync(-1, 2, WEXITED))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'options are looked at before the ID, and the ID before the children',
    run({ init }) {
      fails('EINVAL', () => init.waitidSync(P_PIDFD, 77, 0))
      fails('EBADF', () => init.waitidSync(P_PIDFD, 77, WEXITED))
      fails('EINVAL', () => init.waitidSync(P_PID, -1, WEXITED))
    },
  },
  {
    source: 'man waitid(2)',
    name: 'P_PID of a child without exit signal needs __WCLONE',
    run({ init }) {
      init.clone({ exitSignal: 0 }).exit(1)
      fails('ECHILD', () => init.waitidSync(P_PID, 2, WEXITED))
      equal(init.waitidSync(P_PID, 2, WEXITED | __WCLONE), info(CLD_EXITED, 2, 1))
    },
  },
  {
    source: 'man pid_namespaces(7)',
    name: 'si_pid is the number that the waiter sees',
    run({ init }) {
      const box = newNs(init)
      const child = box.fork()
      child.exit(1)
      equal(box.waitidSync(P_ALL, 0, WEXITED), info(CLD_EXITED, 2, 1))
      box.exit(2)
      equal(init.waitidSync(P_ALL, 0, WEXITED), info(CLD_EXITED, 2, 2))
    },
  },
]
