/**
 * What a log of real programs tells, strace's and ftrace's alike: calls that last from one line to another, signals,
 * stops, ends. Readers make these acts, the replayer (spans.ts) finds an order in which they took effect.
 *
 * Invariant: a line proves that something had happened when it was written, not what else had. Numbers stand here as the
 * log has them: `by` is a *key*, the number in front of a line, in the tracer's PID namespace; numbers in arguments and
 * results are in the caller's.
 */
import type { WaitInfo } from './event.ts'

/** The log begins. */
export interface SpanStart {
  readonly kind: 'start'
  readonly line: number
  readonly spans: SpanOrigin
}

export interface SpanOrigin {
  /** Whose numbers the keys are, in words: `pid`. */
  readonly keyWord: string
  /** strace tells the end of each task it traces; ftrace those of the whole machine. */
  readonly source: 'strace' | 'ftrace'
  /** strace has written it to the standard error, so with no list of calls that was made for a replay. */
  readonly bare: boolean
}

/** In the order of the lines. */
export type Act =
  /** A call that stands in one line. */
  | { readonly kind: 'call'; readonly span: Span }
  /** The first line of a call that stands in two. What came of it is known already, unless the call may wait long. */
  | { readonly kind: 'enter'; readonly span: Span }
  /** The last line of a call that stands in two: the same object as in its `enter`, now with an outcome. */
  | { readonly kind: 'leave'; readonly span: Span }
  | SignalAct
  | StoppedAct
  | GoneAct
  | SupersededAct
  | SeenAct
  | BirthAct
  | ToldAct
  | ExitsAct
  | SentAct
  | FreedAct
  | ClashAct
  | CommentsAct
  /** Any other line of a task: it lives. */
  | ActOf<'other'>

interface ActOf<Kind extends string> {
  readonly kind: Kind
  readonly line: number
  readonly by: number
  /** As the log prints it, without its meaning; '' where there is none. */
  readonly time: string
}

/** A call, from the line where it entered the kernel to the line where it came back. */
export interface Span {
  readonly by: number
  /** The line of the entry. */
  readonly line: number
  readonly time: string
  /** What is known of the arguments: at `enter` those that stand in the first line, at `leave` all. */
  call: SpanCall
  /** The line of the return, where the outcome stands; 0: not known yet. */
  last: number
  /** Once it is known, nothing of the span changes any more. */
  outcome: SpanOutcome | undefined
}

/** A descriptor of a process, as far as the log tells whose: the number in the tracer's namespace. */
export interface FdArg {
  readonly fd: number
  readonly pid: number | undefined
  /** Inode number of a namespace: 3<pid:[4026532184]>. */
  readonly ns: number | undefined
}

/** In `setTid`: strace has cut the list (-s) before this number. */
export const CUT = -0x80000000

export type SpanCall =
  /** fork, vfork, clone, clone3. Flags -1: the log does not tell. */
  | {
      readonly op: 'clone'
      readonly flags: number
      readonly exitSignal: number
      readonly setTid: readonly number[] | undefined
    }
  /** `command`: the arguments joined by blanks. */
  | { readonly op: 'execve'; readonly file: string; readonly command: string }
  /** A code below 0: the log does not tell. */
  | { readonly op: 'exit' | 'exit_group'; readonly code: number }
  /** gettid: also set_tid_address. getpgid with pid 0: also getpgrp. */
  | { readonly op: 'getpid' | 'gettid' | 'getppid' | 'setsid' }
  | { readonly op: 'getpgid' | 'getsid'; readonly pid: number }
  | { readonly op: 'setpgid'; readonly pid: number; readonly pgid: number }
  /** kill: also rt_sigqueueinfo. */
  | { readonly op: 'kill'; readonly pid: number; readonly sig: number }
  /** tkill: tgid 0. tgkill: also rt_tgsigqueueinfo. */
  | { readonly op: 'tgkill'; readonly tgid: number; readonly tid: number; readonly sig: number }
  | { readonly op: 'wait4'; readonly pid: number; readonly options: number }
  | {
      readonly op: 'waitid'
      readonly idtype: number
      readonly id: number
      readonly fd: FdArg | undefined
      readonly options: number
    }
  /** PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, PR_GET_PDEATHSIG; for the two PR_GET `arg` is the value given back. */
  | { readonly op: 'prctl'; readonly option: number; readonly arg: number }
  /** prctl(PR_SET_NAME). */
  | { readonly op: 'comm'; readonly name: string }
  /** Only where a new disposition is set. */
  | {
      readonly op: 'rt_sigaction'
      readonly sig: number
      readonly handler: 'dfl' | 'ign' | 'fn'
      readonly flags: number
    }
  | { readonly op: 'unshare'; readonly flags: number }
  | { readonly op: 'setns'; readonly fd: FdArg; readonly nstype: number }
  | { readonly op: 'pidfd_open'; readonly pid: number; readonly flags: number }
  | { readonly op: 'pidfd_send_signal'; readonly fd: FdArg; readonly sig: number; readonly flags: number }

export type SpanOutcome =
  | {
      readonly kind: 'returned'
      readonly value: number
      /** The same number in the tracer's namespace, where a comment tells it. */
      readonly outer: number | undefined
      /** wait4: the status, 16 bits; undefined where the caller asked for none. */
      readonly status: number | undefined
      /** waitid. */
      readonly info: WaitInfo | undefined
      /** pidfd_open, CLONE_PIDFD: the descriptor. */
      readonly fd: FdArg | undefined
    }
  | { readonly kind: 'failed'; readonly errno: number }
  /** `? ERESTARTSYS` and its kin: the call did not happen, and may come again. */
  | { readonly kind: 'restarted' }
  /** `= ?`: the caller never saw it. What it asked for may have been done. */
  | { readonly kind: 'lost' }
  /** A creation that the end of the log finds under way. `children`: who calls its caller their parent, behind its first line. */
  | { readonly kind: 'open'; readonly children: readonly number[] }

/** `--- SIGTERM {…} ---`: the task takes a signal. */
export interface SignalAct extends ActOf<'signal'> {
  readonly sig: number
  readonly code: number
  /** undefined: not in the line, as of a signal from the terminal. */
  readonly pid: number | undefined
  readonly outer: number | undefined
  /** si_status of SIGCHLD and its kin; undefined where there is none. */
  readonly status: number | undefined
}

/** `--- stopped by SIGSTOP ---`. */
export interface StoppedAct extends ActOf<'stopped'> {
  readonly sig: number
}

/** `+++ exited with 0 +++`, `+++ killed by SIGKILL +++`: `status` as wait4 gives it. */
export interface GoneAct extends ActOf<'gone'> {
  readonly status: number
}

/** `24 +++ superseded by execve in pid 26 +++`: from now on the task `thread` is `by`. */
export interface SupersededAct extends ActOf<'superseded'> {
  readonly thread: number
}

/** Comments in a line of strace: numbers in the caller's namespace, and the same ones in the tracer's. */
export interface CommentsAct extends ActOf<'comments'> {
  readonly pairs: readonly (readonly [nr: number, outer: number])[]
}

/* What only ftrace tells. Numbers in its events are those of the outermost namespace, the keys'. */

/** The first line of a task whose birth the log has not shown. */
export interface SeenAct extends ActOf<'seen'> {
  /** '' where the log has forgotten it. */
  readonly comm: string
  /** The number of its process; 0: the log does not tell. */
  readonly tgid: number
}

/** task_newtask, sched_process_fork: `by` has made a task. Its number was taken at some time since the line `since`. */
export interface BirthAct extends ActOf<'birth'> {
  readonly since: number
  readonly child: number
  /** The same number as the other one of the two events has it; 0: there is none. */
  readonly again: number
  readonly againLine: number
  readonly flags: number
  /** < 0: what it most likely is, no line tells. */
  readonly exitSignal: number
  /** It is made in a clone3(2), which may have chosen its numbers, or in what may be one. */
  readonly choosable: boolean
  /** The number that such a call came back with, in the namespace of `by`, and the line of that; 0: not known. */
  readonly told: number
  readonly toldLine: number
}

/** `sys_clone -> 0x5`: the number of the task that `by` has made, in the namespace of `by`; `child` is its key. */
export interface ToldAct extends ActOf<'told'> {
  readonly child: number
  readonly value: number
}

/** sched_process_exit: the task has begun to end. */
export interface ExitsAct extends ActOf<'exits'> {
  /** It was the last of its process; undefined: the log does not tell. */
  readonly last: boolean | undefined
}

/** signal_generate: a signal has been sent, on behalf of `by`. */
export interface SentAct extends ActOf<'sent'> {
  readonly to: number
  /** As `SeenAct.comm`, of the receiver. */
  readonly comm: string
  readonly sig: number
  readonly code: number
  readonly ignored: boolean
}

/** sched_process_free: the task is no more, and has not been for some time. */
export interface FreedAct extends ActOf<'freed'> {
  readonly of: number
}

/** One line, or two that go together, contradict themselves: the number in this one is wrong. */
export interface ClashAct extends ActOf<'clash'> {
  readonly what: string
  readonly expected: string
  readonly actual: string
}
