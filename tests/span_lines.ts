/** Lines as strace writes them, for rules of order in logs of real programs. */
import type { LogOptions } from 'pidns/trace'

export interface Row {
  readonly what: string
  readonly lines: readonly string[]
  readonly options?: LogOptions
  /** Results that only another order than that of the lines gives. */
  readonly reordered?: number
  readonly skipped?: Readonly<Record<string, number>>
  /** What is changed, in which line: the first of them must be named, and no line that is not here. */
  readonly mutant: {
    readonly from: string
    readonly to: string
    readonly at: number
    readonly also?: number[]
  }
}

export const FLAGS = 'child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD'
export const START = '5 execve("/bin/sh", ["sh"], 0x7f /* 5 vars */) = 0'
export const HOST = '1000 execve("/bin/sh", ["sh"], 0x7f /* 5 vars */) = 0'

export const fork = (by: number, made: number | string): string =>
  `${by} clone(${FLAGS}, child_tidptr=0x7f04) = ${made}`
export const forks = (by: number): string => `${by} clone(${FLAGS} <unfinished ...>`
export const forked = (by: number, made: number | string): string =>
  `${by} <... clone resumed>, child_tidptr=0x7f04) = ${made}`
export const exits = (by: number, code = 0): string => `${by} exit_group(${code}) = ?`
export const gone = (by: number, code = 0): string => `${by} +++ exited with ${code} +++`
export const found = (by: number, nr: number, code = 0): string =>
  `${by} wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == ${code}}], 0, NULL) = ${nr}`
export const told = (by: number, nr: number, code = 0): string =>
  `${by} --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=${nr}, si_uid=0, si_status=${code}, si_utime=0, si_stime=0} ---`
export const signalled = (by: number, sig: string, from: number): string =>
  `${by} --- ${sig} {si_signo=${sig}, si_code=SI_USER, si_pid=${from}, si_uid=0} ---`

/** The life of each child from the first number to the last, one after the other. */
export function lives(by: number, first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i).flatMap((nr) => [
    fork(by, nr),
    exits(nr),
    gone(nr),
    found(by, nr),
  ])
}

export const UP_TO_299 = [START, ...lives(5, 6, 299)]
