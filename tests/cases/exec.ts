/** execve(2) and exit: what becomes of threads, and of their numbers. */
import { CLONE_NEWPID, SIGKILL, SIGSTOP, WNOHANG } from 'pidns'
import { type Case, equal, exited, fails, killed, newNs, thread } from './case.ts'

export const EXEC: readonly Case[] = [
  {
    source: 'gVisor exec.cc WithSiblingThread',
    name: 'execve ends all other threads',
    run({ init }) {
      const leader = init.fork()
      const others = [thread(leader), thread(leader)]
      equal(leader.execve(), 0)
      equal(
        others.map((task) => task.state),
        ['X', 'X'],
      )
      equal([leader.pid, leader.tid, leader.state], [2, 2, 'S'])
    },
  },
  {
    source: 'gVisor exec.cc FromSiblingThread',
    name: 'a thread that executes a program becomes the leader',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      equal(other.execve(), 0)
      equal([other.pid, other.tid, other.leader], [2, 2, other])
      equal(leader.state, 'X')
      other.exit(4)
      equal(init.waitpidSync(), exited(2, 4))
    },
  },
  {
    source: 'gVisor processes.cc ExecSwapThreadGroupLeader',
    name: 'the number of a thread that executed a program is free then',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      const tid = other.tid
      other.execve()
      fails('ESRCH', () => init.tkill(tid, 0))
      fails('ESRCH', () => init.kill(tid, 0))
      init.sysctl('kernel.ns_last_pid', tid - 1)
      equal(init.fork().pid, tid)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a thread can take over from a leader that is a zombie already',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      leader.exitThread(1)
      other.execve()
      equal([leader.state, other.tid], ['X', 2])
      equal(init.waitpidSync(2, WNOHANG), null)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a thread that executes a program takes over group, session and place among the children',
    run({ init }) {
      const leader = init.fork()
      leader.setsid()
      const younger = init.fork()
      const other = thread(leader)
      other.execve()
      equal([other.getsid(), other.getpgid()], [2, 2])
      fails('EPERM', () => other.setsid())
      other.exit()
      younger.exit()
      equal([init.waitpidSync()?.pid, init.waitpidSync()?.pid], [2, 3])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'children of all threads stay children over execve, and see the same parent',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      const [a, b] = [leader.fork(), other.fork()]
      other.execve()
      equal([a.getppid(), b.getppid()], [2, 2])
      a.exit(1)
      b.exit(2)
      equal([other.waitpidSync()?.pid, other.waitpidSync()?.pid].sort(), [4, 5])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'after unshare execve keeps where the children go',
    run({ init }) {
      const task = init.fork()
      task.unshare(CLONE_NEWPID)
      task.execve()
      equal(task.fork().pid, 1)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'an init that executes a program stays what it is',
    run({ init }) {
      const box = newNs(init)
      box.execve()
      box.kill(1, SIGKILL)
      equal([box.pid, box.state], [1, 'S'])
    },
  },
  {
    source: 'man signal(7)',
    name: 'SIGKILL ends a process all of whose threads are stopped',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      leader.kill(leader.pid, SIGSTOP)
      equal([leader.state, other.state], ['T', 'T'])
      init.kill(leader.pid, SIGKILL)
      equal(init.waitpidSync(), killed(2, SIGKILL))
    },
  },
  {
    source: 'LTP exit_group01',
    name: 'exit_group ends every thread, and its code is the status',
    run({ init }) {
      const leader = init.fork()
      const others = [thread(leader), thread(leader)]
      others[1]!.exit(7)
      equal(
        [leader, ...others].map((task) => task.state),
        ['Z', 'X', 'X'],
      )
      equal(init.waitpidSync(), exited(2, 7))
    },
  },
  {
    source: 'man exit(3)',
    name: 'only the low byte of the code is seen',
    run({ init }) {
      init.fork().exit(0x1ff)
      init.fork().exit(-1)
      equal([init.waitpidSync()?.code, init.waitpidSync()?.code], [255, 255])
    },
  },
  {
    source: 'man exit(2)',
    name: 'a thread that exits leaves no trace, and its number is free',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      other.exitThread(3)
      equal([other.state, leader.state], ['X', 'S'])
      init.sysctl('kernel.ns_last_pid', 2)
      equal(init.fork().pid, 3)
    },
  },
  {
    source: 'CRIU pthread02',
    name: 'a dead leader keeps number, group and children while a thread lives',
    run({ init }) {
      const leader = init.fork()
      leader.setpgid(0, 0)
      const other = thread(leader)
      const child = leader.fork()
      leader.exitThread()
      equal([leader.state, other.getpid(), other.getpgid()], ['Z', 2, 2])
      equal(child.getppid(), 2)
      equal(init.kill(2, 0), 0)
      equal(init.setpgid(2, 1), 0)
      equal(other.getpgid(), 1)
    },
  },
]
