/**
 * What a log of a real kernel tells, whatever its format: a start, events, an end. Readers make these records, the
 * replayer performs them, the findings and the report are drawn from them.
 *
 * Invariant: numbers stand here as the log has them (arguments and results in the caller's namespace); a *key* is the
 * log's own name of a task: the slot of a recording, the leading number of a strace line, the outermost number of an
 * ftrace line. A key names one task at a time and may be given to another once its task is gone.
 */

import type { Act, SpanStart } from './acts.ts'
import type { Characters } from './characters.ts'

/** Turns lines into items, in order. Throws TraceError on what it cannot read. */
export interface LogReader {
  /** `line` counts from 1. */
  line(text: string, line: number): undefined
  /** The same, of a reader that need not have it cut out from where it stands. */
  lineAmong?(characters: Characters, from: number, end: number, line: number): undefined
  /** No line follows; `lines` were read. */
  finish(lines: number): undefined
}

/** Everything that a log can hold, in order: one start, events, one end. */
export type LogItem = Start | TraceEvent | End | SpanStart | Act

/** The state of the world before the first event. */
export interface Start {
  readonly kind: 'start'
  readonly line: number
  /** kernel.pid_max of the namespace that the log was made in. */
  readonly pidMax: number
  /** What a key is called in this format: `slot`. */
  readonly keyWord: string
}

/** One thing that one task did. */
export interface TraceEvent {
  readonly kind: 'event'
  /** The line it stands in; where it is split over several, the first. */
  readonly line: number
  /** Key of the calling task. */
  readonly by: number
  readonly call: Call
  readonly outcome: Outcome
  /** Where the log tells it: every task whose state is another one after the event. `null`: the task is gone. */
  readonly changed?: readonly Change[]
}

export type Change = readonly [key: number, state: TaskState | null]

/** The log came to its proper end. */
export interface End {
  readonly kind: 'end'
  readonly line: number
  /** Where the log tells it: every task that is left. */
  readonly left?: readonly Change[]
}

/**
 * What can be seen of one task. A list holds one number per namespace, from the log's own (first) to the task's (last);
 * 0 where a number is not visible.
 */
export interface TaskState {
  /** Running or asleep, stopped, zombie, or held up inside exit. */
  readonly state: 'S' | 'T' | 'Z' | 'E'
  /** Process number of the parent in the log's own namespace, 0 for one outside. */
  readonly ppid: number
  readonly tgid: readonly number[]
  readonly pid: readonly number[]
  readonly pgid: readonly number[]
  readonly sid: readonly number[]
}

/** A system call with its arguments. A `pidfd` is named by a number that the log chose when it was opened. */
export type Call =
  | {
      readonly op: 'clone'
      /** Key of the new task. */
      readonly child: number
      readonly flags: number
      readonly exitSignal: number
      readonly setTid?: readonly number[]
    }
  | { readonly op: 'exit_group' | 'exit'; readonly code: number }
  | { readonly op: 'execve' | 'getpid' | 'gettid' | 'getppid' | 'setsid' }
  | { readonly op: 'kill'; readonly pid: number; readonly sig: number }
  | { readonly op: 'tgkill'; readonly tgid: number; readonly tid: number; readonly sig: number }
  | { readonly op: 'wait4'; readonly pid: number; readonly options: number }
  | { readonly op: 'waitid'; readonly idtype: number; readonly id: number; readonly options: number }
  | { readonly op: 'waitid'; readonly idtype: number; readonly pidfd: number; readonly options: number }
  | { readonly op: 'getpgid' | 'getsid'; readonly pid: number }
  | { readonly op: 'setpgid'; readonly pid: number; readonly pgid: number }
  | { readonly op: 'prctl'; readonly option: number; readonly arg: number }
  | {
      readonly op: 'rt_sigaction'
      readonly sig: number
      readonly handler: 'dfl' | 'ign'
      readonly flags: number
    }
  | { readonly op: 'unshare'; readonly flags: number }
  /** Opens /proc/PID/ns/`link` of the task `target` and passes it to setns(2). */
  | { readonly op: 'setns'; readonly target: number; readonly link: 'pid' | 'pid_for_children' }
  | { readonly op: 'setns'; readonly pidfd: number }
  | { readonly op: 'sysctl'; readonly name: SysctlName; readonly value?: number }
  | { readonly op: 'pidfd_open'; readonly pid: number; readonly flags: number; readonly pidfd: number }
  | { readonly op: 'pidfd_send_signal'; readonly pidfd: number; readonly sig: number; readonly flags: number }
  | { readonly op: 'poll'; readonly pidfd: number }

export type SysctlName = 'kernel.pid_max' | 'kernel.ns_last_pid'

/** What came of a call. `died`, `stopped`: the caller was, before the call returned. `unseen`: the log does not tell. */
export type Outcome =
  | { readonly kind: 'returned'; readonly value: number; readonly status?: number; readonly info?: WaitInfo }
  | { readonly kind: 'failed'; readonly errno: number; readonly stage?: 'open' }
  | { readonly kind: 'died' | 'stopped' | 'unseen' }

/** `broken`: the call could not be made, or the library failed at it; `why` says how. */
export type Answer = Outcome | { readonly kind: 'broken'; readonly why: string }

/** What waitid(2) fills in; zeros when nothing was ready. */
export interface WaitInfo {
  readonly si_signo: number
  readonly si_pid: number
  readonly si_code: number
  readonly si_status: number
}
