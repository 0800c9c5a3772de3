/** Performs a recording of a real kernel on the oracle and says where the two differ. */
import type { Call, Outcome, View } from './call.ts'
import { CLONE, PTHREAD, W } from './linux.ts'
import { numberIn } from './names.ts'
import { allThreads, newWorld, perform, view } from './oracle.ts'
import type { OraclePidfd, Thread, World } from './world.ts'

/** A line of a recording, as JSON.parse gives it. */
// biome-ignore lint/suspicious/noExplicitAny: the fields depend on the operation
type Step = Record<string, any>

interface Replay {
  readonly w: World
  readonly slots: Map<number, Thread>
  readonly pidfds: Map<number, OraclePidfd>
  /** What the recording says of each slot now. */
  readonly expected: Map<number, unknown>
}

/** The first differences found, none if the recording is equal. */
export function replayOnOracle(lines: readonly string[]): string[] {
  const [header, ...steps] = lines.map((line) => JSON.parse(line) as Step)
  const replay = begin(header?.pid_max)
  for (const step of steps) {
    if (step.end) return []
    const differences = replayStep(replay, step)
    if (differences.length > 0) return [`step ${step.step} (${step.op} by ${step.by})`, ...differences]
  }
  return ['the recording has no end']
}

function begin(pidMax: number): Replay {
  const w = newWorld()
  const root = perform(w, w.init.leader, { op: 'clone', flags: CLONE.NEWPID }).made.task as Thread
  perform(w, root, { op: 'setsid' })
  perform(w, root, { op: 'sysctl', name: 'kernel.pid_max', value: pidMax })
  return { w, slots: new Map([[0, root]]), pidfds: new Map(), expected: new Map() }
}

function replayStep(replay: Replay, step: Step): string[] {
  const { w, slots, pidfds, expected } = replay
  const caller = slots.get(step.by) as Thread
  const { outcome, made } = act(replay, caller, step)
  if (made.task !== undefined && step.ret > 0) slots.set(step.new, made.task)
  if (made.pidfd !== undefined) pidfds.set(step.step, made.pidfd)
  const differences: string[] = []
  compare(differences, 'outcome', recordedOutcome(step), outcome)
  for (const [slot, state] of Object.entries(step.changed)) {
    if (state === null) expected.delete(Number(slot))
    else expected.set(Number(slot), state)
  }
  for (const [slot, thread] of slots) {
    if (slot === 0) continue
    compare(differences, `slot ${slot}`, expected.get(slot), thread.gone ? undefined : shown(thread, w))
    if (thread.gone) slots.delete(slot)
  }
  compare(differences, 'tasks', slots.size + 1, allThreads(w).length)
  return differences
}

function act(replay: Replay, caller: Thread, step: Step): ReturnType<typeof perform> {
  const { w, slots, pidfds } = replay
  if (step.op === 'setns') {
    const link = step.for_children === 1 ? 'pid_for_children' : 'pid'
    const target = slots.get(step.target) as Thread
    const opened = perform(w, target, { op: 'openNs', link })
    if (opened.made.nsFile === undefined) return opened
    const answer = perform(w, caller, { op: 'setns', file: opened.made.nsFile, nstype: CLONE.NEWPID })
    perform(w, caller, { op: 'close', file: opened.made.nsFile })
    return answer
  }
  const pidfd = pidfds.get(step.pidfd) as OraclePidfd
  return perform(w, caller, recordedCall(step, pidfd))
}

function recordedCall(step: Step, pidfd: OraclePidfd): Call {
  switch (step.op) {
    case 'fork':
    case 'thread': {
      const letters =
        (step.flags.includes('N') ? CLONE.NEWPID : 0) | (step.flags.includes('P') ? CLONE.PARENT : 0)
      const flags = letters | (step.op === 'thread' ? PTHREAD : 0)
      return { op: 'clone', flags, exitSignal: step.exit_signal, setTid: step.set_tid ?? [] }
    }
    case 'exit_thread':
      return { op: 'exitThread', code: step.code }
    case 'exec':
      return { op: 'execve' }
    case 'waitpid':
      return { op: 'waitpid', pid: step.pid, options: step.options | W.NOHANG }
    case 'waitid':
      return {
        op: 'waitid',
        idtype: step.idtype,
        id: step.idtype === 3 ? pidfd : step.id,
        options: step.options | W.NOHANG,
      }
    case 'subreaper':
      return { op: 'prctl', option: 36, arg: step.on }
    case 'pdeathsig':
      return { op: 'prctl', option: 1, arg: step.sig }
    case 'unshare':
      return { op: 'unshare', flags: CLONE.NEWPID }
    case 'setns_pidfd':
      return { op: 'setns', file: pidfd, nstype: CLONE.NEWPID }
    case 'ns_last_pid':
    case 'pid_max':
      return { op: 'sysctl', name: `kernel.${step.op as 'pid_max'}`, value: step.value }
    case 'get_ns_last_pid':
    case 'get_pid_max':
      return { op: 'sysctl', name: `kernel.${step.op.slice(4) as 'pid_max'}` }
    case 'pidfd_open':
      return { op: 'pidfdOpen', pid: step.pid, flags: step.flags }
    case 'pidfd_send':
      return { op: 'pidfdSendSignal', pidfd, sig: step.sig, flags: step.flags }
    case 'pidfd_poll':
      return { op: 'poll', pidfd }
    default:
      return step as unknown as Call
  }
}

function recordedOutcome(step: Step): Outcome {
  if (step.died) return { gone: 'died' }
  if (step.stopped) return { gone: 'stopped' }
  if (step.err !== undefined) return { err: step.err }
  if (step.status !== undefined) return { ret: step.ret, status: step.status }
  if (step.si_signo === undefined) return { ret: step.ret }
  return { ret: step.ret, info: [step.si_signo, step.si_pid, step.si_code, step.si_status] }
}

/** A task as the recording's own namespace, level 1, shows it. */
function shown(thread: Thread, w: World): View & { ppid: number } {
  const { state, pid, tgid, pgid, sid } = view(thread)
  const root = w.init.threads[0]?.children[0]?.leader as Thread
  const parent = (thread.process.parent as Thread).process.leader
  const inside = (numbers: readonly number[]): number[] => numbers.slice(1)
  return {
    state,
    ppid: numberIn(parent.name, root.name.ns),
    tgid: inside(tgid),
    pid: inside(pid),
    pgid: inside(pgid),
    sid: inside(sid),
  }
}

function compare(differences: string[], what: string, expected: unknown, actual: unknown): void {
  const [a, b] = [JSON.stringify(expected), JSON.stringify(actual)]
  if (a !== b) differences.push(`${what}: recorded ${a}, the oracle says ${b}`)
}
