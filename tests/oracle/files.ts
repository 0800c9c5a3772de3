/** Pidfds, and files of namespaces. */
import type { Made } from './call.ts'
import { E, isSignal } from './linux.ts'
import { find, isBelowOrSame } from './names.ts'
import { mannerOf, send } from './send.ts'
import type { OracleNsFile, OraclePidfd, Thread, World } from './world.ts'

const THREAD = 128
const NONBLOCK = 2048
const NEWPID = 0x20000000

export function pidfdOpen(w: World, caller: Thread, pid: number, flags: number, made: Made): number {
  if ((flags & ~(THREAD | NONBLOCK)) !== 0 || pid <= 0) return -E.INVAL
  const name = find(caller.name.ns, pid)
  if (name?.thread === undefined) return -E.SRCH
  if ((flags & THREAD) === 0 && name.thread.process.leader !== name.thread) return -E.NOENT
  made.pidfd = { name, flags, open: true }
  w.pidfds.push(made.pidfd)
  return 0
}

export function pidfdSendSignal(
  w: World,
  caller: Thread,
  { name, flags: opened, open }: OraclePidfd,
  sig: number,
  flags: number,
): number {
  if (![0, 1, 2, 4].includes(flags)) return -E.INVAL
  if (!open) return -E.BADF
  if (!isBelowOrSame(name.ns, caller.name.ns)) return -E.INVAL
  const { thread } = name
  const toThread = flags === 1 || (flags === 0 && (opened & THREAD) !== 0)
  const targets =
    flags === 4 ? name.group.map((process) => process.leader) : thread === undefined ? [] : [thread]
  if (targets.length === 0) return -E.SRCH
  if (!isSignal(sig)) return -E.INVAL
  if (sig === 0) return 0
  for (const target of targets) send(w, sig, target, mannerOf(caller, target, toThread ? 'thread' : 'group'))
  return 0
}

/** 1: ended, with all its threads; 17: and gone. */
export function poll({ name, open }: OraclePidfd): number {
  if (!open) return -E.BADF
  const { thread } = name
  if (thread === undefined) return 17
  const { process } = thread
  const led = process.leader === thread && process.threads.length > 1
  return thread.zombie && !led ? 1 : 0
}

export function setns(caller: Thread, file: OracleNsFile | OraclePidfd, nstype: number): number {
  const byPidfd = 'name' in file
  if (!file.open) return -E.BADF
  if (nstype !== NEWPID && (byPidfd || nstype !== 0)) return -E.INVAL
  if (byPidfd && file.name.thread?.childNs === undefined) return -E.SRCH
  const ns = byPidfd ? file.name.ns : file.ns
  if (!isBelowOrSame(ns, caller.name.ns)) return -E.INVAL
  caller.childNs = ns
  return 0
}
