/** What the tables of cases share: the form of a case, and the few words in which it is told. */
import assert from 'node:assert/strict'
import {
  type BootOptions,
  CLONE_NEWPID,
  CLONE_PTHREAD,
  type Kernel,
  SIGCHLD,
  type SigInfo,
  signalName,
  type Task,
  type WaitResult,
} from 'pidns'

/** One fact about Linux, and how to see it on a kernel of its own. */
export interface Case {
  /** Where the fact is from: a test of a public suite, a man page, or what a running Linux 6.18 did. */
  readonly source: string
  readonly name: string
  readonly boot?: BootOptions
  run(kernel: Kernel): void | Promise<void>
}

export const equal: (actual: unknown, expected: unknown) => void = assert.deepEqual

/** The call fails with this error. */
export function fails(code: string, call: () => unknown): void {
  assert.throws(call, { name: 'KernelError', code })
}

/** The promise is rejected with this error. */
export function rejects(code: string, promise: Promise<unknown>): Promise<void> {
  return assert.rejects(promise, { name: 'KernelError', code })
}

/** A thread of the task's process, as a threads library makes it. */
export function thread(task: Task): Task {
  return task.clone({ flags: CLONE_PTHREAD })
}

/** The init of a new namespace, child of the task. */
export function newNs(task: Task): Task {
  return task.clone({ flags: CLONE_NEWPID })
}

/** A child of `outside` that lives in the namespace of `inside`. */
export function inject(outside: Task, inside: Task): Task {
  using home = outside.openNs('pid')
  using there = inside.openNs('pid')
  outside.setns(there, CLONE_NEWPID)
  const child = outside.fork()
  outside.setns(home, CLONE_NEWPID)
  return child
}

/** What waitpid finds of a child that exited, was killed, stopped or went on. */
export function exited(pid: number, code = 0): WaitResult {
  return { pid, status: code << 8, code }
}

export function killed(pid: number, sig: number): WaitResult {
  return { pid, status: sig, signal: signalName(sig) }
}

export function stopped(pid: number, sig: number): WaitResult {
  return { pid, status: (sig << 8) | 0x7f, stopped: signalName(sig) }
}

export function continued(pid: number): WaitResult {
  return { pid, status: 0xffff, continued: true }
}

/** What waitid fills in. `code`: CLD_*. */
export function info(code: number, pid: number, status: number): SigInfo {
  return { si_signo: SIGCHLD, si_pid: pid, si_code: code, si_status: status }
}
