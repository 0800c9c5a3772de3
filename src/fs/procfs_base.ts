/**
 * The directories of tasks: /proc/PID and /proc/PID/task/TID, with what is in them. Linux: fs/proc/base.c,
 * fs/proc/namespaces.c.
 */
import { EINVAL, ENOENT } from '../abi/errno.ts'
import type { NsRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { putPidNs } from '../pid/pid_ns_ref.ts'
import { findTaskByPidNs, taskPidNrNs } from '../pid/pid_task.ts'
import { taskPid } from '../pid/task_link.ts'
import { pidnsForChildrenGet, pidnsGet } from '../task/nsproxy.ts'
import type { TaskTable } from '../task/table.ts'
import * as T from '../task/task.ts'
import * as A from './procfs_array.ts'
import * as E from './procfs_entry.ts'

/** Directory offsets below it stand for `.` and `..`, which are not listed here. */
export const FIRST_ENTRY = 2

/**
 * The number that a name stands for: canonical decimal, so neither a sign nor a leading zero. 0 for any other name.
 * Linux: `name_to_int`.
 */
export function nameToInt(name: string): number {
  if (name.length === 0 || name.length > 10) return 0
  let nr = 0
  for (let i = 0; i < name.length; i++) {
    const digit = name.charCodeAt(i) - 48
    if (digit < 0 || digit > 9 || (digit === 0 && i === 0)) return 0
    nr = nr * 10 + digit
  }
  return nr <= 0x7fffffff ? nr : 0
}

function file(name: string, ino: number, show: NonNullable<E.ProcEntry['show']>): E.ProcEntry {
  return { name, mode: E.REGULAR, ino, show }
}

function nsDirectory(ino: number): E.ProcEntry {
  const entries = [nsLink('pid', ino + 1, pidnsGet), nsLink('pid_for_children', ino + 2, pidnsForChildrenGet)]
  return { name: 'ns', mode: E.DIRECTORY, ino, entries }
}

/** A link to a namespace, which lies on a file system of its own. Linux: `proc_ns_link_inode_operations`. */
function nsLink(name: string, ino: number, get: (table: TaskTable, task: TaskRef) => NsRef): E.ProcEntry {
  const inum = (mount: E.ProcMount, link: E.ProcFile): number => {
    const task = E.getProcTask(mount, link)
    const ns = task === 0 ? (-ENOENT as NsRef) : get(mount.table, task)
    if (ns < 0) return ns
    const found = mount.table.words[ns + L.NS_INUM] >>> 0
    putPidNs(mount.table, ns)
    return found
  }
  return {
    name,
    mode: E.SYMLINK,
    ino,
    getLink: (mount, link) => {
      const found = inum(mount, link)
      return found < 0 ? found : `pid:[${found}]`
    },
    follow: (mount, link) => {
      const found = inum(mount, link)
      return found < 0 ? found : E.fileOf(file('', found, () => -EINVAL))
    },
  }
}

/** /proc/PID/task/TID. Linux: `tid_base_stuff`. */
const TID: E.ProcEntry = {
  name: '',
  mode: E.DIRECTORY,
  ino: 16,
  entries: [
    nsDirectory(17),
    file('status', 20, A.showStatus),
    file('comm', 21, A.showComm),
    file('cmdline', 22, A.showCmdline),
    file('stat', 23, A.showTidStat),
    file('children', 24, A.showChildren),
  ],
}

const TASK: E.ProcEntry = {
  name: 'task',
  mode: E.DIRECTORY,
  ino: 1,
  lookup: taskLookup,
  iterate: taskIterate,
  subdirectories: (mount, dir) => {
    const task = E.getProcTask(mount, dir)
    return task === 0 ? 0 : mount.table.words[T.signalOf(mount.table, task) + L.SIG_NR_THREADS]
  },
}

/** /proc/PID. Linux: `tgid_base_stuff`. */
export const TGID: E.ProcEntry = {
  name: '',
  mode: E.DIRECTORY,
  ino: 0,
  entries: [
    TASK,
    nsDirectory(2),
    file('status', 5, A.showStatus),
    file('comm', 6, A.showComm),
    file('cmdline', 7, A.showCmdline),
    file('stat', 8, A.showTgidStat),
  ],
}

/** A thread of the same group. Linux: `proc_task_lookup`. */
function taskLookup(mount: E.ProcMount, dir: E.ProcFile, name: string): E.ProcFile | number {
  const { table } = mount
  const leader = E.getProcTask(mount, dir)
  const task = findTaskByPidNs(table, nameToInt(name), E.procPidNs(mount))
  if (leader === 0 || task === 0 || !T.sameThreadGroup(table, leader, task)) return -ENOENT
  return E.pidFileOf(table, TID, taskPid(table, task))
}

/**
 * The threads in order of creation. The offset is the thread's place in that order; a reader that finds the thread
 * gone at which it was to go on counts from the first one again, and may pass over some. Linux: `proc_task_readdir`.
 */
function taskIterate(mount: E.ProcMount, context: E.DirContext): boolean {
  const { table } = mount
  const task = E.getProcTask(mount, context.file)
  if (task === 0) return false
  const ns = E.procPidNs(mount)
  const place = Math.max(context.pos, FIRST_ENTRY) - FIRST_ENTRY
  const thread = firstTid(table, ns, task, context.nextTid, place)
  if (thread === 0) return false
  const next = T.nextThread(table, thread)
  context.name = String(taskPidNrNs(table, thread, L.PIDTYPE_PID, ns))
  context.mode = E.DIRECTORY
  context.nextTid = next === 0 ? 0 : taskPidNrNs(table, next, L.PIDTYPE_PID, ns)
  context.pos = FIRST_ENTRY + place + 1
  return true
}

/** The thread with number `tid` if it is one of the group's, else the one at `place`. Linux: `first_tid`. */
function firstTid(table: TaskTable, ns: NsRef, task: TaskRef, tid: number, place: number): TaskRef {
  if (tid !== 0 && place !== 0) {
    const hinted = findTaskByPidNs(table, tid, ns)
    if (hinted !== 0 && T.sameThreadGroup(table, hinted, task)) return hinted
  }
  let thread = T.firstThread(table, T.signalOf(table, task))
  for (let left = place; left > 0 && thread !== 0; left--) thread = T.nextThread(table, thread)
  return thread
}
