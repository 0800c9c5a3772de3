/**
 * Numbers of one namespace: a bit for each, whose position is the number's value; 1 means taken. The bits lie in pages
 * that are allocated when a search first touches them and kept until the namespace is destroyed.
 *
 * Linux: kernel/pid.c (`alloc_pidmap`, `free_pidmap`, `next_pidmap`), up to 4.14; where today's kernel gives another
 * number, the table's era decides.
 *
 * Invariant: nr_free of an entry is its count of zero bits; NS_FULL_PAGES has the entries whose nr_free is 0. Number 0
 * is taken from the start and never freed.
 *
 * Context: no lock is needed; bits and counts are changed one word at a time (lib/atomic). Installing a page takes
 * pidmapLock. Worst case of a search: a few words of summary for each of two sweeps, however full the map is.
 */
import { EAGAIN, EEXIST, ENOMEM } from '../abi/errno.ts'
import { add, compareExchange, load, SHARED, store } from '../lib/atomic.ts'
import { clearBit, findNextBit, findNextZeroBit, testAndSetBit, testBit } from '../lib/bitmap.ts'
import type { NsRef, UpidRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { kmemCacheFree, kmemCacheZalloc } from '../mm/slab.ts'
import { spinLockIrqSave, spinUnlockIrqRestore } from '../sync/spinlock.ts'
import type { PidTable } from './table.ts'

/** The number that a bit of a page stands for. `map`: the entry ({@link pidmapEntry}). Linux: `mk_pid`. */
export function mkPid(table: PidTable, ns: NsRef, map: number, offset: number): number {
  return (((map - ns - L.NS_PIDMAP) >> 1) << table.bitsPerPageShift) + offset
}

/** The entry of page number `index` in the namespace's pidmap: {nr_free, page}. */
export function pidmapEntry(ns: NsRef, index: number): number {
  return ns + L.NS_PIDMAP + index * L.PIDMAP_WORDS
}

/**
 * Takes a free number: the first zero bit after the one given out last, cyclically; the bit is set to 1.
 *
 * The search begins at last_pid + 1. From pid_max it goes on at RESERVED_PIDS, so that low numbers are given out on
 * the way up only. Today's kernel goes on at 1 instead while last_pid + 1 has not passed RESERVED_PIDS; the seeds'
 * kernel gives up at once where last_pid is RESERVED_PIDS itself.
 *
 * Returns: the number, or -EAGAIN when all are taken, -ENOMEM when a page cannot be had. last_pid then stays.
 */
export function allocPidmap(table: PidTable, ns: NsRef): number {
  const w = table.words
  const seeds = w[L.H_ERA] === L.ERA_4_14
  const reserved = w[L.H_RESERVED_PIDS]
  const pidMax = pidMaxOf(table, ns)
  const last = load(w, ns + L.NS_LAST_PID)
  const floor = seeds || last + 1 > reserved ? reserved : 1
  const first = last + 1 < pidMax ? Math.max(last + 1, 1) : floor
  let nr = takeFirstZero(table, ns, first, pidMax)
  if (nr === -EAGAIN && !(seeds && last === reserved)) nr = takeFirstZero(table, ns, floor, first)
  if (nr > 0) setLastPid(table, ns, last, nr)
  return nr
}

/** The number that {@link allocPidmap} would give out now, or what it would return; nothing is taken. */
export function peekPidmap(table: PidTable, ns: NsRef): number {
  const last = load(table.words, ns + L.NS_LAST_PID)
  const nr = allocPidmap(table, ns)
  if (nr <= 0) return nr
  clearPid(table, ns, nr)
  store(table.words, ns + L.NS_LAST_PID, last)
  return nr
}

/** Whether the number is taken. */
export function isPidTaken(table: PidTable, ns: NsRef, nr: number): boolean {
  const page = load(table.words, pidmapEntry(ns, nr >> table.bitsPerPageShift) + L.PIDMAP_PAGE)
  return page !== 0 && testBit(table.words, nr & table.bitsPerPageMask, page)
}

/**
 * Takes the very number `nr` and leaves last_pid as it is: what clone3(2)'s set_tid does.
 * Returns: `nr`, or -EEXIST when it is taken, -ENOMEM when its page cannot be had.
 */
export function allocPidmapAt(table: PidTable, ns: NsRef, nr: number): number {
  const index = nr >> table.bitsPerPageShift
  const map = pidmapEntry(ns, index)
  if (!pidmapPage(table, map)) return -ENOMEM
  if (testAndSetBit(table.words, nr & table.bitsPerPageMask, table.words[map + L.PIDMAP_PAGE])) return -EEXIST
  nrFreeDec(table, ns, index)
  return nr
}

/** Frees the number of `upid` in its namespace: its bit goes from 1 to 0. Linux: `free_pidmap`. */
export function freePidmap(table: PidTable, upid: UpidRef): void {
  const w = table.words
  const ns = w[upid + L.UPID_NS] as NsRef
  clearPid(table, ns, w[upid + L.UPID_NR])
}

function clearPid(table: PidTable, ns: NsRef, nr: number): void {
  const index = nr >> table.bitsPerPageShift
  clearBit(table.words, nr & table.bitsPerPageMask, table.words[pidmapEntry(ns, index) + L.PIDMAP_PAGE])
  nrFreeInc(table, ns, index)
}

/**
 * The smallest number taken above `last`, or -1. It may belong to a `struct pid` that is not findable yet, or no
 * longer. All pages are searched, whatever pid_max is now. Linux: `next_pidmap`.
 */
export function nextPidmap(table: PidTable, ns: NsRef, last: number): number {
  const w = table.words
  if (last >>> 0 >= w[L.H_PID_MAX_LIMIT]) return -1
  let offset = (last + 1) & table.bitsPerPageMask
  let map = pidmapEntry(ns, (last + 1) >> table.bitsPerPageShift)
  const end = pidmapEntry(ns, table.pidmapEntries)
  for (; map < end; map += L.PIDMAP_WORDS, offset = 0) {
    const page = load(w, map + L.PIDMAP_PAGE)
    if (page === 0) continue // Linux: unlikely, no analogue
    offset = findNextBit(w, page, table.bitsPerPage, offset)
    if (offset < table.bitsPerPage) return mkPid(table, ns, map, offset)
  }
  return -1
}

/** Counting up from `base` with wrap-around, is `a` met before `b`? Linux: `pid_before`. */
export function pidBefore(base: number, a: number, b: number): boolean {
  return (a - base) >>> 0 < (b - base) >>> 0
}

/**
 * Moves last_pid to `pid`, which was found by a search that began at `base`.
 *
 * The race: A and B read last_pid 100; A takes 101, B takes 102 and stores it; if A then stored 101, a third search
 * would meet 102 at once although it was freed only just now. So whichever is later, counted from base, stays.
 * Linux: `set_last_pid`.
 */
export function setLastPid(table: PidTable, ns: NsRef, base: number, pid: number): void {
  let seen = base
  for (;;) {
    const before = compareExchange(table.words, ns + L.NS_LAST_PID, seen, pid)
    if (before === seen || !pidBefore(base, before, pid)) return
    seen = before
  }
}

/**
 * Nothing was given out in order yet: the search begins at 1. Today's kernel shows this as -1, as an init that was made
 * with set_tid can see.
 */
export function forgetLastPid(table: PidTable, ns: NsRef): void {
  store(table.words, ns + L.NS_LAST_PID, table.words[L.H_ERA] === L.ERA_4_14 ? 0 : -1)
}

/** The limit that applies to the namespace's numbers: its own, or in the seeds' era the one of all. */
export function pidMaxOf(table: PidTable, ns: NsRef): number {
  const w = table.words
  return load(w, (w[L.H_ERA] === L.ERA_4_14 ? w[L.H_INIT_NS] : ns) + L.NS_PID_MAX)
}

/** Frees the pages of a namespace that nobody can find any more. */
export function freePidmapPages(table: PidTable, ns: NsRef): void {
  for (let i = 0; i < table.pidmapEntries; i++) {
    const page = table.words[pidmapEntry(ns, i) + L.PIDMAP_PAGE]
    if (page !== 0) kmemCacheFree(table, L.SLAB_PAGE, page - L.PAGE_BITS)
  }
}

/** Makes all entries of a new namespace empty, and number 0 taken. Returns 0, or -ENOMEM. */
export function initPidmap(table: PidTable, ns: NsRef): number {
  const w = table.words
  for (let i = 0; i < table.pidmapEntries; i++) w[pidmapEntry(ns, i) + L.PIDMAP_NR_FREE] = table.bitsPerPage
  const taken = allocPidmapAt(table, ns, 0)
  return taken < 0 ? taken : 0
}

/** The first zero bit in [from, to), set to 1; pages are allocated as they are met. */
function takeFirstZero(table: PidTable, ns: NsRef, from: number, to: number): number {
  const w = table.words
  for (let nr = from; nr < to; ) {
    const index = nr >> table.bitsPerPageShift
    const map = pidmapEntry(ns, index)
    if (!pidmapPage(table, map)) return -ENOMEM
    if (load(w, map + L.PIDMAP_NR_FREE) > 0) {
      const page = w[map + L.PIDMAP_PAGE]
      let offset = findNextZeroBit(w, page, table.bitsPerPage, nr & table.bitsPerPageMask)
      while (offset < table.bitsPerPage && mkPid(table, ns, map, offset) < to) {
        if (!testAndSetBit(w, offset, page)) {
          nrFreeDec(table, ns, index)
          return mkPid(table, ns, map, offset)
        }
        offset = findNextZeroBit(w, page, table.bitsPerPage, offset)
      }
    }
    nr = findNextZeroBit(w, ns + L.NS_FULL_PAGES, table.pidmapEntries, index + 1) << table.bitsPerPageShift
  }
  return -EAGAIN
}

/** Sees to it that the entry has its page: allocated outside the lock, installed under it unless another was faster. */
function pidmapPage(table: PidTable, map: number): boolean {
  const w = table.words
  if (load(w, map + L.PIDMAP_PAGE) !== 0) return true
  const slot = kmemCacheZalloc(table, L.SLAB_PAGE)
  if (slot === 0) return false
  const flags = spinLockIrqSave(table, L.H_PIDMAP_LOCK)
  const installed = w[map + L.PIDMAP_PAGE] === 0
  if (installed) store(w, map + L.PIDMAP_PAGE, slot + L.PAGE_BITS)
  spinUnlockIrqRestore(table, L.H_PIDMAP_LOCK, flags)
  if (!installed) kmemCacheFree(table, L.SLAB_PAGE, slot)
  return true
}

function nrFreeDec(table: PidTable, ns: NsRef, index: number): void {
  if (add(table.words, pidmapEntry(ns, index) + L.PIDMAP_NR_FREE, -1) === 1) settleFull(table, ns, index)
}

function nrFreeInc(table: PidTable, ns: NsRef, index: number): void {
  if (add(table.words, pidmapEntry(ns, index) + L.PIDMAP_NR_FREE, 1) === 0) settleFull(table, ns, index)
}

/** NS_FULL_PAGES says whether the page is full; looks again after writing it, for the race told in lib/bitmap.ts. */
function settleFull(table: PidTable, ns: NsRef, index: number): void {
  const nrFree = pidmapEntry(ns, index) + L.PIDMAP_NR_FREE
  for (;;) {
    const full = load(table.words, nrFree) === 0
    if (full) testAndSetBit(table.words, index, ns + L.NS_FULL_PAGES)
    else clearBit(table.words, index, ns + L.NS_FULL_PAGES)
    if (SHARED === 0 || (load(table.words, nrFree) === 0) === full) return
  }
}
