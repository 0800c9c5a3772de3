/**
 * The table of process IDs: memory, interrupts, and the few things that the pid room asks of whoever owns the tasks.
 * Every function of this room takes the table first.
 */
import { PID_MAX_DEFAULT } from '../abi/limits.ts'
import { rawAdd, SHARED, type Words } from '../lib/atomic.ts'
import { lowestBit } from '../lib/bits.ts'
import { initListHead } from '../lib/list.ts'
import { createArena, type Memory } from '../mm/arena.ts'
import type { NsRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { checkedLimits, type Limits } from '../mm/limits.ts'
import { kmemCacheCreate } from '../mm/slab.ts'
import { raiseIrq, raiseIrqLater, type TableCallback } from '../sync/cpu.ts'
import { noStall, STALL_MS } from '../sync/grace_period.ts'
import { ownerWord } from '../sync/raw_spinlock.ts'
import { RCU_BATCH } from '../sync/rcu.ts'
import { delayedPutPid } from './pid.ts'
import { pidhashInit } from './pid_hash.ts'
import { freeIdrLeaf, freeIdrTop } from './pid_idr.ts'
import { createInitPidNs, procCleanupWork } from './pid_namespace.ts'
import { delayedFreePidns } from './pid_ns_ref.ts'

/** What this room asks of the owner of the tasks. */
export interface PidHooks {
  /** A task may have something to do. Called under pidmapLock with interrupts off: must only take note. */
  wakeUpProcess(task: TaskRef): void
}

export interface PidTable<Hooks extends PidHooks = PidHooks> extends Memory {
  /** Set once, before the first task exists. */
  hooks: Hooks
}

export interface PidTableOptions extends Partial<Limits>, Surroundings {
  /** pid_max of the initial namespace. Default: 32768. */
  pidMax?: number
}

/** What a table needs of the realm in which it is used. */
export interface Surroundings {
  /**
   * Called when a namespace's reaper is to be woken, once interrupts are on again. The task is the one that
   * `setChildReaper` named.
   */
  onWakeUp?: (task: TaskRef) => void
  /** Runs a function when the present turn ends. Default: as a microtask. */
  defer?: (run: () => void) => void
  /** Told of what a callback threw. Default: an unhandled rejection. */
  report?: (error: unknown) => void
  /**
   * A worker reads without a break, so that what was taken out of sight cannot be freed: which one, and since how many
   * milliseconds, a thousand at least. Told once for each grace period, by whoever waits for it, outside all locks.
   * Default: nobody is told.
   */
  onStall?: (worker: number, ms: number) => void
  /** RCU callbacks of the rooms above, from kind RCU_FREE_TASK on. */
  rcuFuncs?: readonly TableCallback[]
}

/**
 * Makes a table with its initial namespace (level 0) and nothing in it.
 *
 * Returns: the table. Throws RangeError where a limit is not an integer in its range.
 *
 * @example
 * ```ts
 * import { allocPid, createPidTable, freePid, initPidNs, pidNr } from 'pidns/pid'
 * const table = createPidTable()
 * const pid = allocPid(table, initPidNs(table))
 * console.log(pidNr(table, pid)) // => 1
 * freePid(table, pid)
 * ```
 */
export function createPidTable(options: PidTableOptions = {}): PidTable {
  const limits = checkedLimits(options)
  const table = tableOver(createArena(limits), options)
  kmemCacheCreate(table, L.SLAB_NS, L.nsSlotWords(table.pidmapEntries))
  kmemCacheCreate(table, L.SLAB_PAGE, L.pageSlotWords(table.bitsPerPage))
  kmemCacheCreate(table, L.SLAB_MOUNT, L.MOUNT_SLOT_WORDS)
  kmemCacheCreate(table, L.SLAB_TASK, L.TASK_SLOT_WORDS)
  kmemCacheCreate(table, L.SLAB_SIGNAL, L.SIG_SLOT_WORDS)
  kmemCacheCreate(table, L.SLAB_PIDFD, L.PIDFD_SLOT_WORDS)
  kmemCacheCreate(table, L.SLAB_NSFILE, L.NSFILE_SLOT_WORDS)
  kmemCacheCreate(table, L.SLAB_IDR_LEAF, L.IDR_LEAF_WORDS)
  kmemCacheCreate(table, L.SLAB_IDR_TOP, L.IDR_TOP_WORDS)
  kmemCacheCreate(table, L.SLAB_SIGHAND, L.HAND_SLOT_WORDS)
  kmemCacheCreate(table, L.SLAB_DUE, L.DUE_SLOT_WORDS)
  initListHead(table.words, L.H_TASKS)
  initListHead(table.words, L.H_DUE)
  if (table.lookup === L.LOOKUP_HASH) pidhashInit(table)
  createInitPidNs(table, options.pidMax ?? Math.min(PID_MAX_DEFAULT, limits.pidMaxLimit))
  return table
}

/** A realm's view of a table that is already in `words`. */
export function tableOver(words: Words, options: Surroundings): PidTable {
  const defer = options.defer ?? ((run) => void Promise.resolve().then(run))
  const table: PidTable = {
    words,
    owner: ownerWord(SHARED === 0 ? 1 : rawAdd(words, L.H_WORKERS, 1) + 1),
    held: 0,
    journal: 0,
    innerLocks: INNER_LOCKS,
    hasEnded: () => undefined,
    queueLock: L.H_QUEUE_LOCK,
    callLock: 0,
    outerLock: 0,
    rcuGp: L.H_RCU_GP,
    readers: words[L.H_WORDS] + L.WORKER_READER,
    reader: 0,
    rcuOffline: false,
    rcuSections: 0,
    rcuWorth: RCU_BATCH,
    stall: noStall(),
    stallMs: STALL_MS,
    onStall: (worker, ms) => raiseIrqLater(table, () => options.onStall?.(worker, ms)),
    bitsPerPage: words[L.H_BITS_PER_PAGE],
    bitsPerPageMask: words[L.H_BITS_PER_PAGE] - 1,
    bitsPerPageShift: lowestBit(words[L.H_BITS_PER_PAGE]),
    pidmapEntries: words[L.H_PIDMAP_ENTRIES],
    lookup: words[L.H_LOOKUP],
    rcuList: L.H_RCU_LIST,
    workList: L.H_WORK_LIST,
    rcuFuncs: [...RCU_FUNCS, ...(options.rcuFuncs ?? [])],
    workFuncs: WORK_FUNCS,
    defer,
    report: options.report ?? ((error) => defer(() => void Promise.reject(error))),
    irqsOn: true,
    irqQueue: [],
    rcuNesting: 0,
    rcuDeferred: false,
    hooks: { wakeUpProcess: (task) => raiseIrq(table, () => options.onWakeUp?.(task)) },
  }
  return table
}

/** Taken inside tasklistLock. */
const INNER_LOCKS: readonly number[] = [L.H_PIDMAP_LOCK, L.H_SLAB_LOCK, L.H_QUEUE_LOCK]

/** The initial namespace, level 0. Linux: `init_pid_ns`. */
export function initPidNs(table: PidTable): NsRef {
  return table.words[L.H_INIT_NS] as NsRef
}

/** By kind: RCU_PUT_PID, RCU_FREE_PIDNS, RCU_FREE_IDR_LEAF, RCU_FREE_IDR_TOP; WORK_PROC_CLEANUP. */
const RCU_FUNCS: readonly TableCallback[] = [delayedPutPid, delayedFreePidns, freeIdrLeaf, freeIdrTop]
const WORK_FUNCS: readonly TableCallback[] = [procCleanupWork]
