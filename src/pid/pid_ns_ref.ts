/**
 * References to PID namespaces, and what happens with the last one. Linux: kernel/pid_namespace.c.
 */
import { add } from '../lib/atomic.ts'
import type { NsRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { kmemCacheFree } from '../mm/slab.ts'
import { callRcu } from '../sync/rcu.ts'
import { refcountDecAndTest, refcountInc } from '../sync/refcount.ts'
import { RCU_FREE_PIDNS } from './callbacks.ts'
import { freePidmapPages } from './pidmap.ts'
import type { PidTable } from './table.ts'

/** One more reference; the initial namespace is not counted. Returns its argument. Linux: `get_pid_ns`. */
export function getPidNs(table: PidTable, ns: NsRef): NsRef {
  if (ns !== table.words[L.H_INIT_NS]) refcountInc(table.words, ns + L.NS_COUNT)
  return ns
}

/**
 * One reference less. With the last one the namespace is destroyed, and then the reference that it held on its parent
 * is dropped, and so on upwards. Linux: `put_pid_ns`.
 */
export function putPidNs(table: PidTable, ns: NsRef): void {
  const w = table.words
  let last = ns
  while (last !== w[L.H_INIT_NS] && refcountDecAndTest(w, last + L.NS_COUNT)) {
    const parent = w[last + L.NS_PARENT] as NsRef
    destroyPidNamespace(table, last)
    last = parent
  }
}

/** Frees the pidmap and the record, after a grace period: somebody may be searching it. Linux: `destroy_pid_namespace`. */
export function destroyPidNamespace(table: PidTable, ns: NsRef): void {
  callRcu(table, ns + L.NS_RCU, RCU_FREE_PIDNS)
}

/** The RCU callback of {@link destroyPidNamespace}. Linux: `delayed_free_pidns`. */
export function delayedFreePidns(table: PidTable, rcuHead: number): void {
  freePidmapPages(table, (rcuHead - L.NS_RCU) as NsRef)
  add(table.words, L.H_NAMESPACES, -1)
  kmemCacheFree(table, L.SLAB_NS, rcuHead - L.NS_RCU)
}
