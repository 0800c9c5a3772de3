/** New threads, processes and namespaces. */
import { CLONE, E, isSignal, MAX_LEVEL } from './linux.ts'
import { countNamespaces, joinGroup, joinSession, takeName } from './names.ts'
import { type Namespace, newNamespace, newProcess, newThread, type Thread, type World } from './world.ts'

export interface CloneCall {
  readonly flags: number
  readonly exitSignal: number
  readonly setTid: readonly number[]
}

/** clone3(2): the new thread (of a process, its leader), or a negative errno. */
export function clone(w: World, caller: Thread, call: CloneCall): Thread | number {
  if (isInvalid(caller, call)) return -E.INVAL
  const tasks = w.processes.reduce((sum, process) => sum + process.threads.length, 0)
  if (tasks >= w.rules.maxPids) return -E.AGAIN
  const ns = (call.flags & CLONE.NEWPID) === 0 ? (caller.childNs as Namespace) : makeNamespace(w, caller)
  if (typeof ns === 'number') return ns
  const name = takeName(w, ns, call.setTid)
  if (typeof name === 'number') return name
  if ((call.flags & CLONE.THREAD) === 0) return makeProcess(w, caller, call, name, ns)
  const thread = newThread(caller.process, name, ns)
  name.thread = thread
  caller.process.threads.push(thread)
  return thread
}

/** The first process of all: number 1, in a session of its own. */
export function makeInit(w: World): void {
  const name = takeName(w, w.rootNs, [])
  if (typeof name === 'number') throw new Error('no number for init')
  const init = newProcess(name, w.rootNs, name, name)
  name.thread = init.leader
  joinGroup(init, name)
  joinSession(init, name)
  init.leadsSession = true
  w.rootNs.reaper = init.leader
  w.init = init
  w.processes.push(init)
}

/** A namespace below the caller's, or a negative errno. */
export function makeNamespace(w: World, caller: Thread): Namespace | number {
  const { ns } = caller.name
  if (caller.childNs !== ns) return -E.INVAL
  if (ns.level === MAX_LEVEL || countNamespaces(w) >= w.rules.maxNamespaces) return -E.NOSPC
  return newNamespace(ns, w.rules.pidMaxLimit)
}

function isInvalid(caller: Thread, { flags, exitSignal, setTid }: CloneCall): boolean {
  const has = (flag: number): boolean => (flags & flag) !== 0
  const thread = has(CLONE.THREAD)
  return (
    !isSignal(exitSignal) ||
    setTid.length > MAX_LEVEL ||
    has(0x7f | CLONE.DETACHED) ||
    (exitSignal !== 0 && (thread || has(CLONE.PARENT))) ||
    ((has(CLONE.NEWNS) || has(CLONE.NEWUSER)) && has(CLONE.FS)) ||
    (thread && !has(CLONE.SIGHAND)) ||
    (has(CLONE.SIGHAND) && !has(CLONE.VM)) ||
    (has(CLONE.PARENT) && caller.process.unkillable) ||
    (thread && (has(CLONE.NEWPID) || has(CLONE.NEWUSER) || caller.childNs !== caller.name.ns))
  )
}

function makeProcess(
  w: World,
  caller: Thread,
  call: CloneCall,
  name: Exclude<ReturnType<typeof takeName>, number>,
  ns: Namespace,
): Thread {
  const from = caller.process
  const child = newProcess(name, ns, from.group, from.session)
  const sibling = (call.flags & CLONE.PARENT) !== 0
  const parent = sibling ? (from.parent as Thread) : caller
  child.parent = parent
  child.exitSignal = sibling ? from.exitSignal : call.exitSignal
  child.execs = from.execs
  child.parentExecs = sibling ? from.parentExecs : from.execs
  for (const sig of from.ignored) child.ignored.add(sig)
  child.childFlags = from.childFlags
  child.belowSubreaper = parent.process.belowSubreaper || parent.process.subreaper
  if (name.numbers.at(-1) === 1) ns.reaper = child.leader
  name.thread = child.leader
  joinGroup(child, from.group)
  joinSession(child, from.session)
  parent.children.push(child)
  w.processes.push(child)
  return child.leader
}
