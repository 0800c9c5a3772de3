/** kill(2) of one process: whom it reaches, what the signal does, what is refused first. */
import {
  SIGCHLD,
  SIGCONT,
  SIGHUP,
  SIGKILL,
  SIGSTOP,
  SIGTERM,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
  SIGURG,
  SIGWINCH,
  WNOHANG,
  WUNTRACED,
} from 'pidns'
import { type Case, equal, exited, fails, inject, killed, newNs, stopped, thread } from './case.ts'

const INT_MIN = -0x80000000

export const KILL: readonly Case[] = [
  {
    source: 'LTP kill03',
    name: 'an invalid signal is EINVAL',
    run({ init }) {
      init.fork()
      for (const sig of [-1, 65, 2000]) fails('EINVAL', () => init.kill(2, sig))
    },
  },
  {
    source: 'LTP kill03',
    name: 'a number that nobody has is ESRCH',
    run({ init }) {
      fails('ESRCH', () => init.kill(32767, SIGKILL))
    },
  },
  {
    source: 'LTP kill13',
    name: 'INT_MIN is ESRCH',
    run({ init }) {
      fails('ESRCH', () => init.kill(INT_MIN, SIGKILL))
    },
  },
  {
    source: 'LTP kill12',
    name: 'a process that ignores a signal lives on, whichever it is',
    run({ init }) {
      const child = init.fork()
      for (let sig = 1; sig <= 31; sig++) {
        if (sig === SIGKILL || sig === SIGSTOP) continue
        child.sigaction(sig, { handler: 'ign' })
        equal(init.kill(child.pid, sig), 0)
      }
      equal(child.state, 'S')
      child.exit(3)
      equal(init.waitpidSync(), exited(2, 3))
    },
  },
  {
    source: 'man signal(7)',
    name: 'SIGCHLD, SIGCONT, SIGURG and SIGWINCH do nothing by default',
    run({ init }) {
      const child = init.fork()
      for (const sig of [SIGCHLD, SIGCONT, SIGURG, SIGWINCH]) init.kill(child.pid, sig)
      equal(child.state, 'S')
    },
  },
  {
    source: 'man signal(7)',
    name: 'SIGKILL and SIGSTOP cannot be ignored',
    run({ init }) {
      fails('EINVAL', () => init.fork().sigaction(SIGKILL, { handler: 'ign' }))
      fails('EINVAL', () => init.fork().sigaction(SIGSTOP, { handler: 'ign' }))
    },
  },
  {
    source: 'man signal(7)',
    name: 'ignored signals stay ignored in children and over execve',
    run({ init }) {
      const child = init.fork()
      child.sigaction(SIGTERM, { handler: 'ign' })
      const grandchild = child.fork()
      grandchild.execve()
      init.kill(grandchild.pid, SIGTERM)
      equal(grandchild.state, 'S')
    },
  },
  {
    source: 'gVisor kill.cc CanKillValidPid',
    name: 'signal 0 asks, and sends nothing',
    run({ init }) {
      const child = init.fork()
      equal(init.kill(child.pid, 0), 0)
      equal(child.kill(child.pid, 0), 0)
      equal(child.kill(0, 0), 0)
      equal(child.state, 'S')
    },
  },
  {
    source: 'gVisor kill.cc CannotKillTid',
    name: "kill by a thread's number works, and reaches the whole process",
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      equal(init.kill(other.tid, SIGTERM), 0)
      equal([leader.state, other.state], ['Z', 'X'])
      equal(init.waitpidSync(), killed(leader.pid, SIGTERM))
    },
  },
  {
    source: 'gVisor kill.cc CanSIGCONTSameSession',
    name: 'SIGCONT continues a stopped process',
    run({ init }) {
      const child = init.fork()
      child.kill(child.pid, SIGSTOP)
      equal(child.state, 'T')
      init.kill(child.pid, SIGCONT)
      equal(child.state, 'S')
    },
  },
  {
    source: 'gVisor exit.cc SigkillZombieThread',
    name: 'SIGKILL to a dead leader ends its threads that live',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      leader.exitThread(1)
      init.kill(leader.pid, SIGKILL)
      equal(other.state, 'X')
      equal(init.waitpidSync(), killed(leader.pid, SIGKILL))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'existence is tested before the signal: one number',
    run({ init }) {
      init.fork()
      fails('ESRCH', () => init.kill(99, 65))
      fails('EINVAL', () => init.kill(2, 65))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'existence is tested before the signal: INT_MIN',
    run({ init }) {
      fails('ESRCH', () => init.kill(INT_MIN, 65))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a zombie takes any signal, and stays what it is',
    run({ init }) {
      init.fork().exit(1)
      for (const sig of [0, SIGTERM, SIGKILL, SIGSTOP]) equal(init.kill(2, sig), 0)
      equal(init.waitpidSync(), exited(2, 1))
      fails('ESRCH', () => init.kill(2, 0))
    },
  },
  {
    source: 'LTP pidns06',
    name: "the parent's number means nothing inside",
    run({ init }) {
      const parent = init.fork()
      fails('ESRCH', () => newNs(parent).kill(parent.pid, SIGKILL))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'somebody injected sees the others, and they see it',
    run({ init }) {
      const box = newNs(init)
      const guest = inject(init, box)
      const native = box.fork()
      equal([guest.pid, native.pid], [2, 3])
      equal(guest.kill(native.pid, SIGTERM), 0)
      equal(box.kill(guest.pid, SIGTERM), 0)
      equal(init.waitpidSync(init.pidOf(guest)), killed(3, SIGTERM))
    },
  },
  {
    source: 'man signal(7)',
    name: 'SIGTSTP, SIGTTIN and SIGTTOU stop where the group is not orphaned',
    run({ init }) {
      const shell = newNs(init)
      shell.setsid()
      const job = shell.fork()
      job.setpgid(0, 0)
      for (const sig of [SIGTSTP, SIGTTIN, SIGTTOU]) {
        shell.kill(job.pid, sig)
        equal(shell.waitpidSync(-1, WUNTRACED), stopped(job.pid, sig))
        shell.kill(job.pid, SIGCONT)
      }
    },
  },
  {
    source: 'man signal(7)',
    name: 'SIGCONT takes back a stop signal that still waits',
    run({ init }) {
      const child = init.fork()
      init.kill(child.pid, SIGSTOP)
      init.kill(child.pid, SIGTSTP)
      init.kill(child.pid, SIGCONT)
      equal(child.state, 'S')
      equal(init.waitpidSync(-1, WUNTRACED | WNOHANG), null)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a signal that is pending while stopped acts when the process goes on',
    run({ init }) {
      const child = init.fork()
      init.kill(child.pid, SIGSTOP)
      init.kill(child.pid, SIGHUP)
      equal(child.state, 'T')
      init.kill(child.pid, SIGCONT)
      equal(init.waitpidSync(), killed(2, SIGHUP))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a pending signal that comes to be ignored is dropped',
    run({ init }) {
      const leader = init.fork()
      const child = leader.fork()
      child.sigaction(SIGHUP, { handler: 'ign' })
      leader.kill(child.pid, SIGSTOP)
      leader.kill(child.pid, SIGHUP)
      leader.kill(child.pid, SIGCONT)
      equal(child.state, 'S')
    },
  },
]
