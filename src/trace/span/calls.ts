/**
 * Attempts one call of a log of real programs on the library: those whose result is known at once. Creations, waits,
 * exits and execve are elsewhere.
 *
 * Invariant: signals do not act. Who dies, stops or continues, the log says; a kill here asks only who is there, except
 * that SIGCONT, which does no harm, is sent.
 */
import {
  CLONE_NEWPID,
  ESRCH,
  PR_GET_CHILD_SUBREAPER,
  PR_SET_CHILD_SUBREAPER,
  PR_SET_PDEATHSIG,
  SIGCONT,
  WNOHANG,
} from '../../abi/index.ts'
import { KernelError, type Task } from '../../index.ts'
import { findTask } from '../../inside.ts'
import type { FdArg, SpanCall } from '../acts.ts'
import { type Actor, numberOf, type Proc, procLedBy, type World } from './world.ts'

/** What the library answers: a value, -errno, or in words why it cannot be asked. */
export type Attempt = number | string

export type SimpleCall = Exclude<
  SpanCall,
  { op: 'clone' | 'execve' | 'exit' | 'exit_group' | 'wait4' | 'waitid' | 'comm' | 'rt_sigaction' }
>

export function attempt(world: World, { task, proc }: Actor, call: SimpleCall): Attempt {
  try {
    switch (call.op) {
      case 'getpid':
        return task.getpid()
      case 'gettid':
        return task.gettid()
      case 'getppid':
        return task.getppid()
      case 'getpgid':
        return task.getpgid(call.pid)
      case 'getsid':
        return task.getsid(call.pid)
      case 'setsid':
        return task.setsid()
      case 'setpgid':
        return task.setpgid(call.pid, call.pgid)
      case 'kill':
        return task.kill(call.pid, harmless(call.sig)) ?? 0
      case 'tgkill':
        return (
          (call.tgid === 0
            ? task.tkill(call.tid, harmless(call.sig))
            : task.tgkill(call.tgid, call.tid, harmless(call.sig))) ?? 0
        )
      case 'prctl':
        return prctl(task, call.option, call.arg)
      case 'unshare':
        return task.unshare(call.flags & CLONE_NEWPID)
      case 'setns':
        return isAboutPids(call) ? setns(world, task, identify(world, proc, call.fd)) : 0
      case 'pidfd_open':
        task.pidfdOpen(call.pid, call.flags).close()
        return 0
      case 'pidfd_send_signal':
        if (isOfNobody(world, proc, call.fd)) return -ESRCH
        return pidfdSendSignal(world, task, identify(world, proc, call.fd), call.sig, call.flags)
    }
  } catch (error) {
    if (error instanceof KernelError) return error.errno
    return String(error)
  }
}

const SIGNALS = 64

/** A signal that asks for permission and does nothing; a number that is none stays what it is. */
function harmless(sig: number): number {
  return sig === SIGCONT || sig < 0 || sig > SIGNALS ? sig : 0
}

/** PR_SET_PDEATHSIG is taken back at once: whom it kills, the log says. */
function prctl(task: Task, option: number, arg: number): number {
  switch (option) {
    case PR_GET_CHILD_SUBREAPER:
      return task.prctl(PR_GET_CHILD_SUBREAPER) === arg ? 0 : task.prctl(PR_GET_CHILD_SUBREAPER)
    case PR_SET_CHILD_SUBREAPER:
      return task.prctl(option, arg)
    case PR_SET_PDEATHSIG: {
      const ret = task.prctl(option, arg)
      if (arg !== 0) task.prctl(option, 0)
      return ret
    }
    default:
      return 0
  }
}

/** Whether a call changes in which PID namespace children will be. A setns that names no kind takes what the file is. */
export function isAboutPids(call: SimpleCall): boolean {
  if (call.op === 'unshare') return (call.flags & CLONE_NEWPID) !== 0
  return call.op !== 'setns' || call.nstype === 0 || (call.nstype & CLONE_NEWPID) !== 0
}

function setns(world: World, task: Task, fd: FdArg): Attempt {
  const member = fd.pid === undefined ? namespaceMember(world, task, fd.ns) : processOf(world, fd.pid)?.task
  if (member === undefined) return 'a namespace that the log does not name'
  if (fd.pid !== undefined) {
    const pidfd = task.pidfdOpen(task.pidOf(member))
    try {
      return task.setns(pidfd, CLONE_NEWPID)
    } finally {
      pidfd.close()
    }
  }
  const file = member.openNs('pid')
  try {
    return task.setns(file, CLONE_NEWPID)
  } finally {
    file.close()
  }
}

/** Whose namespace an inode number stands for: the log never says. It is the newest that the caller can enter and that no
 * other number stands for, or else its own. */
function namespaceMember(world: World, task: Task, inode: number | undefined): Task | undefined {
  const known = inode === undefined ? undefined : world.namespaces.get(inode)
  if (known !== undefined && known.state !== 'X') return known
  const taken = new Set(world.namespaces.values())
  let newest = task
  for (const proc of world.procs.values()) {
    if (
      !proc.dead &&
      proc.task.level > task.level &&
      task.pidOf(proc.task) !== 0 &&
      isInit(proc) &&
      !taken.has(proc.task)
    )
      newest = proc.task
  }
  if (inode !== undefined) world.namespaces.set(inode, newest)
  return newest
}

/** Whether a namespace file is one that an earlier call has shown. */
export function isNamed(world: World, { pid, ns }: FdArg): boolean {
  return pid !== undefined || (ns !== undefined && world.namespaces.has(ns))
}

function isInit({ numbers }: Proc): boolean {
  return numbers.at(-1) === 1
}

/** The process that has this number in the tracer's namespace. */
export function processOf(world: World, key: number): Proc | undefined {
  const known = world.procs.get(key)
  if (known !== undefined) return known
  const task = findTask(world.top, key)
  return task === undefined ? undefined : procLedBy(world, task.leader)
}

function pidfdSendSignal(world: World, task: Task, fd: FdArg, sig: number, flags: number): Attempt {
  const target = fd.pid === undefined ? undefined : processOf(world, fd.pid)
  if (target === undefined) return 'a pidfd whose process the log does not name'
  const pidfd = target.task.pidfdOpen(target.task.pid)
  try {
    return task.pidfdSendSignal(pidfd, harmless(sig), flags) ?? 0
  } finally {
    pidfd.close()
  }
}

/** A pidfd whose process has been waited for. */
function isOfNobody(world: World, { pidfds }: Proc, { fd, pid }: FdArg): boolean {
  const opened = pid === undefined ? pidfds.get(fd) : undefined
  return opened !== undefined && world.procs.get(numberOf(opened)) !== opened
}

/** Neither this line nor an earlier one tells whose this pidfd is. */
export function isUntold({ pidfds }: Proc, { fd, pid, ns }: FdArg): boolean {
  return pid === undefined && ns === undefined && !pidfds.has(fd)
}

/** A pidfd whose process the line does not tell, by the call that opened it. */
export function identify(world: World, { pidfds }: Proc, fd: FdArg): FdArg {
  if (fd.pid !== undefined || fd.ns !== undefined) return fd
  const opened = pidfds.get(fd.fd)
  return opened === undefined || world.procs.get(numberOf(opened)) !== opened
    ? fd
    : { ...fd, pid: opened.numbers[0] }
}

/** The number for its caller of the process that a pidfd stands for; -1: the log does not tell which. */
export function waitTarget(world: World, { task, proc }: Actor, fd: FdArg | undefined): number {
  const known = fd === undefined ? undefined : identify(world, proc, fd)
  const target = known?.pid === undefined ? undefined : processOf(world, known.pid)
  return target === undefined ? -1 : task.pidOf(target.task)
}

/** Looks for a child that a wait would find, and leaves it there: its number, 0 for none yet, or -errno. */
export function peekWait(task: Task, idtype: number, id: number, options: number): number {
  try {
    return task.waitidSync(idtype, id, options | WNOHANG)?.si_pid ?? 0
  } catch (error) {
    if (error instanceof KernelError) return error.errno
    throw error
  }
}
