/** Makes the oracle's calls to the library, and compares all that both show. */
import assert from 'node:assert/strict'
import { Kernel, KernelError, type NsFd, type Pidfd, type SigInfo, type Task, type WaitResult } from 'pidns'
import type { Call, Outcome } from '../oracle/call.ts'
import { numberIn } from '../oracle/names.ts'
import type { Answer } from '../oracle/oracle.ts'
import { allThreads, newWorld, perform, view } from '../oracle/oracle.ts'
import type { OracleNsFile, OraclePidfd, Rules, Thread, World } from '../oracle/world.ts'
import { callAndUndo, keepJournal } from './undone.ts'

/** Limits that both sides are booted with. */
export interface Setup extends Partial<Omit<Rules, 'old'>> {
  readonly era?: 'latest' | '4.14'
  readonly pidMax: number
  readonly bitsPerPage?: number
  readonly lookup?: 'hash' | 'idr'
}

/** The library and the oracle side by side. */
export interface Pair {
  readonly w: World
  readonly kernel: Kernel
  /** Also of tasks that are gone. */
  readonly tasks: Map<Thread, Task>
  readonly pidfds: Map<OraclePidfd, Pidfd>
  readonly nsFiles: Map<OracleNsFile, NsFd>
}

export function bootPair(setup: Setup): Pair {
  const { era = 'latest', bitsPerPage, lookup, pidMax, ...limits } = setup
  const kernel = Kernel.boot({ ...setup, era })
  keepJournal(kernel)
  const w = newWorld({ ...limits, old: era === '4.14' }, pidMax)
  return {
    w,
    kernel,
    tasks: new Map([[w.init.leader, kernel.init]]),
    pidfds: new Map(),
    nsFiles: new Map(),
  }
}

/** One call on both sides, on the shared build first one that is undone. Throws AssertionError where they differ. */
export function step(pair: Pair, caller: Thread, call: Call): Outcome {
  const expected = perform(pair.w, caller, call)
  callAndUndo(pair.kernel, () => performReal(pair, caller, call, expected))
  const actual = performReal(pair, caller, call, expected)
  assert.deepEqual(actual, expected.outcome)
  comparePicture(pair, caller)
  assert.deepEqual(pair.kernel.check(), [])
  return actual
}

function performReal(pair: Pair, caller: Thread, call: Call, expected: Answer): Outcome {
  const task = pair.tasks.get(caller) as Task
  try {
    return act(pair, task, call, expected)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    return { err: -error.errno }
  }
}

function act(pair: Pair, task: Task, call: Call, { made }: Answer): Outcome {
  switch (call.op) {
    case 'clone': {
      const child = task.clone({ ...call, ...(call.setTid && { setTid: call.setTid }) })
      if (made.task !== undefined) pair.tasks.set(made.task, child)
      return { ret: task.tidOf(child) }
    }
    case 'waitpid': {
      const found = task.waitpidSync(call.pid, call.options)
      if (found === null) return { ret: 0 }
      checkWords(found)
      return { ret: found.pid, status: found.status }
    }
    case 'waitid': {
      const id = typeof call.id === 'object' ? (pair.pidfds.get(call.id) as Pidfd) : call.id
      const found: SigInfo | null = task.waitidSync(call.idtype, id, call.options)
      if (found === null) return { ret: 0, info: [0, 0, 0, 0] }
      return { ret: 0, info: [found.si_signo, found.si_pid, found.si_code, found.si_status] }
    }
    case 'pidfdOpen': {
      const pidfd = task.pidfdOpen(call.pid, call.flags)
      if (made.pidfd !== undefined) pair.pidfds.set(made.pidfd, pidfd)
      return { ret: 0 }
    }
    case 'openNs': {
      const file = task.openNs(call.link)
      if (made.nsFile !== undefined) pair.nsFiles.set(made.nsFile, file)
      return { ret: 0 }
    }
    case 'close':
      fileOf(pair, call.file).close()
      return { ret: 0 }
    default: {
      const ret = invoke(pair, task, call)
      return ret === undefined ? { gone: task.state === 'T' ? 'stopped' : 'died' } : { ret }
    }
  }
}

type Plain = Exclude<Call, { op: 'clone' | 'waitpid' | 'waitid' | 'pidfdOpen' | 'openNs' | 'close' }>

function invoke(pair: Pair, task: Task, call: Plain): number | undefined {
  switch (call.op) {
    case 'exit':
      return task.exit(call.code)
    case 'exitThread':
      return task.exitThread(call.code)
    case 'execve':
    case 'getpid':
    case 'gettid':
    case 'getppid':
    case 'setsid':
      return task[call.op]()
    case 'kill':
      return task.kill(call.pid, call.sig)
    case 'tgkill':
      return task.tgkill(call.tgid, call.tid, call.sig)
    case 'getpgid':
    case 'getsid':
      return task[call.op](call.pid)
    case 'setpgid':
      return task.setpgid(call.pid, call.pgid)
    case 'prctl':
      return task.prctl(call.option, call.arg)
    case 'sigaction':
      return task.sigaction(call.sig, call)
    case 'unshare':
      return task.unshare(call.flags)
    case 'setns':
      return task.setns(fileOf(pair, call.file), call.nstype)
    case 'sysctl':
      return call.value === undefined ? task.sysctl(call.name) : task.sysctl(call.name, call.value)
    case 'pidfdSendSignal':
      return task.pidfdSendSignal(pair.pidfds.get(call.pidfd) as Pidfd, call.sig, call.flags)
    case 'poll':
      return (pair.pidfds.get(call.pidfd) as Pidfd).poll()
  }
}

function fileOf(pair: Pair, file: OracleNsFile | OraclePidfd): NsFd | Pidfd {
  return 'name' in file ? (pair.pidfds.get(file) as Pidfd) : (pair.nsFiles.get(file) as NsFd)
}

/** The words of a wait's result agree with its raw status. */
function checkWords({ status, code, signal, stopped, continued }: WaitResult): void {
  const low = status & 127
  assert.equal(continued, status === 0xffff ? true : undefined)
  assert.equal(code, low === 0 ? status >> 8 : undefined)
  assert.equal(stopped === undefined, status === 0xffff || low !== 127)
  assert.equal(signal === undefined, low === 0 || low === 127)
}

function comparePicture({ w, kernel, tasks }: Pair, caller: Thread): void {
  const threads = allThreads(w)
  assert.deepEqual(kernel.tasks().map(nameOfTask), threads.map(nameOfThread))
  for (const [thread, task] of tasks) {
    if (thread.gone) {
      assert.equal(task.state, 'X')
      assert.deepEqual(task.nspid, [])
    }
  }
  const observer = caller.gone ? undefined : tasks.get(caller)
  for (const thread of threads) {
    const task = tasks.get(thread) as Task
    assert.deepEqual(shownBy(task), view(thread))
    const { parent } = thread.process
    assert.equal(task.parent, parent && tasks.get(parent.process.leader))
    assert.equal(task.leader, tasks.get(thread.process.leader))
    if (observer === undefined) continue
    assert.equal(observer.tidOf(task), numberIn(thread.name, caller.name.ns))
    assert.equal(observer.pidOf(task), numberIn(thread.process.leader.name, caller.name.ns))
  }
}

function shownBy(task: Task): ReturnType<typeof view> {
  return {
    state: task.exiting ? 'E' : (task.state as 'S'),
    pid: task.nspid,
    tgid: task.nstgid,
    pgid: task.nspgid,
    sid: task.nssid,
  }
}

const nameOfTask = (task: Task): string => `${task.nspid}`
const nameOfThread = (thread: Thread): string => `${thread.name.numbers}`
