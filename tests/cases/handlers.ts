/** Signals with handlers: who takes them, and in which order. */
import {
  PR_SET_CHILD_SUBREAPER,
  PR_SET_PDEATHSIG,
  SA_NOCLDSTOP,
  SIG_BLOCK,
  SIG_SETMASK,
  SIG_UNBLOCK,
  SIGCHLD,
  SIGCONT,
  SIGRTMAX,
  SIGSEGV,
  SIGSTOP,
  SIGTERM,
  SIGTSTP,
  SIGUSR1,
  SIGUSR2,
  type Task,
} from 'pidns'
import { type Case, equal, exited, inject, newNs, thread } from './case.ts'

/** Has the task's process catch these signals, and notes who took which. */
function catching(task: Task, ...signals: number[]): [Task, number][] {
  const taken: [Task, number][] = []
  for (const sig of signals) task.sigaction(sig, { handler: (s, by) => void taken.push([by, s]) })
  return taken
}

export const HANDLERS: readonly Case[] = [
  {
    source: 'LTP tkill01',
    name: 'tkill is taken by that thread',
    run({ init }) {
      const leader = init.fork()
      const others = [thread(leader), thread(leader)]
      const taken = catching(leader, SIGUSR1)
      init.tkill(others[1]!.tid, SIGUSR1)
      init.tkill(others[0]!.tid, SIGUSR1)
      init.tkill(leader.tid, SIGUSR1)
      equal(
        taken.map(([by]) => by),
        [others[1], others[0], leader],
      )
    },
  },
  {
    source: 'LTP kill06',
    name: 'each member of a group takes the signal',
    run({ init }) {
      const leader = init.fork()
      leader.setpgid(0, 0)
      const taken = catching(leader, SIGUSR1)
      const members = [leader.fork(), leader.fork()]
      init.kill(-leader.pid, SIGUSR1)
      equal(new Set(taken.map(([by]) => by)), new Set([leader, ...members]))
      equal(taken.length, 3)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'the members of a group take a signal from the newest to the oldest',
    run({ init }) {
      const leader = init.fork()
      leader.setpgid(0, 0)
      const taken = catching(leader, SIGUSR1)
      const [a, b] = [leader.fork(), leader.fork()]
      init.kill(-leader.pid, SIGUSR1)
      equal(
        taken.map(([by]) => by),
        [b, a, leader],
      )
    },
  },
  {
    source: 'Linux 6.18',
    name: 'of pid -1 the oldest process takes the signal first',
    run({ init }) {
      const caller = init.fork()
      const taken = catching(caller, SIGUSR1)
      const [a, b] = [caller.fork(), caller.fork()]
      caller.kill(-1, SIGUSR1)
      equal(
        taken.map(([by]) => by),
        [a, b],
      )
    },
  },
  {
    source: 'LTP pidns20',
    name: 'a signal from outside that an init blocks and catches is taken when it unblocks it',
    run({ init }) {
      const box = newNs(init)
      const taken = catching(box, SIGUSR1)
      box.sigprocmask(SIG_BLOCK, [SIGUSR1])
      init.kill(2, SIGUSR1)
      equal([taken, box.sigpending()], [[], [SIGUSR1]])
      box.sigprocmask(SIG_UNBLOCK, [SIGUSR1])
      equal(taken, [[box, SIGUSR1]])
    },
  },
  {
    source: 'man pid_namespaces(7)',
    name: 'an init takes from inside what it catches',
    run({ init }) {
      const box = newNs(init)
      const taken = catching(box, SIGTERM)
      box.fork().kill(1, SIGTERM)
      inject(init, box).kill(1, SIGTERM)
      box.kill(1, SIGTERM)
      equal([taken.length, box.state], [3, 'S'])
    },
  },
  {
    source: 'man pid_namespaces(7)',
    name: 'an init takes from an ancestor what it catches',
    run({ init }) {
      const box = newNs(init)
      const taken = catching(box, SIGTERM)
      init.kill(2, SIGTERM)
      equal([taken, box.state], [[[box, SIGTERM]], 'S'])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'the init of all takes what it catches',
    run({ init }) {
      const taken = catching(init, SIGTERM)
      init.fork().kill(1, SIGTERM)
      equal(taken, [[init, SIGTERM]])
    },
  },
  {
    source: 'man signal(7)',
    name: 'a parent that catches SIGCHLD is told of each child, and finds a zombie',
    run({ init }) {
      const parent = init.fork()
      const child = parent.fork()
      const taken = catching(parent, SIGCHLD)
      child.exit(3)
      equal([taken, child.state], [[[parent, SIGCHLD]], 'Z'])
      equal(parent.waitpidSync(), exited(child.pid, 3))
    },
  },
  {
    source: 'man sigaction(2)',
    name: 'SIGCHLD tells of stops and continuations too, unless SA_NOCLDSTOP is set',
    run({ init }) {
      const parent = init.fork()
      const child = parent.fork()
      const taken = catching(parent, SIGCHLD)
      parent.kill(child.pid, SIGSTOP)
      parent.kill(child.pid, SIGCONT)
      equal(taken.length, 2)
      parent.sigaction(SIGCHLD, { handler: (s, by) => void taken.push([by, s]), flags: SA_NOCLDSTOP })
      parent.kill(child.pid, SIGSTOP)
      parent.kill(child.pid, SIGCONT)
      equal(taken.length, 2)
      child.exit()
      equal(taken.length, 3)
    },
  },
  {
    source: 'man clone(2)',
    name: 'the exit signal is what the parent takes instead of SIGCHLD',
    run({ init }) {
      const parent = init.fork()
      const taken = catching(parent, SIGCHLD, SIGUSR1)
      parent.clone({ exitSignal: SIGUSR1 }).exit()
      parent.clone({ exitSignal: 0 }).exit()
      equal(taken, [[parent, SIGUSR1]])
    },
  },
  {
    source: 'gVisor prctl.cc PDeathSig',
    name: 'the death signal can be caught',
    run({ init }) {
      const parent = init.fork()
      const child = parent.fork()
      const taken = catching(child, SIGUSR1)
      child.prctl(PR_SET_PDEATHSIG, SIGUSR1)
      parent.exit()
      equal([taken, child.state], [[[child, SIGUSR1]], 'S'])
    },
  },
  {
    source: 'LTP prctl03',
    name: 'a subreaper is told of the end of an orphan that it adopted',
    run({ init }) {
      const reaper = init.fork()
      reaper.prctl(PR_SET_CHILD_SUBREAPER, 1)
      const middle = reaper.fork()
      const orphan = middle.fork()
      const taken = catching(reaper, SIGCHLD)
      middle.exit()
      orphan.exit()
      equal(taken.length, 2)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a zombie that changes parents is told to the new one',
    run({ init }) {
      const reaper = init.fork()
      reaper.prctl(PR_SET_CHILD_SUBREAPER, 1)
      const middle = reaper.fork()
      middle.fork().exit()
      const taken = catching(reaper, SIGCHLD)
      reaper.sigprocmask(SIG_BLOCK, [SIGCHLD])
      middle.exit()
      equal([taken.length, reaper.sigpending()], [0, [SIGCHLD]])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a signal that is caught does not end a stop, and is taken when the process goes on',
    run({ init }) {
      const child = init.fork()
      const taken = catching(child, SIGTERM)
      init.kill(child.pid, SIGSTOP)
      init.kill(child.pid, SIGTERM)
      equal([child.state, taken], ['T', []])
      init.kill(child.pid, SIGCONT)
      equal([child.state, taken], ['S', [[child, SIGTERM]]])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'of several signals that are taken at once the one taken last is handled first',
    run({ init }) {
      const child = init.fork()
      const taken = catching(child, SIGSEGV, SIGUSR1, SIGUSR2, SIGTERM, SIGRTMAX)
      child.sigprocmask(SIG_SETMASK, [SIGSEGV, SIGUSR1, SIGUSR2, SIGTERM, SIGRTMAX])
      for (const sig of [SIGRTMAX, SIGUSR2, SIGTERM, SIGSEGV, SIGUSR1]) init.kill(child.pid, sig)
      child.sigprocmask(SIG_SETMASK, [])
      equal(
        taken.map(([, sig]) => sig),
        [SIGRTMAX, SIGTERM, SIGUSR2, SIGUSR1, SIGSEGV],
      )
    },
  },
  {
    source: 'Linux 6.18',
    name: 'signals to the thread are taken before those to the process, and so handled after them',
    run({ init }) {
      const child = init.fork()
      const taken = catching(child, SIGUSR1, SIGUSR2)
      child.sigprocmask(SIG_SETMASK, [SIGUSR1, SIGUSR2])
      init.kill(child.pid, SIGUSR1)
      init.tkill(child.pid, SIGUSR2)
      child.sigprocmask(SIG_SETMASK, [])
      equal(
        taken.map(([, sig]) => sig),
        [SIGUSR1, SIGUSR2],
      )
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a handler is not called when a signal taken right after it ends the process',
    run({ init }) {
      const child = init.fork()
      const taken = catching(child, SIGUSR1)
      child.sigprocmask(SIG_SETMASK, [SIGUSR1, SIGTERM])
      init.kill(child.pid, SIGUSR1)
      init.kill(child.pid, SIGTERM)
      child.sigprocmask(SIG_SETMASK, [])
      equal([child.state, taken], ['Z', []])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a handler waits where a signal taken right after it stops the process',
    run({ init }) {
      const shell = newNs(init)
      shell.setsid()
      const job = shell.fork()
      job.setpgid(0, 0)
      const taken = catching(job, SIGUSR1)
      job.sigprocmask(SIG_SETMASK, [SIGUSR1, SIGTSTP])
      shell.kill(job.pid, SIGUSR1)
      shell.kill(job.pid, SIGTSTP)
      job.sigprocmask(SIG_SETMASK, [])
      equal([job.state, taken], ['T', []])
      shell.kill(job.pid, SIGCONT)
      equal([job.state, taken], ['S', [[job, SIGUSR1]]])
    },
  },
]
