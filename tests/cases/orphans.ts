/** What becomes of orphans, and of process groups that are orphaned. */
import {
  CLONE_NEWPID,
  CLONE_PARENT,
  PR_SET_CHILD_SUBREAPER,
  SIGCHLD,
  SIGCONT,
  SIGHUP,
  SIGKILL,
  SIGSTOP,
  SIGTSTP,
  WNOHANG,
} from 'pidns'
import { type Case, equal, exited, fails, inject, killed, newNs, thread } from './case.ts'

export const ORPHANS: readonly Case[] = [
  {
    source: 'Linux 6.18',
    name: 'an orphan that was injected goes to the init outside, and sees 0 for ever',
    run({ init }) {
      const box = newNs(init)
      const parent = init.fork()
      const guest = inject(parent, box)
      equal(guest.getppid(), 0)
      parent.exit()
      equal(guest.getppid(), 0)
      equal(guest.parent, init)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'an orphan that was injected goes to a subreaper outside, where there is one',
    run({ init }) {
      const reaper = init.fork()
      reaper.prctl(PR_SET_CHILD_SUBREAPER, 1)
      const box = newNs(reaper)
      const parent = reaper.fork()
      const guest = inject(parent, box)
      parent.exit()
      equal(guest.parent, reaper)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'children of somebody injected go to the init of the namespace that it was in',
    run({ init }) {
      const box = newNs(init)
      const guest = inject(init, box)
      const child = guest.fork()
      guest.exit()
      equal([child.getppid(), child.parent], [1, box])
    },
  },
  {
    source: 'man wait4(2)',
    name: 'an orphan that is a zombie already is handed on with its status',
    run({ init }) {
      const parent = init.fork()
      const zombie = parent.fork()
      zombie.exit(9)
      parent.exit()
      equal(init.waitpidSync(zombie.pid), exited(3, 9))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a zombie that comes to a parent which ignores SIGCHLD vanishes',
    run({ init }) {
      const reaper = init.fork()
      reaper.prctl(PR_SET_CHILD_SUBREAPER, 1)
      const parent = reaper.fork()
      const zombie = parent.fork()
      zombie.exit()
      reaper.sigaction(SIGCHLD, { handler: 'ign' })
      equal(zombie.state, 'Z')
      parent.exit()
      equal([parent.state, zombie.state], ['X', 'X'])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'an orphan gets SIGCHLD as its exit signal',
    run({ init }) {
      const parent = init.fork()
      const orphan = parent.clone({ exitSignal: 0 })
      parent.exit()
      init.waitpidSync(parent.pid)
      orphan.exit(3)
      equal(init.waitpidSync(), exited(3, 3))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'an orphan that died with another exit signal becomes one to wait for',
    run({ init }) {
      const parent = init.fork()
      const orphan = parent.clone({ exitSignal: 0 })
      orphan.exit(3)
      parent.exit()
      init.waitpidSync(parent.pid)
      equal(init.waitpidSync(), exited(3, 3))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'children of a thread that ends go to another thread of the process',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      const child = other.clone({ exitSignal: 0 })
      other.exitThread()
      equal(child.getppid(), leader.pid)
      child.exit(1)
      fails('ECHILD', () => leader.waitpidSync(-1, WNOHANG))
    },
  },
  {
    source: 'man setpgid(2)',
    name: 'a stopped group that is orphaned by the end of its parent gets SIGHUP, then SIGCONT',
    run({ init }) {
      const box = newNs(init)
      const shell = box.fork()
      shell.setsid()
      const job = shell.fork()
      job.setpgid(0, 0)
      shell.kill(job.pid, SIGSTOP)
      shell.exit()
      equal(box.waitpidSync(), exited(shell.pid))
      equal(box.waitpidSync(), killed(job.pid, SIGHUP))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a job that ignores SIGHUP goes on when its stopped group is orphaned',
    run({ init }) {
      const box = newNs(init)
      const shell = box.fork()
      shell.setsid()
      const job = shell.fork()
      job.setpgid(0, 0)
      job.sigaction(SIGHUP, { handler: 'ign' })
      shell.kill(job.pid, SIGSTOP)
      shell.exit()
      equal(job.state, 'S')
    },
  },
  {
    source: 'gVisor pty.cc OrphanRegression',
    name: 'a group without a stopped member is left alone',
    run({ init }) {
      const box = newNs(init)
      const shell = box.fork()
      shell.setsid()
      const job = shell.fork()
      job.setpgid(0, 0)
      shell.exit()
      equal(job.state, 'S')
    },
  },
  {
    source: 'Linux 6.18',
    name: 'the end of the member that linked a group to its session orphans it too',
    run({ init }) {
      const box = newNs(init)
      const shell = box.fork()
      shell.setsid()
      const first = shell.fork()
      first.setpgid(0, 0)
      const second = first.fork()
      const third = shell.fork()
      third.setpgid(0, first.pid)
      shell.kill(second.pid, SIGSTOP)
      first.exit()
      equal(second.state, 'T')
      third.exit()
      equal(second.state, 'Z')
    },
  },
  {
    source: 'Linux 6.18',
    name: 'adoption by the init of a namespace in the same session does not orphan a group',
    run({ init }) {
      const box = newNs(init)
      box.setsid()
      const shell = box.fork()
      const job = shell.fork()
      job.setpgid(0, 0)
      shell.kill(job.pid, SIGSTOP)
      shell.exit()
      equal(job.state, 'T')
      box.kill(job.pid, SIGCONT)
      equal(job.state, 'S')
    },
  },
  {
    source: 'Linux kernel/exit.c',
    name: 'adoption by the init of all orphans a group even in the session of that init',
    run({ init }) {
      const shell = init.fork()
      const job = shell.fork()
      job.setpgid(0, 0)
      shell.kill(job.pid, SIGSTOP)
      shell.exit()
      equal(job.state, 'Z')
    },
  },
  {
    source: 'man signal(7)',
    name: 'in an orphaned group SIGTSTP does nothing, and SIGSTOP stops',
    run({ init }) {
      const box = newNs(init)
      const leader = box.fork()
      leader.setsid()
      box.kill(leader.pid, SIGTSTP)
      equal(leader.state, 'S')
      box.kill(leader.pid, SIGSTOP)
      equal(leader.state, 'T')
    },
  },
  {
    source: 'man clone(2)',
    name: 'orphans of a child made with CLONE_PARENT go where those of others go',
    run({ init }) {
      const caller = init.fork()
      caller.prctl(PR_SET_CHILD_SUBREAPER, 1)
      const sibling = caller.clone({ flags: CLONE_PARENT })
      const orphan = sibling.fork()
      sibling.exit()
      equal(orphan.getppid(), 1)
    },
  },
  {
    source: 'man pid_namespaces(7)',
    name: 'when its parent ends, the init of a namespace goes to the init outside',
    run({ init }) {
      const parent = init.fork()
      const box = parent.clone({ flags: CLONE_NEWPID })
      parent.exit()
      equal(box.parent, init)
      equal(box.getppid(), 0)
      init.kill(init.pidOf(box), SIGKILL)
      init.waitpidSync(parent.pid)
      equal(init.waitpidSync(), killed(3, SIGKILL))
    },
  },
]
