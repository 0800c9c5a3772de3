/**
 * unshare(2) and setns(2) of PID namespaces, and the links under /proc/PID/ns. Linux: kernel/nsproxy.c,
 * kernel/pid_namespace.c (`pidns_install`, `pidns_get`, `pidns_for_children_get`). Context: `current` calls.
 *
 * Only where the *later children* of the calling thread go is ever changed, never where a task itself is numbered.
 */
import * as C from '../abi/clone.ts'
import { EINVAL, ENOENT } from '../abi/errno.ts'
import type { NsRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { copyPidNs, pidnsIsAncestor } from '../pid/pid_namespace.ts'
import { getPidNs, putPidNs } from '../pid/pid_ns_ref.ts'
import { taskActivePidNs } from '../pid/task_link.ts'
import type { TaskTable } from './table.ts'
import * as T from './task.ts'

/** Flags that unshare(2) knows. */
const UNSHARE_FLAGS =
  C.CLONE_THREAD |
  C.CLONE_FS |
  C.CLONE_NEWNS |
  C.CLONE_SIGHAND |
  C.CLONE_VM |
  C.CLONE_FILES |
  C.CLONE_SYSVSEM |
  C.CLONE_NEWUTS |
  C.CLONE_NEWIPC |
  C.CLONE_NEWNET |
  C.CLONE_NEWUSER |
  C.CLONE_NEWPID |
  C.CLONE_NEWCGROUP |
  0x80 // CLONE_NEWTIME

/**
 * unshare(2): with CLONE_NEWPID the caller's next child is number 1 of a new namespace.
 * Returns 0, -EINVAL: unknown flag; threads or memory to be unshared by a process of several threads; the caller has
 * unshared or joined a namespace already; or an error of createPidNamespace. Linux: `ksys_unshare`.
 */
export function unshare(table: TaskTable, current: TaskRef, flags: number): number {
  if ((flags & ~UNSHARE_FLAGS) !== 0) return -EINVAL
  const alone = C.CLONE_THREAD | C.CLONE_SIGHAND | C.CLONE_VM | C.CLONE_NEWUSER
  if ((flags & alone) !== 0 && !T.threadGroupEmpty(table, current)) return -EINVAL
  if ((flags & C.CLONE_NEWPID) === 0) return 0
  const ns = copyPidNs(table, flags, current, nsForChildren(table, current))
  if (ns < 0) return ns
  installForChildren(table, current, ns)
  return 0
}

/**
 * setns(2) of a PID namespace: later children of the caller go to `ns`. A dead namespace may be joined; forks into it
 * then fail. Returns 0 or -EINVAL: `ns` is not the caller's own or below it. Linux: `pidns_install`.
 */
export function pidnsInstall(table: TaskTable, current: TaskRef, ns: NsRef): number {
  if (!pidnsIsAncestor(table, ns, taskActivePidNs(table, current))) return -EINVAL
  installForChildren(table, current, getPidNs(table, ns))
  return 0
}

/**
 * The namespace behind /proc/PID/ns/pid of `task`, with a reference; -ENOENT once the task is released.
 * Linux: `pidns_get`.
 */
export function pidnsGet(table: TaskTable, task: TaskRef): NsRef {
  const ns = taskActivePidNs(table, task)
  return ns === 0 ? (-ENOENT as NsRef) : getPidNs(table, ns)
}

/**
 * The namespace behind /proc/PID/ns/pid_for_children of `task`, with a reference; -ENOENT while that has no init yet,
 * and once the task exits. Linux: `pidns_for_children_get`.
 */
export function pidnsForChildrenGet(table: TaskTable, task: TaskRef): NsRef {
  const ns = nsForChildren(table, task)
  if (ns === 0 || table.words[ns + L.NS_CHILD_REAPER] === 0) return -ENOENT as NsRef
  return getPidNs(table, ns)
}

function nsForChildren(table: TaskTable, task: TaskRef): NsRef {
  return table.words[task + L.TASK_NS_FOR_CHILDREN] as NsRef
}

function installForChildren(table: TaskTable, task: TaskRef, ns: NsRef): void {
  const old = nsForChildren(table, task)
  table.words[task + L.TASK_NS_FOR_CHILDREN] = ns
  putPidNs(table, old)
}
