/** A call and what came of it, in one line, as strace would write it: `kill(-5, SIGTERM) = 0`. */
import {
  __WALL,
  __WCLONE,
  __WNOTHREAD,
  CLONE_NEWPID,
  CLONE_PARENT,
  CLONE_THREAD,
  PR_SET_CHILD_SUBREAPER,
  signalName,
  WCONTINUED,
  WEXITED,
  WNOHANG,
  WNOWAIT,
  WSTOPPED,
} from '../abi/index.ts'
import type { FdArg, Span, SpanCall } from './acts.ts'
import { outcomeText } from './compare.ts'
import type { Call, TraceEvent } from './event.ts'

export function eventText(event: TraceEvent): string {
  return `${callText(event.call)} = ${outcomeText(event.outcome)}`
}

export function callText(call: Call): string {
  switch (call.op) {
    case 'clone':
      return `clone(${cloneArguments(call)})`
    case 'exit_group':
    case 'exit':
      return `${call.op}(${call.code < 0 ? '' : call.code})`
    case 'kill':
      return `kill(${call.pid}, ${signalName(call.sig)})`
    case 'tgkill':
      return `tgkill(${call.tgid}, ${call.tid}, ${signalName(call.sig)})`
    case 'wait4':
      return `wait4(${call.pid}, ${bitNames(call.options, WAIT4_OPTIONS)})`
    case 'waitid': {
      const id = 'pidfd' in call ? `pidfd ${call.pidfd}` : call.id
      return `waitid(${ID_TYPES[call.idtype] ?? call.idtype}, ${id}, ${bitNames(call.options, WAITID_OPTIONS)})`
    }
    case 'getpgid':
    case 'getsid':
      return `${call.op}(${call.pid})`
    case 'setpgid':
      return `setpgid(${call.pid}, ${call.pgid})`
    case 'prctl':
      return call.option === PR_SET_CHILD_SUBREAPER
        ? `prctl(PR_SET_CHILD_SUBREAPER, ${call.arg})`
        : `prctl(PR_SET_PDEATHSIG, ${signalName(call.arg)})`
    case 'rt_sigaction':
      return `rt_sigaction(${signalName(call.sig)}, ${call.handler === 'ign' ? 'SIG_IGN' : 'SIG_DFL'}, ${call.flags})`
    case 'unshare':
      return 'unshare(CLONE_NEWPID)'
    case 'setns':
      return 'pidfd' in call ? `setns(pidfd ${call.pidfd})` : `setns(ns/${call.link} of task ${call.target})`
    case 'sysctl':
      return call.value === undefined ? `read ${call.name}` : `write ${call.value} to ${call.name}`
    case 'pidfd_open':
      return `pidfd_open(${call.pid}, ${call.flags})`
    case 'pidfd_send_signal':
      return `pidfd_send_signal(pidfd ${call.pidfd}, ${signalName(call.sig)}, ${call.flags})`
    case 'poll':
      return `poll(pidfd ${call.pidfd})`
    default:
      return `${call.op}()`
  }
}

/** A call of a log of real programs, with what came of it. */
export function spanEventText({ call, outcome }: Span): string {
  switch (outcome?.kind) {
    case undefined:
    case 'lost':
    case 'open':
      return `${spanText(call)} = ?`
    case 'restarted':
      return `${spanText(call)} = ? (to be restarted)`
    case 'failed':
      return `${spanText(call)} = ${outcomeText(outcome)}`
    case 'returned':
      return `${spanText(call)} = ${outcome.value}`
  }
}

/** A call of a log of real programs. */
export function spanText(call: SpanCall): string {
  switch (call.op) {
    case 'waitid':
      return `waitid(${ID_TYPES[call.idtype] ?? call.idtype}, ${fdText(call.fd) ?? call.id}, ${bitNames(call.options, WAITID_OPTIONS)})`
    case 'setns':
      return `setns(${fdText(call.fd)})`
    case 'pidfd_open':
      return `pidfd_open(${call.pid}, ${call.flags})`
    case 'pidfd_send_signal':
      return `pidfd_send_signal(${fdText(call.fd)}, ${signalName(call.sig)}, ${call.flags})`
    case 'execve':
      return `execve(${call.command})`
    case 'rt_sigaction':
      return `rt_sigaction(${signalName(call.sig)})`
    case 'clone':
      return `clone(${cloneArguments(call)})`
    case 'comm':
      return `prctl(PR_SET_NAME, ${call.name})`
    default:
      return callText(call)
  }
}

function fdText(fd: FdArg | undefined): string | undefined {
  return fd === undefined ? undefined : `${fd.fd}${fd.pid === undefined ? '' : `<pid:${fd.pid}>`}`
}

const ID_TYPES = ['P_ALL', 'P_PID', 'P_PGID', 'P_PIDFD']

type Names = readonly (readonly [bit: number, name: string])[]

const COMMON: Names = [
  [WNOHANG, 'WNOHANG'],
  [WCONTINUED, 'WCONTINUED'],
  [WNOWAIT, 'WNOWAIT'],
  [__WNOTHREAD, '__WNOTHREAD'],
  [__WALL, '__WALL'],
  [__WCLONE, '__WCLONE'],
  [WEXITED, 'WEXITED'],
]
const WAIT4_OPTIONS: Names = [[WSTOPPED, 'WUNTRACED'], ...COMMON]
const WAITID_OPTIONS: Names = [[WSTOPPED, 'WSTOPPED'], ...COMMON]

type CloneArguments = Pick<Extract<SpanCall, { op: 'clone' }>, 'flags' | 'exitSignal'> & {
  readonly setTid?: readonly number[] | undefined
}

function cloneArguments({ flags, exitSignal, setTid }: CloneArguments): string {
  const words: string[] = []
  if (flags & CLONE_THREAD) words.push('CLONE_THREAD')
  if (flags & CLONE_NEWPID) words.push('CLONE_NEWPID')
  if (flags & CLONE_PARENT) words.push('CLONE_PARENT')
  if (exitSignal !== 0 || words.length === 0) words.push(signalName(exitSignal))
  return `${words.join('|')}${setTid === undefined ? '' : `, set_tid [${setTid.join(', ')}]`}`
}

function bitNames(bits: number, names: Names): string {
  const found = names.filter(([bit]) => (bits & bit) !== 0)
  const rest = found.reduce((left, [bit]) => left & ~bit, bits) >>> 0
  const words = found.map(([, name]) => name)
  if (rest !== 0 || words.length === 0) words.push(`${rest}`)
  return words.join('|')
}
