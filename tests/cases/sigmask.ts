/** Signals that are blocked and pending. */
import {
  CLONE_PTHREAD,
  SIG_BLOCK,
  SIG_SETMASK,
  SIG_UNBLOCK,
  SIGCHLD,
  SIGCONT,
  SIGKILL,
  SIGSTOP,
  SIGTERM,
  SIGTSTP,
  SIGUSR1,
  SIGUSR2,
  type Task,
  WUNTRACED,
} from 'pidns'
import { type Case, equal, fails, killed, newNs, stopped, thread } from './case.ts'

/** Has the task's process catch these signals, and notes who took which. */
function catching(task: Task, ...signals: number[]): [Task, number][] {
  const taken: [Task, number][] = []
  for (const sig of signals) task.sigaction(sig, { handler: (s, by) => void taken.push([by, s]) })
  return taken
}

export const SIGMASK: readonly Case[] = [
  {
    source: 'LTP tgkill01',
    name: 'tgkill is taken by that thread, also where another one would be ready sooner',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      const taken = catching(leader, SIGUSR1)
      other.sigprocmask(SIG_BLOCK, [SIGUSR1])
      init.tgkill(leader.pid, other.tid, SIGUSR1)
      equal([taken, other.sigpending(), leader.sigpending()], [[], [SIGUSR1], []])
      other.sigprocmask(SIG_UNBLOCK, [SIGUSR1])
      equal(taken, [[other, SIGUSR1]])
    },
  },
  {
    source: 'man signal(7)',
    name: 'a signal to the process is taken by a thread that does not block it',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      const taken = catching(leader, SIGUSR1)
      leader.sigprocmask(SIG_BLOCK, [SIGUSR1])
      init.kill(leader.pid, SIGUSR1)
      equal(taken, [[other, SIGUSR1]])
    },
  },
  {
    source: 'man signal(7)',
    name: 'a signal to the process waits while all its threads block it, and the first to unblock takes it',
    run({ init }) {
      const leader = init.fork()
      leader.sigprocmask(SIG_BLOCK, [SIGUSR1])
      const other = thread(leader)
      const taken = catching(leader, SIGUSR1)
      init.kill(leader.pid, SIGUSR1)
      equal([leader.sigpending(), other.sigpending()], [[SIGUSR1], [SIGUSR1]])
      other.sigprocmask(SIG_UNBLOCK, [SIGUSR1])
      equal([taken, leader.sigpending()], [[[other, SIGUSR1]], []])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a signal that an init blocks is kept for it, and dropped when it unblocks it without a handler',
    run({ init }) {
      const box = newNs(init)
      box.sigprocmask(SIG_BLOCK, [SIGTERM])
      box.fork().kill(1, SIGTERM)
      equal(box.sigpending(), [SIGTERM])
      box.sigprocmask(SIG_UNBLOCK, [SIGTERM])
      equal([box.state, box.sigpending()], ['S', []])
    },
  },
  {
    source: 'man signal(7)',
    name: 'a blocked signal ends the process when it is unblocked',
    run({ init }) {
      const child = init.fork()
      child.sigprocmask(SIG_BLOCK, [SIGTERM])
      init.kill(child.pid, SIGTERM)
      equal([child.state, child.sigpending()], ['S', [SIGTERM]])
      child.sigprocmask(SIG_SETMASK, [])
      equal(init.waitpidSync(), killed(2, SIGTERM))
    },
  },
  {
    source: 'man signal(7)',
    name: 'SIGKILL and SIGSTOP cannot be blocked or caught',
    run({ init }) {
      const child = init.fork()
      fails('EINVAL', () => child.sigaction(SIGKILL, { handler: () => {} }))
      fails('EINVAL', () => child.sigaction(SIGSTOP, { handler: () => {} }))
      child.sigprocmask(SIG_SETMASK, [SIGKILL, SIGSTOP, SIGTERM])
      equal(child.sigprocmask(SIG_BLOCK, []), [SIGTERM])
      init.kill(child.pid, SIGSTOP)
      equal(init.waitpidSync(-1, WUNTRACED), stopped(2, SIGSTOP))
      init.kill(child.pid, SIGKILL)
      equal(init.waitpidSync(), killed(2, SIGKILL))
    },
  },
  {
    source: 'man sigprocmask(2)',
    name: 'another way to change the mask is EINVAL',
    run({ init }) {
      fails('EINVAL', () => init.sigprocmask(3, []))
      fails('EINVAL', () => init.sigprocmask(-1, [SIGTERM]))
    },
  },
  {
    source: 'man signal(7)',
    name: 'a signal that is pending already is not kept twice',
    run({ init }) {
      const child = init.fork()
      const taken = catching(child, SIGUSR1)
      child.sigprocmask(SIG_BLOCK, [SIGUSR1])
      for (let i = 0; i < 3; i++) init.kill(child.pid, SIGUSR1)
      child.sigprocmask(SIG_UNBLOCK, [SIGUSR1])
      equal(taken.length, 1)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'it is kept once for the thread and once for the process',
    run({ init }) {
      const child = init.fork()
      const taken = catching(child, SIGUSR1)
      child.sigprocmask(SIG_BLOCK, [SIGUSR1])
      init.kill(child.pid, SIGUSR1)
      init.tkill(child.pid, SIGUSR1)
      child.sigprocmask(SIG_UNBLOCK, [SIGUSR1])
      equal(taken.length, 2)
    },
  },
  {
    source: 'man fork(2)',
    name: 'a child has the mask and the handlers of its parent, and none of what is pending',
    run({ init }) {
      const parent = init.fork()
      const taken = catching(parent, SIGUSR2)
      parent.sigprocmask(SIG_BLOCK, [SIGUSR1])
      init.kill(parent.pid, SIGUSR1)
      const child = parent.fork()
      equal([child.sigpending(), child.sigprocmask(SIG_BLOCK)], [[], [SIGUSR1]])
      init.kill(child.pid, SIGUSR2)
      equal(taken, [[child, SIGUSR2]])
    },
  },
  {
    source: 'man pthreads(7)',
    name: 'a thread begins with the mask of its maker, and has one of its own then',
    run({ init }) {
      const leader = init.fork()
      leader.sigprocmask(SIG_BLOCK, [SIGUSR1])
      const other = leader.clone({ flags: CLONE_PTHREAD })
      equal(other.sigprocmask(SIG_UNBLOCK, [SIGUSR1]), [SIGUSR1])
      equal(leader.sigprocmask(SIG_BLOCK), [SIGUSR1])
    },
  },
  {
    source: 'man execve(2)',
    name: 'execve keeps the mask and what is pending, and resets what was caught',
    run({ init }) {
      const child = init.fork()
      const taken = catching(child, SIGUSR1, SIGUSR2)
      child.sigprocmask(SIG_BLOCK, [SIGUSR1])
      init.kill(child.pid, SIGUSR1)
      child.execve()
      equal([child.sigpending(), child.sigprocmask(SIG_BLOCK)], [[SIGUSR1], [SIGUSR1]])
      init.kill(child.pid, SIGUSR2)
      equal([taken, init.waitpidSync()], [[], killed(2, SIGUSR2)])
    },
  },
  {
    source: 'man signal(7)',
    name: 'SIGCONT continues even where it is blocked, and is taken later',
    run({ init }) {
      const child = init.fork()
      const taken = catching(child, SIGCONT)
      child.sigprocmask(SIG_BLOCK, [SIGCONT])
      init.kill(child.pid, SIGSTOP)
      init.kill(child.pid, SIGCONT)
      equal([child.state, taken, child.sigpending()], ['S', [], [SIGCONT]])
      child.sigprocmask(SIG_UNBLOCK, [SIGCONT])
      equal(taken, [[child, SIGCONT]])
    },
  },
  {
    source: 'man signal(7)',
    name: 'SIGCONT takes back a stop signal that is blocked, and a stop signal takes back SIGCONT',
    run({ init }) {
      const child = init.fork()
      child.sigprocmask(SIG_BLOCK, [SIGTSTP, SIGCONT])
      init.kill(child.pid, SIGTSTP)
      equal(child.sigpending(), [SIGTSTP])
      init.kill(child.pid, SIGCONT)
      equal(child.sigpending(), [SIGCONT])
      init.kill(child.pid, SIGTSTP)
      equal(child.sigpending(), [SIGTSTP])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'what is blocked and ignored is kept all the same, and a handler set in time takes it',
    run({ init }) {
      const child = init.fork()
      child.sigprocmask(SIG_BLOCK, [SIGUSR1])
      child.sigaction(SIGUSR1, { handler: 'ign' })
      init.kill(child.pid, SIGUSR1)
      equal(child.sigpending(), [SIGUSR1])
      const taken = catching(child, SIGUSR1)
      child.sigprocmask(SIG_UNBLOCK, [SIGUSR1])
      equal(taken, [[child, SIGUSR1]])
    },
  },
  {
    source: 'man sigaction(2)',
    name: 'to ignore a signal drops it where it is pending, blocked or not',
    run({ init }) {
      const child = init.fork()
      child.sigprocmask(SIG_BLOCK, [SIGUSR1])
      init.kill(child.pid, SIGUSR1)
      child.sigaction(SIGUSR1, { handler: 'ign' })
      equal(child.sigpending(), [])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'SIGCHLD that is blocked is pending though its default is to do nothing, and dropped by asking for the default',
    run({ init }) {
      const parent = init.fork()
      parent.sigprocmask(SIG_BLOCK, [SIGCHLD])
      parent.fork().exit()
      equal(parent.sigpending(), [SIGCHLD])
      parent.sigaction(SIGCHLD, { handler: 'dfl' })
      equal(parent.sigpending(), [])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'blocked SIGCHLD that is ignored is not sent, and the child vanishes',
    run({ init }) {
      const parent = init.fork()
      parent.sigprocmask(SIG_BLOCK, [SIGCHLD])
      parent.sigaction(SIGCHLD, { handler: 'ign' })
      const child = parent.fork()
      child.exit()
      equal([child.state, parent.sigpending()], ['X', []])
    },
  },
]
