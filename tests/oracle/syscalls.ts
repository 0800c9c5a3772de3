/** The calls that do not wait: their results, a number (negative: an errno) or more. */
import type { Call, Made, Outcome } from './call.ts'
import { clone, makeNamespace } from './create.ts'
import { pidfdOpen, pidfdSendSignal, poll, setns } from './files.ts'
import { getNumber, setpgid, setsid } from './groups.ts'
import { CHLD, E, HARMLESS, INT_MIN, isAbsolute, isSignal, W } from './linux.ts'
import { find, numberIn, pidMaxOf } from './names.ts'
import { forget, mannerOf, send } from './send.ts'
import { lookForChild, type Waiting } from './wait.ts'
import type { Name, Process, Thread, World } from './world.ts'

/** Performs a call by a thread that lives. */
export function answer(w: World, caller: Thread, call: Call, made: Made): Outcome | number {
  switch (call.op) {
    case 'clone': {
      const task = clone(w, caller, { exitSignal: 17, setTid: [], ...call })
      if (typeof task === 'number') return task
      made.task = task
      return numberIn(task.name, caller.name.ns)
    }
    case 'kill':
      return kill(w, caller, call.pid, call.sig)
    case 'tgkill':
      return tgkill(w, caller, call.tgid, call.tid, call.sig)
    case 'waitpid':
      return waitpid(w, caller, call.pid, call.options)
    case 'waitid':
      return waitid(w, caller, call)
    case 'getpid':
      return numberIn(caller.process.leader.name, caller.name.ns)
    case 'gettid':
      return numberIn(caller.name, caller.name.ns)
    case 'getppid':
      return caller.process.parent === undefined
        ? 0
        : numberIn(caller.process.parent.process.leader.name, caller.name.ns)
    case 'getpgid':
      return getNumber(caller, call.pid, (process) => process.group)
    case 'getsid':
      return getNumber(caller, call.pid, (process) => process.session)
    case 'setpgid':
      return setpgid(w, caller, call.pid, call.pgid)
    case 'setsid':
      return setsid(w, caller)
    case 'prctl':
      return prctl(caller, call.option, call.arg)
    case 'sigaction':
      return sigaction(caller, call.sig, call.handler, call.flags)
    case 'unshare':
      return unshare(w, caller, call.flags)
    case 'sysctl':
      return sysctl(w, caller, call.name, call.value)
    case 'openNs': {
      const ns = call.link === 'pid' ? caller.name.ns : caller.childNs
      if (caller.gone) return -E.NOENT
      if (ns === undefined || (call.link !== 'pid' && ns.reaper === undefined)) return -E.NOENT
      made.nsFile = { ns, open: true }
      w.nsFiles.push(made.nsFile)
      return 0
    }
    case 'setns':
      return setns(caller, call.file, call.nstype)
    case 'pidfdOpen':
      return pidfdOpen(w, caller, call.pid, call.flags, made)
    case 'pidfdSendSignal':
      return pidfdSendSignal(w, caller, call.pidfd, call.sig, call.flags)
    case 'poll':
      return poll(call.pidfd)
    case 'close':
      call.file.open = false
      return 0
    default:
      throw new Error(`${call.op} is not one of these`)
  }
}

function kill(w: World, caller: Thread, pid: number, sig: number): number {
  if (pid === INT_MIN) return -E.SRCH
  const targets = killTargets(w, caller, pid)
  if (targets.length === 0) return -E.SRCH
  if (!isSignal(sig)) return -E.INVAL
  if (sig !== 0) for (const target of targets) send(w, sig, target, mannerOf(caller, target, 'group'))
  return 0
}

function killTargets(w: World, caller: Thread, pid: number): Thread[] {
  const { ns } = caller.name
  if (pid > 0) return [find(ns, pid)?.thread].filter((thread) => thread !== undefined)
  if (pid < -1 || pid === 0) {
    const group = pid === 0 ? caller.process.group : find(ns, -pid)
    return (group?.group ?? []).map((process) => process.leader)
  }
  return w.processes
    .filter((process) => process !== caller.process && numberIn(process.leader.name, ns) > 1)
    .map((process) => process.leader)
}

function tgkill(w: World, caller: Thread, tgid: number, tid: number, sig: number): number {
  if (tgid <= 0 || tid <= 0) return -E.INVAL
  const thread = find(caller.name.ns, tid)?.thread
  if (thread === undefined) return -E.SRCH
  if (numberIn(thread.process.leader.name, caller.name.ns) !== tgid) return -E.SRCH
  if (!isSignal(sig)) return -E.INVAL
  if (sig !== 0) send(w, sig, thread, mannerOf(caller, thread, 'thread'))
  return 0
}

function waitpid(w: World, caller: Thread, pid: number, options: number): Outcome | number {
  const known = W.NOHANG | W.STOPPED | W.CONTINUED | W.NOTHREAD | W.ALL | W.CLONE
  if ((options & ~known) !== 0) return -E.INVAL
  if (pid === INT_MIN) return -E.SRCH
  const who = pid === -1 ? 'any' : pid > 0 ? processNamed(caller, pid) : groupNamed(caller, -pid)
  const found = lookForChild(w, caller, { who, options: options | W.EXITED })
  if (typeof found === 'object') return { ret: found.nr, status: found.status }
  return found === 0 && (options & W.NOHANG) === 0 ? -E.DEADLK : found
}

function waitid(
  w: World,
  caller: Thread,
  { idtype, id, options }: Extract<Call, { op: 'waitid' }>,
): Outcome | number {
  const known = W.NOHANG | W.STOPPED | W.CONTINUED | W.EXITED | W.NOWAIT | W.NOTHREAD | W.ALL | W.CLONE
  if ((options & ~known) !== 0 || (options & (W.EXITED | W.STOPPED | W.CONTINUED)) === 0) return -E.INVAL
  let who: Waiting['who']
  let nonblocking = false
  if (typeof id === 'object') {
    if (!id.open) return -E.BADF
    who = { process: id.name }
    nonblocking = (id.flags & 2048) !== 0
  } else if (idtype === 0) who = 'any'
  else if (idtype === 1 && id > 0) who = processNamed(caller, id)
  else if (idtype === 2 && (id > 0 || (id === 0 && !w.rules.old))) who = groupNamed(caller, id)
  else return -E.INVAL
  const found = lookForChild(w, caller, { who, options })
  if (typeof found === 'object') return { ret: 0, info: [CHLD, found.nr, found.code, found.detail] }
  if (found !== 0) return found
  if ((options & W.NOHANG) !== 0) return { ret: 0, info: [0, 0, 0, 0] }
  return nonblocking ? -E.AGAIN : -E.DEADLK
}

function processNamed(caller: Thread, nr: number): { process: Name | undefined } {
  return { process: find(caller.name.ns, nr) }
}

function groupNamed(caller: Thread, nr: number): { group: Name | undefined } {
  return { group: nr === 0 ? caller.process.group : find(caller.name.ns, nr) }
}

function prctl(caller: Thread, option: number, arg: number): number {
  const { process } = caller
  switch (option) {
    case 36:
      process.subreaper = arg !== 0
      if (arg !== 0) markBelow(process)
      return 0
    case 37:
      return process.subreaper ? 1 : 0
    case 1:
      if (!isSignal(arg)) return -E.INVAL
      caller.deathSignal = arg
      return 0
    case 2:
      return caller.deathSignal
    default:
      return -E.INVAL
  }
}

/** All descendants learn of a subreaper, but not an init and those below it, nor those below one that knows. */
function markBelow(process: Process): void {
  for (const child of process.threads.flatMap((thread) => thread.children)) {
    if (child.belowSubreaper || child.leader.name.numbers.at(-1) === 1) continue
    child.belowSubreaper = true
    markBelow(child)
  }
}

function sigaction(caller: Thread, sig: number, handler: 'dfl' | 'ign', flags: number): number {
  const { process } = caller
  if (sig < 1 || sig > 64 || isAbsolute(sig)) return -E.INVAL
  if (handler === 'ign') process.ignored.add(sig)
  else process.ignored.delete(sig)
  if (sig === CHLD) process.childFlags = flags
  if (handler === 'ign' || HARMLESS.has(sig)) forget(process, [sig])
  return 0
}

function unshare(w: World, caller: Thread, flags: number): number {
  const known = 0x7e020080 | 0x10000 | 0x200 | 0x800 | 0x100 | 0x400 | 0x40000
  if ((flags & ~known) !== 0) return -E.INVAL
  const alone = 0x10000 | 0x800 | 0x100 | 0x10000000
  if ((flags & alone) !== 0 && caller.process.threads.length > 1) return -E.INVAL
  if ((flags & 0x20000000) === 0) return 0
  const ns = makeNamespace(w, caller)
  if (typeof ns === 'number') return ns
  caller.childNs = ns
  return 0
}

function sysctl(w: World, caller: Thread, name: string, value: number | undefined): number | Outcome {
  const { ns } = caller.name
  const { rules } = w
  if (name === 'kernel.pid_max') {
    if (value === undefined) return pidMaxOf(w, ns)
    if (value < rules.pidMaxMin || value > rules.pidMaxLimit) return -E.INVAL
    const holder = rules.old ? w.rootNs : ns
    holder.pidMax = value
    return 0
  }
  if (value === undefined) return { ret: ns.last }
  if (value < 0 || value > pidMaxOf(w, ns)) return -E.INVAL
  ns.last = value
  return 0
}
