/**
 * The kernel's limits of process numbers (64-bit, 4 KiB pages). They are the defaults of the fields that a table keeps
 * in its header, so that tests can shrink them.
 */

/** Bits in one page of the pidmap: 4096 bytes. */
export const BITS_PER_PAGE = 32768
/** The part of a number that is its offset in its page. */
export const BITS_PER_PAGE_MASK: number = BITS_PER_PAGE - 1
/** One more than the largest number that any namespace can be set to give out. */
export const PID_MAX_LIMIT = 4194304
/** pid_max of the initial namespace at boot: the numbers given out are below it. */
export const PID_MAX_DEFAULT = 32768
/** Pages of the pidmap of one namespace. */
export const PIDMAP_ENTRIES: number = Math.ceil(PID_MAX_LIMIT / BITS_PER_PAGE)
/** Where the search for a free number goes on after pid_max; numbers below it are given out on the way up only. */
export const RESERVED_PIDS = 300
/** The smallest value that kernel.pid_max takes on one processor. */
export const PID_MAX_MIN: number = RESERVED_PIDS + 1
/** The deepest level of a PID namespace; the initial one has level 0. */
export const MAX_PID_NS_LEVEL = 32
/** The flag in `nr_hashed` that allows new numbers: 1 << 31, as a signed word. */
export const PIDNS_HASH_ADDING: number = 1 << 31
/** The last signal number (`_NSIG`). */
export const NSIG = 64
/** Bytes of a task's name, with its closing zero. */
export const TASK_COMM_LEN = 16
