/**
 * `struct pid`: one process, process group or session, with a number in each namespace that sees it, from its own out
 * to level 0. Linux: kernel/pid.c, as the seeds describe it.
 *
 * Life: {@link allocPid} takes the numbers and makes them findable; {@link freePid} takes them out of sight, then
 * frees them, then leaves the record to RCU; {@link delayedPutPid} drops the reference that allocPid made; the record
 * goes back to its slab with the last reference.
 *
 * Invariant: a number's bit is set from before it is findable until after it no longer is, so a number is never
 * reused while its old holder can be found.
 */
import { EINVAL, ENOMEM } from '../abi/errno.ts'
import { PIDNS_HASH_ADDING } from '../abi/limits.ts'
import { load, SHARED } from '../lib/atomic.ts'
import { warnOn } from '../mm/arena.ts'
import type { NsRef, PidRef, TaskRef, UpidRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { kmemCacheAlloc, kmemCacheFree } from '../mm/slab.ts'
import { hlistFirstRcu, hlistNextRcu } from '../sync/hlist.ts'
import { rawSpinHeld } from '../sync/raw_spinlock.ts'
import { callRcu, rcuReadLock, rcuReadUnlock } from '../sync/rcu.ts'
import { refcountDecAndTest, refcountInc, refcountSet } from '../sync/refcount.ts'
import { readLockIrqSave, spinLockIrqSave, spinUnlockIrqRestore } from '../sync/spinlock.ts'
import { scheduleWork } from '../sync/workqueue.ts'
import { RCU_PUT_PID } from './callbacks.ts'
import { hashUpid, pidHashfn, pidHashHead, unhashUpid, upidOfNode } from './pid_hash.ts'
import { idrCancel, idrFind, idrPublish, idrRemove, idrReserve } from './pid_idr.ts'
import { getPidNs, putPidNs } from './pid_ns_ref.ts'
import {
  allocPidmap,
  allocPidmapAt,
  forgetLastPid,
  freePidmap,
  isPidTaken,
  nextPidmap,
  pidMaxOf,
} from './pidmap.ts'
import { pidNsPrepareProc, pidNsReleaseProc } from './proc_mount.ts'
import type { PidTable } from './table.ts'
import { taskActivePidNs } from './task_link.ts'
import { containerOf, isChildReaper, NULL_PID, nsOfPid, pidNrNs, upidAt } from './upid.ts'

const NO_SET_TID: readonly number[] = []

/**
 * A new `struct pid` with a number in `ns` and in each namespace above it, findable, with one reference.
 *
 * `setTid`: numbers asked for, innermost namespace first (clone3(2)); levels without one get the next free number.
 *
 * Context: takes pidmapLock; no read section may rely on memory that waits for RCU. Returns the pid, or
 * -EAGAIN: all numbers of some level are taken; -ENOMEM: `ns` is dead (its init is gone, or its first fork failed),
 * or memory is exhausted; -EINVAL: `setTid` is longer than the levels, out of 1 .. pid_max-1, or other than 1 where
 * there is no init yet; -EEXIST: a number asked for is taken. Numbers that a failed call passed over stay passed over.
 * Linux: `alloc_pid`.
 */
export function allocPid(table: PidTable, ns: NsRef, setTid: readonly number[] = NO_SET_TID): PidRef {
  const w = table.words
  const level = w[ns + L.NS_LEVEL]
  if (setTid.length > level + 1) return -EINVAL as PidRef
  const pid = kmemCacheAlloc(table, L.SLAB_PID + level) as PidRef
  if (pid === 0) return -ENOMEM as PidRef
  w[pid + L.PID_LEVEL] = level

  let tmp = ns
  for (let i = level; i >= 0; i--) {
    const nr = i > level - setTid.length ? takeAsked(table, tmp, setTid[level - i]) : allocPidmap(table, tmp)
    if (nr < 0) return unwindAllocPid(table, pid, ns, i + 1, nr)
    const upid = upidAt(pid, i)
    w[upid + L.UPID_NR] = nr
    w[upid + L.UPID_NS] = tmp
    if (table.lookup === L.LOOKUP_IDR && idrReserve(table, tmp, nr) < 0) {
      freePidmap(table, upid)
      return unwindAllocPid(table, pid, ns, i + 1, -ENOMEM)
    }
    tmp = w[tmp + L.NS_PARENT] as NsRef
  }

  // Number 1 of a dead namespace can be asked for with set_tid, and is refused below: nothing to mount.
  const alive = (load(w, ns + L.NS_NR_HASHED) & PIDNS_HASH_ADDING) !== 0
  const mounts = alive && isChildReaper(table, pid) && w[ns + L.NS_PROC_MNT] === 0
  if (mounts && pidNsPrepareProc(table, ns) < 0) {
    disablePidAllocation(table, ns)
    return unwindAllocPid(table, pid, ns, 0, -ENOMEM)
  }

  getPidNs(table, ns)
  refcountSet(w, pid + L.PID_COUNT, 1)
  for (let type = 0; type < L.PIDTYPE_MAX; type++) w[pid + L.PID_TASKS + type] = 0

  const flags = spinLockIrqSave(table, L.H_PIDMAP_LOCK)
  if ((w[ns + L.NS_NR_HASHED] & PIDNS_HASH_ADDING) === 0) {
    spinUnlockIrqRestore(table, L.H_PIDMAP_LOCK, flags)
    if (mounts) pidNsReleaseProc(table, ns)
    putPidNs(table, ns)
    return unwindAllocPid(table, pid, ns, 0, -ENOMEM)
  }
  for (let i = level; i >= 0; i--) {
    const upid = upidAt(pid, i)
    publish(table, pid, upid)
    w[w[upid + L.UPID_NS] + L.NS_NR_HASHED] += 1
  }
  spinUnlockIrqRestore(table, L.H_PIDMAP_LOCK, flags)
  return pid
}

/**
 * Takes the numbers of `pid` out of sight at all levels under one hold of the lock, frees their bits outside it, and
 * leaves the record to RCU: readers that found it before go on reading it. The caller goes on at once.
 * Context: takes pidmapLock; may be called with tasklistLock held. Linux: `free_pid`.
 */
export function freePid(table: PidTable, pid: PidRef): void {
  const w = table.words
  const level = w[pid + L.PID_LEVEL]
  const flags = spinLockIrqSave(table, L.H_PIDMAP_LOCK)
  for (let i = 0; i <= level; i++) {
    const upid = upidAt(pid, i)
    const ns = w[upid + L.UPID_NS] as NsRef
    hide(table, upid)
    w[ns + L.NS_NR_HASHED] -= 1
    switch (w[ns + L.NS_NR_HASHED]) {
      // At 2 an exiting init may be waiting whose leader, itself a zombie, still holds number 1 beside it; at 1 it
      // holds the last. While the namespace may still grow the word is neither: PIDNS_HASH_ADDING is part of it.
      case 2:
      case 1:
        table.hooks.wakeUpProcess(w[ns + L.NS_CHILD_REAPER] as TaskRef)
        break
      // The first fork into the namespace failed after allocPid: it stays dead.
      case PIDNS_HASH_ADDING:
        warnOn(table, w[ns + L.NS_CHILD_REAPER] !== 0)
        w[ns + L.NS_NR_HASHED] = 0
        scheduleWork(table, ns + L.NS_PROC_WORK)
        break
      case 0:
        scheduleWork(table, ns + L.NS_PROC_WORK)
        break
    }
  }
  spinUnlockIrqRestore(table, L.H_PIDMAP_LOCK, flags)

  for (let i = 0; i <= level; i++) freePidmap(table, upidAt(pid, i))
  callRcu(table, pid + L.PID_RCU, RCU_PUT_PID)
}

/** No more numbers are given out in `ns`: its init is going. Linux: `disable_pid_allocation`. */
export function disablePidAllocation(table: PidTable, ns: NsRef): void {
  const flags = spinLockIrqSave(table, L.H_PIDMAP_LOCK)
  table.words[ns + L.NS_NR_HASHED] &= ~PIDNS_HASH_ADDING
  spinUnlockIrqRestore(table, L.H_PIDMAP_LOCK, flags)
}

/** One more reference to `pid`, which may be NULL; returns its argument. Context: a read section, or a reference. */
export function getPid(table: PidTable, pid: PidRef): PidRef {
  if (pid !== 0) refcountInc(table.words, pid + L.PID_COUNT)
  return pid
}

/** One reference less; with the last, the record goes back to its slab. NULL is allowed. Linux: `put_pid`. */
export function putPid(table: PidTable, pid: PidRef): void {
  if (pid === 0 || !refcountDecAndTest(table.words, pid + L.PID_COUNT)) return
  const ns = nsOfPid(table, pid)
  kmemCacheFree(table, L.SLAB_PID + table.words[pid + L.PID_LEVEL], pid)
  putPidNs(table, ns)
}

/** The RCU callback of {@link freePid}: the grace period is over. Linux: `delayed_put_pid`. */
export function delayedPutPid(table: PidTable, rcuHead: number): void {
  putPid(table, (rcuHead - L.PID_RCU) as PidRef)
}

/**
 * The `struct pid` with exactly this number in exactly this namespace, or NULL: the chain of the number's bucket is
 * walked and both compared; or with `lookup: 'idr'` the namespace's tree is. Context: a read section while the result is used. Linux: `find_pid_ns`.
 */
export function findPidNs(table: PidTable, nr: number, ns: NsRef): PidRef {
  if (table.lookup === L.LOOKUP_IDR) return idrFind(table, ns, nr)
  if (SHARED === 0) return findOnChain(table, nr, ns)
  const seq = load(table.words, L.H_HASH_SEQ)
  const pid = findOnChain(table, nr, ns)
  if (pid !== 0 || ((seq & 1) === 0 && load(table.words, L.H_HASH_SEQ) === seq)) return pid
  if (rawSpinHeld(table, L.H_PIDMAP_LOCK)) return pid
  // The hash grew meanwhile, and its nodes moved: only whoever holds the lock knows that a number is not there.
  const flags = readLockIrqSave(table, L.H_PIDMAP_LOCK)
  const found = findOnChain(table, nr, ns)
  spinUnlockIrqRestore(table, L.H_PIDMAP_LOCK, flags)
  return found
}

function findOnChain(table: PidTable, nr: number, ns: NsRef): PidRef {
  const w = table.words
  let node = hlistFirstRcu(w, pidHashHead(table, pidHashfn(table, nr, ns)))
  for (; node !== 0; node = hlistNextRcu(w, node)) {
    const pnr = upidOfNode(node)
    if (w[pnr + L.UPID_NR] === nr && w[pnr + L.UPID_NS] === ns) return containerOf(pnr, w[ns + L.NS_LEVEL])
  }
  return NULL_PID
}

/** As {@link findPidNs} in the active namespace of `current`. Linux: `find_vpid`. */
export function findVpid(table: PidTable, current: TaskRef, nr: number): PidRef {
  return findPidNs(table, nr, taskActivePidNs(table, current))
}

/** As {@link findVpid}, with a reference that the caller must put. Context: any. Linux: `find_get_pid`. */
export function findGetPid(table: PidTable, current: TaskRef, nr: number): PidRef {
  rcuReadLock(table)
  const pid = getPid(table, findVpid(table, current, nr))
  rcuReadUnlock(table)
  return pid
}

/**
 * The `struct pid` at `nr`, else the one with the next number above that is findable, else NULL. Numbers whose bit is
 * set but which are not hashed are passed over. Context: a read section. Linux: `find_ge_pid`.
 */
export function findGePid(table: PidTable, nr: number, ns: NsRef): PidRef {
  // Whoever is findable has its bit set, and to look at a bit is cheaper than at the hash.
  const known = nr > 0 && nr < table.words[L.H_PID_MAX_LIMIT] && isPidTaken(table, ns, nr)
  let pid: PidRef = known ? findPidNs(table, nr, ns) : NULL_PID
  while (pid === 0) {
    nr = nextPidmap(table, ns, nr)
    if (nr <= 0) break
    pid = findPidNs(table, nr, ns)
  }
  return pid
}

/** The number in the active namespace of `current`. Linux: `pid_vnr`. */
export function pidVnr(table: PidTable, current: TaskRef, pid: PidRef): number {
  return pidNrNs(table, pid, taskActivePidNs(table, current))
}

/** Makes one number of `pid` findable. Context: pidmapLock held. */
function publish(table: PidTable, pid: PidRef, upid: UpidRef): void {
  const w = table.words
  if (table.lookup === L.LOOKUP_IDR) idrPublish(table, w[upid + L.UPID_NS] as NsRef, w[upid + L.UPID_NR], pid)
  else hashUpid(table, upid)
}

/** Takes one number out of sight. Context: pidmapLock held. */
function hide(table: PidTable, upid: UpidRef): void {
  const w = table.words
  if (table.lookup === L.LOOKUP_IDR) idrRemove(table, w[upid + L.UPID_NS] as NsRef, w[upid + L.UPID_NR])
  else unhashUpid(table, upid)
}

/** The number that set_tid asks for at one level. */
function takeAsked(table: PidTable, ns: NsRef, nr: number): number {
  if (nr < 1 || nr >= pidMaxOf(table, ns)) return -EINVAL
  if (nr !== 1 && table.words[ns + L.NS_CHILD_REAPER] === 0) return -EINVAL
  return allocPidmapAt(table, ns, nr)
}

/**
 * Undoes an allocPid that has numbers at the levels from `from` to its own, outermost first. last_pid stays moved,
 * except that a namespace in which nothing is hashed yet begins anew: its first process must be 1.
 * Differs: the seeds' kernel does not begin anew; it then has a namespace without an init, and crashes there.
 */
function unwindAllocPid(table: PidTable, pid: PidRef, ns: NsRef, from: number, error: number): PidRef {
  const w = table.words
  const level = w[pid + L.PID_LEVEL]
  for (let i = from; i <= level; i++) {
    const upid = upidAt(pid, i)
    if (table.lookup === L.LOOKUP_IDR) idrCancel(table, w[upid + L.UPID_NS] as NsRef, w[upid + L.UPID_NR])
    freePidmap(table, upid)
  }
  if (load(w, ns + L.NS_NR_HASHED) === PIDNS_HASH_ADDING) forgetLastPid(table, ns)
  kmemCacheFree(table, L.SLAB_PID + level, pid)
  return error as PidRef
}
