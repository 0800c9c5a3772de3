/** Signals to the init of a namespace: who can do it harm, and who cannot. */
import {
  CLONE_NEWPID,
  CLONE_PTHREAD,
  PR_SET_PDEATHSIG,
  SIGABRT,
  SIGCONT,
  SIGHUP,
  SIGINT,
  SIGKILL,
  SIGSEGV,
  SIGSTOP,
  SIGTERM,
  SIGTSTP,
  SIGUSR1,
  WCONTINUED,
  WUNTRACED,
} from 'pidns'
import { type Case, continued, equal, inject, killed, newNs, stopped, thread } from './case.ts'

export const INIT_SIGNALS: readonly Case[] = [
  {
    source: 'LTP pidns04',
    name: 'an init that sends itself SIGKILL lives on',
    run({ init }) {
      const box = newNs(init)
      equal(box.kill(1, SIGKILL), 0)
      equal(box.state, 'S')
    },
  },
  {
    source: 'man pid_namespaces(7)',
    name: 'from inside no signal harms it, not even SIGKILL or SIGSTOP',
    run({ init }) {
      const box = newNs(init)
      const child = box.fork()
      for (let sig = 0; sig <= 64; sig++) equal(child.kill(1, sig), 0)
      equal(box.state, 'S')
    },
  },
  {
    source: 'Linux 6.18',
    name: 'the init of all is immune to every signal of its descendants',
    run({ init }) {
      const child = init.fork()
      for (let sig = 0; sig <= 64; sig++) equal(child.kill(1, sig), 0)
      equal(init.state, 'S')
    },
  },
  {
    source: 'man pid_namespaces(7)',
    name: 'SIGKILL from an ancestor namespace ends it',
    run({ init }) {
      newNs(init)
      init.kill(2, SIGKILL)
      equal(init.waitpidSync(), killed(2, SIGKILL))
    },
  },
  {
    source: 'man pid_namespaces(7)',
    name: 'SIGSTOP from an ancestor namespace stops it, and SIGCONT continues it',
    run({ init }) {
      const box = newNs(init)
      init.kill(2, SIGSTOP)
      equal(box.state, 'T')
      equal(init.waitpidSync(-1, WUNTRACED), stopped(2, SIGSTOP))
      init.kill(2, SIGCONT)
      equal(box.state, 'S')
      equal(init.waitpidSync(-1, WCONTINUED), continued(2))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'any other signal from an ancestor namespace is dropped while its action is the default',
    run({ init }) {
      const box = newNs(init)
      for (let sig = 0; sig <= 64; sig++) {
        if (sig !== SIGKILL && sig !== SIGSTOP) equal(init.kill(2, sig), 0)
      }
      equal(box.state, 'S')
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a signal that it would have dumped core for is dropped as well when it sends it itself',
    run({ init }) {
      const box = newNs(init)
      box.kill(1, SIGSEGV)
      box.kill(1, SIGABRT)
      equal(box.state, 'S')
    },
  },
  {
    source: 'Linux 6.18',
    name: 'from two levels up SIGKILL works too',
    run({ init }) {
      const inner = newNs(newNs(init))
      init.kill(init.pidOf(inner), SIGKILL)
      equal(inner.state, 'Z')
    },
  },
  {
    source: 'Linux 6.18',
    name: 'SIGKILL by the init of its parent namespace works: that one is an ancestor',
    run({ init }) {
      const box = newNs(init)
      const inner = newNs(box)
      box.kill(box.pidOf(inner), SIGKILL)
      equal(box.waitpidSync(), killed(2, SIGKILL))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'whoever has only unshared or joined for its children is still an ancestor',
    run({ init }) {
      const parent = init.fork()
      parent.unshare(CLONE_NEWPID)
      const box = parent.fork()
      parent.kill(parent.pidOf(box), SIGKILL)
      equal(box.state, 'Z')
    },
  },
  {
    source: 'Linux 6.18',
    name: 'somebody injected is inside: its SIGKILL is dropped',
    run({ init }) {
      const box = newNs(init)
      equal(inject(init, box).kill(1, SIGKILL), 0)
      equal(box.state, 'S')
    },
  },
  {
    source: 'Linux 6.18',
    name: 'every thread of an init is immune',
    run({ init }) {
      const box = newNs(init)
      const other = thread(box)
      const child = box.fork()
      equal(child.tgkill(1, other.tid, SIGKILL), 0)
      equal(child.tkill(other.tid, SIGSTOP), 0)
      equal(child.kill(other.tid, SIGKILL), 0)
      equal([box.state, other.state], ['S', 'S'])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'SIGKILL from an ancestor to one thread of an init ends the namespace',
    run({ init }) {
      const box = newNs(init)
      const other = thread(box)
      init.tkill(init.tidOf(other), SIGKILL)
      equal([box.state, other.state], ['Z', 'X'])
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a child of an init is immune to nothing',
    run({ init }) {
      const box = newNs(init)
      const child = box.fork()
      box.kill(child.pid, SIGTERM)
      equal(box.waitpidSync(), killed(2, SIGTERM))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a thread of an init dies with it, and only then',
    run({ init }) {
      const box = newNs(init)
      const other = box.clone({ flags: CLONE_PTHREAD })
      box.exitThread()
      equal([box.state, other.state], ['Z', 'S'])
      other.kill(1, SIGKILL)
      equal(other.state, 'S')
      other.exitThread(4)
      equal(init.waitpidSync(), { pid: 2, status: 4 << 8, code: 4 })
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a group signal from outside spares it unless it is SIGKILL or SIGSTOP',
    run({ init }) {
      const box = newNs(init)
      box.setsid()
      for (const sig of [SIGHUP, SIGINT, SIGTERM, SIGTSTP]) equal(init.kill(-2, sig), 0)
      equal(box.state, 'S')
      init.kill(-2, SIGKILL)
      equal(box.state, 'Z')
    },
  },
  {
    source: 'Linux 6.18',
    name: 'the exit signal of a child does not end it',
    run({ init }) {
      const box = newNs(init)
      box.clone({ exitSignal: SIGKILL }).exit()
      box.clone({ exitSignal: SIGUSR1 }).exit()
      equal(box.state, 'S')
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a death signal of SIGKILL ends it when its parent outside ends',
    run({ init }) {
      const parent = init.fork()
      const box = newNs(parent)
      box.prctl(PR_SET_PDEATHSIG, SIGKILL)
      parent.exit()
      equal(box.state, 'Z')
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a death signal of SIGTERM does not',
    run({ init }) {
      const parent = init.fork()
      const box = newNs(parent)
      box.prctl(PR_SET_PDEATHSIG, SIGTERM)
      parent.exit()
      equal(box.state, 'S')
    },
  },
]
