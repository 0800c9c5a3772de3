/**
 * The other way to find a number: a radix tree for each namespace, chosen at boot (`lookup: 'idr'`); it takes the place
 * of the pid hash. Linux: `pid_namespace.idr`, since 4.15; lib/radix-tree.c, whose steps are of six bits each; differs:
 * two steps, of ten bits and of twelve, make 22, Linux's largest pid_max, with at most two dependent reads.
 *
 *      NS_IDR   0 while empty; a leaf, while all numbers are below 1,024; else a top + 1
 *      top      4,096 slots: leaves, by the upper bits of the number
 *      leaf     1,024 slots: `struct pid`s, by the lower bits
 *
 * Readers walk inside a read section and hold no lock: each word on their way is read once. A node that leaves the tree
 * is given back after a grace period; until then it reads as empty. Writers hold pidmapLock. Differs: a top stays until
 * the tree is empty.
 *
 * Invariant: the count of a top is that of its leaves; the count of a leaf that of the numbers reserved in it
 * ({@link idrReserve}), published or not. No node in a tree has count 0.
 */
import { ENOMEM } from '../abi/errno.ts'
import { load, store } from '../lib/atomic.ts'
import type { IdrNodeRef, NsRef, PidRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { kmemCacheFree, kmemCacheZalloc } from '../mm/slab.ts'
import { callRcu } from '../sync/rcu.ts'
import { spinLockIrqSave, spinUnlockIrqRestore } from '../sync/spinlock.ts'
import { RCU_FREE_IDR_LEAF, RCU_FREE_IDR_TOP } from './callbacks.ts'
import type { PidTable } from './table.ts'
import { NULL_PID } from './upid.ts'

/** Bits of the number that choose a leaf's slot, and all bits that a number may have. */
const LEAF_BITS = 10
const LEAF_MASK = 1023
const ALL_BITS = 22
/** Nodes begin at even words: a root is marked as a top by this. */
const IS_TOP = 1
const NO_NODE = 0 as IdrNodeRef

/**
 * The `struct pid` published for a number, or NULL. Context: a read section. Linux: `idr_find`.
 *
 * Only the slot is read in order with what others do: whoever finds a `struct pid` there also sees what was written to
 * it before. The way there is read plainly, so it may be the one that led there some time ago. It still leads there: a
 * slot never moves, and a node that has left the tree stays as it was until this reader's section ends, and empty.
 */
export function idrFind(table: PidTable, ns: NsRef, nr: number): PidRef {
  const w = table.words
  const root = w[(ns + L.NS_IDR) | 0]
  if ((root & IS_TOP) === 0) {
    return root === 0 || nr >>> LEAF_BITS !== 0 ? NULL_PID : (load(w, root + L.IDR_SLOTS + nr) as PidRef)
  }
  if (nr >>> ALL_BITS !== 0) return NULL_PID
  const leaf = w[(root - IS_TOP + L.IDR_SLOTS + (nr >>> LEAF_BITS)) | 0]
  return leaf === 0 ? NULL_PID : (load(w, leaf + L.IDR_SLOTS + (nr & LEAF_MASK)) as PidRef)
}

/**
 * Makes the way to the slot of a number, so that publishing it cannot fail. Returns 0 or -ENOMEM.
 * Context: the number's bit was set by the caller; takes pidmapLock, and allocates outside it.
 * Linux: `idr_preload`, then `idr_alloc_cyclic` of a NULL pointer.
 */
export function idrReserve(table: PidTable, ns: NsRef, nr: number): number {
  let top = NO_NODE
  let leaf = NO_NODE
  for (;;) {
    const flags = spinLockIrqSave(table, L.H_PIDMAP_LOCK)
    const wantsTop = top === 0 && lacksTop(table, ns, nr)
    const wantsLeaf = leaf === 0 && leafOf(table, ns, nr) === 0
    if (!wantsTop && !wantsLeaf) {
      const usedTop = lacksTop(table, ns, nr)
      if (usedTop) growTree(table, ns, top)
      const usedLeaf = leafOf(table, ns, nr) === 0
      if (usedLeaf) addLeaf(table, ns, nr, leaf)
      table.words[leafOf(table, ns, nr) + L.IDR_COUNT] += 1
      spinUnlockIrqRestore(table, L.H_PIDMAP_LOCK, flags)
      freeUnused(table, usedTop ? NO_NODE : top, usedLeaf ? NO_NODE : leaf)
      return 0
    }
    spinUnlockIrqRestore(table, L.H_PIDMAP_LOCK, flags)
    if (wantsTop) top = kmemCacheZalloc(table, L.SLAB_IDR_TOP) as IdrNodeRef
    if (wantsLeaf) leaf = kmemCacheZalloc(table, L.SLAB_IDR_LEAF) as IdrNodeRef
    if ((wantsTop && top === 0) || (wantsLeaf && leaf === 0)) {
      freeUnused(table, top, leaf)
      return -ENOMEM
    }
  }
}

/** Makes a number findable. Context: pidmapLock held; reserved. Linux: `idr_replace`. */
export function idrPublish(table: PidTable, ns: NsRef, nr: number, pid: PidRef): void {
  store(table.words, leafOf(table, ns, nr) + L.IDR_SLOTS + (nr & LEAF_MASK), pid)
}

/**
 * Takes a number out of sight, published or only reserved; a node that is left without any leaves the tree.
 * Context: pidmapLock held. Linux: `idr_remove`.
 */
export function idrRemove(table: PidTable, ns: NsRef, nr: number): void {
  const w = table.words
  const leaf = leafOf(table, ns, nr)
  store(w, leaf + L.IDR_SLOTS + (nr & LEAF_MASK), 0)
  w[leaf + L.IDR_COUNT] -= 1
  if (w[leaf + L.IDR_COUNT] > 0) return
  const root = w[(ns + L.NS_IDR) | 0]
  if ((root & IS_TOP) === 0) {
    store(w, ns + L.NS_IDR, 0)
  } else {
    const top = root - IS_TOP
    store(w, top + L.IDR_SLOTS + (nr >>> LEAF_BITS), 0)
    w[top + L.IDR_COUNT] -= 1
    if (w[top + L.IDR_COUNT] === 0) {
      store(w, ns + L.NS_IDR, 0)
      callRcu(table, top + L.IDR_RCU, RCU_FREE_IDR_TOP)
    }
  }
  callRcu(table, leaf + L.IDR_RCU, RCU_FREE_IDR_LEAF)
}

/** As {@link idrRemove}, by a caller that does not hold the lock. */
export function idrCancel(table: PidTable, ns: NsRef, nr: number): void {
  const flags = spinLockIrqSave(table, L.H_PIDMAP_LOCK)
  idrRemove(table, ns, nr)
  spinUnlockIrqRestore(table, L.H_PIDMAP_LOCK, flags)
}

/** The RCU callbacks of nodes that have left their tree. Linux: `radix_tree_node_rcu_free`. */
export function freeIdrLeaf(table: PidTable, rcuHead: number): void {
  kmemCacheFree(table, L.SLAB_IDR_LEAF, rcuHead - L.IDR_RCU)
}

export function freeIdrTop(table: PidTable, rcuHead: number): void {
  kmemCacheFree(table, L.SLAB_IDR_TOP, rcuHead - L.IDR_RCU)
}

/** The top of the namespace's tree, 0 where it has none. Context: pidmapLock held. */
export function idrTop(table: PidTable, ns: NsRef): IdrNodeRef {
  const root = table.words[(ns + L.NS_IDR) | 0]
  return ((root & IS_TOP) === 0 ? NO_NODE : root - IS_TOP) as IdrNodeRef
}

/** The leaf of the number's place, 0 where it has none. Context: pidmapLock held. */
export function leafOf(table: PidTable, ns: NsRef, nr: number): IdrNodeRef {
  const w = table.words
  const top = idrTop(table, ns)
  if (top === 0) return (nr >>> LEAF_BITS === 0 ? w[(ns + L.NS_IDR) | 0] : NO_NODE) as IdrNodeRef
  return w[(top + L.IDR_SLOTS + (nr >>> LEAF_BITS)) | 0] as IdrNodeRef
}

/** Is the number too large for a tree without a top, and this one is? */
function lacksTop(table: PidTable, ns: NsRef, nr: number): boolean {
  return nr >>> LEAF_BITS !== 0 && idrTop(table, ns) === 0
}

/** The tree gets a top; what it was before becomes the top's first leaf. */
function growTree(table: PidTable, ns: NsRef, top: IdrNodeRef): void {
  const w = table.words
  const leaf = w[ns + L.NS_IDR]
  w[top + L.IDR_SLOTS] = leaf
  w[top + L.IDR_COUNT] = leaf === 0 ? 0 : 1
  store(w, ns + L.NS_IDR, top + IS_TOP)
}

function addLeaf(table: PidTable, ns: NsRef, nr: number, leaf: IdrNodeRef): void {
  const w = table.words
  const top = idrTop(table, ns)
  if (top === 0) {
    store(w, ns + L.NS_IDR, leaf)
  } else {
    w[top + L.IDR_COUNT] += 1
    store(w, top + L.IDR_SLOTS + (nr >>> LEAF_BITS), leaf)
  }
}

function freeUnused(table: PidTable, top: IdrNodeRef, leaf: IdrNodeRef): void {
  if (top !== 0) kmemCacheFree(table, L.SLAB_IDR_TOP, top)
  if (leaf !== 0) kmemCacheFree(table, L.SLAB_IDR_LEAF, leaf)
}
