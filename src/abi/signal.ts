/** Signal numbers of Linux (x86-64, ARM64), their names, and what each does by default (signal(7)). */
export const SIGHUP = 1
export const SIGINT = 2
export const SIGQUIT = 3
export const SIGILL = 4
export const SIGTRAP = 5
export const SIGABRT = 6
export const SIGBUS = 7
export const SIGFPE = 8
export const SIGKILL = 9
export const SIGUSR1 = 10
export const SIGSEGV = 11
export const SIGUSR2 = 12
export const SIGPIPE = 13
export const SIGALRM = 14
export const SIGTERM = 15
export const SIGSTKFLT = 16
export const SIGCHLD = 17
export const SIGCONT = 18
export const SIGSTOP = 19
export const SIGTSTP = 20
export const SIGTTIN = 21
export const SIGTTOU = 22
export const SIGURG = 23
export const SIGXCPU = 24
export const SIGXFSZ = 25
export const SIGVTALRM = 26
export const SIGPROF = 27
export const SIGWINCH = 28
export const SIGIO = 29
export const SIGPWR = 30
export const SIGSYS = 31
export const SIGRTMIN = 32
export const SIGRTMAX = 64

const NAMES = [
  '0',
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGKILL',
  'SIGUSR1',
  'SIGSEGV',
  'SIGUSR2',
  'SIGPIPE',
  'SIGALRM',
  'SIGTERM',
  'SIGSTKFLT',
  'SIGCHLD',
  'SIGCONT',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGVTALRM',
  'SIGPROF',
  'SIGWINCH',
  'SIGIO',
  'SIGPWR',
  'SIGSYS',
]

/** `signalName(9)` is `'SIGKILL'`, `signalName(40)` is `'SIGRT_8'` (as strace writes real-time signals). */
export function signalName(sig: number): string {
  if (sig >= SIGRTMIN && sig <= SIGRTMAX) return `SIGRT_${sig - SIGRTMIN}`
  return NAMES[sig] ?? `signal ${sig}`
}

/** `signalNumber('SIGKILL')` is 9; undefined for a name that is none. */
export function signalNumber(name: string): number | undefined {
  const at = NAMES.indexOf(name)
  if (at > 0) return at
  const realTime = /^SIGRT_(\d+)$/.exec(name)
  const sig = realTime === null ? 0 : SIGRTMIN + Number(realTime[1])
  return sig >= SIGRTMIN && sig <= SIGRTMAX ? sig : undefined
}

/** What sigprocmask(2) does with its set. */
export const SIG_BLOCK = 0
export const SIG_UNBLOCK = 1
export const SIG_SETMASK = 2

/** SIG_DFL and SIG_IGN of sigaction(2). */
export const SIG_DFL = 'dfl'
export const SIG_IGN = 'ign'

/** Flags of sigaction(2) that bear on children. */
export const SA_NOCLDSTOP = 1
export const SA_NOCLDWAIT = 2

/** si_code of a SIGCHLD (waitid(2)). */
export const CLD_EXITED = 1
export const CLD_KILLED = 2
export const CLD_DUMPED = 3
export const CLD_TRAPPED = 4
export const CLD_STOPPED = 5
export const CLD_CONTINUED = 6
