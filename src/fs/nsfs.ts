/**
 * Open files of namespaces: what opening a link under /proc/PID/ns gives. Linux: fs/nsfs.c. Each is a record that
 * holds one reference on its namespace.
 */
import { CLONE_NEWPID } from '../abi/clone.ts'
import { EBADF, ENOMEM, ENOTTY, EPERM, ESRCH } from '../abi/errno.ts'
import {
  NS_GET_NSTYPE,
  NS_GET_PID_FROM_PIDNS,
  NS_GET_PID_IN_PIDNS,
  NS_GET_TGID_FROM_PIDNS,
  NS_GET_TGID_IN_PIDNS,
} from '../abi/nsfs.ts'
import type { NsFileRef, NsRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { kmemCacheFree, kmemCacheZalloc } from '../mm/slab.ts'
import { pidnsIsAncestor } from '../pid/pid_namespace.ts'
import { getPidNs, putPidNs } from '../pid/pid_ns_ref.ts'
import { findTaskByPidNs, taskPidNrNs } from '../pid/pid_task.ts'
import { type PidType, taskActivePidNs } from '../pid/task_link.ts'
import { pidnsForChildrenGet, pidnsGet } from '../task/nsproxy.ts'
import type { TaskTable } from '../task/table.ts'

/** The links of /proc/PID/ns that lead to PID namespaces. */
export type NsLink = 'pid' | 'pid_for_children'

/** Opens a link of `task`. Returns the file, or -ENOENT as pidnsGet and pidnsForChildrenGet do, -ENOMEM. */
export function nsOpen(table: TaskTable, task: TaskRef, link: NsLink): NsFileRef {
  const ns = link === 'pid' ? pidnsGet(table, task) : pidnsForChildrenGet(table, task)
  if (ns < 0) return ns as number as NsFileRef
  return newFile(table, ns)
}

/** Which namespace it is. */
export function nsOfFile(table: TaskTable, file: NsFileRef): NsRef {
  return table.words[file + L.NSFILE_NS] as NsRef
}

/** Closes the file. */
export function nsRelease(table: TaskTable, file: NsFileRef): void {
  const ns = nsOfFile(table, file)
  kmemCacheFree(table, L.SLAB_NSFILE, file)
  putPidNs(table, ns)
}

/**
 * Translates a number between the file's namespace and the caller's: see the requests in abi/nsfs.ts. NS_GET_NSTYPE
 * gives CLONE_NEWPID. Returns the number, -EBADF: the file is closed (0); -ESRCH: nobody has it, or the other side does not see who has; -ENOTTY:
 * no such request. Linux: `ns_ioctl`.
 */
export function nsIoctl(
  table: TaskTable,
  current: TaskRef,
  file: NsFileRef,
  request: number,
  nr: number,
): number {
  if (file === 0) return -EBADF
  const own = taskActivePidNs(table, current)
  const ns = nsOfFile(table, file)
  switch (request | 0) {
    case NS_GET_NSTYPE:
      return CLONE_NEWPID
    case NS_GET_PID_FROM_PIDNS | 0:
      return translate(table, nr, ns, own, L.PIDTYPE_PID)
    case NS_GET_TGID_FROM_PIDNS | 0:
      return translate(table, nr, ns, own, L.PIDTYPE_TGID)
    case NS_GET_PID_IN_PIDNS | 0:
      return translate(table, nr, own, ns, L.PIDTYPE_PID)
    case NS_GET_TGID_IN_PIDNS | 0:
      return translate(table, nr, own, ns, L.PIDTYPE_TGID)
    default:
      return -ENOTTY
  }
}

/**
 * NS_GET_PARENT: opens the namespace above the file's. Returns the file, -EBADF: the file is closed (0); -EPERM: there is none, or the caller's own
 * namespace is not it or above it; -ENOMEM. Linux: `pidns_get_parent`.
 */
export function nsOpenParent(table: TaskTable, current: TaskRef, file: NsFileRef): NsFileRef {
  if (file === 0) return -EBADF as NsFileRef
  const parent = table.words[nsOfFile(table, file) + L.NS_PARENT] as NsRef
  if (parent === 0 || !pidnsIsAncestor(table, parent, taskActivePidNs(table, current)))
    return -EPERM as NsFileRef
  return newFile(table, getPidNs(table, parent))
}

/** A file for a namespace whose reference it takes over, or -ENOMEM. */
function newFile(table: TaskTable, ns: NsRef): NsFileRef {
  const file = kmemCacheZalloc(table, L.SLAB_NSFILE) as NsFileRef
  if (file === 0) {
    putPidNs(table, ns)
    return -ENOMEM as NsFileRef
  }
  table.words[file + L.NSFILE_NS] = ns
  return file
}

function translate(table: TaskTable, nr: number, from: NsRef, to: NsRef, type: PidType): number {
  const task = findTaskByPidNs(table, nr, from)
  return (task !== 0 && taskPidNrNs(table, task, type, to)) || -ESRCH
}
