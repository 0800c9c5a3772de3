/**
 * PID namespaces: making, counting, destroying. Linux: kernel/pid_namespace.c. What kills a namespace's processes when
 * its init exits (`zap_pid_ns_processes`) is in the task room.
 *
 * A namespace lives as long as something refers to it: a `struct pid` numbered in it, a task whose children go there,
 * a child namespace, an open file, its mount of procfs. It is *dead* once PIDNS_HASH_ADDING is off: it never gets a
 * number again, however long it lives.
 */
import { CLONE_NEWPID } from '../abi/clone.ts'
import { EINVAL, ENOMEM, ENOSPC } from '../abi/errno.ts'
import { MAX_PID_NS_LEVEL, PIDNS_HASH_ADDING } from '../abi/limits.ts'
import { add } from '../lib/atomic.ts'
import { panic } from '../lib/panic.ts'
import type { NsRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { kmemCacheCreate, kmemCacheFree, kmemCacheZalloc } from '../mm/slab.ts'
import { rcuBarrier } from '../sync/rcu.ts'
import { refcountSet } from '../sync/refcount.ts'
import { initWork } from '../sync/workqueue.ts'
import { WORK_PROC_CLEANUP } from './callbacks.ts'
import { getPidNs } from './pid_ns_ref.ts'
import { forgetLastPid, initPidmap } from './pidmap.ts'
import { pidNsReleaseProc } from './proc_mount.ts'
import type { PidTable } from './table.ts'
import { taskActivePidNs } from './task_link.ts'

/** Inode number of the initial namespace, and the first that the kernel gives to others. */
const PROC_PID_INIT_INO = 0xeffffffc
const PROC_DYNAMIC_FIRST = 0xf0000000

/** The slab for a `struct pid` with numbers at levels 0 to `level`; one for all namespaces of that level. */
export function createPidCachep(table: PidTable, level: number): number {
  kmemCacheCreate(table, L.SLAB_PID + level, L.pidSlotWords(level))
  return L.SLAB_PID + level
}

/** The initial namespace, at boot. It is never destroyed. */
export function createInitPidNs(table: PidTable, pidMax: number): void {
  const w = table.words
  const ns = newPidNs(table, 0, pidMax)
  if (ns === 0) panic('no memory for the initial namespace')
  w[ns + L.NS_INUM] = PROC_PID_INIT_INO | 0
  w[L.H_NEXT_INUM] = PROC_DYNAMIC_FIRST | 0
  w[L.H_INIT_NS] = ns
}

/**
 * A new namespace below `parent`: no process in it, first number 1, pid_max at its limit.
 * Returns: the namespace with one reference, or -ENOSPC: it would be deeper than 32 levels, or there are as many
 * namespaces as allowed; -ENOMEM. Linux: `create_pid_namespace`.
 */
export function createPidNamespace(table: PidTable, parent: NsRef): NsRef {
  const w = table.words
  const level = w[parent + L.NS_LEVEL] + 1
  if (level > MAX_PID_NS_LEVEL) return -ENOSPC as NsRef
  // Namespaces that only wait for a grace period still count; in one thread it can be had at once.
  let counted = countNamespace(table)
  if (!counted && table.rcuNesting === 0) {
    rcuBarrier(table)
    counted = countNamespace(table)
  }
  if (!counted) return -ENOSPC as NsRef
  const ns = newPidNs(table, level, w[L.H_PID_MAX_LIMIT])
  if (ns === 0) {
    add(w, L.H_NAMESPACES, -1)
    return -ENOMEM as NsRef
  }
  w[ns + L.NS_PARENT] = getPidNs(table, parent)
  w[ns + L.NS_INUM] = add(w, L.H_NEXT_INUM, 1)
  return ns
}

/**
 * The namespace for the children of a task that clones or unshares with `flags`: `old` itself with one more reference,
 * or with CLONE_NEWPID a new one below it.
 * Returns: the namespace, or -EINVAL: `old` is not the caller's active namespace, because it has unshared or joined
 * another already; or an error of {@link createPidNamespace}. Linux: `copy_pid_ns`.
 */
export function copyPidNs(table: PidTable, flags: number, current: TaskRef, old: NsRef): NsRef {
  if ((flags & CLONE_NEWPID) === 0) return getPidNs(table, old)
  if (taskActivePidNs(table, current) !== old) return -EINVAL as NsRef
  return createPidNamespace(table, old)
}

/** The work item that freePid schedules when the last number of a namespace is gone. Linux: `proc_cleanup_work`. */
export function procCleanupWork(table: PidTable, work: number): void {
  pidNsReleaseProc(table, (work - L.NS_PROC_WORK) as NsRef)
}

/** Names the process that adopts the namespace's orphans and is woken when it empties. */
export function setChildReaper(table: PidTable, ns: NsRef, task: TaskRef): void {
  table.words[ns + L.NS_CHILD_REAPER] = task
}

/** Is `ns` the namespace `ancestor` or below it? Linux: `pidns_is_ancestor`. */
export function pidnsIsAncestor(table: PidTable, ns: NsRef, ancestor: NsRef): boolean {
  const w = table.words
  let up = ns
  while (w[up + L.NS_LEVEL] > w[ancestor + L.NS_LEVEL]) up = w[up + L.NS_PARENT] as NsRef
  return up === ancestor
}

/** A record with its pidmap and nothing else; 0 when memory is exhausted. */
function newPidNs(table: PidTable, level: number, pidMax: number): NsRef {
  const w = table.words
  const ns = kmemCacheZalloc(table, L.SLAB_NS) as NsRef
  if (ns === 0) return ns
  if (initPidmap(table, ns) < 0) {
    kmemCacheFree(table, L.SLAB_NS, ns)
    return 0 as NsRef
  }
  createPidCachep(table, level)
  refcountSet(w, ns + L.NS_COUNT, 1)
  w[ns + L.NS_LEVEL] = level
  w[ns + L.NS_PID_MAX] = pidMax
  forgetLastPid(table, ns)
  w[ns + L.NS_NR_HASHED] = PIDNS_HASH_ADDING
  initWork(table, ns + L.NS_PROC_WORK, WORK_PROC_CLEANUP)
  return ns
}

/** One namespace more, unless there are as many as allowed. Linux: `inc_pid_namespaces`. */
function countNamespace(table: PidTable): boolean {
  const w = table.words
  if (add(w, L.H_NAMESPACES, 1) < w[L.H_MAX_NAMESPACES]) return true
  add(w, L.H_NAMESPACES, -1)
  return false
}
