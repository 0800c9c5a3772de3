/** PR_SET_PDEATHSIG: the signal that the end of a parent sends. */
import { PR_GET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, SIGHUP, SIGTERM, SIGUSR1 } from 'pidns'
import { type Case, equal, fails, killed, thread } from './case.ts'

export const PDEATHSIG: readonly Case[] = [
  {
    source: 'LTP prctl01',
    name: 'the death signal is what was set, and an invalid one is EINVAL',
    run({ init }) {
      const task = init.fork()
      equal(task.prctl(PR_GET_PDEATHSIG), 0)
      equal(task.prctl(PR_SET_PDEATHSIG, SIGUSR1), 0)
      equal(task.prctl(PR_GET_PDEATHSIG), SIGUSR1)
      fails('EINVAL', () => task.prctl(PR_SET_PDEATHSIG, 65))
      fails('EINVAL', () => task.prctl(PR_SET_PDEATHSIG, -1))
      equal(task.prctl(PR_GET_PDEATHSIG), SIGUSR1)
    },
  },
  {
    source: 'gVisor prctl.cc PDeathSig',
    name: 'the death signal comes when the parent ends',
    run({ init }) {
      const parent = init.fork()
      const child = parent.fork()
      child.prctl(PR_SET_PDEATHSIG, SIGTERM)
      parent.exit()
      init.waitpidSync(parent.pid)
      equal(init.waitpidSync(), killed(child.pid, SIGTERM))
    },
  },
  {
    source: 'man PR_SET_PDEATHSIG(2const)',
    name: 'children do not inherit the death signal, and execve keeps it',
    run({ init }) {
      const task = init.fork()
      task.prctl(PR_SET_PDEATHSIG, SIGTERM)
      equal(task.fork().prctl(PR_GET_PDEATHSIG), 0)
      task.execve()
      equal(task.prctl(PR_GET_PDEATHSIG), SIGTERM)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'the death signal comes when the thread ends that made the child, though its process lives',
    run({ init }) {
      const parent = init.fork()
      const maker = thread(parent)
      const child = maker.fork()
      child.prctl(PR_SET_PDEATHSIG, SIGTERM)
      maker.exitThread()
      equal(parent.waitpidSync(), killed(child.pid, SIGTERM))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'the death signal of a thread is sent to its whole process',
    run({ init }) {
      const parent = init.fork()
      const child = parent.fork()
      thread(child).prctl(PR_SET_PDEATHSIG, SIGTERM)
      parent.exit()
      equal(child.state, 'Z')
    },
  },
  {
    source: 'Linux 6.18',
    name: 'each new parent that ends sends the death signal again',
    run({ init }) {
      const reaper = init.fork()
      reaper.prctl(PR_SET_CHILD_SUBREAPER, 1)
      const parent = reaper.fork()
      const child = parent.fork()
      child.sigaction(SIGHUP, { handler: 'ign' })
      child.prctl(PR_SET_PDEATHSIG, SIGHUP)
      parent.exit()
      equal(child.state, 'S')
      child.sigaction(SIGHUP, { handler: 'dfl' })
      reaper.exit()
      equal(child.state, 'Z')
    },
  },
]
