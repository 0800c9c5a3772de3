/**
 * Compares who, by the log, has sent a signal: si_pid.
 *
 * The number is the sender's in the receiver's namespace. The kernel took it when the signal was sent; when the line is
 * written, the sender may have changed or gone, so the latest of those who are gone are known too.
 */
import {
  SIGCHLD,
  SIGHUP,
  SIGINT,
  SIGKILL,
  SIGPIPE,
  SIGSTOP,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
  SIGXCPU,
  SIGXFSZ,
} from '../../abi/index.ts'
import type { SignalAct } from '../acts.ts'
import { forceEnd, procOf } from './order.ts'
import { blameBirth, blameMove, count, differ, nameOf, SKIPPED, type SpanReplay, skip } from './replay.ts'
import { hasSent } from './senders.ts'
import { takeNotice } from './told.ts'
import type { Actor, Departed, Proc } from './world.ts'

const CLD_EXITED = 1
const CLD_DUMPED = 3
const CLD_CONTINUED = 6
const SI_USER = 0
const SI_QUEUE = -1
const SI_TKILL = -6

/** Signals that the kernel sends to whoever is at fault, in its own name. */
const TO_ONESELF: ReadonlySet<number> = new Set([SIGPIPE, SIGXCPU, SIGXFSZ])

/** Whoever stops takes one of these before. */
export const STOPPING: ReadonlySet<number> = new Set([SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU])

export function settleSignal(replay: SpanReplay, actor: Actor, act: SignalAct): void {
  const { pid, code, sig } = act
  actor.lastSignal = sig
  actor.signalLine = act.line
  replay.seen.signals.add(sig)
  if (STOPPING.has(sig)) replay.seen.stops = actor.proc.stopped = true
  if (pid === undefined) return
  const { notified } = actor.proc
  if (code >= CLD_EXITED && code <= CLD_CONTINUED && (sig === SIGCHLD || act.status !== undefined))
    settleChildSignal(replay, actor, act, pid)
  else if (code === SI_USER || code === SI_TKILL || code === SI_QUEUE) settleSent(replay, actor, act, pid)
  if (sig === SIGCHLD && notified === actor.proc.notified) takeNotice(actor.proc, act.line)
}

/** A child has ended, stopped or gone on. */
function settleChildSignal(replay: SpanReplay, actor: Actor, act: SignalAct, pid: number): void {
  const child = procOf(replay, actor, pid)
  const gone = departedOf(replay, actor, pid)
  const ended = act.code <= CLD_DUMPED
  // One that has ended is told to whoever adopts it, too.
  if (child?.dead && ended && child.parent?.exiting !== undefined && child.parent !== actor.proc)
    forceEnd(replay, child.parent, act.line)
  if (child !== undefined && child.parent === actor.proc && ended && !child.dead && !showsEnd(replay, act))
    forceEnd(replay, child, act.line)
  const alive =
    child !== undefined &&
    child.parent === actor.proc &&
    (ended ? isOver(child, act) : child.stopped || !replay.seen.stops)
  const past = gone !== undefined && gone.parent === actor.proc && (!ended || hasStatus(gone.status, act))
  if (ended && (alive || past)) {
    const { told } = (alive && (child.told.line === 0 || !past) ? child : gone) as Proc | Departed
    if (told.line === 0) {
      told.line = act.line
      const wrong = act.sig === SIGCHLD ? takeNotice(actor.proc, act.line, alive ? child : gone) : undefined
      if (wrong === undefined) count(replay, true)
      else disagreeOrder(replay, actor, act, pid, wrong)
    } else {
      disagree(replay, actor, act, pid, `the end of ${pid} was told already at line ${told.line}`)
      differ(replay, told.line, undefined, textOf(actor, act), `${pid}`, `told again at line ${act.line}`)
    }
    return
  }
  if (alive || past) {
    count(replay, true)
    return
  }
  if (!replay.seen.birth && (child === undefined || child.parent === undefined)) {
    skip(replay, SKIPPED.older)
    return
  }
  if (child?.guessed && child.parent !== actor.proc) {
    skip(replay, SKIPPED.killed)
    return
  }
  const actual =
    child?.parent === actor.proc
      ? `it has not ${ended ? 'ended so' : 'stopped'}`
      : 'no child of that number has'
  disagree(replay, actor, act, pid, actual)
  if (child?.parent !== actor.proc) blameBirth(replay, child, nameOf(actor))
}

/** Whether the log has a line of its own for such an end: with -qq it has one only for whoever was killed. */
function showsEnd({ seen }: SpanReplay, { code }: SignalAct): boolean {
  return code === CLD_EXITED ? seen.exitsEnd : seen.ends
}

/** So many times it is a wrong number; more often, a log in which ends are not told in their order. */
const UNORDERED_MAX = 2

function disagreeOrder(replay: SpanReplay, actor: Actor, act: SignalAct, pid: number, actual: string): void {
  const { seen, differences, counts } = replay
  const { unordered } = seen
  if (unordered === undefined) {
    count(replay, true)
    return
  }
  const before = differences.listed.length
  disagree(replay, actor, act, pid, actual)
  unordered.noted.push(...differences.listed.slice(before))
  if (++unordered.wrong <= UNORDERED_MAX) return
  differences.retract(unordered.noted)
  counts.matched += unordered.wrong
  seen.unordered = undefined
}

function isOver(child: Proc, act: SignalAct): boolean {
  return child.dead ? hasStatus(child.status, act) : child.exiting !== undefined
}

function hasStatus(status: number, { code, status: told }: SignalAct): boolean {
  if (told === undefined || status < 0) return true
  if (code === CLD_EXITED) return status === (told & 0xff) << 8
  const sig = status & 0x7f
  // After reboot(2) in a namespace, a wait tells SIGHUP or SIGINT of its init, and the signal what killed it.
  return sig === told || (told === SIGKILL && (sig === SIGHUP || sig === SIGINT))
}

/** kill(2), sigqueue(3), tgkill(2). */
function settleSent(replay: SpanReplay, actor: Actor, act: SignalAct, pid: number): void {
  const { world } = replay
  const sender = procOf(replay, actor, pid)
  const gone = departedOf(replay, actor, pid)
  const depth = actor.task.level - world.level
  const { parent, formerParent, deathSignal } = actor.proc
  const byDeath =
    act.sig === deathSignal && [parent, formerParent].some((proc) => proc?.numbers[depth] === pid)
  const own = sender === actor.proc && TO_ONESELF.has(act.sig)
  // Where groups are not in the log, nobody knows whom a signal to one reaches.
  const sent = [sender, gone].some(
    (by) =>
      by !== undefined && (replay.seen.groups ? hasSent(actor.proc, by.id, act.sig) : by.sentAt.has(act.sig)),
  )
  if (sent || own || byDeath || isJustMade(actor.proc, sender ?? gone, act.sig)) {
    count(replay, true)
    return
  }
  // Whoever is in a namespace that was made in the log is in the log; who is outside of it has the number 0 there.
  const shares = actor.task.level === world.level && !world.owned
  const outside = !TO_ONESELF.has(act.sig) && (shares || !replay.seen.birth)
  const unknown = sender === undefined && gone === undefined && outside
  const above = pid === 0 && actor.task.level >= world.level
  const init = pid === 1 && !world.topIsLogged && actor.task.level === world.level
  if (unknown || above || init) skip(replay, SKIPPED.sender)
  else disagreeSender(replay, actor, act, pid, sender ?? gone)
}

/** It was sent while the receiver was being made, to a group that it belongs to. */
function isJustMade({ born, made }: Proc, sender: Proc | Departed | undefined, sig: number): boolean {
  const at = sender?.sentAt.get(sig)
  return at !== undefined && at >= born && at <= made
}

function disagreeSender(
  replay: SpanReplay,
  actor: Actor,
  act: SignalAct,
  pid: number,
  sender: Proc | Departed | undefined,
): void {
  const at = sender?.sentAt.get(act.sig)
  if (sender === undefined) disagree(replay, actor, act, pid, 'nobody has that number')
  else if (at === undefined) disagree(replay, actor, act, pid, `${pid} has not sent it`)
  else {
    const text = `${pid} has sent it to others`
    disagree(replay, actor, act, pid, `${text}, at line ${at}`)
    differ(replay, at, undefined, `signal ${act.sig} of ${pid}`, `sent to ${nameOf(actor)}`, text)
    blameMove(replay, actor.proc)
  }
}

/** The latest process that had this number in the receiver's namespace and was waited for. */
function departedOf({ world }: SpanReplay, actor: Actor, nr: number): Departed | undefined {
  const depth = actor.task.level - world.level
  if (depth === 0) return world.departed.get(nr)
  for (const departed of [...world.departed.values()].reverse())
    if (departed.numbers[depth] === nr) return departed
  return undefined
}

function disagree(replay: SpanReplay, actor: Actor, act: SignalAct, pid: number, actual: string): void {
  count(replay, false)
  differ(replay, act.line, undefined, textOf(actor, act), `${pid}`, actual)
}

function textOf(actor: Actor, { sig }: SignalAct): string {
  return `si_pid of signal ${sig} to ${nameOf(actor)}`
}
