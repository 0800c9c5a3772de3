/**
 * The table of process IDs: memory, interrupts, and the few things that the pid room asks of whoever owns the tasks.
 * Every function of this room takes the table first.
 */
import { PID_MAX_DEFAULT } from '../abi/limits.ts'
import { initListHead } from '../lib/list.ts'
import { createArena, DEFAULT_LIMITS, type Limits, type Memory } from '../mm/arena.ts'
import type { NsRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { kmemCacheCreate } from '../mm/slab.ts'
import { raiseIrq, type TableCallback } from '../sync/cpu.ts'
import { delayedPutPid } from './pid.ts'
import { pidhashInit } from './pid_hash.ts'
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

export interface PidTableOptions extends Partial<Limits> {
  /** pid_max of the initial namespace. Default: 32768. */
  pidMax?: number
  /**
   * Called when a namespace's reaper is to be woken, once interrupts are on again. The task is the one that
   * `setChildReaper` named.
   */
  onWakeUp?: (task: TaskRef) => void
  /** Runs a function when the present turn ends. Default: as a microtask. */
  defer?: (run: () => void) => void
  /** Told of what a callback threw. Default: an unhandled rejection. */
  report?: (error: unknown) => void
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
  const words = createArena(limits)
  const defer = options.defer ?? ((run) => void Promise.resolve().then(run))
  const table: PidTable = {
    words,
    bitsPerPage: limits.bitsPerPage,
    bitsPerPageMask: limits.bitsPerPage - 1,
    pidmapEntries: words[L.H_PIDMAP_ENTRIES],
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
    hooks: {
      wakeUpProcess: (task) => raiseIrq(table, () => options.onWakeUp?.(task)),
    },
  }
  kmemCacheCreate(table, L.SLAB_NS, L.nsSlotWords(table.pidmapEntries))
  kmemCacheCreate(table, L.SLAB_PAGE, L.pageSlotWords(table.bitsPerPage))
  kmemCacheCreate(table, L.SLAB_MOUNT, L.MOUNT_SLOT_WORDS)
  kmemCacheCreate(table, L.SLAB_TASK, L.TASK_SLOT_WORDS)
  kmemCacheCreate(table, L.SLAB_SIGNAL, L.SIG_SLOT_WORDS)
  kmemCacheCreate(table, L.SLAB_PIDFD, L.PIDFD_SLOT_WORDS)
  initListHead(words, L.H_TASKS)
  pidhashInit(table)
  createInitPidNs(table, options.pidMax ?? Math.min(PID_MAX_DEFAULT, limits.pidMaxLimit))
  return table
}

/** The initial namespace, level 0. Linux: `init_pid_ns`. */
export function initPidNs(table: PidTable): NsRef {
  return table.words[L.H_INIT_NS] as NsRef
}

/** By kind: RCU_PUT_PID, RCU_FREE_PIDNS; WORK_PROC_CLEANUP. */
const RCU_FUNCS: readonly TableCallback[] = [delayedPutPid, delayedFreePidns]
const WORK_FUNCS: readonly TableCallback[] = [procCleanupWork]

function checkedLimits(options: PidTableOptions): Limits {
  const limits = { ...DEFAULT_LIMITS }
  const take = (
    name: 'maxPids' | 'maxNamespaces' | 'bitsPerPage' | 'pidMaxLimit' | 'reservedPids' | 'pidMaxMin',
  ) => {
    limits[name] = options[name] ?? limits[name]
  }
  take('maxPids')
  take('maxNamespaces')
  take('bitsPerPage')
  take('pidMaxLimit')
  take('reservedPids')
  take('pidMaxMin')
  limits.era = options.era ?? limits.era
  if (limits.era !== 'latest' && limits.era !== '4.14') {
    throw new RangeError(`"era" expected 'latest' or '4.14', got ${String(limits.era)}`)
  }
  within('maxPids', limits.maxPids, 1, 4194304)
  within('maxNamespaces', limits.maxNamespaces, 0, 65536)
  within('bitsPerPage', limits.bitsPerPage, 32, 32768)
  if ((limits.bitsPerPage & (limits.bitsPerPage - 1)) !== 0) {
    throw new RangeError(`"bitsPerPage" expected a power of two, got ${limits.bitsPerPage}`)
  }
  const most = 32 * L.NS_FULL_PAGES_WORDS * limits.bitsPerPage
  within('pidMaxLimit', limits.pidMaxLimit, 3, Math.min(most, DEFAULT_LIMITS.pidMaxLimit))
  within('reservedPids', limits.reservedPids, 1, limits.pidMaxLimit - 2)
  within('pidMaxMin', limits.pidMaxMin, limits.reservedPids + 1, limits.pidMaxLimit)
  if (options.pidMax !== undefined) within('pidMax', options.pidMax, limits.pidMaxMin, limits.pidMaxLimit)
  return limits
}

function within(name: string, value: unknown, min: number, max: number): void {
  if (typeof value !== 'number') throw new TypeError(`"${name}" expected a number, got ${typeof value}`)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`"${name}" expected an integer from ${min} to ${max}, got ${value}`)
  }
}
