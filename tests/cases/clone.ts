/** clone3(2): flags and exit signals, what they do and which are refused. */
import {
  __WCLONE,
  CLONE_FILES,
  CLONE_FS,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUSER,
  CLONE_PARENT,
  CLONE_PTHREAD,
  CLONE_SIGHAND,
  CLONE_THREAD,
  CLONE_VM,
  SIGUSR1,
  WNOHANG,
} from 'pidns'
import { type Case, equal, exited, fails, newNs, thread } from './case.ts'

export const CLONE: readonly Case[] = [
  {
    source: 'LTP clone08',
    name: 'with CLONE_PARENT the child is a child of the parent',
    run({ init }) {
      const caller = init.fork()
      const child = caller.clone({ flags: CLONE_PARENT })
      equal(child.getppid(), 1)
      equal(child.parent, init)
    },
  },
  {
    source: 'LTP clone08',
    name: 'a thread has the process number and the parent of its leader',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      equal(other.getpid(), leader.pid)
      equal(other.getppid(), 1)
      equal(other.gettid(), 3)
      equal(other.leader, leader)
    },
  },
  {
    source: 'gVisor fork.cc CloneParent',
    name: 'with CLONE_PARENT the caller has no child to wait for, its parent has',
    run({ init }) {
      const caller = init.fork()
      caller.clone({ flags: CLONE_PARENT }).exit(7)
      fails('ECHILD', () => caller.waitpidSync(-1, WNOHANG))
      equal(init.waitpidSync(3), exited(3, 7))
    },
  },
  {
    source: 'gVisor fork.cc CloneParentOrThreadWithExitSignalFails',
    name: 'clone3 refuses an exit signal with CLONE_PARENT',
    run({ init }) {
      const caller = init.fork()
      fails('EINVAL', () => caller.clone({ flags: CLONE_PARENT, exitSignal: SIGUSR1 }))
    },
  },
  {
    source: 'gVisor fork.cc CloneParentOrThreadWithExitSignalFails',
    name: 'clone3 refuses an exit signal with CLONE_THREAD',
    run({ init }) {
      const caller = init.fork()
      fails('EINVAL', () => caller.clone({ flags: CLONE_PTHREAD, exitSignal: SIGUSR1 }))
    },
  },
  {
    source: 'gVisor fork.cc CloneParentInitProcessFails',
    name: 'the init of a namespace may not use CLONE_PARENT',
    run({ init }) {
      fails('EINVAL', () => newNs(init).clone({ flags: CLONE_PARENT }))
    },
  },
  {
    source: 'man clone(2)',
    name: 'the init of all may not use CLONE_PARENT',
    run({ init }) {
      fails('EINVAL', () => init.clone({ flags: CLONE_PARENT }))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a thread of an init may not use CLONE_PARENT either',
    run({ init }) {
      const other = thread(newNs(init))
      fails('EINVAL', () => other.clone({ flags: CLONE_PARENT }))
    },
  },
  {
    source: 'Linux 6.18',
    name: "with CLONE_PARENT the exit signal is that of the caller's leader",
    run({ init }) {
      const caller = init.clone({ exitSignal: 0 })
      const child = caller.clone({ flags: CLONE_PARENT })
      child.exit(1)
      fails('ECHILD', () => init.waitpidSync(child.pid))
      equal(init.waitpidSync(3, __WCLONE), exited(3, 1))
    },
  },
  {
    source: 'man clone(2)',
    name: 'CLONE_THREAD needs CLONE_SIGHAND',
    run({ init }) {
      fails('EINVAL', () => init.clone({ flags: CLONE_THREAD | CLONE_VM }))
    },
  },
  {
    source: 'man clone(2)',
    name: 'CLONE_SIGHAND needs CLONE_VM',
    run({ init }) {
      fails('EINVAL', () => init.clone({ flags: CLONE_SIGHAND }))
    },
  },
  {
    source: 'man clone(2)',
    name: 'CLONE_NEWNS excludes CLONE_FS',
    run({ init }) {
      fails('EINVAL', () => init.clone({ flags: CLONE_NEWNS | CLONE_FS }))
    },
  },
  {
    source: 'man clone(2)',
    name: 'CLONE_NEWUSER excludes CLONE_FS',
    run({ init }) {
      fails('EINVAL', () => init.clone({ flags: CLONE_NEWUSER | CLONE_FS }))
    },
  },
  {
    source: 'man clone(2)',
    name: 'CLONE_THREAD excludes CLONE_NEWPID',
    run({ init }) {
      fails('EINVAL', () => init.clone({ flags: CLONE_PTHREAD | CLONE_NEWPID }))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'CLONE_NEWPID goes with CLONE_PARENT, unless the caller is an init',
    run({ init }) {
      const caller = init.fork()
      const box = caller.clone({ flags: CLONE_NEWPID | CLONE_PARENT })
      equal([box.pid, init.pidOf(box)], [1, 3])
      equal(box.parent, init)
      fails('EINVAL', () => box.clone({ flags: CLONE_NEWPID | CLONE_PARENT }))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'CLONE_NEWPID goes with CLONE_VM',
    run({ init }) {
      equal(init.clone({ flags: CLONE_NEWPID | CLONE_VM | CLONE_FILES }).pid, 1)
    },
  },
  {
    source: 'selftests clone3/clone3.c',
    name: 'exit signals go from 0 to 64',
    run({ init }) {
      for (const exitSignal of [0, 1, 17, 64]) equal(init.clone({ exitSignal }).state, 'S')
      for (const exitSignal of [-1, 65, 0x100, -0x80000000]) fails('EINVAL', () => init.clone({ exitSignal }))
    },
  },
  {
    source: 'selftests clone3/clone3.c',
    name: 'exit signals go from 0 to 64 in a new namespace too',
    run({ init }) {
      equal(init.clone({ flags: CLONE_NEWPID, exitSignal: 0 }).pid, 1)
      fails('EINVAL', () => init.clone({ flags: CLONE_NEWPID, exitSignal: 65 }))
      equal(init.sysctl('kernel.ns_last_pid'), 2)
    },
  },
  {
    source: 'man clone(2)',
    name: 'clone3 wants no signal in the low bits of its flags',
    run({ init }) {
      fails('EINVAL', () => init.clone({ flags: 17, exitSignal: 0 }))
      fails('EINVAL', () => init.clone({ flags: 1 }))
    },
  },
  {
    source: 'man clone(2)',
    name: 'clone3 refuses CLONE_DETACHED',
    run({ init }) {
      fails('EINVAL', () => init.clone({ flags: 0x400000 }))
    },
  },
]
