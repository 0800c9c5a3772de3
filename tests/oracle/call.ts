/** What a task can be asked to do, and what can come of it. Tasks, pidfds and files are named by the oracle's objects. */
import type { OracleNsFile, OraclePidfd, Thread } from './world.ts'

export type Call =
  | {
      readonly op: 'clone'
      readonly flags: number
      readonly exitSignal?: number
      readonly setTid?: readonly number[]
    }
  | { readonly op: 'exit' | 'exitThread'; readonly code: number }
  | { readonly op: 'execve' | 'getpid' | 'gettid' | 'getppid' | 'setsid' }
  | { readonly op: 'kill'; readonly pid: number; readonly sig: number }
  | { readonly op: 'tgkill'; readonly tgid: number; readonly tid: number; readonly sig: number }
  | { readonly op: 'waitpid'; readonly pid: number; readonly options: number }
  | {
      readonly op: 'waitid'
      readonly idtype: number
      readonly id: number | OraclePidfd
      readonly options: number
    }
  | { readonly op: 'getpgid' | 'getsid'; readonly pid: number }
  | { readonly op: 'setpgid'; readonly pid: number; readonly pgid: number }
  | { readonly op: 'prctl'; readonly option: number; readonly arg: number }
  | {
      readonly op: 'sigaction'
      readonly sig: number
      readonly handler: 'dfl' | 'ign'
      readonly flags: number
    }
  | { readonly op: 'unshare'; readonly flags: number }
  | { readonly op: 'openNs'; readonly link: 'pid' | 'pid_for_children' }
  | { readonly op: 'setns'; readonly file: OracleNsFile | OraclePidfd; readonly nstype: number }
  | {
      readonly op: 'sysctl'
      readonly name: 'kernel.pid_max' | 'kernel.ns_last_pid'
      readonly value?: number
    }
  | { readonly op: 'pidfdOpen'; readonly pid: number; readonly flags: number }
  | {
      readonly op: 'pidfdSendSignal'
      readonly pidfd: OraclePidfd
      readonly sig: number
      readonly flags: number
    }
  | { readonly op: 'poll'; readonly pidfd: OraclePidfd }
  | { readonly op: 'close'; readonly file: OracleNsFile | OraclePidfd }

/** What the caller sees; `gone`: nothing, since it died or stopped before. */
export type Outcome =
  | { readonly ret: number; readonly status?: number; readonly info?: readonly number[] }
  | { readonly err: number }
  | { readonly gone: 'died' | 'stopped' }

/** What a call made beside. */
export interface Made {
  task?: Thread
  pidfd?: OraclePidfd
  nsFile?: OracleNsFile
}

/** What can be seen of a task. Lists have a number for each namespace, the outermost first. */
export interface View {
  readonly state: 'S' | 'T' | 'Z' | 'E'
  readonly pid: readonly number[]
  readonly tgid: readonly number[]
  readonly pgid: readonly number[]
  readonly sid: readonly number[]
}
