/**
 * Open files of namespaces: what opening a link under /proc/PID/ns gives. Linux: fs/nsfs.c. Each is a record that
 * holds one reference on its namespace.
 */
import { ENOMEM } from '../abi/errno.ts'
import type { NsFileRef, NsRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { kmemCacheFree, kmemCacheZalloc } from '../mm/slab.ts'
import { putPidNs } from '../pid/pid_ns_ref.ts'
import { pidnsForChildrenGet, pidnsGet } from '../task/nsproxy.ts'
import type { TaskTable } from '../task/table.ts'

/** The links of /proc/PID/ns that lead to PID namespaces. */
export type NsLink = 'pid' | 'pid_for_children'

/** Opens a link of `task`. Returns the file, or -ENOENT as pidnsGet and pidnsForChildrenGet do, -ENOMEM. */
export function nsOpen(table: TaskTable, task: TaskRef, link: NsLink): NsFileRef {
  const ns = link === 'pid' ? pidnsGet(table, task) : pidnsForChildrenGet(table, task)
  if (ns < 0) return ns as number as NsFileRef
  const file = kmemCacheZalloc(table, L.SLAB_NSFILE) as NsFileRef
  if (file === 0) {
    putPidNs(table, ns)
    return -ENOMEM as NsFileRef
  }
  table.words[file + L.NSFILE_NS] = ns
  return file
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
