/** wait4(2): kinds of children, threads, the order of finds, and children that leave no zombie. */
import { __WALL, __WCLONE, __WNOTHREAD, SA_NOCLDWAIT, SIGCHLD, SIGUSR1, WNOHANG } from 'pidns'
import { type Case, equal, exited, fails, rejects, thread } from './case.ts'

export const WAIT_KINDS: readonly Case[] = [
  {
    source: 'gVisor wait.cc CloneNoSIGCHLD',
    name: 'a child without exit signal is no child to a plain wait',
    run({ init }) {
      init.clone({ exitSignal: 0 }).exit()
      fails('ECHILD', () => init.waitpidSync())
    },
  },
  {
    source: 'gVisor wait.cc CloneWCLONE',
    name: '__WCLONE waits for a child without exit signal',
    run({ init }) {
      init.clone({ exitSignal: 0 }).exit(5)
      equal(init.waitpidSync(-1, __WCLONE), exited(2, 5))
    },
  },
  {
    source: 'gVisor wait.cc ForkWCLONE',
    name: '__WCLONE does not wait for a child of fork',
    run({ init }) {
      init.fork().exit()
      fails('ECHILD', () => init.waitpidSync(-1, __WCLONE))
    },
  },
  {
    source: 'gVisor wait.cc WALL',
    name: '__WALL waits for children of both kinds',
    run({ init }) {
      init.clone({ exitSignal: SIGUSR1 }).exit(1)
      init.fork().exit(2)
      equal(init.waitpidSync(-1, __WALL), exited(2, 1))
      equal(init.waitpidSync(-1, __WALL), exited(3, 2))
    },
  },
  {
    source: 'gVisor wait.cc CloneThread',
    name: 'a thread is nobody to wait for',
    run({ init }) {
      const process = init.fork()
      const other = thread(process)
      fails('ECHILD', () => process.waitpidSync(other.tid, __WALL))
      other.exitThread()
      fails('ECHILD', () => process.waitpidSync(-1, __WALL))
      fails('ECHILD', () => init.waitpidSync(other.tid, __WALL | WNOHANG))
    },
  },
  {
    source: 'gVisor wait.cc SiblingChildren',
    name: 'a thread can wait for the child of another thread',
    run({ init }) {
      const process = init.fork()
      const child = thread(process).fork()
      child.exit(6)
      equal(process.waitpidSync(), exited(child.pid, 6))
    },
  },
  {
    source: 'gVisor wait.cc SiblingChildrenWNOTHREAD',
    name: 'with __WNOTHREAD a thread cannot wait for the child of another',
    run({ init }) {
      const process = init.fork()
      const other = thread(process)
      const child = other.fork()
      child.exit(6)
      fails('ECHILD', () => process.waitpidSync(-1, __WNOTHREAD))
      fails('ECHILD', () => process.waitpidSync(child.pid, __WNOTHREAD))
      equal(other.waitpidSync(-1, __WNOTHREAD), exited(child.pid, 6))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'zombies are found in the order of their birth, not of their death',
    run({ init }) {
      const [a, b, c, d] = [init.fork(), init.fork(), init.fork(), init.fork()]
      for (const child of [c, a, d, b]) child.exit()
      equal(
        [1, 2, 3, 4].map(() => init.waitpidSync()?.pid),
        [2, 3, 4, 5],
      )
    },
  },
  {
    source: 'Linux 6.18',
    name: "the calling thread's own children come first, then those of the other threads",
    run({ init }) {
      const leader = init.fork()
      const [second, third] = [thread(leader), thread(leader)]
      const [ofLeader, ofSecond, ofThird] = [leader.fork(), second.fork(), third.fork()]
      for (const child of [ofLeader, ofSecond, ofThird]) child.exit()
      equal(second.waitpidSync()?.pid, ofSecond.pid)
      equal(second.waitpidSync()?.pid, ofThird.pid)
      equal(second.waitpidSync()?.pid, ofLeader.pid)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'adopted children come after the own ones',
    run({ init }) {
      const parent = init.fork()
      const orphan = parent.fork()
      orphan.exit(1)
      const own = init.fork()
      own.exit(2)
      parent.exit()
      equal(
        [1, 2, 3].map(() => init.waitpidSync()?.pid),
        [parent.pid, own.pid, orphan.pid],
      )
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a dead leader is not reported while a thread of it lives',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      leader.exitThread(1)
      equal(leader.state, 'Z')
      equal(init.waitpidSync(leader.pid, WNOHANG), null)
      other.exitThread(2)
      equal(init.waitpidSync(leader.pid)?.pid, 2)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'without a group exit the code of the last thread counts',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      leader.exitThread(3)
      other.exitThread(5)
      equal(init.waitpidSync(), exited(2, 5))
    },
  },
  {
    source: 'gVisor wait.cc NonConsumingWaitPrefersGroupExitStatus',
    name: 'after a group exit its code counts, whichever thread ends last',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      leader.exitThread(3)
      other.exit(42)
      equal(init.waitpidSync(), exited(2, 42))
    },
  },
  {
    source: 'man wait4(2)',
    name: 'whoever ignores SIGCHLD gets no zombies, and waits in vain until all children are gone',
    async run({ init }) {
      const parent = init.fork()
      parent.sigaction(SIGCHLD, { handler: 'ign' })
      const [a, b] = [parent.fork(), parent.fork()]
      const wait = parent.waitpid()
      a.exit()
      equal(a.state, 'X')
      b.exit()
      await rejects('ECHILD', wait)
    },
  },
  {
    source: 'man sigaction(2)',
    name: 'with SA_NOCLDWAIT children leave no zombies',
    run({ init }) {
      const parent = init.fork()
      parent.sigaction(SIGCHLD, { handler: 'dfl', flags: SA_NOCLDWAIT })
      const child = parent.fork()
      child.exit()
      equal(child.state, 'X')
      fails('ECHILD', () => parent.waitpidSync())
    },
  },
  {
    source: 'Linux 6.18',
    name: 'ignoring SIGCHLD later does not remove a zombie',
    run({ init }) {
      const parent = init.fork()
      const child = parent.fork()
      child.exit(9)
      parent.sigaction(SIGCHLD, { handler: 'ign' })
      equal(child.state, 'Z')
      equal(parent.waitpidSync(), exited(child.pid, 9))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a child with another exit signal is a zombie even where SIGCHLD is ignored',
    run({ init }) {
      const parent = init.fork()
      parent.sigaction(SIGCHLD, { handler: 'ign' })
      const child = parent.clone({ exitSignal: 0 })
      child.exit()
      equal(child.state, 'Z')
      equal(parent.waitpidSync(-1, __WCLONE), exited(child.pid))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a child that executes a program becomes one of the plain kind',
    run({ init }) {
      const child = init.clone({ exitSignal: 0 })
      child.execve()
      child.exit(2)
      equal(init.waitpidSync(), exited(2, 2))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a parent that has executed a program is told by SIGCHLD, so its zombie can vanish by itself',
    run({ init }) {
      const parent = init.fork()
      const child = parent.clone({ exitSignal: SIGUSR1 })
      parent.execve()
      parent.sigaction(SIGCHLD, { handler: 'ign' })
      child.exit()
      equal([child.state, parent.state], ['X', 'S'])
    },
  },
]
