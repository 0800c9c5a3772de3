/** setns(2): which namespaces can be joined, and what that means. */
import { CLONE_NEWPID, CLONE_NEWUTS, CLONE_VM, SIGKILL } from 'pidns'
import { type Case, equal, fails, inject, newNs, thread } from './case.ts'

export const SETNS: readonly Case[] = [
  {
    source: 'man unshare(2)',
    name: 'a thread after unshare is EINVAL, until setns to the own namespace',
    run({ init }) {
      const caller = init.fork()
      const home = caller.openNs('pid')
      caller.unshare(CLONE_NEWPID)
      fails('EINVAL', () => thread(caller))
      caller.setns(home, CLONE_NEWPID)
      equal(thread(caller).tid, 3)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'setns to the own namespace undoes an unshare, and another one is allowed',
    run({ init }) {
      const caller = init.fork()
      const home = caller.openNs('pid')
      caller.unshare(CLONE_NEWPID)
      equal(caller.setns(home, 0), 0)
      equal(caller.setns(home, 0), 0)
      equal(caller.fork().pid, 3)
      equal(caller.unshare(CLONE_NEWPID), 0)
      equal(caller.fork().pid, 1)
    },
  },
  {
    source: 'LTP setns01',
    name: 'a namespace of another kind than asked for is EINVAL',
    run({ init }) {
      const file = init.openNs('pid')
      fails('EINVAL', () => init.setns(file, CLONE_NEWUTS))
      fails('EINVAL', () => init.setns(file, -1))
      equal(init.setns(file, 0), 0)
    },
  },
  {
    source: 'LTP setns01',
    name: 'a closed file is EBADF, before anything else',
    run({ init }) {
      const file = init.openNs('pid')
      file.close()
      fails('EBADF', () => init.setns(file, CLONE_NEWPID))
      fails('EBADF', () => init.setns(file, CLONE_NEWUTS))
      equal(init.fork().pid, 2)
    },
  },
  {
    source: 'gVisor setns.cc ChangePIDNamespace',
    name: 'the own namespace may be joined',
    run({ init }) {
      const box = newNs(init)
      equal(box.setns(box.openNs('pid'), CLONE_NEWPID), 0)
      equal(box.fork().pid, 2)
    },
  },
  {
    source: 'gVisor setns.cc ChangePIDNamespace',
    name: 'a child that was put into a namespace dies with the init of that one',
    run({ init }) {
      const box = newNs(init)
      const parent = init.fork()
      const guest = inject(parent, box)
      equal([guest.pid, guest.getppid()], [2, 0])
      box.exit()
      equal(parent.waitpidSync(), { pid: 4, status: SIGKILL, signal: 'SIGKILL' })
    },
  },
  {
    source: 'man setns(2)',
    name: 'only the own namespace and those below it may be joined',
    run({ init }) {
      const [a, b] = [newNs(init), newNs(init)]
      const inner = newNs(a)
      const files = [init, a, b, inner].map((task) => task.openNs('pid'))
      const task = a.fork()
      equal(task.setns(files[1]!, 0), 0)
      equal(task.setns(files[3]!, 0), 0)
      fails('EINVAL', () => task.setns(files[0]!, 0))
      fails('EINVAL', () => task.setns(files[2]!, 0))
      equal(task.fork().nspid, [6, 4, 2])
    },
  },
  {
    source: 'man setns(2)',
    name: 'two levels down may be joined at once',
    run({ init }) {
      const inner = newNs(newNs(init))
      equal(inject(init, inner).nspid, [4, 3, 2])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a dead namespace may be joined, and only fork then is ENOMEM',
    run({ init }) {
      const box = newNs(init)
      const file = box.openNs('pid')
      box.exit()
      init.waitpidSync()
      const task = init.fork()
      equal(task.setns(file, CLONE_NEWPID), 0)
      fails('ENOMEM', () => task.fork())
      equal(task.setns(init.openNs('pid'), 0), 0)
      equal(task.fork().level, 0)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'after joining another namespace, threads and CLONE_NEWPID are EINVAL',
    run({ init }) {
      const box = newNs(init)
      const task = init.fork()
      task.setns(box.openNs('pid'), CLONE_NEWPID)
      fails('EINVAL', () => thread(task))
      fails('EINVAL', () => newNs(task))
      fails('EINVAL', () => task.unshare(CLONE_NEWPID))
      equal(task.getpid(), 3)
    },
  },
  {
    source: 'selftests pidfd/pidfd_setns_test.c',
    name: 'setns through a pidfd changes where children go, and not the caller',
    run({ init }) {
      const box = newNs(init)
      const task = init.fork()
      equal(task.setns(task.pidfdOpen(2), CLONE_NEWPID), 0)
      equal(task.nspid, [3])
      equal([task.fork().pid, box.fork().pid], [2, 3])
    },
  },
  {
    source: 'selftests pidfd/pidfd_setns_test.c',
    name: 'setns through a pidfd with no flag, or another kind, is EINVAL',
    run({ init }) {
      newNs(init)
      const pidfd = init.pidfdOpen(2)
      for (const flags of [0, -1, CLONE_VM]) fails('EINVAL', () => init.setns(pidfd, flags))
    },
  },
  {
    source: 'selftests pidfd/pidfd_setns_test.c',
    name: 'setns through the pidfd of a dead process is ESRCH, zombie or reaped',
    run({ init }) {
      const box = newNs(init)
      const pidfd = init.pidfdOpen(2)
      box.exit()
      fails('ESRCH', () => init.setns(pidfd, CLONE_NEWPID))
      init.waitpidSync()
      fails('ESRCH', () => init.setns(pidfd, CLONE_NEWPID))
    },
  },
  {
    source: 'selftests pidfd/pidfd_setns_test.c',
    name: 'a sibling namespace cannot be joined through a pidfd',
    run({ init }) {
      const [a, b] = [newNs(init), newNs(init)]
      const pidfd = init.pidfdOpen(init.pidOf(b))
      fails('EINVAL', () => a.setns(pidfd, CLONE_NEWPID))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'setns through a pidfd to the own namespace undoes an unshare',
    run({ init }) {
      const task = init.fork()
      task.unshare(CLONE_NEWPID)
      equal(task.setns(task.pidfdOpen(1), CLONE_NEWPID), 0)
      equal(task.fork().level, 0)
    },
  },
]
