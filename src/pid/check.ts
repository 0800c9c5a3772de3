/**
 * Every invariant of the pid room, walked in O(live + touched pages). Each violation is a sentence.
 * Context: no call is under way, no read section is open.
 */
import { PIDNS_HASH_ADDING } from '../abi/limits.ts'
import { BITMAP_SUMMARY_WORDS, testBit } from '../lib/bitmap.ts'
import { hweight32 } from '../lib/bits.ts'
import type { MountRef, NsRef, PidRef, UpidRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { forEachSlot, slabLive, slotLive } from '../mm/slab.ts'
import { hlistFirstRcu, hlistHashed, hlistNextRcu } from '../sync/hlist.ts'
import { rawSpinHeld } from '../sync/raw_spinlock.ts'
import { rcuLength } from '../sync/rcu.ts'
import { findPidNs } from './pid.ts'
import { pidHashfn, pidHashHead, upidOfNode } from './pid_hash.ts'
import { idrTop, leafOf } from './pid_idr.ts'
import { pidmapEntry } from './pidmap.ts'
import type { PidTable } from './table.ts'
import { containerOf, nsOfPid, upidAt } from './upid.ts'

/** The violations found, none if the table is sound. */
export function checkPids(table: PidTable): string[] {
  const problems: string[] = []
  const hashed = new Map<number, number>()
  checkQuiet(table, problems)
  if (table.lookup === L.LOOKUP_IDR) checkIdr(table, problems, hashed)
  else checkHash(table, problems, hashed)
  forEachSlot(table, L.SLAB_NS, (slot) => checkNs(table, slot as NsRef, hashed.get(slot) ?? 0, problems))
  for (let level = 0; level < L.SLAB_NS; level++) {
    forEachSlot(table, L.SLAB_PID + level, (slot) => checkPid(table, slot as PidRef, level, problems))
  }
  checkMounts(table, problems)
  checkSlabs(table, problems)
  return problems
}

/** How many references to each namespace this room knows of: numbers, children, mounts. */
export function countNsRefs(table: PidTable): Map<number, number> {
  const w = table.words
  const refs = new Map<number, number>()
  const count = (ns: number): void => void refs.set(ns, (refs.get(ns) ?? 0) + 1)
  for (let level = 0; level < L.SLAB_NS; level++) {
    forEachSlot(table, L.SLAB_PID + level, (pid) => count(nsOfPid(table, pid as PidRef)))
  }
  forEachSlot(table, L.SLAB_NS, (ns) => {
    // A namespace that only waits for its grace period has given its reference on the parent back.
    if (w[ns + L.NS_PARENT] !== 0 && w[ns + L.NS_COUNT] > 0) count(w[ns + L.NS_PARENT])
  })
  forEachSlot(table, L.SLAB_MOUNT, (mnt) => count(w[mnt + L.MOUNT_NS]))
  return refs
}

/** How a namespace is called in a violation: by its level and inode. */
export function nsName(table: PidTable, ns: number): string {
  return `namespace ${table.words[ns + L.NS_INUM] >>> 0} (level ${table.words[ns + L.NS_LEVEL]})`
}

function checkQuiet(table: PidTable, problems: string[]): void {
  const w = table.words
  // Among workers the check itself holds the lock of a whole call.
  const alone = table.callLock !== 0 && rawSpinHeld(table, table.callLock)
  if (w[L.H_PIDMAP_LOCK] !== 0) problems.push('pidmapLock is held')
  if (w[L.H_TASKLIST_LOCK] !== 0 && !alone) problems.push('tasklistLock is held')
  if (w[L.H_SLAB_LOCK] !== 0 || w[L.H_QUEUE_LOCK] !== 0) problems.push('slabLock or queueLock is held')
  if (!table.irqsOn && !alone) problems.push('interrupts are off')
  if (table.rcuNesting !== 0) problems.push(`${table.rcuNesting} read sections are open`)
  if (w[L.H_WARNINGS] !== 0) problems.push(`${w[L.H_WARNINGS]} warnings`)
}

function checkHash(table: PidTable, problems: string[], hashed: Map<number, number>): void {
  const w = table.words
  let total = 0
  for (let bucket = 0; bucket < 1 << w[L.H_HASH_SHIFT]; bucket++) {
    let pprev = pidHashHead(table, bucket)
    for (let node = hlistFirstRcu(w, pprev); node !== 0; node = hlistNextRcu(w, node)) {
      const upid = upidOfNode(node)
      const nr = w[upid + L.UPID_NR]
      const ns = w[upid + L.UPID_NS] as NsRef
      if (w[node + 1] !== pprev) problems.push(`number ${nr}: its node is not where its chain says`)
      if (pidHashfn(table, nr, ns) !== bucket)
        problems.push(`number ${nr} is in bucket ${bucket}, not its own`)
      const pid = containerOf(upid, w[ns + L.NS_LEVEL])
      if (!slotLive(table, pid)) problems.push(`number ${nr} is hashed but its struct pid is free`)
      if (findPidNs(table, nr, ns) !== pid)
        problems.push(`number ${nr} of ${nsName(table, ns)} is hashed twice`)
      if (!isTaken(table, ns, nr))
        problems.push(`number ${nr} of ${nsName(table, ns)} is findable but its bit is 0`)
      hashed.set(ns, (hashed.get(ns) ?? 0) + 1)
      total += 1
      pprev = node
    }
  }
  if (total !== w[L.H_HASH_COUNT]) problems.push(`${total} numbers are hashed, ${w[L.H_HASH_COUNT]} counted`)
}

function checkIdr(table: PidTable, problems: string[], hashed: Map<number, number>): void {
  const w = table.words
  let leaves = 0
  let tops = 0
  forEachSlot(table, L.SLAB_NS, (slot) => {
    const ns = slot as NsRef
    if (w[ns + L.NS_COUNT] === 0) return
    const top = idrTop(table, ns)
    let used = 0
    for (let first = 0; first < (top === 0 ? 1024 : 1024 * 4096); first += 1024) {
      const leaf = leafOf(table, ns, first)
      if (leaf === 0) continue
      used += 1
      hashed.set(ns, (hashed.get(ns) ?? 0) + checkLeaf(table, ns, leaf, first, problems))
    }
    leaves += used
    if (top === 0) return
    tops += 1
    if (w[top + L.IDR_COUNT] !== used || used === 0)
      problems.push(`${nsName(table, ns)}: a top counts ${w[top + L.IDR_COUNT]} leaves, it has ${used}`)
  })
  if (rcuLength(table) > 0) return
  if (leaves !== slabLive(table, L.SLAB_IDR_LEAF))
    problems.push(`leaves of no tree: only ${leaves} are in trees`)
  if (tops !== slabLive(table, L.SLAB_IDR_TOP)) problems.push(`tops of no tree: only ${tops} are in trees`)
}

/** Returns how many numbers the leaf has. */
function checkLeaf(table: PidTable, ns: NsRef, leaf: number, first: number, problems: string[]): number {
  const w = table.words
  let used = 0
  for (let i = 0; i < 1024; i++) {
    const pid = w[leaf + L.IDR_SLOTS + i] as PidRef
    if (pid === 0) continue
    used += 1
    const name = `number ${first + i} of ${nsName(table, ns)}`
    const upid = upidAt(pid, w[ns + L.NS_LEVEL])
    if (!slotLive(table, pid)) problems.push(`${name} is in the tree but its struct pid is free`)
    else if (w[upid + L.UPID_NR] !== first + i || w[upid + L.UPID_NS] !== ns)
      problems.push(`${name}: the tree has another's struct pid`)
    if (findPidNs(table, first + i, ns) !== pid) problems.push(`${name} is in the tree but not found`)
    if (!isTaken(table, ns, first + i)) problems.push(`${name} is findable but its bit is 0`)
  }
  if (w[leaf + L.IDR_COUNT] !== used || used === 0)
    problems.push(`${nsName(table, ns)}: a leaf counts ${w[leaf + L.IDR_COUNT]} numbers, it has ${used}`)
  return used
}

function checkNs(table: PidTable, ns: NsRef, hashed: number, problems: string[]): void {
  const w = table.words
  if (w[ns + L.NS_COUNT] === 0) return
  const counted = w[ns + L.NS_NR_HASHED] & ~PIDNS_HASH_ADDING
  if (counted !== hashed) problems.push(`${nsName(table, ns)}: nr_hashed is ${counted}, ${hashed} are hashed`)
  let taken = 0
  for (let i = 0; i < table.pidmapEntries; i++) {
    const map = pidmapEntry(ns, i)
    const page = w[map + L.PIDMAP_PAGE]
    const nrFree = w[map + L.PIDMAP_NR_FREE]
    const set = page === 0 ? 0 : countPage(table, page, problems)
    taken += set
    if (nrFree !== table.bitsPerPage - set) {
      problems.push(`${nsName(table, ns)}: page ${i} has nr_free ${nrFree} and ${set} bits set`)
    }
    if (testBit(w, i, ns + L.NS_FULL_PAGES) !== (nrFree === 0)) {
      problems.push(`${nsName(table, ns)}: page ${i} with nr_free ${nrFree} is wrong among the full pages`)
    }
  }
  if (taken !== hashed + 1)
    problems.push(`${nsName(table, ns)}: ${taken - 1} numbers taken, ${hashed} findable`)
  const mnt = w[ns + L.NS_PROC_MNT]
  if (mnt !== 0 && (!slotLive(table, mnt) || w[mnt + L.MOUNT_NS] !== ns)) {
    problems.push(`${nsName(table, ns)}: its mount of procfs is not one`)
  }
}

function countPage(table: PidTable, page: number, problems: string[]): number {
  const w = table.words
  const words = table.bitsPerPage >> 5
  let set = 0
  for (let i = 0; i < words; i++) {
    set += hweight32(w[page + i])
    const full = (w[page - 2 - (i >> 5)] & (1 << (i & 31))) !== 0
    if (full !== (w[page + i] === -1)) problems.push(`the summary of word ${i} of a pidmap page is wrong`)
  }
  for (let j = 0; j < BITMAP_SUMMARY_WORDS - 1; j++) {
    const full = (w[page - 1] & (1 << j)) !== 0
    if (full !== (w[page - 2 - j] === -1)) problems.push(`the top summary of a pidmap page is wrong at ${j}`)
  }
  return set
}

function checkPid(table: PidTable, pid: PidRef, level: number, problems: string[]): void {
  const w = table.words
  const name = `struct pid of number ${w[upidAt(pid, 0) + L.UPID_NR]}`
  if (w[pid + L.PID_COUNT] < 1) problems.push(`${name} has count ${w[pid + L.PID_COUNT]}`)
  if (w[pid + L.PID_LEVEL] !== level) problems.push(`${name} has level ${w[pid + L.PID_LEVEL]}, not ${level}`)
  let hashed = 0
  for (let i = 0; i <= level; i++) {
    const upid: UpidRef = upidAt(pid, i)
    if (findable(table, pid, upid)) hashed += 1
    if (w[w[upid + L.UPID_NS] + L.NS_LEVEL] !== i) problems.push(`${name}: wrong namespace at level ${i}`)
  }
  if (hashed !== 0 && hashed !== level + 1)
    problems.push(`${name} is findable at ${hashed} of ${level + 1} levels`)
  for (let type = 0; type < L.PIDTYPE_MAX; type++) {
    const seen = hlistFirstRcu(w, pid + L.PID_TASKS + type) !== 0
    if (seen && hashed === 0) problems.push(`${name} carries a task (type ${type}) but cannot be found`)
  }
}

/** Is this number of `pid` hashed, or in its tree? */
function findable(table: PidTable, pid: PidRef, upid: UpidRef): boolean {
  const w = table.words
  if (table.lookup === L.LOOKUP_HASH) return hlistHashed(w, upid + L.UPID_CHAIN)
  return findPidNs(table, w[upid + L.UPID_NR], w[upid + L.UPID_NS] as NsRef) === pid
}

function checkMounts(table: PidTable, problems: string[]): void {
  const w = table.words
  if (slabLive(table, L.SLAB_MOUNT) !== w[L.H_MOUNTS]) problems.push('the count of mounts is wrong')
  forEachSlot(table, L.SLAB_MOUNT, (slot) => {
    const mnt = slot as MountRef
    const ns = w[mnt + L.MOUNT_NS]
    if (!slotLive(table, ns)) problems.push('a mount of a namespace that is gone')
    else if (w[ns + L.NS_PROC_MNT] !== mnt) problems.push(`a mount of ${nsName(table, ns)} has leaked`)
    else if (w[ns + L.NS_NR_HASHED] === 0) problems.push(`${nsName(table, ns)} is empty but still mounted`)
  })
}

function isTaken(table: PidTable, ns: NsRef, nr: number): boolean {
  const page = table.words[pidmapEntry(ns, nr >> table.bitsPerPageShift) + L.PIDMAP_PAGE]
  return page !== 0 && testBit(table.words, nr & table.bitsPerPageMask, page)
}

function checkSlabs(table: PidTable, problems: string[]): void {
  for (let slab = 0; slab < L.SLAB_COUNT; slab++) {
    let live = 0
    forEachSlot(table, slab, () => {
      live += 1
    })
    if (live !== slabLive(table, slab))
      problems.push(`slab ${slab}: ${live} slots in use, ${slabLive(table, slab)} counted`)
  }
}
