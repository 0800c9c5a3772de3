/**
 * The calls that bear on processes: how strace prints their arguments, one row each. To add one is to add a row.
 */
import {
  CLONE_PARENT_SETTID,
  CLONE_PIDFD,
  CLONE_VFORK,
  CLONE_VM,
  P_PIDFD,
  PR_GET_CHILD_SUBREAPER,
  PR_GET_PDEATHSIG,
  SIGCHLD,
} from '../../abi/index.ts'
import { CUT, type FdArg, type SpanCall } from '../acts.ts'
import type { WaitInfo } from '../event.ts'
import { flagsReader } from './flags.ts'
import { createLookup, type Lookup, takeNamed } from './lookup.ts'
import * as N from './names.ts'
import { takeSigInfo } from './signals.ts'
import { takeStatus } from './status.ts'
import { takeString, takeStrings } from './string.ts'
import {
  atEnd,
  BRACE,
  BRACE_END,
  BRACKET,
  type Cursor,
  codeHere,
  expected,
  GREATER,
  LESS,
  type Literal,
  literal,
  NINE,
  placeOf,
  QUOTE,
  type Stretch,
  skip,
  skipComma,
  skipNull,
  skipPast,
  skipPastCode,
  standsAt,
  takeFd,
  takeNumber,
  takeWord,
  ZERO,
} from './text.ts'

/** A cursor, and what its call brought back beside the result. */
export interface CallCursor extends Cursor {
  status: number | undefined
  info: WaitInfo | undefined
  /** The outer number of `info.si_pid`. */
  infoOuter: number | undefined
  fd: FdArg | undefined
  /** `parent_tid=[23]`: the number of the new task, where the caller has it put. */
  parentTid: number | undefined
  /** The comments of its arguments. */
  pairs: [nr: number, outer: number][] | undefined
}

export interface Row {
  readonly name: string
  readonly nameCodes: Literal
  /** Its arguments, from behind the opening bracket. undefined: not of those that bear on processes after all. */
  readonly read: (c: CallCursor) => SpanCall | undefined
  /** It may last for as long as a process lives. */
  readonly lasts: boolean
  /** Its result is the descriptor of a process. */
  readonly givesFd: boolean
  /** For a call in two halves: all that matters of its arguments stands in the first. */
  readonly isEnough: ((first: Stretch, rest: Stretch) => boolean) | undefined
  /** What the second half adds, where the first was enough to begin with. */
  readonly readRest: ((c: CallCursor, first: SpanCall) => SpanCall) | undefined
  /** Arguments to read it with where its beginning is not in the log; undefined: without them it says nothing. */
  readonly orphan: string | undefined
}

const takeCloneFlags = flagsReader(N.CLONE_FLAGS)
const takeWaitOptions = flagsReader(N.WAIT_OPTIONS)
const takePidfdFlags = flagsReader(N.PIDFD_FLAGS)
const takeSigactionFlags = flagsReader(N.SIGACTION_FLAGS)

const FORK: SpanCall = { op: 'clone', flags: 0, exitSignal: SIGCHLD, setTid: undefined }
const VFORK: SpanCall = { ...FORK, flags: CLONE_VFORK | CLONE_VM }
const GETPID: SpanCall = { op: 'getpid' }
const GETTID: SpanCall = { op: 'gettid' }
const GETPPID: SpanCall = { op: 'getppid' }
const SETSID: SpanCall = { op: 'setsid' }
const GETPGRP: SpanCall = { op: 'getpgid', pid: 0 }

/** It is cut behind its first argument, as a rule: the others are results. */
const WAIT4: Partial<Row> = {
  lasts: true,
  orphan: '-1, ',
  isEnough: ({ codes, at, end }) => end - at > 2 && placeOf(codes, at, end, COMMA_ALONE) === end - 2,
  readRest: (c, first) => wait4Rest(c, first.op === 'wait4' ? first.pid : -1),
}

const EXIT_SIGNAL = 0xff

const COMMA_ALONE: Literal = literal(',')
const HEX: Literal = literal('0x')
const AT_FDCWD: Literal = literal('AT_FDCWD')
const CHILD_TIDPTR: Literal = literal(', child_tidptr=')
const ENDED_BRACE: Literal = literal('}, ')
const FLAGS: Literal = literal('flags=')
const PARENT_TID: Literal = literal('parent_tid=[')
const BRACE_FLAGS: Literal = literal('{flags=')
const EXIT_SIGNAL_IS: Literal = literal('exit_signal=')
const SET_TID: Literal = literal('set_tid=[')
const SET_TID_SIZE: Literal = literal('set_tid_size=')
const DOTS: Literal = literal('...')
const PIDFD: Literal = literal('pidfd=[')
const CLOSING_BRACKET: Literal = literal(']')
const CLOSING_BRACE: Literal = literal('}')
const OPENING_BRACKET: Literal = literal('[')
const EMPTY: Literal = literal('{}')
const HANDLER: Literal = literal('{sa_handler=')
const SA_FLAGS: Literal = literal('sa_flags=')
const SIG_DFL: Literal = literal('SIG_DFL')
const SIG_IGN: Literal = literal('SIG_IGN')

const ROWS: readonly Row[] = [
  row('fork', () => FORK),
  row('vfork', () => VFORK),
  row('clone', clone, {
    isEnough: (_, { codes, at, end }) => standsAt(codes, at, end, CHILD_TIDPTR),
  }),
  row('clone3', clone3),
  row('execve', execve),
  row('execveat', execveat),
  row('exit', (c) => ({ op: 'exit', code: takeNumber(c) }), { lasts: true }),
  row('exit_group', (c) => ({ op: 'exit_group', code: takeNumber(c) }), { lasts: true }),
  row('getpid', () => GETPID, { orphan: '' }),
  row('gettid', () => GETTID, { orphan: '' }),
  row('set_tid_address', () => GETTID, { orphan: '' }),
  row('getppid', () => GETPPID, { orphan: '' }),
  row('setsid', () => SETSID, { orphan: '' }),
  row('getpgrp', () => GETPGRP, { orphan: '' }),
  row('getpgid', (c) => ({ op: 'getpgid', pid: takePid(c) })),
  row('getsid', (c) => ({ op: 'getsid', pid: takePid(c) })),
  row('setpgid', (c) => ({ op: 'setpgid', pid: takePid(c), pgid: second(c, takePid) })),
  row('kill', kill),
  row('rt_sigqueueinfo', kill),
  row('tkill', (c) => ({ op: 'tgkill', tgid: 0, tid: takePid(c), sig: second(c, takeSignal) })),
  row('tgkill', tgkill),
  row('rt_tgsigqueueinfo', tgkill),
  row('wait4', wait4, WAIT4),
  row('waitpid', wait4, WAIT4),
  row('waitid', waitid, { lasts: true, orphan: 'P_ALL, 0, ' }),
  row('prctl', prctl),
  row('rt_sigaction', rtSigaction, {
    isEnough: ({ codes, at, end }) => end - at >= 3 && standsAt(codes, end - 3, end, ENDED_BRACE),
  }),
  row('unshare', (c) => ({ op: 'unshare', flags: takeCloneFlags(c) })),
  row('setns', (c) => ({ op: 'setns', fd: takeFd(c), nstype: second(c, takeCloneFlags) })),
  row('pidfd_open', (c) => ({ op: 'pidfd_open', pid: takePid(c), flags: second(c, takePidfdFlags) }), {
    givesFd: true,
  }),
  row('pidfd_send_signal', pidfdSendSignal),
]

/** All rows have all fields: they are looked at for each line. */
export function row(name: string, read: Row['read'], rest: Partial<Row> = {}): Row {
  const { lasts = false, givesFd = false, isEnough, readRest, orphan } = rest
  return { name, nameCodes: literal(name), read, lasts, givesFd, isEnough, readRest, orphan }
}

/** The row of the name that stands in `text` from `at` to `end`. */
export const findRow: Lookup<Row> = createLookup(ROWS)

function takeSignal(c: Cursor): number {
  return atEnd(c) ? 0 : takeNamed(c, N.SIGNALS, 'a signal')
}

/** A number of a process or group, and the comment behind it. */
function takePid(c: CallCursor, fallback = 0): number {
  const nr = takeNumber(c, fallback)
  if (c.outer !== undefined) {
    c.pairs ??= []
    c.pairs.push([nr, c.outer])
  }
  return nr
}

/** The argument behind a comma; where the text ends before it, its default. */
function second<T, C extends Cursor>(c: C, take: (c: C) => T): T {
  if (!skipComma(c) && !atEnd(c)) expected(c, 'a comma')
  return take(c)
}

function clone(c: CallCursor): SpanCall {
  // -e raw=clone: the flags come first, by no name.
  const raw = standsAt(c.codes, c.at, c.end, HEX)
  const all = raw ? takeNumber(c) : skipPast(c, FLAGS) ? takeCloneFlags(c) : 0
  const exitSignal = all & EXIT_SIGNAL
  if (all & CLONE_PIDFD && skipPast(c, PARENT_TID)) c.fd = takeFd(c)
  else if (all & CLONE_PARENT_SETTID) takeParentTid(c)
  return { op: 'clone', flags: all - exitSignal, exitSignal, setTid: undefined }
}

function clone3(c: CallCursor): SpanCall {
  if (!skip(c, BRACE_FLAGS)) return { op: 'clone', flags: 0, exitSignal: 0, setTid: undefined }
  const flags = takeCloneFlags(c)
  const exitSignal = skipPast(c, EXIT_SIGNAL_IS) ? takeSignal(c) : 0
  const setTid = skipPast(c, SET_TID) ? takeSetTid(c) : undefined
  if (flags & CLONE_PARENT_SETTID) takeParentTid(c)
  if (flags & CLONE_PIDFD && skipPast(c, PIDFD)) c.fd = takeFd(c)
  skip(c, CLOSING_BRACKET)
  skip(c, CLOSING_BRACE)
  return { op: 'clone', flags, exitSignal, setTid }
}

function takeParentTid(c: CallCursor): undefined {
  const { at } = c
  if (skipPast(c, PARENT_TID)) c.parentTid = takeNumber(c)
  c.at = at
}

/** A long list is cut: `[1, ...], set_tid_size=3`. */
function takeSetTid(c: Cursor): number[] {
  const numbers: number[] = []
  do {
    if (skip(c, DOTS)) {
      if (skipPast(c, SET_TID_SIZE)) fillUp(numbers, takeNumber(c))
      return numbers
    }
    numbers.push(takeNumber(c))
  } while (skipComma(c))
  return numbers
}

/** More are refused. */
const SET_TID_MAX = 33

function fillUp(numbers: number[], size: number): undefined {
  while (numbers.length < Math.min(size, SET_TID_MAX)) numbers.push(CUT)
}

function execve(c: Cursor): SpanCall {
  const file = takeStringOr(c)
  skipComma(c)
  const command = skip(c, OPENING_BRACKET) ? takeStrings(c) : ''
  return { op: 'execve', file, command }
}

function execveat(c: Cursor): SpanCall {
  takeFdOrName(c)
  skipComma(c)
  return execve(c)
}

/** A string, or '' for an address that could not be read. */
function takeStringOr(c: Cursor): string {
  if (skipNull(c)) return ''
  if (!standsAt(c.codes, c.at, c.end, HEX)) return takeString(c)
  takeNumber(c)
  return ''
}

function takeFdOrName(c: Cursor): undefined {
  if (standsAt(c.codes, c.at, c.end, AT_FDCWD)) {
    takeWord(c)
    if (codeHere(c) === LESS) skipPastCode(c, GREATER)
  } else takeFd(c)
}

function kill(c: CallCursor): SpanCall {
  return { op: 'kill', pid: takePid(c), sig: second(c, takeSignal) }
}

function tgkill(c: CallCursor): SpanCall {
  return { op: 'tgkill', tgid: takePid(c), tid: second(c, takePid), sig: second(c, takeSignal) }
}

function wait4(c: CallCursor): SpanCall {
  const pid = takePid(c, -1)
  return skipComma(c) ? wait4Rest(c, pid) : { op: 'wait4', pid, options: 0 }
}

function wait4Rest(c: CallCursor, pid: number): SpanCall {
  c.status = takeStatus(c)
  return { op: 'wait4', pid, options: second(c, takeWaitOptions) }
}

function waitid(c: CallCursor): SpanCall {
  const idtype = atEnd(c) ? 0 : takeNamed(c, N.ID_TYPES, 'P_PID or its kin')
  if (!skipComma(c)) return { op: 'waitid', idtype, id: 0, fd: undefined, options: 0 }
  const fd = idtype === P_PIDFD ? takeFd(c) : undefined
  const id = fd === undefined ? takePid(c) : fd.fd
  if (!skipComma(c)) return { op: 'waitid', idtype, id, fd, options: 0 }
  c.info = takeInfo(c)
  c.infoOuter = c.outer
  return { op: 'waitid', idtype, id, fd, options: second(c, takeWaitOptions) }
}

const NOTHING: WaitInfo = { si_signo: 0, si_pid: 0, si_code: 0, si_status: 0 }

function takeInfo(c: Cursor): WaitInfo | undefined {
  c.outer = undefined
  if (skipNull(c)) return undefined
  if (skip(c, EMPTY)) return NOTHING
  if (codeHere(c) !== BRACE) {
    takeNumber(c)
    return undefined
  }
  const info = takeSigInfo(c)
  c.outer = info.outer
  skipPastCode(c, BRACE_END)
  return { si_signo: info.signo, si_pid: info.pid ?? 0, si_code: info.code, si_status: info.status ?? 0 }
}

function prctl(c: Cursor): SpanCall | undefined {
  const first = codeHere(c)
  const option = first >= ZERO && first <= NINE ? takeNumber(c) : N.PRCTL_OPTIONS.get(takeWord(c))
  if (option === undefined || !N.PRCTL_NUMBERS.has(option) || !skipComma(c)) return undefined
  if (option === N.PR_SET_NAME) {
    return codeHere(c) === QUOTE ? { op: 'comm', name: takeString(c) } : undefined
  }
  if (option === PR_GET_CHILD_SUBREAPER || option === PR_GET_PDEATHSIG) {
    if (codeHere(c) !== BRACKET) return undefined
    c.at++
  }
  return { op: 'prctl', option, arg: takeNamed(c, N.SIGNALS, 'a number or a signal') }
}

function rtSigaction(c: Cursor): SpanCall | undefined {
  const sig = takeSignal(c)
  if (!skipComma(c) || !skip(c, HANDLER)) return undefined
  const handler = takeHandler(c)
  return skipPast(c, SA_FLAGS)
    ? { op: 'rt_sigaction', sig, handler, flags: takeSigactionFlags(c) }
    : undefined
}

function takeHandler(c: Cursor): 'dfl' | 'ign' | 'fn' {
  if (skip(c, SIG_DFL)) return 'dfl'
  if (skip(c, SIG_IGN)) return 'ign'
  if (skipNull(c)) return 'dfl'
  const address = codeHere(c) === ZERO ? takeNumber(c) : 2
  return address === 0 ? 'dfl' : address === 1 ? 'ign' : 'fn'
}

function pidfdSendSignal(c: Cursor): SpanCall {
  const fd = takeFd(c)
  const sig = second(c, takeSignal)
  if (!skipComma(c)) return { op: 'pidfd_send_signal', fd, sig, flags: 0 }
  if (codeHere(c) === BRACE) skipPastCode(c, BRACE_END)
  else if (!skipNull(c)) takeNumber(c)
  return { op: 'pidfd_send_signal', fd, sig, flags: second(c, takePidfdFlags) }
}
