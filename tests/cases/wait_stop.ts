/** Waits for stops and continuations. */
import {
  CLD_CONTINUED,
  CLD_STOPPED,
  P_ALL,
  P_PID,
  SA_NOCLDSTOP,
  SIGCHLD,
  SIGCONT,
  SIGKILL,
  SIGSTOP,
  SIGTERM,
  WCONTINUED,
  WNOHANG,
  WNOWAIT,
  WSTOPPED,
  WUNTRACED,
} from 'pidns'
import { type Case, continued, equal, fails, info, killed, stopped, thread } from './case.ts'

export const WAIT_STOP: readonly Case[] = [
  {
    source: 'LTP waitid07',
    name: 'WSTOPPED gives CLD_STOPPED and the signal, once',
    run({ init }) {
      const child = init.fork()
      init.kill(child.pid, SIGSTOP)
      equal(init.waitidSync(P_PID, 2, WSTOPPED | WNOHANG), info(CLD_STOPPED, 2, SIGSTOP))
      equal(init.waitidSync(P_PID, 2, WSTOPPED | WNOHANG), null)
    },
  },
  {
    source: 'LTP waitid08',
    name: 'WCONTINUED gives CLD_CONTINUED and SIGCONT, once',
    run({ init }) {
      const child = init.fork()
      init.kill(child.pid, SIGSTOP)
      equal(init.waitidSync(P_PID, 2, WSTOPPED), info(CLD_STOPPED, 2, SIGSTOP))
      init.kill(child.pid, SIGCONT)
      equal(init.waitidSync(P_PID, 2, WCONTINUED), info(CLD_CONTINUED, 2, SIGCONT))
      equal(init.waitidSync(P_PID, 2, WCONTINUED | WNOHANG), null)
    },
  },
  {
    source: 'man waitid(2)',
    name: 'WNOWAIT leaves a stop and a continuation too',
    run({ init }) {
      const child = init.fork()
      init.kill(child.pid, SIGSTOP)
      equal(init.waitidSync(P_ALL, 0, WSTOPPED | WNOWAIT), info(CLD_STOPPED, 2, SIGSTOP))
      equal(init.waitidSync(P_ALL, 0, WSTOPPED), info(CLD_STOPPED, 2, SIGSTOP))
      init.kill(child.pid, SIGCONT)
      equal(init.waitidSync(P_ALL, 0, WCONTINUED | WNOWAIT), info(CLD_CONTINUED, 2, SIGCONT))
      equal(init.waitidSync(P_ALL, 0, WCONTINUED), info(CLD_CONTINUED, 2, SIGCONT))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a zombie is no child to a wait for stops alone',
    run({ init }) {
      init.fork().exit()
      fails('ECHILD', () => init.waitidSync(P_ALL, 0, WSTOPPED | WNOHANG))
      fails('ECHILD', () => init.waitidSync(P_PID, 2, WCONTINUED | WNOHANG))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a dead leader with live threads is a child to a wait for stops',
    run({ init }) {
      const leader = init.fork()
      thread(leader)
      leader.exitThread()
      equal(init.waitidSync(P_ALL, 0, WSTOPPED | WNOHANG), null)
    },
  },
  {
    source: 'man wait4(2)',
    name: 'WUNTRACED reports a stop once, and WCONTINUED the end of it once',
    run({ init }) {
      const child = init.fork()
      init.kill(child.pid, SIGSTOP)
      equal(init.waitpidSync(-1, WUNTRACED), stopped(2, SIGSTOP))
      equal(init.waitpidSync(-1, WUNTRACED | WNOHANG), null)
      init.kill(child.pid, SIGCONT)
      equal(init.waitpidSync(-1, WCONTINUED), continued(2))
      equal(init.waitpidSync(-1, WCONTINUED | WNOHANG), null)
    },
  },
  {
    source: 'man wait4(2)',
    name: 'a stop is not reported to whoever did not ask',
    run({ init }) {
      init.fork()
      init.kill(2, SIGSTOP)
      equal(init.waitpidSync(-1, WNOHANG), null)
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a stop that ended is not reported any more, its end is',
    run({ init }) {
      init.fork()
      init.kill(2, SIGSTOP)
      init.kill(2, SIGCONT)
      equal(init.waitpidSync(-1, WUNTRACED | WNOHANG), null)
      equal(init.waitpidSync(-1, WUNTRACED | WCONTINUED), continued(2))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'SIGCONT to a process that is not stopped is not reported',
    run({ init }) {
      init.fork()
      init.kill(2, SIGCONT)
      equal(init.waitpidSync(-1, WCONTINUED | WNOHANG), null)
    },
  },
  {
    source: 'gVisor sigstop.cc',
    name: 'a stopped process dies of SIGKILL, and of SIGTERM once it goes on',
    run({ init }) {
      const [a, b] = [init.fork(), init.fork()]
      for (const child of [a, b]) init.kill(child.pid, SIGSTOP)
      init.kill(a.pid, SIGKILL)
      init.kill(b.pid, SIGTERM)
      equal(init.waitpidSync(), killed(2, SIGKILL))
      equal(b.state, 'T')
      init.kill(b.pid, SIGCONT)
      equal(init.waitpidSync(), killed(3, SIGTERM))
    },
  },
  {
    source: 'man sigaction(2)',
    name: 'SA_NOCLDSTOP hides no stop from a wait',
    run({ init }) {
      const parent = init.fork()
      parent.sigaction(SIGCHLD, { handler: 'dfl', flags: SA_NOCLDSTOP })
      const child = parent.fork()
      parent.kill(child.pid, SIGSTOP)
      equal(parent.waitpidSync(-1, WUNTRACED), stopped(3, SIGSTOP))
    },
  },
  {
    source: 'Linux 6.18',
    name: 'a process of several threads stops as a whole, and that is reported once',
    run({ init }) {
      const leader = init.fork()
      const other = thread(leader)
      init.kill(other.tid, SIGSTOP)
      equal([leader.state, other.state], ['T', 'T'])
      equal(init.waitpidSync(-1, WUNTRACED), stopped(2, SIGSTOP))
      equal(init.waitpidSync(-1, WUNTRACED | WNOHANG), null)
    },
  },
]
