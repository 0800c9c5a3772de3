/**
 * Performs one call of a log on the library.
 *
 * Invariant: nothing that the library does is thrown on: an errno, a death, a refusal and a breakdown are all answers,
 * to be compared with what the log says.
 */

import { CLONE_NEWPID, CLONE_THREAD, WNOHANG } from '../../abi/index.ts'
import { KernelError, type Pidfd, type Task } from '../../index.ts'
import type { Answer, Call, Outcome, WaitInfo } from '../event.ts'

/** What a call can name. */
export interface World {
  task(key: number): Task | undefined
  pidfd(name: number): Pidfd | undefined
}

/** What came of it, and what it made. */
export interface Performed {
  readonly answer: Answer
  readonly task?: Task
  readonly pidfd?: Pidfd
}

export function perform(call: Call, by: number, world: World): Performed {
  const caller = world.task(by)
  if (caller === undefined) return broken('the caller does not exist here')
  try {
    return act(call, caller, world)
  } catch (error) {
    if (!(error instanceof KernelError)) return broken(String(error).replace(/^Error: /, ''))
    const failed = { kind: 'failed', errno: -error.errno } as const
    return { answer: error.syscall === 'open' ? { ...failed, stage: 'open' } : failed }
  }
}

function act(call: Call, caller: Task, world: World): Performed {
  switch (call.op) {
    case 'clone':
      return clone(call, caller)
    case 'pidfd_open': {
      const pidfd = caller.pidfdOpen(call.pid, call.flags)
      return { answer: { kind: 'returned', value: 0 }, pidfd }
    }
    case 'wait4': {
      const result = caller.waitpidSync(call.pid, call.options | WNOHANG)
      if (result === null) return returned(0)
      return { answer: { kind: 'returned', value: result.pid, status: result.status } }
    }
    case 'waitid':
      return { answer: waitid(call, caller, world) }
    default: {
      const value = invoke(call, caller, world)
      return value === undefined ? { answer: { kind: endOf(caller) } } : returned(value)
    }
  }
}

function invoke(call: Plain, caller: Task, world: World): number | undefined {
  switch (call.op) {
    case 'exit_group':
      return caller.exit(call.code)
    case 'exit':
      return caller.exitThread(call.code)
    case 'execve':
      return caller.execve()
    case 'getpid':
      return caller.getpid()
    case 'gettid':
      return caller.gettid()
    case 'getppid':
      return caller.getppid()
    case 'getpgid':
      return caller.getpgid(call.pid)
    case 'getsid':
      return caller.getsid(call.pid)
    case 'setsid':
      return caller.setsid()
    case 'setpgid':
      return caller.setpgid(call.pid, call.pgid)
    case 'kill':
      return caller.kill(call.pid, call.sig)
    case 'tgkill':
      return caller.tgkill(call.tgid, call.tid, call.sig)
    case 'prctl':
      return caller.prctl(call.option, call.arg)
    case 'rt_sigaction':
      return caller.sigaction(call.sig, { handler: call.handler, flags: call.flags })
    case 'unshare':
      return caller.unshare(call.flags)
    case 'setns':
      return setns(call, caller, world)
    case 'sysctl':
      return call.value === undefined ? caller.sysctl(call.name) : caller.sysctl(call.name, call.value)
    case 'pidfd_send_signal':
      return caller.pidfdSendSignal(pidfdOf(call.pidfd, world), call.sig, call.flags)
    case 'poll':
      return pidfdOf(call.pidfd, world).poll()
  }
}

type Of<Op extends Call['op']> = Extract<Call, { op: Op }>
type Plain = Exclude<Call, { op: 'clone' | 'pidfd_open' | 'wait4' | 'waitid' }>

function clone(call: Of<'clone'>, caller: Task): Performed {
  const { flags, exitSignal, setTid } = call
  const task = caller.clone(
    setTid === undefined ? { flags, exitSignal } : { flags, exitSignal, setTid: [...setTid] },
  )
  const value = flags & CLONE_THREAD ? caller.tidOf(task) : caller.pidOf(task)
  return { answer: { kind: 'returned', value }, task }
}

const NOTHING_READY: WaitInfo = { si_signo: 0, si_pid: 0, si_code: 0, si_status: 0 }

function waitid(call: Of<'waitid'>, caller: Task, world: World): Outcome {
  const id = 'pidfd' in call ? pidfdOf(call.pidfd, world) : call.id
  const info = caller.waitidSync(call.idtype, id, call.options | WNOHANG) ?? NOTHING_READY
  return { kind: 'returned', value: 0, info }
}

function setns(call: Of<'setns'>, caller: Task, world: World): number {
  if ('pidfd' in call) return caller.setns(pidfdOf(call.pidfd, world), CLONE_NEWPID)
  const target = world.task(call.target)
  if (target === undefined) throw new Error('the target does not exist here')
  const fd = target.openNs(call.link)
  try {
    return caller.setns(fd, CLONE_NEWPID)
  } finally {
    fd.close()
  }
}

function pidfdOf(name: number, world: World): Pidfd {
  const fd = world.pidfd(name)
  if (fd === undefined) throw new Error('the pidfd was not opened here')
  return fd
}

function endOf(caller: Task): 'died' | 'stopped' {
  return caller.state === 'T' ? 'stopped' : 'died'
}

function returned(value: number): Performed {
  return { answer: { kind: 'returned', value } }
}

function broken(why: string): Performed {
  return { answer: { kind: 'broken', why } }
}
