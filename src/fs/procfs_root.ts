/**
 * The root of procfs: self, thread-self, a directory for each process, and sys. Linux: fs/proc/root.c, fs/proc/base.c
 * (`proc_pid_lookup`, `proc_pid_readdir`), fs/proc/self.c, fs/proc/thread_self.c, fs/proc/proc_sysctl.c.
 *
 * Listed are self, thread-self and the leaders of thread groups, zombies included, rising. Found is also what is not
 * listed: sys, and a thread by its own number.
 *
 * Worst case of a step of the listing: one pass over the words of the pidmap's touched pages between two numbers.
 */
import { ENOENT, ESRCH } from '../abi/errno.ts'
import type { NsRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { findGePid, findPidNs } from '../pid/pid.ts'
import { pidTask, taskPidNrNs } from '../pid/pid_task.ts'
import { pidNrNs } from '../pid/upid.ts'
import { getNsLastPid, getPidMax } from '../task/sysctl.ts'
import type { TaskTable } from '../task/table.ts'
import * as T from '../task/task.ts'
import { nameToInt, TGID } from './procfs_base.ts'
import * as E from './procfs_entry.ts'

/** Directory offsets: self, thread-self, number n at n + TGID_OFFSET, and the end. */
export const FIRST_PROCESS_ENTRY = 256
export const TGID_OFFSET: number = FIRST_PROCESS_ENTRY + 2

const SELF: E.ProcEntry = {
  name: 'self',
  mode: E.SYMLINK,
  ino: 2,
  getLink: (mount) => readerNr(mount, L.PIDTYPE_TGID) || -ENOENT,
}

const THREAD_SELF: E.ProcEntry = {
  name: 'thread-self',
  mode: E.SYMLINK,
  ino: 3,
  getLink: (mount) => {
    const tgid = readerNr(mount, L.PIDTYPE_TGID)
    return tgid === '' ? -ENOENT : `${tgid}/task/${readerNr(mount, L.PIDTYPE_PID)}`
  },
}

const SYS: E.ProcEntry = {
  name: 'sys',
  mode: E.DIRECTORY,
  ino: 4,
  entries: [
    {
      name: 'kernel',
      mode: E.DIRECTORY,
      ino: 5,
      entries: [sysctl('ns_last_pid', 6, getNsLastPid), sysctl('pid_max', 7, getPidMax)],
    },
  ],
}

/** The root directory. */
export const ROOT: E.ProcEntry = {
  name: '',
  mode: E.DIRECTORY,
  ino: 1,
  lookup: rootLookup,
  iterate: rootIterate,
  subdirectories: ({ table }) => {
    // As on Linux, whatever namespace they are in; and sys.
    let count = 1
    for (let p = T.firstProcess(table); p !== 0; p = T.nextProcess(table, p)) count += 1
    return count
  },
}

/** A number of the namespace that the reader, not the mount, is in. */
function sysctl(name: string, ino: number, get: (table: TaskTable, current: TaskRef) => number): E.ProcEntry {
  const show = (mount: E.ProcMount): string | number => {
    const reader = E.procReader(mount)
    return reader === 0 ? -ESRCH : `${get(mount.table, reader)}\n`
  }
  return { name, mode: E.REGULAR, ino, show }
}

/** The reader's number as the mount's namespace sees it, '' where it does not. */
function readerNr(mount: E.ProcMount, type: number): string {
  const reader = E.procReader(mount)
  const nr = reader === 0 ? 0 : taskPidNrNs(mount.table, reader, type, E.procPidNs(mount))
  return nr === 0 ? '' : String(nr)
}

function rootLookup(mount: E.ProcMount, _dir: E.ProcFile, name: string): E.ProcFile | number {
  if (name === SELF.name) return E.fileOf(SELF)
  if (name === THREAD_SELF.name) return E.fileOf(THREAD_SELF)
  if (name === SYS.name) return E.fileOf(SYS)
  const { table } = mount
  const pid = findPidNs(table, nameToInt(name), E.procPidNs(mount))
  return pidTask(table, pid, L.PIDTYPE_PID) === 0 ? -ENOENT : E.pidFileOf(table, TGID, pid)
}

function rootIterate(mount: E.ProcMount, context: E.DirContext): boolean {
  if (context.pos <= FIRST_PROCESS_ENTRY) return emit(context, SELF.name, SELF.mode, FIRST_PROCESS_ENTRY + 1)
  if (context.pos < TGID_OFFSET) return emit(context, THREAD_SELF.name, THREAD_SELF.mode, TGID_OFFSET)
  const ns = E.procPidNs(mount)
  const nr = ns === 0 ? 0 : nextTgid(mount.table, context.pos - TGID_OFFSET, ns)
  if (nr === 0) {
    context.pos = Math.max(context.pos, mount.table.words[L.H_PID_MAX_LIMIT] + TGID_OFFSET)
    return false
  }
  return emit(context, String(nr), TGID.mode, nr + 1 + TGID_OFFSET)
}

function emit(context: E.DirContext, name: string, mode: number, pos: number): boolean {
  context.name = name
  context.mode = mode
  context.pos = pos
  return true
}

/** The first number from `nr` on that is a process's, 0 at the end. Linux: `next_tgid`. */
function nextTgid(table: TaskTable, nr: number, ns: NsRef): number {
  for (let pid = findGePid(table, nr, ns); pid !== 0; ) {
    const found = pidNrNs(table, pid, ns)
    if (T.pidTgidTask(table, pid) !== 0) return found
    pid = findGePid(table, found + 1, ns)
  }
  return 0
}
