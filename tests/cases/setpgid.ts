/** setpgid(2): who may move whom, and the order of the refusals. */
import { CLONE_PTHREAD } from 'pidns'
import { type Case, equal, exited, fails, newNs, thread } from './case.ts'

export const SETPGID: readonly Case[] = [
  {
    source: 'LTP setpgid01',
    name: 'a process may name its own group again, and found one of its number',
    run({ init }) {
      const child = init.fork()
      equal(child.setpgid(child.pid, child.getpgid()), 0)
      equal(child.getpgid(), 1)
      equal(child.setpgid(0, 0), 0)
      equal(child.getpgid(), child.pid)
      equal(child.setpgid(0, 0), 0)
    },
  },
  {
    source: 'LTP setpgid02',
    name: 'a negative group is EINVAL',
    run({ init }) {
      const child = init.fork()
      fails('EINVAL', () => child.setpgid(0, -1))
      fails('EINVAL', () => child.setpgid(child.pid, -0x80000000))
    },
  },
  {
    source: 'LTP setpgid02',
    name: 'who is neither the caller nor its child is ESRCH',
    run({ init }) {
      const child = init.fork()
      fails('ESRCH', () => child.setpgid(init.pid, 1))
      fails('ESRCH', () => init.setpgid(child.fork().pid, 0))
    },
  },
  {
    source: 'LTP setpgid02',
    name: 'a group that does not exist is EPERM',
    run({ init }) {
      const child = init.fork()
      fails('EPERM', () => child.setpgid(0, init.sysctl('kernel.pid_max')))
    },
  },
  {
    source: 'LTP setpgid03',
    name: 'a child that leads a session is EPERM',
    run({ init }) {
      const child = init.fork()
      child.setsid()
      fails('EPERM', () => init.setpgid(child.pid, init.getpgid()))
    },
  },
  {
    source: 'LTP setpgid03',
    name: 'a group of another session is EPERM',
    run({ init }) {
      const [a, b] = [init.fork(), init.fork()]
      a.setsid()
      fails('EPERM', () => b.setpgid(0, a.pid))
    },
  },
  {
    source: 'LTP setpgid03',
    name: 'a child that has executed a program is EACCES',
    run({ init }) {
      const child = init.fork()
      child.execve()
      fails('EACCES', () => init.setpgid(child.pid, init.getpgid()))
    },
  },
  {
    source: 'LTP setpgrp02',
    name: 'a member that founds a group leaves the old one',
    run({ init }) {
      const child = init.fork()
      const before = child.getpgid()
      child.setpgid(0, 0)
      equal(child.getpgid() === before, false)
      equal(child.getpgid(), child.getpid())
    },
  },
  {
    source: 'gVisor exec.cc Setpgid',
    name: 'the process itself may still change its group after execve',
    run({ init }) {
      const child = init.fork()
      child.execve()
      equal(child.setpgid(0, 0), 0)
      fails('EACCES', () => init.setpgid(child.pid, 0))
    },
  },
  {
    source: 'gVisor processes.cc SetPGIDOfZombie',
    name: 'an adopted zombie can be given a group, and waited for by it',
    run({ init }) {
      const box = newNs(init)
      const parent = box.fork()
      const orphan = parent.fork()
      orphan.exit(7)
      parent.exit()
      equal(box.waitpidSync(parent.pid), exited(2))
      equal(box.setpgid(orphan.pid, orphan.pid), 0)
      equal(box.waitpidSync(-orphan.pid), exited(3, 7))
    },
  },
  {
    source: 'gVisor kill.cc SetPgid',
    name: 'parent and child may both found the group of the child',
    run({ init }) {
      const child = init.fork()
      equal(init.setpgid(child.pid, 0), 0)
      equal(child.setpgid(0, 0), 0)
      equal(init.getpgid(child.pid), child.pid)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'setpgid(-1, 0) is EINVAL, setpgid(-1, 5) ESRCH',
    run({ init }) {
      fails('EINVAL', () => init.setpgid(-1, 0))
      fails('ESRCH', () => init.setpgid(-1, 5))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a negative group is noticed before an unknown process',
    run({ init }) {
      fails('EINVAL', () => init.setpgid(99, -1))
      fails('ESRCH', () => init.setpgid(99, 0))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'the number of a thread is EINVAL, before it matters whose thread it is',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      const stranger = leader.fork()
      fails('EINVAL', () => leader.setpgid(other.tid, 0))
      fails('EINVAL', () => stranger.setpgid(other.tid, 0))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'pid 0 is the leader, whichever thread calls',
    run({ init }) {
      const leader = init.fork()
      equal(thread(leader).setpgid(0, 0), 0)
      equal(leader.getpgid(), leader.pid)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a child of any thread is a child',
    run({ init }) {
      const leader = init.fork()
      const child = thread(leader).fork()
      equal(leader.setpgid(child.pid, 0), 0)
      equal(child.getpgid(), child.pid)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'another session is noticed before execve: EPERM',
    run({ init }) {
      const parent = init.fork()
      const child = parent.fork()
      parent.setsid()
      child.execve()
      fails('EPERM', () => parent.setpgid(child.pid, 0))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'execve is noticed before the group: EACCES',
    run({ init }) {
      const child = init.fork()
      child.execve()
      fails('EACCES', () => init.setpgid(child.pid, 4000))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a stranger is ESRCH even where it leads a session',
    run({ init }) {
      const [a, b] = [init.fork(), init.fork()]
      a.setsid()
      fails('ESRCH', () => b.setpgid(a.pid, 0))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a session leader is EPERM even where nothing would change',
    run({ init }) {
      const child = init.fork()
      child.setsid()
      fails('EPERM', () => child.setpgid(0, 0))
      fails('EPERM', () => child.setpgid(child.pid, child.pid))
      fails('EPERM', () => init.setpgid(0, 0))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a zombie child that executed nothing can be moved',
    run({ init }) {
      const [a, b] = [init.fork(), init.fork()]
      a.setpgid(0, 0)
      b.exit()
      equal(init.setpgid(b.pid, a.pid), 0)
      equal(init.getpgid(b.pid), a.pid)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a group whose leader is gone can still be joined',
    run({ init }) {
      const [a, b] = [init.fork(), init.fork()]
      a.setpgid(0, 0)
      init.setpgid(b.pid, a.pid)
      const gone = a.pid
      a.exit()
      init.waitpidSync(gone)
      const c = init.fork()
      equal(c.setpgid(0, gone), 0)
      equal([b.getpgid(), c.getpgid()], [gone, gone])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'the number of a process that leads no group is EPERM as a group',
    run({ init }) {
      const [a, b] = [init.fork(), init.fork()]
      fails('EPERM', () => b.setpgid(0, a.pid))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a thread number can be that of no group',
    run({ init }) {
      const leader = init.fork()
      const other = leader.clone({ flags: CLONE_PTHREAD })
      fails('EPERM', () => leader.setpgid(0, other.tid))
      fails('ESRCH', () => init.kill(-other.tid, 0))
    },
  },
]
