/**
 * Compares the result of a call that is answered at once: numbers, groups, sessions, kills.
 *
 * Where the library answers otherwise, what overlaps is performed first, as far as the log allows and this call can see it;
 * then what lies outside the log is considered.
 */
import {
  EACCES,
  EPERM,
  ESRCH,
  NSIG,
  PR_GET_CHILD_SUBREAPER,
  PR_SET_CHILD_SUBREAPER,
  PR_SET_PDEATHSIG,
  SIGKILL,
} from '../../abi/index.ts'
import type { Task } from '../../index.ts'
import { findTask, groupMembers, peekSetpgid } from '../../inside.ts'
import type { Span, SpanCall } from '../acts.ts'
import { spanText } from '../describe.ts'
import { type Attempt, isAboutPids, isNamed, isUntold, type SimpleCall, waitTarget } from './calls.ts'
import { create } from './create.ts'
import { regroup } from './group.ts'
import { learnNamespace } from './hidden_ns.ts'
import { advanceOthers, expectedOf, forceEnd, forceReap, procOf, tryCall } from './order.ts'
import { confirmTracer, isUnloggedInit, outside, targetOf } from './outside.ts'
import { blameBirth, blameMove, count, differ, resultText, SKIPPED, type SpanReplay, skip } from './replay.ts'
import { noteSender, sendingsOf } from './senders.ts'
import { type Actor, addPidfd, type Learnt, type Proc, procLedBy } from './world.ts'

/** Calls whose answer changes nothing: they may be asked as often as one likes. */
function isRead(op: SimpleCall['op']): boolean {
  return op === 'getpid' || op === 'gettid' || op === 'getppid' || op === 'getpgid' || op === 'getsid'
}

/** A call that stands in two lines enters. If it is a question, and answered now as it will be, it is settled. */
export function enterSimple(replay: SpanReplay, actor: Actor, span: Span, call: SimpleCall): boolean {
  noteSending(replay, actor, span, call)
  if (!isRead(call.op) || span.outcome?.kind !== 'returned') return false
  if (tryCall(replay, actor, span, call) !== expectedOf(span)) return false
  const { outer } = span.outcome
  return outer === undefined || (outerOf(replay, actor, call) ?? outer) === outer
}

/** The result of a call, at its last line. `done`: the library has answered so already. */
export function settle(replay: SpanReplay, actor: Actor, span: Span, call: SimpleCall, done: boolean): void {
  noteSending(replay, actor, span, call)
  if (call.op === 'setpgid' || call.op === 'setsid') replay.seen.groups = true
  if (call.op === 'pidfd_open') notePidfd(replay, actor, span, call.pid)
  const expected = expectedOf(span)
  if (expected === undefined) noteLostKill(replay, actor, span, call)
  if (expected === undefined || !isResult(call)) return
  if (expected === 0) noteKill(replay, actor, span, call)
  if (done) {
    // A question was answered before, its comment too.
    if (isRead(call.op)) count(replay, true)
    else settleOuter(replay, actor, span, call, false)
    return
  }
  if (expected === -EPERM && isPrivileged(call)) {
    skip(replay, SKIPPED.privilege)
    return
  }
  if (call.op === 'setns' && expected < 0 && !isNamed(replay.world, call.fd)) {
    skip(replay, SKIPPED.foreignNamespace)
    return
  }
  if (call.op === 'unshare' || call.op === 'setns') replay.seen.namespaces = true
  const cleared = expected < 0 && !isHarmless(call) && clearTheWay(replay, actor, span, call, -expected)
  if (call.op === 'prctl' && call.option === PR_SET_PDEATHSIG && expected === 0)
    actor.proc.deathSignal = call.arg
  const first = tryCall(replay, actor, span, call)
  if (call.op === 'getppid' && first === 1 && expected === 1) confirmTracer(replay, actor, span)
  if (first === expected || isAlias(replay, actor, call, first, expected)) {
    settleOuter(replay, actor, span, call, cleared)
    return
  }
  if (call.op === 'getpid' && expected === 1 && learnNamespace(replay, actor)) return
  if (mayTryAgain(call, first) && relieve(replay, actor, span, call, expected)) {
    count(replay, true, true)
    noteSending(replay, actor, span, call)
    return
  }
  if (typeof first === 'string') {
    skip(replay, first)
    return
  }
  if (call.op === 'kill' && call.pid < -1 && expected === 0 && !replay.seen.groups) {
    skip(replay, SKIPPED.groups)
    return
  }
  const reason = outside(replay, actor, span, call, expected, first)
  if (reason !== undefined) {
    skip(replay, reason)
    return
  }
  count(replay, false)
  const line = isNumber(call) && first >= 0 ? span.last : span.line
  const learnt = learntFor(replay, actor, call)
  const actual = learnt === undefined ? resultText(first) : `${learnt.nr}, learnt at line ${learnt.line}`
  differ(replay, line, actor, spanText(call), resultText(expected), actual)
  if (call.op === 'getppid' && procOf(replay, actor, expected) !== undefined)
    blameBirth(replay, actor.proc, `${expected}`)
  blameMoves(replay, actor, call)
  if (learnt === undefined) return
  const told = `${resultText(expected)} at line ${span.last}`
  differ(replay, learnt.line, actor, spanText(call), `${learnt.nr}`, told)
}

/** Of whom a question or a kill finds in another group than the log, or not at all. */
function blameMoves(replay: SpanReplay, actor: Actor, call: SimpleCall): void {
  const group = call.op === 'kill' && call.pid < -1 ? targets(replay, actor, call.pid) : []
  const asked = call.op === 'getpgid' ? targetOf(replay, actor, call) : undefined
  for (const proc of asked === undefined ? group : [asked]) blameMove(replay, proc)
}

/** What has been learnt of a number outside the log that the call asks for. */
function learntFor(replay: SpanReplay, actor: Actor, call: SimpleCall): Learnt | undefined {
  if (call.op === 'getppid') return actor.proc.foreignParent
  const foreign = targetOf(replay, actor, call)?.foreign
  return call.op === 'getpgid' ? foreign?.pgid : foreign?.sid
}

/** The result is right; so must be the comment that tells the same number outside. */
function settleOuter(
  replay: SpanReplay,
  actor: Actor,
  span: Span,
  call: SimpleCall,
  reordered: boolean,
): void {
  const { outcome } = span
  if (isMisnamed(replay, actor, span, call)) {
    count(replay, false)
    const text = 'the process that the descriptor names'
    differ(replay, span.last, actor, spanText(call), text, 'another')
    if (span.line !== span.last) differ(replay, span.line, actor, spanText(call), text, 'another')
    return
  }
  const outer = outcome?.kind === 'returned' ? outcome.outer : undefined
  const actual = outer === undefined ? undefined : outerOf(replay, actor, call)
  const equal = actual === undefined || actual === outer
  count(replay, equal, reordered)
  if (!equal)
    differ(replay, span.last, actor, `${spanText(call)}, as the tracer sees it`, `${outer}`, `${actual}`)
}

/** The result as a key; undefined: not known. */
function outerOf(replay: SpanReplay, actor: Actor, call: SimpleCall): number | undefined {
  const { top } = replay.world
  const target = targetOf(replay, actor, call)
  if (target !== undefined) {
    const { nspgid, nssid } = target.task
    return keyOf(replay, findTask(top, (call.op === 'getpgid' ? nspgid : nssid)[top.level] as number))
  }
  if (call.op === 'getpid') return keyOf(replay, actor.proc.task)
  if (call.op === 'gettid') return actor.key
  return call.op === 'getppid' ? keyOf(replay, actor.task.parent?.leader) : undefined
}

/** Whether a new pidfd stands for another process than its decoration tells. */
function isMisnamed(replay: SpanReplay, actor: Actor, { outcome }: Span, call: SimpleCall): boolean {
  const told = outcome?.kind === 'returned' ? outcome.fd?.pid : undefined
  if (call.op !== 'pidfd_open' || told === undefined) return false
  const key = keyOf(replay, procOf(replay, actor, call.pid)?.task)
  return key !== undefined && key !== told
}

function keyOf({ world }: SpanReplay, task: Task | undefined): number | undefined {
  const proc = task === undefined ? undefined : procLedBy(world, task)
  for (const { task: own, key } of proc?.actors ?? []) if (own === task && key !== 0) return key
  return undefined
}

/** Whether what comes of a call is a number, and not only that it was done. */
function isNumber({ op }: SimpleCall): boolean {
  return isRead(op) || op === 'setsid'
}

/** Is what came of it a result, or a cause, as of every call that is not about processes? */
function isResult(call: SimpleCall): boolean {
  if (call.op !== 'prctl') return isAboutPids(call)
  return (
    call.option === PR_SET_CHILD_SUBREAPER ||
    call.option === PR_GET_CHILD_SUBREAPER ||
    call.option === PR_SET_PDEATHSIG
  )
}

function isPrivileged({ op }: SimpleCall): boolean {
  return op === 'kill' || op === 'tgkill' || op === 'unshare' || op === 'setns' || op === 'pidfd_send_signal'
}

/** A call that changes nothing in the library: asked before what it may have met is brought about. */
function isHarmless({ op }: SimpleCall): boolean {
  return isRead(op) || op === 'kill' || op === 'tgkill' || op === 'pidfd_open' || op === 'pidfd_send_signal'
}

/** A success that should have been none has changed something, unless it was a question. */
function mayTryAgain(call: SimpleCall, first: Attempt): boolean {
  return typeof first === 'number' && (first < 0 || isHarmless(call))
}

/** Brings about what must have happened before, for a call to fail so. Whether anything was. */
function clearTheWay(replay: SpanReplay, actor: Actor, span: Span, call: SimpleCall, errno: number): boolean {
  let moved = false
  for (const step of stepsTo(replay, actor, span, call, errno)) {
    if (call.op === 'setpgid' && wouldFail(actor, call.pid, call.pgid, errno)) break
    if (step()) moved = true
  }
  return moved
}

/** In the order in which they are tried. */
function stepsTo(
  replay: SpanReplay,
  actor: Actor,
  span: Span,
  call: SimpleCall,
  errno: number,
): (() => boolean)[] {
  const calls = (execve: boolean): boolean =>
    advanceOthers(replay, span, ({ op }) => (op === 'execve') === execve)
  if (errno === EACCES) return [() => calls(true)]
  if (errno === ESRCH) return 'pid' in call ? [() => removeTargets(replay, actor, span, call)] : []
  if (errno !== EPERM) return []
  if (call.op !== 'setpgid') return [() => calls(false)]
  return [() => calls(false), () => emptyGroup(replay, actor, span, call.pgid)]
}

function wouldFail({ task }: Actor, pid: number, pgid: number, errno: number): boolean {
  return task.state !== 'X' && peekSetpgid(task, pid, pgid) === -errno
}

/** Those whom the call names are dead, and waited for. */
function removeTargets(
  replay: SpanReplay,
  actor: Actor,
  { line }: Span,
  call: SimpleCall & { pid: number },
): boolean {
  let moved = false
  for (const proc of targets(replay, actor, call.pid)) {
    // To others than its parent it is nobody anyway.
    if (call.op === 'setpgid' && proc.parent !== actor.proc) continue
    if (call.pid < 0 && regroup(replay, proc)) moved = true
    else if (remove(replay, proc, line)) moved = true
  }
  return moved
}

function remove(replay: SpanReplay, proc: Proc, line: number): boolean {
  const ended = forceEnd(replay, proc, line)
  return forceReap(replay, proc, line) || ended
}

/** A group ends with its last member, and the members that are dead may be gone. */
function emptyGroup(replay: SpanReplay, actor: Actor, { line }: Span, group: number): boolean {
  let moved = false
  for (const proc of group > 0 ? targets(replay, actor, -group) : [])
    if (proc !== actor.proc && (regroup(replay, proc) || remove(replay, proc, line))) moved = true
  return moved
}

/** Performs what overlaps, step by step, until the call is answered as the log says. */
function relieve(replay: SpanReplay, actor: Actor, span: Span, call: SimpleCall, expected: number): boolean {
  const again = (): boolean => tryCall(replay, actor, span, call) === expected
  // What could make it fail has been brought about before.
  if (expected < 0 && !isHarmless(call)) return false
  if (expected < 0 && isHarmless(call)) {
    clearTheWay(replay, actor, span, call, -expected)
    if (again()) return true
  }
  if (call.op === 'getppid') {
    const { parent } = actor.proc
    if (parent !== undefined && forceEnd(replay, parent, span.line) && again()) return true
  }
  const helpful = ({ op }: SpanCall): boolean => op !== 'execve' || call.op !== 'setpgid'
  if (advanceOthers(replay, span, helpful) && again()) return true
  const target = targetOf(replay, actor, call)
  if (call.op === 'getpgid' && target !== undefined && regroup(replay, target)) {
    if (again()) return true
    regroup(replay, target)
  }
  if ('pid' in call && call.pid > 0 && createNamed(replay, call.pid) && again()) return true
  return false
}

/** The process that a call names is only just being made. */
function createNamed(replay: SpanReplay, nr: number): boolean {
  for (const { span, actor, done } of replay.flights.creations.values()) {
    if (done || span.outcome?.kind !== 'returned' || span.outcome.value !== nr) continue
    create(replay, actor, span)
    return true
  }
  return false
}

/** The processes that a number of kill(2) stands for. */
export function targets(replay: SpanReplay, actor: Actor, pid: number): Proc[] {
  if (pid > 0) {
    const proc = procOf(replay, actor, pid)
    return proc === undefined ? [] : [proc]
  }
  if (actor.task.state === 'X') return []
  const { world } = replay
  if (pid === -1) return world.procs.values().filter((proc) => proc !== actor.proc)
  return groupMembers(actor.task, -pid).flatMap((task) => procLedBy(world, task) ?? [])
}

/** Nobody saw what came of it: it may have been meant for the caller itself. */
function noteLostKill(replay: SpanReplay, actor: Actor, { line }: Span, call: SimpleCall): void {
  if ((call.op !== 'kill' && call.op !== 'tgkill') || call.sig !== SIGKILL) return
  const named = call.op === 'kill' ? [call.pid] : [call.tgid, call.tid]
  if (named.some((nr) => nr > 0 && procOf(replay, actor, nr) !== actor.proc)) actor.proc.lostKill = line
}

/** SIGKILL was sent: whoever it was sent to, does nothing more. */
function noteKill(replay: SpanReplay, actor: Actor, { line, last }: Span, call: SimpleCall): void {
  if (call.op !== 'kill' || call.sig !== SIGKILL) return
  for (const proc of targets(replay, actor, call.pid)) {
    if (proc.numbers[0] === 1) continue
    proc.killed = true
    if (call.pid <= 1 || proc.killedAt > 0 || proc.dead) continue
    proc.killLine = line
    proc.killedAt = last
  }
}

/** A descriptor that later calls may use without saying whose it is. */
function notePidfd(replay: SpanReplay, actor: Actor, { outcome }: Span, pid: number): void {
  const target = outcome?.kind === 'returned' ? procOf(replay, actor, pid) : undefined
  if (outcome?.kind === 'returned' && target !== undefined) addPidfd(actor.proc, outcome.value, target)
}

/** Remembered from the entry on: the signal may arrive before the call returns. */
function noteSending(replay: SpanReplay, actor: Actor, { line }: Span, call: SimpleCall): void {
  if (call.op !== 'kill' && call.op !== 'tgkill' && call.op !== 'pidfd_send_signal') return
  if (call.sig <= 0 || call.sig > NSIG) return
  sendingsOf(actor.proc).set(call.sig, line)
  for (const receiver of receivers(replay, actor, call)) noteSender(receiver, actor.proc.id, call.sig)
}

function receivers(replay: SpanReplay, actor: Actor, call: SimpleCall): Proc[] {
  if (call.op === 'kill') return targets(replay, actor, call.pid)
  if (call.op === 'tgkill') return targets(replay, actor, Math.max(call.tid, 1))
  const nr = call.op === 'pidfd_send_signal' ? waitTarget(replay.world, actor, call.fd) : 0
  if (nr > 0) return targets(replay, actor, nr)
  // Where no line tells whose the descriptor is, it may be anybody's.
  return call.op === 'pidfd_send_signal' && isUntold(actor.proc, call.fd) ? targets(replay, actor, -1) : []
}

/** The library has a parent, group or session outside the namespace, 0; the log shows its number, learnt before. */
function isAlias(
  replay: SpanReplay,
  actor: Actor,
  call: SimpleCall,
  first: Attempt,
  expected: number,
): boolean {
  if (expected <= 0) return false
  if (call.op === 'getppid') {
    const unknown = first === 0 || isUnloggedInit(replay, actor) || actor.proc === replay.seen.root
    return unknown && actor.proc.foreignParent?.nr === expected
  }
  if (first !== 0) return false
  const target = targetOf(replay, actor, call)
  if (call.op === 'getpgid') return target?.foreign.pgid?.nr === expected
  return call.op === 'getsid' && target?.foreign.sid?.nr === expected
}
