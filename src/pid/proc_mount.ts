/**
 * The mount of procfs that the kernel keeps for each namespace from its first process to its last. Linux: fs/proc/root.c
 * (`pid_ns_prepare_proc`, `pid_ns_release_proc`), up to 5.7. Here a mount is a record that holds a reference on the
 * namespace, as the mount's superblock does: a namespace whose mount leaked is never destroyed.
 */
import { ENOMEM } from '../abi/errno.ts'
import { add } from '../lib/atomic.ts'
import type { MountRef, NsRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { kmemCacheFree, kmemCacheZalloc } from '../mm/slab.ts'
import { getPidNs, putPidNs } from './pid_ns_ref.ts'
import type { PidTable } from './table.ts'

/** Mounts procfs for `ns`: its process number 1 is being made. Returns 0 or -ENOMEM. */
export function pidNsPrepareProc(table: PidTable, ns: NsRef): number {
  const mnt = kernMount(table, ns)
  if (mnt === 0) return -ENOMEM
  table.words[ns + L.NS_PROC_MNT] = mnt
  return 0
}

/** Unmounts what {@link pidNsPrepareProc} mounted, if it did. Context: no lock is held. */
export function pidNsReleaseProc(table: PidTable, ns: NsRef): void {
  const mnt = table.words[ns + L.NS_PROC_MNT] as MountRef
  table.words[ns + L.NS_PROC_MNT] = 0
  if (mnt !== 0) kernUnmount(table, mnt)
}

/** A mount inside the kernel, not in anybody's tree; 0 when memory is exhausted. Linux: `kern_mount_data`. */
export function kernMount(table: PidTable, ns: NsRef): MountRef {
  const mnt = kmemCacheZalloc(table, L.SLAB_MOUNT) as MountRef
  if (mnt === 0) return mnt
  table.words[mnt + L.MOUNT_NS] = getPidNs(table, ns)
  add(table.words, L.H_MOUNTS, 1)
  return mnt
}

/** Undoes {@link kernMount}. Linux: `kern_unmount`. */
export function kernUnmount(table: PidTable, mnt: MountRef): void {
  const ns = table.words[mnt + L.MOUNT_NS] as NsRef
  add(table.words, L.H_MOUNTS, -1)
  kmemCacheFree(table, L.SLAB_MOUNT, mnt)
  putPidNs(table, ns)
}
