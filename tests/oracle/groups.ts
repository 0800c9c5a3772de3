/** Process groups and sessions. */
import { E } from './linux.ts'
import { find, freeIfUnused, joinGroup, joinSession, leaveGroup, leaveSession, numberIn } from './names.ts'
import type { Name, Process, Thread, World } from './world.ts'

export function setpgid(w: World, caller: Thread, pidArg: number, pgidArg: number): number {
  const { ns } = caller.name
  const self = caller.process
  const pid = pidArg === 0 ? numberIn(self.leader.name, ns) : pidArg
  const pgid = pgidArg === 0 ? pid : pgidArg
  if (pgid < 0) return -E.INVAL
  const thread = find(ns, pid)?.thread
  if (thread === undefined) return -E.SRCH
  const target = thread.process
  if (target.leader !== thread) return -E.INVAL
  if (target.parent?.process === self) {
    if (target.session !== self.session) return -E.PERM
    if (target.executed) return -E.ACCES
  } else if (target !== self) return -E.SRCH
  if (target.leadsSession) return -E.PERM
  const group = pgid === pid ? thread.name : find(ns, pgid)
  if (group === undefined) return -E.PERM
  if (pgid !== pid && group.group[0]?.session !== self.session) return -E.PERM
  moveToGroup(w, target, group)
  return 0
}

export function setsid(w: World, caller: Thread): number {
  const self = caller.process
  const { name } = self.leader
  if (self.leadsSession || name.group.length > 0) return -E.PERM
  self.leadsSession = true
  if (self.session !== name) {
    const left = leaveSession(self)
    joinSession(self, name)
    freeIfUnused(w, left)
  }
  moveToGroup(w, self, name)
  return numberIn(name, caller.name.ns)
}

/** getpgid(2) and getsid(2). */
export function getNumber(caller: Thread, pid: number, of: (process: Process) => Name): number {
  const thread = pid === 0 ? caller : find(caller.name.ns, pid)?.thread
  return thread === undefined ? -E.SRCH : numberIn(of(thread.process), caller.name.ns)
}

function moveToGroup(w: World, process: Process, group: Name): void {
  if (process.group === group) return
  const left = leaveGroup(process)
  joinGroup(process, group)
  freeIfUnused(w, left)
}
