/**
 * The system calls of ftrace: `sys_kill(pid: 0xfffffff1, sig: 9)`, `sys_kill -> 0x0`.
 *
 * Pointers are not followed, so what stands in memory is not known: who a waitid found, what a prctl gave back, the exit
 * signal of a clone3.
 */
import { CLONE_NEWPID, P_PIDFD, PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, SIGCHLD } from '../../abi/index.ts'
import type { SpanCall } from '../acts.ts'

/** An entry: a call; a creation, whose result another event shows; or nothing of interest. */
export type Entry = SpanCall | undefined

type Args = readonly number[]
type Builder = (args: Args) => Entry

/** The part of clone's flags that is the exit signal. */
const CSIGNAL = 0xff

const at = (args: Args, index: number): number => args[index] ?? 0

/** fork and vfork have no flags; clone3 has them in memory, and task_newtask tells all but the signal. */
function creation(signal: number, flags = 0): SpanCall {
  return { op: 'clone', flags, exitSignal: signal, setTid: undefined }
}

/** What a clone3 has for flags: they are in memory. */
const UNKNOWN_FLAGS = -1

/** Whether it may ask for numbers (set_tid): nobody sees whether it does. */
export function mayChoose(call: SpanCall | undefined): boolean {
  return call?.op === 'clone' && call.flags === UNKNOWN_FLAGS
}

const BUILDERS: ReadonlyMap<string, Builder> = new Map<string, Builder>([
  ['getpid', () => ({ op: 'getpid' })],
  ['gettid', () => ({ op: 'gettid' })],
  ['set_tid_address', () => ({ op: 'gettid' })],
  ['getppid', () => ({ op: 'getppid' })],
  ['getpgrp', () => ({ op: 'getpgid', pid: 0 })],
  ['getpgid', (args) => ({ op: 'getpgid', pid: at(args, 0) })],
  ['getsid', (args) => ({ op: 'getsid', pid: at(args, 0) })],
  ['setsid', () => ({ op: 'setsid' })],
  ['setpgid', (args) => ({ op: 'setpgid', pid: at(args, 0), pgid: at(args, 1) })],
  ['kill', (args) => ({ op: 'kill', pid: at(args, 0), sig: at(args, 1) })],
  ['rt_sigqueueinfo', (args) => ({ op: 'kill', pid: at(args, 0), sig: at(args, 1) })],
  ['tkill', (args) => ({ op: 'tgkill', tgid: 0, tid: at(args, 0), sig: at(args, 1) })],
  ['tgkill', (args) => ({ op: 'tgkill', tgid: at(args, 0), tid: at(args, 1), sig: at(args, 2) })],
  ['rt_tgsigqueueinfo', (args) => ({ op: 'tgkill', tgid: at(args, 0), tid: at(args, 1), sig: at(args, 2) })],
  ['wait4', (args) => ({ op: 'wait4', pid: at(args, 0), options: at(args, 2) })],
  ['waitpid', (args) => ({ op: 'wait4', pid: at(args, 0), options: at(args, 2) })],
  ['waitid', waitid],
  ['prctl', prctl],
  ['unshare', (args) => ({ op: 'unshare', flags: at(args, 0) })],
  ['setns', setns],
  ['clone', (args) => creation(at(args, 0) & CSIGNAL, at(args, 0) & ~CSIGNAL)],
  ['clone3', () => creation(SIGCHLD, UNKNOWN_FLAGS)],
  ['fork', () => creation(SIGCHLD)],
  ['vfork', () => creation(SIGCHLD)],
  ['exit', (args) => ({ op: 'exit', code: at(args, 0) & 0xff })],
  ['exit_group', (args) => ({ op: 'exit_group', code: at(args, 0) & 0xff })],
])

function waitid(args: Args): Entry {
  const idtype = at(args, 0)
  const fd = idtype === P_PIDFD ? { fd: at(args, 1), pid: undefined, ns: undefined } : undefined
  return { op: 'waitid', idtype, id: at(args, 1), fd, options: at(args, 3) }
}

function prctl(args: Args): Entry {
  const option = at(args, 0)
  if (option !== PR_SET_CHILD_SUBREAPER && option !== PR_SET_PDEATHSIG) return undefined
  return { op: 'prctl', option, arg: at(args, 1) }
}

/** A namespace of another kind is none of ours; without a kind it may be any. */
function setns(args: Args): Entry {
  const nstype = at(args, 1)
  if (nstype !== 0 && (nstype & CLONE_NEWPID) === 0) return undefined
  return { op: 'setns', fd: { fd: at(args, 0), pid: undefined, ns: undefined }, nstype }
}

/** The call of this name, with the arguments that begin at `from`; undefined: none of ours. */
export function readEntry(name: string, text: string, from: number): Entry {
  return BUILDERS.get(name)?.(readArgs(text, from))
}

/** Calls whose return may be far away. */
export function isLong({ op }: SpanCall): boolean {
  return op === 'wait4' || op === 'waitid' || op === 'exit' || op === 'exit_group'
}

/** Each argument stands behind its name: `pid: 0xfffffff1, sig: 9`. */
function readArgs(text: string, from: number): number[] {
  const args: number[] = []
  for (let i = text.indexOf(': ', from); i >= 0; i = text.indexOf(': ', i)) {
    i += 2
    args.push(numberAt(text, i))
  }
  return args
}

/** Between these, -errno is one of the kernel's own, which no program sees: the call comes again. */
export const RESTARTS: readonly [from: number, to: number] = [-516, -512]

const X = 0x78
const MINUS = 0x2d
const NONE = 16

/** A number as C prints it, `12` or `0xfffffff1`: its lower 32 bits, with their sign. */
export function numberAt(text: string, from: number): number {
  if (text.charCodeAt(from + 1) === X) return hexAt(text, from + 2)
  const minus = text.charCodeAt(from) === MINUS
  let at = minus ? from + 1 : from
  let value = 0
  for (let digit = digitAt(text, at); digit < 10; digit = digitAt(text, ++at))
    value = (value * 10 + digit) | 0
  return minus ? -value : value
}

export function hexAt(text: string, from: number): number {
  let at = from
  let value = 0
  for (let digit = digitAt(text, at); digit < NONE; digit = digitAt(text, ++at)) value = (value << 4) | digit
  return value
}

function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : NONE
}
