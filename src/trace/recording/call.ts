/**
 * The operations of a recording (format version 2), each with its own arguments, as system calls. One row per operation;
 * to add one is to add a row.
 */
import {
  CLONE_NEWPID,
  CLONE_PARENT,
  CLONE_PTHREAD,
  P_PIDFD,
  PR_SET_CHILD_SUBREAPER,
  PR_SET_PDEATHSIG,
} from '../../abi/index.ts'
import type { Call } from '../event.ts'
import {
  type Fields,
  has,
  INT32_MAX,
  INT32_MIN,
  refuse,
  takeInt,
  takeInts,
  takeString,
  takeWord,
  UINT32_MAX,
} from './fields.ts'

/** What a row may need beside its own fields. */
export interface Place {
  /** Number of the step; it names the pidfd that the step opens. */
  readonly step: number
  /** Slots are 0 .. `slots` - 1. */
  readonly slots: number
}

type Row = (fields: Fields, place: Place) => Call

const LETTERS = ['', 'N', 'P', 'NP', 'PN'] as const
/** An array of this length is longer than any namespace is deep. */
const SET_TID_MAX = 16

const ROWS: Readonly<Record<string, Row>> = {
  fork: (f, place) => clone(f, place, 0),
  thread: (f, place) => clone(f, place, CLONE_PTHREAD),
  exit: (f) => ({ op: 'exit_group', code: takeInt(f, 'code') }),
  exit_thread: (f) => ({ op: 'exit', code: takeInt(f, 'code') }),
  kill: (f) => ({ op: 'kill', pid: takeInt(f, 'pid'), sig: takeInt(f, 'sig') }),
  tgkill: (f) => ({ op: 'tgkill', tgid: takeInt(f, 'tgid'), tid: takeInt(f, 'tid'), sig: takeInt(f, 'sig') }),
  waitpid: (f) => ({ op: 'wait4', pid: takeInt(f, 'pid'), options: takeOptions(f) }),
  waitid,
  setsid: () => ({ op: 'setsid' }),
  getpid: () => ({ op: 'getpid' }),
  gettid: () => ({ op: 'gettid' }),
  getppid: () => ({ op: 'getppid' }),
  setpgid: (f) => ({ op: 'setpgid', pid: takeInt(f, 'pid'), pgid: takeInt(f, 'pgid') }),
  getpgid: (f) => ({ op: 'getpgid', pid: takeInt(f, 'pid') }),
  getsid: (f) => ({ op: 'getsid', pid: takeInt(f, 'pid') }),
  subreaper: (f) => ({ op: 'prctl', option: PR_SET_CHILD_SUBREAPER, arg: takeInt(f, 'on', 0, 1) }),
  pdeathsig: (f) => ({ op: 'prctl', option: PR_SET_PDEATHSIG, arg: takeInt(f, 'sig') }),
  sigaction: (f) => ({
    op: 'rt_sigaction',
    sig: takeInt(f, 'sig'),
    handler: takeWord(f, 'handler', ['dfl', 'ign']),
    flags: takeInt(f, 'flags', 0, 3),
  }),
  unshare: () => ({ op: 'unshare', flags: CLONE_NEWPID }),
  setns: (f, { slots }) => ({
    op: 'setns',
    target: takeInt(f, 'target', 0, slots - 1),
    link: takeInt(f, 'for_children', 0, 1) === 0 ? 'pid' : 'pid_for_children',
  }),
  setns_pidfd: (f, { step }) => ({ op: 'setns', pidfd: takePidfd(f, step) }),
  ns_last_pid: (f) => ({ op: 'sysctl', name: 'kernel.ns_last_pid', value: takeInt(f, 'value') }),
  get_ns_last_pid: () => ({ op: 'sysctl', name: 'kernel.ns_last_pid' }),
  pid_max: (f) => ({ op: 'sysctl', name: 'kernel.pid_max', value: takeInt(f, 'value') }),
  get_pid_max: () => ({ op: 'sysctl', name: 'kernel.pid_max' }),
  pidfd_open: (f, { step }) => ({
    op: 'pidfd_open',
    pid: takeInt(f, 'pid'),
    flags: takeInt(f, 'flags'),
    pidfd: step,
  }),
  pidfd_send: (f, { step }) => ({
    op: 'pidfd_send_signal',
    pidfd: takePidfd(f, step),
    sig: takeInt(f, 'sig'),
    flags: takeInt(f, 'flags'),
  }),
  pidfd_poll: (f, { step }) => ({ op: 'poll', pidfd: takePidfd(f, step) }),
  exec: () => ({ op: 'execve' }),
}

/** Takes the operation and its arguments. */
export function takeCall(fields: Fields, place: Place): Call {
  const op = takeString(fields, 'op')
  const row = Object.hasOwn(ROWS, op) ? ROWS[op] : undefined
  if (row === undefined) refuse(fields, 'op', `one of ${Object.keys(ROWS).join(', ')}`, op)
  return row(fields, place)
}

function clone(fields: Fields, { slots }: Place, flags: number): Call {
  const child = takeInt(fields, 'new', 1, slots - 1)
  const letters = takeWord(fields, 'flags', LETTERS)
  const exitSignal = takeInt(fields, 'exit_signal', 0)
  if (letters.includes('N')) flags |= CLONE_NEWPID
  if (letters.includes('P')) flags |= CLONE_PARENT
  const call = { op: 'clone', child, flags, exitSignal } as const
  return has(fields, 'set_tid')
    ? { ...call, setTid: takeInts(fields, 'set_tid', SET_TID_MAX, INT32_MIN, INT32_MAX) }
    : call
}

function waitid(fields: Fields, { step }: Place): Call {
  const idtype = takeInt(fields, 'idtype')
  return idtype === P_PIDFD
    ? { op: 'waitid', idtype, pidfd: takePidfd(fields, step), options: takeOptions(fields) }
    : { op: 'waitid', idtype, id: takeInt(fields, 'id'), options: takeOptions(fields) }
}

function takeOptions(fields: Fields): number {
  return takeInt(fields, 'options', 0, UINT32_MAX)
}

/** A pidfd is named by the step that opened it, an earlier one. */
function takePidfd(fields: Fields, step: number): number {
  return takeInt(fields, 'pidfd', 0, step - 1)
}
