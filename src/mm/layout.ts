/**
 * Every record of the table, word by word. One buffer of 32-bit words holds all of them; a pointer is the number of
 * the word where the record's slot begins, and 0 is NULL (word 0 is the header's).
 *
 * Word 0 of each slot is its generation, kept by the slab: odd while the record is in use, even while it is free.
 *
 * Who guards what: [pidmapLock] [tasklistLock] [atomic: each word by itself] [once: written before the record can be
 * found, constant afterwards].
 */
import { NSIG } from '../abi/limits.ts'
import { BITMAP_SUMMARY_WORDS } from '../lib/bitmap.ts'
import { BROKEN, CALLS, DEATHS, JOURNAL_NEXT } from '../lib/journal.ts'
import { LIST_WORDS } from '../lib/list.ts'
import { RCU_GP_WORDS, READER_ENDED, READER_STATE, READER_WORDS } from '../sync/grace_period.ts'
import { HLIST_NODE_WORDS } from '../sync/hlist.ts'
import { RCU_HEAD_WORDS, RCU_LIST_WORDS } from '../sync/rcu.ts'
import { WORK_LIST_WORDS, WORK_WORDS } from '../sync/workqueue.ts'

declare const pidBrand: unique symbol
declare const upidBrand: unique symbol
declare const nsBrand: unique symbol
declare const taskBrand: unique symbol
declare const signalBrand: unique symbol
declare const sighandBrand: unique symbol
declare const dueBrand: unique symbol
declare const mountBrand: unique symbol
declare const pidfdBrand: unique symbol
declare const idrNodeBrand: unique symbol
declare const nsFileBrand: unique symbol

/** A `struct pid`. */
export type PidRef = number & { readonly [pidBrand]: true }
/** One number of a `struct pid`, in one namespace. */
export type UpidRef = number & { readonly [upidBrand]: true }
/** A `struct pid_namespace`. */
export type NsRef = number & { readonly [nsBrand]: true }
/** A `struct task_struct`. */
export type TaskRef = number & { readonly [taskBrand]: true }
/** A `struct signal_struct`: what the threads of one thread group share. */
export type SignalRef = number & { readonly [signalBrand]: true }
/** A `struct sighand_struct`: the functions that signals call. */
export type SighandRef = number & { readonly [sighandBrand]: true }
/** What is due to a task, and its driver. */
export type DueRef = number & { readonly [dueBrand]: true }
/** A mount of procfs. */
export type MountRef = number & { readonly [mountBrand]: true }
/** A node of the radix tree by which numbers are found (pid/pid_idr.ts). */
export type IdrNodeRef = number & { readonly [idrNodeBrand]: true }
/** An open pidfd. */
export type PidfdRef = number & { readonly [pidfdBrand]: true }

/** Bytes of a cache line, in words: slots of hot records begin at a multiple of it. */
export const LINE_WORDS = 16
/** Slots of tasks begin at a multiple of this (mm/slot_map.ts). */
export const SLOT_GRAIN = 8

/** An open file of a namespace. */
export type NsFileRef = number & { readonly [nsFileBrand]: true }

// Header ------------------------------------------------------------------------------------------------------------
//
//      0   what the buffer is, and its limits            [once; brk and counters: atomic]
//      32  tasklistLock, alone on its line
//      48  pidmapLock, alone on its line
//      64  the hash, as its readers see it; counts of namespaces and mounts  [pidmapLock; counts: atomic]
//      80  RCU callbacks, work items                     [queueLock]
//          run queue, tasks                              [tasklistLock]
//          numbers hashed                                [pidmapLock]
//      96  slab descriptors                              [slabLock]
//      448 slabLock, alone on its line
//      464 queueLock, alone on its line
//      480 workers; grace periods                        [tasklistLock; atomic]
//      496 end of the undo journal (sync/journal.ts); what workers have to do  [tasklistLock]
//
//      In the shared build the buffer goes on behind the table's words: workers' records, then the journal.
//
//      Locks are taken in this order, top to bottom (sync/raw_spinlock.ts).

export const MAGIC = 0x4e444950 // the bytes "PIDN"
export const VERSION = 6

export const H_MAGIC = 0
export const H_VERSION = 1
/** Words of the whole table. */
export const H_WORDS = 2
/** The first word never taken so far: all below it is what a copy of the table consists of. */
export const H_BRK = 3
/** Which kernel's answers: ERA_LATEST or ERA_4_14. */
export const H_ERA = 4
export const H_BITS_PER_PAGE = 5
export const H_PIDMAP_ENTRIES = 6
export const H_RESERVED_PIDS = 7
export const H_PID_MAX_LIMIT = 8
export const H_PID_MAX_MIN = 9
/** Most tasks alive at a time (kernel.threads-max), and most namespaces (user.max_pid_namespaces). */
export const H_MAX_PIDS = 10
export const H_MAX_NAMESPACES = 11
/** The n-th allocation from now fails; 0: none does. Linux: /proc/self/fail-nth. */
export const H_FAIL_NTH = 12
/** How often a WARN_ON found its condition true. */
export const H_WARNINGS = 13
export const H_INIT_NS = 14
export const H_INIT_TASK = 15
/** The number that the next namespace gets as its inode. */
export const H_NEXT_INUM = 16
/** How numbers are found: LOOKUP_HASH or LOOKUP_IDR. */
export const H_LOOKUP = 17

/** Tasks, their lists, and in the shared build every call of the facade as a whole. */
export const H_TASKLIST_LOCK = 32
/** What is findable: the hash or the trees, `nr_hashed`, pages of the pidmap. */
export const H_PIDMAP_LOCK = 48

export const H_HASH = 64
export const H_HASH_SHIFT = 65
export const H_NAMESPACES = 67
export const H_MOUNTS = 68
/** Goes up when the hash begins to grow, and when it has grown: odd meanwhile. */
export const H_HASH_SEQ = 69

export const H_RCU_LIST = 80
export const H_WORK_LIST: number = H_RCU_LIST + RCU_LIST_WORDS
/** The run queue: first and last task. */
export const H_RUN_FIRST: number = H_WORK_LIST + WORK_LIST_WORDS
export const H_RUN_LAST: number = H_RUN_FIRST + 1
/** Tasks to be released before the exit that is under way ends, linked through TASK_RUN_NEXT. */
export const H_DEAD: number = H_RUN_LAST + 1
/** Tasks that hold a number, threads included. */
export const H_THREADS: number = H_DEAD + 1
/** All thread-group leaders, in order of creation. */
export const H_TASKS: number = H_THREADS + 1
/** Numbers hashed now: not in a line that readers look at. */
export const H_HASH_COUNT: number = H_TASKS + LIST_WORDS

export const H_SLABS = 96
/** Free lists of the slabs. Taken only where workers share them; nothing but queueLock is taken inside. */
export const H_SLAB_LOCK = 448
/** The lists of RCU callbacks and of work items. Taken only where workers share them; nothing is taken inside. */
export const H_QUEUE_LOCK = 464
/** How many workers have opened the table so far: their numbers, from 1, are never given out again. */
export const H_WORKERS = 480
/** Goes up when something has happened that other workers may wait for. */
export const H_RING = 481
/** Workers that wait for that now. */
export const H_LISTENERS = 482
/** The counter of grace periods, and how many workers' records have been used (sync/grace_period.ts). */
export const H_RCU_GP = 483
export const H_RECORDS: number = H_RCU_GP + RCU_GP_WORDS - 1
/** Two words by which nobody else names a kernel: workers hold a name made of them where they can (workers.ts). [once] */
export const H_NAME: number = H_RECORDS + 1
/** Where the undo journal goes on, and what every call moves. */
export const H_JOURNAL: number = JOURNAL_NEXT
export const H_CALLS: number = CALLS
/** 1: a worker is known to have ended, and what it leaves is not put in order yet. */
export const H_DEATHS: number = DEATHS
/** How often a lock was taken over from a worker that had ended. */
export const H_BROKEN: number = BROKEN
/** Tasks to whose handlers or driver something is due (task/due.ts). */
export const H_DUE = 500
export const HEADER_WORDS = 512

export const ERA_LATEST = 0
export const ERA_4_14 = 1

export const LOOKUP_HASH = 0
export const LOOKUP_IDR = 1

// Slab descriptors --------------------------------------------------------------------------------------------------

/** Words of one slot. */
export const SLAB_SLOT_WORDS = 0
/** The first free slot; a free slot's word 1 names the next. */
export const SLAB_FREE = 1
/** Slots not yet used of the newest chunk: from here ... */
export const SLAB_FRESH = 2
/** ... up to here. */
export const SLAB_FRESH_END = 3
/** The newest chunk; a chunk's word 0 names the one before, its word 1 how many slots it holds. */
export const SLAB_CHUNKS = 4
/** Slots in use. */
export const SLAB_LIVE = 5
export const SLAB_WORDS = 8

/** The slabs: one for each level of `struct pid` (as the kernel's `pid_1` ... `pid_33`), then one for each other kind. */
export const SLAB_PID = 0
export const SLAB_NS = 33
export const SLAB_PAGE = 34
export const SLAB_MOUNT = 35
export const SLAB_TASK = 36
export const SLAB_SIGNAL = 37
export const SLAB_PIDFD = 38
export const SLAB_NSFILE = 39
export const SLAB_IDR_LEAF = 40
export const SLAB_IDR_TOP = 41
export const SLAB_SIGHAND = 42
export const SLAB_DUE = 43
export const SLAB_COUNT = 44

// Workers (shared build) ---------------------------------------------------------------------------------------------
//
// As many records as workers may use the table at a time, behind the table's last word.

/** Its number, as H_WORKERS gave it out; 0: nobody; below 0: being filled in, by thread number -1 - this. */
export const WORKER_NR = 0
/** What it reads now (sync/grace_period.ts). */
export const WORKER_READER = 1
/** Its thread as the surroundings name it, and when that began; 0: they cannot tell whether it lives. */
export const WORKER_THREAD = 2
export const WORKER_STARTED = 3
/**
 * Its number, shifted; and bits: WORKER_DONE, it has disposed of its kernel; WORKER_ENDED, its thread has ended: this is proof;
 * WORKER_READS, it has no kernel, and only looks numbers up. With the number in it nobody takes the one that had the record
 * before for the one that has it.
 */
export const WORKER_STATE: number = WORKER_READER + READER_STATE
/** 1 while it counts in H_LISTENERS. [tasklistLock] */
export const WORKER_LISTENS = 5
/** 1: it holds its name, which comes free when it ends. */
export const WORKER_HOLDS = 6
/** A reader's lists of callbacks and of work items, on which nothing is. */
export const WORKER_LISTS = 7
/** 1: others' calls have left something for its handlers and drivers; it sleeps here while it is 0. [tasklistLock] */
export const WORKER_DUE: number = WORKER_LISTS + RCU_LIST_WORDS + WORK_LIST_WORDS
export const WORKER_WORDS: number = READER_WORDS

export const WORKER_DONE = 1
export const WORKER_ENDED: number = READER_ENDED
export const WORKER_READS = 4
export const WORKER_STATE_SHIFT = 3

export const MAX_WORKERS = 64

// struct pid --------------------------------------------------------------------------------------------------------
//
//      +0  generation    +4  tasks[PIDTYPE_SID]          [tasklistLock]
//      +1  count  [atomic]    +5  rcu head (2)
//      +2  tasks[PIDTYPE_PID]    +7  level                  [once]
//      +3  tasks[PIDTYPE_PGID]    +8  worker                 [tasklistLock]
//      +9  numbers[0 .. level], 4 words each, outermost first
//
//      upid: +0 nr, +1 ns [once]; +2 pid_chain (2) [pidmapLock; read under RCU]

export const PIDTYPE_PID = 0
export const PIDTYPE_PGID = 1
export const PIDTYPE_SID = 2
export const PIDTYPE_MAX = 3
/** No list of its own: the PIDTYPE_PID of the thread group's leader. */
export const PIDTYPE_TGID = 4

export const PID_COUNT = 1
export const PID_TASKS = 2
export const PID_RCU: number = PID_TASKS + PIDTYPE_MAX
export const PID_LEVEL: number = PID_RCU + RCU_HEAD_WORDS
/** Of a process's own: the worker whose end kills it, which is the one that made it or has claimed it since; 0: none. */
export const PID_WORKER: number = PID_LEVEL + 1
export const PID_NUMBERS: number = PID_LEVEL + 2

export const UPID_NR = 0
export const UPID_NS = 1
export const UPID_CHAIN = 2
export const UPID_WORDS: number = UPID_CHAIN + HLIST_NODE_WORDS

// struct pid_namespace ----------------------------------------------------------------------------------------------
//
// The pidmap's entries follow at NS_PIDMAP: {nr_free, page} for each of H_PIDMAP_ENTRIES pages. NS_FULL_PAGES is a
// bitmap over them: a bit is set while its page has no zero bit left.

export const NS_COUNT = 1 //         [atomic]
export const NS_LAST_PID = 2 //      [atomic]
export const NS_NR_HASHED = 3 //     [pidmapLock] struct pids with a number here, and PIDNS_HASH_ADDING
export const NS_RCU = 4
export const NS_PROC_WORK: number = NS_RCU + RCU_HEAD_WORDS
export const NS_PROC_MNT: number = NS_PROC_WORK + WORK_WORDS // [once, then only by proc_cleanup_work]
export const NS_PARENT: number = NS_PROC_MNT + 1 //             [once]
export const NS_INUM: number = NS_PROC_MNT + 2 //               [once]
export const NS_CHILD_REAPER: number = NS_PROC_MNT + 3 //       [tasklistLock]
export const NS_REBOOT: number = NS_PROC_MNT + 4 //             [tasklistLock] exit code of its init after reboot(2)
// What readers look at is not in the line that every allocation writes.
export const NS_LEVEL: number = LINE_WORDS //                   [once]
export const NS_IDR: number = NS_LEVEL + 1 //                   [pidmapLock; read under RCU] root of the tree of numbers, 0 while empty
export const NS_PID_MAX: number = NS_LEVEL + 2 //               [atomic] kernel.pid_max of this namespace
export const NS_FULL_PAGES: number = NS_PID_MAX + 1 + BITMAP_SUMMARY_WORDS
/** Words that the bitmap NS_FULL_PAGES takes: room for 128 pages. */
export const NS_FULL_PAGES_WORDS = 4
export const NS_PIDMAP: number = NS_FULL_PAGES + NS_FULL_PAGES_WORDS

export const PIDMAP_NR_FREE = 0 //   [atomic]
export const PIDMAP_PAGE = 1 //      [installed once under pidmapLock] where the page's bits begin, or 0
export const PIDMAP_WORDS = 2

/** In the slot of a page: where its bits begin, behind the summary. */
export const PAGE_BITS = 48

// Node of the tree of numbers -----------------------------------------------------------------------------------------
//
// [pidmapLock; the slots are read under RCU]

/** Slots in use. */
export const IDR_COUNT = 1
export const IDR_RCU = 2
/** The slots, on cache lines of their own: 1,024 of a leaf, 4,096 of a top. */
export const IDR_SLOTS: number = LINE_WORDS
export const IDR_LEAF_WORDS: number = IDR_SLOTS + 1024
export const IDR_TOP_WORDS: number = IDR_SLOTS + 4096

// Mount, pidfd, namespace file ---------------------------------------------------------------------------------------

export const MOUNT_NS = 1
export const MOUNT_SLOT_WORDS = 2

export const PIDFD_PID = 1
/** What it was opened with; a pending wait holds its `struct pid` by such a record too: then minus its worker's number. */
export const PIDFD_FLAGS = 2
export const PIDFD_SLOT_WORDS = 3

export const NSFILE_NS = 1
export const NSFILE_SLOT_WORDS = 2

// struct task_struct ------------------------------------------------------------------------------------------------
//
// The pid room knows a task only by its links and its leader (TASK_LINKS, TASK_LEADER). All words: [tasklistLock].

/** pid_link of each type: {node (2), struct pid}. */
export const TASK_LINKS = 1
export const LINK_NODE = 0
export const LINK_PID: number = HLIST_NODE_WORDS
export const LINK_WORDS: number = HLIST_NODE_WORDS + 1

export const TASK_LEADER: number = TASK_LINKS + PIDTYPE_MAX * LINK_WORDS
export const TASK_SIGNAL: number = TASK_LEADER + 1
export const TASK_REAL_PARENT: number = TASK_LEADER + 2
/** Children of this thread, in order of arrival, and this task's place among its parent's. */
export const TASK_CHILDREN: number = TASK_LEADER + 3
export const TASK_SIBLING: number = TASK_CHILDREN + LIST_WORDS
/** Place among the threads of its group, in order of creation. */
export const TASK_THREAD_NODE: number = TASK_SIBLING + LIST_WORDS
/** Place of a leader among all leaders (H_TASKS). */
export const TASK_TASKS: number = TASK_THREAD_NODE + LIST_WORDS
/** Once the task is released nothing links to its children's list: the words serve as RCU head. */
export const TASK_RCU: number = TASK_CHILDREN
/** pid_ns_for_children; holds a reference. 0 once exit gave it back. */
export const TASK_NS_FOR_CHILDREN: number = TASK_TASKS + LIST_WORDS
/** Where it runs or rests (task/sched.ts), and how far it is gone (task/task.ts). */
export const TASK_STATE: number = TASK_NS_FOR_CHILDREN + 1
export const TASK_EXIT_STATE: number = TASK_STATE + 1
export const TASK_EXIT_CODE: number = TASK_STATE + 2
/** Sent to the parent when the thread group has ended; -1 for a thread that is not the leader. */
export const TASK_EXIT_SIGNAL: number = TASK_STATE + 3
export const TASK_PDEATH_SIGNAL: number = TASK_STATE + 4
export const TASK_FLAGS: number = TASK_STATE + 5
/** What is due to it, and its driver (task/due.ts); 0: nothing, and none. */
export const TASK_DUE: number = TASK_STATE + 6
/** Signals pending for this thread alone: a bit each, number 1 lowest, in two words. */
export const TASK_PENDING: number = TASK_STATE + 7
/** Signals that this thread blocks. */
export const TASK_BLOCKED: number = TASK_STATE + 9
export const TASK_SELF_EXEC_ID: number = TASK_STATE + 11
export const TASK_PARENT_EXEC_ID: number = TASK_STATE + 12
/** Next task on the run queue. */
export const TASK_RUN_NEXT: number = TASK_STATE + 13
/** The name, 15 bytes and a zero. */
export const TASK_COMM: number = TASK_STATE + 14
export const TASK_COMM_WORDS = 4
export const TASK_SLOT_WORDS: number = Math.ceil((TASK_COMM + TASK_COMM_WORDS) / SLOT_GRAIN) * SLOT_GRAIN

// struct signal_struct ----------------------------------------------------------------------------------------------
//
// All words: [tasklistLock].

/** Tasks that refer to this record. */
export const SIG_COUNT = 1
/** Threads of the group that hold a number, in order of creation, and how many they are. */
export const SIG_THREADS = 2
export const SIG_NR_THREADS: number = SIG_THREADS + LIST_WORDS
/** Threads that have not begun to exit: counted down early in exit, so that one of them knows it is the last. */
export const SIG_LIVE: number = SIG_NR_THREADS + 1
export const SIG_FLAGS: number = SIG_NR_THREADS + 2
export const SIG_GROUP_EXIT_CODE: number = SIG_NR_THREADS + 3
/** Threads that a group stop still waits for. */
export const SIG_GROUP_STOP_COUNT: number = SIG_NR_THREADS + 4
/** The thread in execve that waits for the others to be gone, and how many it waits for (-1: for the leader). */
export const SIG_GROUP_EXEC_TASK: number = SIG_NR_THREADS + 5
export const SIG_NOTIFY_COUNT: number = SIG_NR_THREADS + 6
/** The thread that last took a signal sent to the group. */
export const SIG_CURR_TARGET: number = SIG_NR_THREADS + 7
/** Session leader: 0 or 1. Child subreaper, or some ancestor is or was one: SUBREAPER_IS, SUBREAPER_HAS. */
export const SIG_LEADER: number = SIG_NR_THREADS + 8
export const SIG_SUBREAPER: number = SIG_NR_THREADS + 9
/** Signals pending for the group; signals that are ignored, and that have a handler: a bit each, in two words. */
export const SIG_SHARED_PENDING: number = SIG_NR_THREADS + 10
export const SIG_IGNORED: number = SIG_NR_THREADS + 12
export const SIG_CAUGHT: number = SIG_NR_THREADS + 14
/** sa_flags of SIGCHLD: the only signal whose flags bear on processes. */
export const SIG_CHLD_FLAGS: number = SIG_NR_THREADS + 16
/** The functions that caught signals call; 0: none was given. Means something only where SIG_CAUGHT has the signal. */
export const SIG_SIGHAND: number = SIG_NR_THREADS + 17
export const SIG_SLOT_WORDS: number = SIG_NR_THREADS + 18

export const SUBREAPER_IS = 1
export const SUBREAPER_HAS = 2

// struct sighand_struct ---------------------------------------------------------------------------------------------
//
// Shared by the processes that have it by fork, until one changes it. All words: [tasklistLock].

/** Processes that refer to this record. */
export const HAND_COUNT = 1
/** For each signal, from 1: the worker that has the function, and what that worker knows it by; 0: none. */
export const HAND_WORKERS = 2
export const HAND_FUNCTIONS: number = HAND_WORKERS + NSIG
export const HAND_SLOT_WORDS: number = HAND_FUNCTIONS + NSIG

// What is due to a task ----------------------------------------------------------------------------------------------
//
// While it has a driver, or handlers that have not been called. All words: [tasklistLock].

export const DUE_TASK = 1
/** The worker that has its driver, 0: none has; the signal by which that is to be told what became of it, 0: it knows. */
export const DUE_DRIVER = 2
export const DUE_TELL = 3
/** Signals taken whose handlers have still to be called: a bit each, in two words. */
export const DUE_CALLS = 4
/** Place in H_DUE, while somebody is to be told or called. */
export const DUE_NODE = 6
export const DUE_SLOT_WORDS: number = DUE_NODE + LIST_WORDS

/** Words of a `struct pid` of the given level: whole cache lines. */
export function pidSlotWords(level: number): number {
  return lines(PID_NUMBERS + UPID_WORDS * (level + 1))
}

/** Words of a namespace whose pidmap has so many entries. */
export function nsSlotWords(entries: number): number {
  return lines(NS_PIDMAP + PIDMAP_WORDS * entries)
}

/** Words of a page of the pidmap that has so many bits. */
export function pageSlotWords(bits: number): number {
  return lines(PAGE_BITS + ((bits + 31) >> 5))
}

function lines(words: number): number {
  return Math.ceil(words / LINE_WORDS) * LINE_WORDS
}
