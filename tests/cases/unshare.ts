/** unshare(2), new namespaces, and the numbers in them. */
import {
  CLONE_NEWNET,
  CLONE_NEWPID,
  CLONE_NEWUTS,
  CLONE_PARENT,
  CLONE_PTHREAD,
  CLONE_SIGHAND,
  CLONE_THREAD,
  CLONE_VM,
  SIGKILL,
  WNOHANG,
} from 'pidns'
import { type Case, equal, exited, fails, newNs, thread } from './case.ts'

export const UNSHARE: readonly Case[] = [
  {
    source: 'LTP pidns01',
    name: 'the first process of a new namespace is 1, and its parent is 0',
    run({ init }) {
      const box = newNs(init)
      equal([box.getpid(), box.getppid()], [1, 0])
    },
  },
  {
    source: 'LTP pidns32',
    name: '32 levels below the first are possible, and no more',
    run({ init }) {
      let deepest = init
      for (let level = 1; level <= 32; level++) deepest = newNs(deepest)
      equal([deepest.level, deepest.nspid.length], [32, 33])
      fails('ENOSPC', () => newNs(deepest))
      fails('ENOSPC', () => deepest.unshare(CLONE_NEWPID))
      equal(deepest.fork().pid, 2)
    },
  },
  {
    source: 'LTP unshare05',
    name: 'after unshare the first child is 1, the next ones 2 and 3, and the caller is who it was',
    run({ init }) {
      const caller = init.fork()
      equal(caller.unshare(CLONE_NEWPID), 0)
      equal([caller.getpid(), caller.nspid], [2, [2]])
      equal(
        [1, 2, 3].map(() => caller.fork().pid),
        [1, 2, 3],
      )
    },
  },
  {
    source: 'LTP unshare02',
    name: 'an unknown flag is EINVAL',
    run({ init }) {
      fails('EINVAL', () => init.unshare(-1))
      fails('EINVAL', () => init.unshare(CLONE_PARENT))
    },
  },
  {
    source: 'LTP unshare01',
    name: 'flags that do not concern processes are accepted',
    run({ init }) {
      const task = init.fork()
      equal(task.unshare(0), 0)
      equal(task.unshare(CLONE_NEWUTS | CLONE_NEWNET), 0)
      equal(task.fork().nspid.length, 1)
    },
  },
  {
    source: 'man unshare(2)',
    name: 'CLONE_THREAD, CLONE_SIGHAND and CLONE_VM are EINVAL for a process of several threads',
    run({ init }) {
      const task = init.fork()
      for (const flags of [CLONE_THREAD, CLONE_SIGHAND, CLONE_VM]) equal(task.unshare(flags), 0)
      thread(task)
      for (const flags of [CLONE_THREAD, CLONE_SIGHAND, CLONE_VM]) {
        fails('EINVAL', () => task.unshare(flags))
      }
    },
  },
  {
    source: 'Linux 6.18',
    name: 'children of an unsharer have it as parent, and see 0',
    run({ init }) {
      const caller = init.fork()
      caller.unshare(CLONE_NEWPID)
      const [first, second] = [caller.fork(), caller.fork()]
      equal([first.getppid(), second.getppid()], [0, 0])
      equal([first.parent, second.parent], [caller, caller])
      second.exit(1)
      equal(caller.waitpidSync(caller.pidOf(second)), exited(4, 1))
    },
  },
  {
    source: 'man unshare(2)',
    name: 'a second unshare is EINVAL',
    run({ init }) {
      const caller = init.fork()
      caller.unshare(CLONE_NEWPID)
      fails('EINVAL', () => caller.unshare(CLONE_NEWPID))
      caller.fork()
      fails('EINVAL', () => caller.unshare(CLONE_NEWPID))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'clone with CLONE_NEWPID after unshare is EINVAL',
    run({ init }) {
      const caller = init.fork()
      caller.unshare(CLONE_NEWPID)
      fails('EINVAL', () => newNs(caller))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'unshare concerns the calling thread only',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      other.unshare(CLONE_NEWPID)
      equal(leader.fork().level, 0)
      const box = other.fork()
      equal([box.pid, box.parent], [1, leader])
      equal(leader.clone({ flags: CLONE_PTHREAD }).getpid(), leader.pid)
      fails('EINVAL', () => other.clone({ flags: CLONE_PTHREAD }))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a child made with CLONE_PARENT after unshare lives in the new namespace',
    run({ init }) {
      const caller = init.fork()
      caller.unshare(CLONE_NEWPID)
      const box = caller.clone({ flags: CLONE_PARENT })
      equal([box.pid, box.parent], [1, init])
    },
  },
  {
    source: 'selftests pid_namespace/regression_enomem',
    name: 'when the first child after unshare has ended, fork is ENOMEM',
    run({ init }) {
      const caller = init.fork()
      caller.unshare(CLONE_NEWPID)
      caller.fork().exit()
      fails('ENOMEM', () => caller.fork())
      caller.waitpidSync()
      fails('ENOMEM', () => caller.fork())
    },
  },
  {
    source: 'Linux 6.18',
    name: 'in a dead namespace threads, clones with CLONE_NEWPID and unshare are EINVAL, not ENOMEM',
    run({ init }) {
      const caller = init.fork()
      caller.unshare(CLONE_NEWPID)
      caller.fork().exit()
      fails('EINVAL', () => thread(caller))
      fails('EINVAL', () => newNs(caller))
      fails('EINVAL', () => caller.unshare(CLONE_NEWPID))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'failed forks into a dead namespace use up numbers of the outer one',
    run({ init }) {
      const caller = init.fork()
      caller.unshare(CLONE_NEWPID)
      caller.fork().exit()
      const before = init.sysctl('kernel.ns_last_pid')
      fails('ENOMEM', () => caller.fork())
      fails('ENOMEM', () => caller.fork())
      equal(init.sysctl('kernel.ns_last_pid'), before + 2)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'pid_for_children cannot be opened between unshare and the first child, and can again afterwards',
    run({ init }) {
      const caller = init.fork()
      equal(caller.openNs('pid_for_children').close(), undefined)
      caller.unshare(CLONE_NEWPID)
      fails('ENOENT', () => caller.openNs('pid_for_children'))
      const box = caller.fork()
      caller.openNs('pid_for_children').close()
      box.exit()
      caller.waitpidSync()
      caller.openNs('pid_for_children').close()
    },
  },
  {
    source: 'Linux 6.18',
    name: 'the namespace of a zombie can be opened, that of its children cannot',
    run({ init }) {
      const child = init.fork()
      child.exit()
      child.openNs('pid').close()
      fails('ENOENT', () => child.openNs('pid_for_children'))
    },
  },
  {
    source: 'man pid_namespaces(7)',
    name: 'a process has a number in its namespace and in each above it, and in no other',
    run({ init }) {
      const [a, b] = [newNs(init), newNs(init)]
      const inner = newNs(a)
      const deep = inner.fork()
      equal(deep.nspid, [5, 3, 2])
      equal([init.pidOf(deep), a.pidOf(deep), inner.pidOf(deep), deep.pidOf(deep)], [5, 3, 2, 2])
      equal([b.pidOf(deep), deep.pidOf(a), deep.pidOf(init)], [0, 0, 0])
      fails('ESRCH', () => b.kill(5, 0))
    },
  },
  {
    source: 'man pid_namespaces(7)',
    name: 'the same number means different processes in different namespaces',
    run({ init }) {
      const [a, b] = [newNs(init), newNs(init)]
      const [inA, inB] = [a.fork(), b.fork()]
      equal([inA.pid, inB.pid], [2, 2])
      a.kill(2, SIGKILL)
      equal([inA.state, inB.state], ['Z', 'S'])
    },
  },
  {
    source: 'man unshare(2)',
    name: 'a namespace that is left before its first process came is forgotten: the next one begins at 1',
    run({ init }) {
      const task = init.fork()
      task.unshare(CLONE_NEWPID)
      task.setns(init.openNs('pid'), CLONE_NEWPID)
      task.unshare(CLONE_NEWPID)
      equal(task.fork().nspid, [3, 1])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'another thread than the one that unshared can wait for the new init',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      other.unshare(CLONE_NEWPID)
      const box = other.fork()
      equal(leader.waitpidSync(-1, WNOHANG), null)
      box.exit(1)
      equal(leader.waitpidSync(), exited(4, 1))
    },
  },
]
