/** The numbers that the oracle needs, written down a second time: it shares nothing with the library. */
export const E = {
  PERM: 1,
  NOENT: 2,
  SRCH: 3,
  BADF: 9,
  CHILD: 10,
  AGAIN: 11,
  NOMEM: 12,
  ACCES: 13,
  EXIST: 17,
  INVAL: 22,
  NOSPC: 28,
  DEADLK: 35,
} as const

export const KILL = 9
export const CHLD = 17
export const CONT = 18
export const STOP = 19
export const HUP = 1

/** Stop by default; do nothing by default; dump core by default; are taken before all others. */
export const STOPS: ReadonlySet<number> = new Set([19, 20, 21, 22])
export const HARMLESS: ReadonlySet<number> = new Set([17, 18, 23, 28])
export const DUMPS: ReadonlySet<number> = new Set([3, 4, 5, 6, 7, 8, 11, 24, 25, 31])
export const OWN_FAULTS: ReadonlySet<number> = new Set([4, 5, 7, 8, 11, 31])

export const isSignal = (sig: number): boolean => sig >= 0 && sig <= 64
/** Neither can be ignored, and of an init's signals only these two come through. */
export const isAbsolute = (sig: number): boolean => sig === KILL || sig === STOP

export const CLONE = {
  VM: 0x100,
  FS: 0x200,
  SIGHAND: 0x800,
  PARENT: 0x8000,
  THREAD: 0x10000,
  NEWNS: 0x20000,
  DETACHED: 0x400000,
  NEWUSER: 0x10000000,
  NEWPID: 0x20000000,
} as const
/** Flags of a thread as a threads library makes it. */
export const PTHREAD = 0x50f00

export const W = {
  NOHANG: 1,
  STOPPED: 2,
  EXITED: 4,
  CONTINUED: 8,
  NOWAIT: 0x1000000,
  NOTHREAD: 0x20000000,
  ALL: 0x40000000,
  CLONE: 0x80000000 | 0,
} as const

export const INT_MIN = -2147483648
export const MAX_LEVEL = 32
export const PID_MAX_LIMIT = 4194304
