/** What waits give back: the words of WaitOpts as objects. */
import { SIGCHLD, signalName } from './abi/signal.ts'
import type { WaitOpts } from './task/wait.ts'

/** What a wait found: the child, its raw status (wait4(2)), and that status in words. */
export interface WaitResult {
  /** The child's number as the waiter sees it. */
  readonly pid: number
  readonly status: number
  /** Exit code of a child that exited. */
  readonly code?: number
  /** Name of the signal that killed the child. */
  readonly signal?: string
  /** Name of the signal that stopped the child. */
  readonly stopped?: string
  readonly continued?: true
}

/** What waitid(2) fills in. */
export interface SigInfo {
  readonly si_signo: number
  readonly si_pid: number
  readonly si_code: number
  readonly si_status: number
}

/** A wait4(2)'s find. */
export function waitResult(wo: WaitOpts): WaitResult {
  const { nr: pid, stat: status } = wo
  if (status === 0xffff) return { pid, status, continued: true }
  if ((status & 0xff) === 0x7f) return { pid, status, stopped: signalName(status >> 8) }
  if ((status & 0x7f) === 0) return { pid, status, code: (status >> 8) & 0xff }
  return { pid, status, signal: signalName(status & 0x7f) }
}

/** A waitid(2)'s find. */
export function sigInfo(wo: WaitOpts): SigInfo {
  return { si_signo: SIGCHLD, si_pid: wo.nr, si_code: wo.cause, si_status: wo.status }
}
