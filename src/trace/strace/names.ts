/**
 * The names that strace prints, as the numbers they stand for. A name that is not here says nothing about processes.
 */
import * as abi from '../../abi/index.ts'
import { createLookup, type Numbers } from './lookup.ts'

export type Names = ReadonlyMap<string, number>

/** Errors of Linux (asm-generic) by their numbers, from 1; `-` where there is none. */
const ERRORS = `
EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV
ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLK
ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP - ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH ENOCSI EL2HLT
EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT - EBFONT ENOSTR ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT
ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ
ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP
EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN
ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM
ENAVAIL EISNAM EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD
ENOTRECOVERABLE ERFKILL EHWPOISON`

export const ERRNOS: Names = new Map(
  ERRORS.trim()
    .split(/\s+/)
    .map((name, at) => [name, at + 1]),
)

const signalNames = signals()

export const SIGNALS: Numbers = numbersOf(signalNames)

/** With the signals: clone(2) has its exit signal among the flags. */
export const CLONE_FLAGS: Names = new Map([
  ...abiNames('CLONE_'),
  ['CLONE_NEWTIME', 0x80],
  ['CLONE_DETACHED', 0x400000],
  ['CLONE_CLEAR_SIGHAND', 2 ** 32],
  ['CLONE_INTO_CGROUP', 2 ** 33],
  ...signalNames,
])

export const WAIT_OPTIONS: Names = new Map([
  ...abiNames('W'),
  ['__WNOTHREAD', abi.__WNOTHREAD],
  ['__WALL', abi.__WALL],
  ['__WCLONE', abi.__WCLONE],
])

export const ID_TYPES: Numbers = numbersOf(abiNames('P_'))

export const PIDFD_FLAGS: Names = new Map([...abiNames('PIDFD_'), ['O_NONBLOCK', abi.PIDFD_NONBLOCK]])

/** PR_SET_NAME is a command of its own here, though not one of the library. */
export const PR_SET_NAME = 15

export const PRCTL_OPTIONS: Names = new Map([...abiNames('PR_'), ['PR_SET_NAME', PR_SET_NAME]])

/** The commands of prctl(2) that concern processes. */
export const PRCTL_NUMBERS: ReadonlySet<number> = new Set(PRCTL_OPTIONS.values())

export const SIGACTION_FLAGS: Names = new Map([
  ...abiNames('SA_'),
  ['SA_SIGINFO', 4],
  ['SA_UNSUPPORTED', 0x400],
  ['SA_EXPOSE_TAGBITS', 0x800],
  ['SA_RESTORER', 0x4000000],
  ['SA_ONSTACK', 0x8000000],
  ['SA_RESTART', 0x10000000],
  ['SA_NODEFER', 0x40000000],
  ['SA_RESETHAND', 0x80000000],
])

/** si_code. */
export const SIGNAL_CODES: Numbers = numbersOf([
  ['SI_USER', 0],
  ['SI_KERNEL', 128],
  ['SI_QUEUE', -1],
  ['SI_TIMER', -2],
  ['SI_MESGQ', -3],
  ['SI_ASYNCIO', -4],
  ['SI_SIGIO', -5],
  ['SI_TKILL', -6],
  ['SI_DETHREAD', -7],
  ['SI_ASYNCNL', -60],
  ...abiNames('CLD_'),
])

/** A reason of the kernel's own that is not told apart: SEGV_MAPERR, FPE_INTDIV, POLL_IN. */
export const OTHER_CODE = 1

function numbersOf(names: Iterable<[string, number]>): Numbers {
  return createLookup(Array.from(names, ([name, value]) => ({ name, value })))
}

function abiNames(prefix: string): [string, number][] {
  return Object.entries(abi).filter(
    (entry): entry is [string, number] => entry[0].startsWith(prefix) && typeof entry[1] === 'number',
  )
}

function signals(): Names {
  const names = new Map<string, number>([
    ['SIGCLD', abi.SIGCHLD],
    ['SIGPOLL', abi.SIGIO],
    ['SIGIOT', abi.SIGABRT],
  ])
  for (let sig = 1; sig <= abi.NSIG; sig++) {
    names.set(abi.signalName(sig), sig)
    if (sig < abi.SIGRTMIN) continue
    names.set(`SIGRTMIN+${sig - abi.SIGRTMIN}`, sig)
    names.set(`SIGRTMAX-${abi.SIGRTMAX - sig}`, sig)
  }
  return names.set('SIGRTMIN', abi.SIGRTMIN).set('SIGRTMAX', abi.SIGRTMAX)
}
