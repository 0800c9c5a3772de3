/**
 * Puts out the acts of a log of ftrace in the order of their lines, with the two lines of a call brought together.
 *
 * The entry of a call is held back until its return has come, so that whoever reads it knows the outcome, unless the
 * return may be far away.
 */
import { SIGCHLD } from '../../abi/index.ts'
import { type ActQueue, createActQueue } from '../act_queue.ts'
import type { Act, BirthAct, Span, SpanCall, SpanOutcome } from '../acts.ts'
import { isLong, mayChoose, RESTARTS, readEntry } from './calls.ts'
import { type Customs, newCustoms } from './customs.ts'
import { type Head, nameOf } from './head.ts'
import { createSlots, type Open, type Slot, type Slots } from './slots.ts'

export interface Acts {
  readonly slots: Slots
  readonly queue: ActQueue
  /** The latest item of the queue, if it is held back. */
  tail: Open | undefined
  /** sched_process_fork follows task_newtask, as long as nothing shows otherwise. */
  pairs: boolean
  /** Births that task_newtask alone has told of so far, by the child. */
  readonly unborn: Map<number, Slot>
  readonly customs: Customs
}

/** So many acts wait at most for the first of them. */
const HELD = 512
/** A wait whose entry came before the log: whatever it may have asked for. */
const ANY_CHILD = 0x4000000b

const RESTARTED: SpanOutcome = { kind: 'restarted' }
const LOST: SpanOutcome = { kind: 'lost' }

export function createActs(emit: (act: Act) => void): Acts {
  const acts: Acts = {
    slots: createSlots(),
    queue: createActQueue<Open>(emit, (open) => decide(acts, open), HELD),
    tail: undefined,
    pairs: true,
    unborn: new Map(),
    customs: newCustoms(),
  }
  return acts
}

function decide(acts: Acts, { birth, span }: Open): Act {
  if (birth === undefined) return { kind: 'enter', span: span as Span }
  if (birth.again === 0) acts.pairs = false
  return birth
}

export function push(acts: Acts, act: Act): undefined {
  acts.tail = undefined
  acts.queue.push(act)
}

export function hold(acts: Acts, open: Open): undefined {
  acts.tail = open
  acts.queue.push(open)
}

/** The slot of the task of a line. */
export function slotOf(acts: Acts, head: Head, text: string, line: number): Slot {
  const { by, time, tgid } = head
  return acts.slots.get(by) ?? introduce(acts, by, nameOf(text, head), tgid, line, time)
}

/** A task that no birth has shown. */
export function introduce(
  acts: Acts,
  by: number,
  comm: string,
  tgid: number,
  line: number,
  time: string,
): Slot {
  push(acts, { kind: 'seen', by, line, time, comm, tgid })
  return acts.slots.bear(by, line)
}

/** `sys_kill(pid: 0xfffffff1, sig: 9)`: arguments begin at `from`. */
export function enter(
  acts: Acts,
  slot: Slot,
  head: Head,
  name: string,
  text: string,
  from: number,
  line: number,
): undefined {
  const call = readEntry(name, text, from)
  abandon(acts, slot, line)
  if (call === undefined) return
  if (call.op === 'clone') {
    acts.customs.creations = true
    slot.creating = call
    slot.since = line
    slot.made = 0
    return
  }
  const span: Span = { by: head.by, line, time: head.time, call, last: 0, outcome: undefined }
  const open: Open = { kind: 'undecided', act: undefined, span, birth: undefined }
  slot.call = open
  slot.name = name
  if (!isLong(call)) {
    hold(acts, open)
    return
  }
  open.act = { kind: 'enter', span }
  push(acts, open.act)
}

/** `sys_kill -> 0x0`. */
export function leave(
  acts: Acts,
  slot: Slot,
  head: Head,
  name: string,
  value: number,
  line: number,
): undefined {
  const outcome = outcomeOf(value)
  if (slot.creating !== undefined) {
    settleCreation(acts, slot, head, line, value)
    slot.creating = undefined
  } else if (slot.call !== undefined && slot.name === name) close(acts, slot, line, outcome)
  else if (name === 'wait4' && value > 0) {
    // The entry came before the log.
    const call: SpanCall = { op: 'wait4', pid: -1, options: ANY_CHILD }
    push(acts, { kind: 'call', span: { by: head.by, line, time: head.time, call, last: line, outcome } })
  }
}

/** The call under way has come to its end. */
export function close(acts: Acts, slot: Slot, line: number, outcome: SpanOutcome): undefined {
  const open = slot.call as Open
  const span = open.span as Span
  slot.call = undefined
  span.last = line
  span.outcome = outcome
  if (open === acts.tail && open.act === undefined) {
    open.act = { kind: 'call', span }
    acts.tail = undefined
  } else {
    open.act ??= { kind: 'enter', span }
    push(acts, { kind: 'leave', span })
  }
  acts.queue.drain()
}

/** Whatever the task had begun, it will not see the end of. */
export function abandon(acts: Acts, slot: Slot, line: number): undefined {
  if (slot.call !== undefined) close(acts, slot, line, LOST)
  settleChoice(acts, slot, 0, 0)
  slot.creating = undefined
}

/**
 * A birth has waited for the end of the call that has made it: the number that this came back with; 0: it did not, or too
 * many acts later. Whatever has not told of the birth by now will not.
 */
function settleChoice(acts: Acts, slot: Slot, told: number, toldLine: number): undefined {
  const open = slot.choosing ?? (slot.birth?.birth?.choosable === true ? slot.birth : undefined)
  if (open === undefined) return
  slot.choosing = undefined
  if (open === slot.birth) {
    acts.pairs = false
    slot.told = slot.made
    slot.birth = undefined
  }
  open.act ??= { ...(open.birth as BirthAct), told, toldLine }
  acts.queue.drain()
}

function outcomeOf(value: number): SpanOutcome {
  if (value >= RESTARTS[0] && value <= RESTARTS[1]) return RESTARTED
  if (value < 0) return { kind: 'failed', errno: -value }
  return { kind: 'returned', value, outer: undefined, status: undefined, info: undefined, fd: undefined }
}

/** The child's own return says 0, and is met in a slot where no creation is under way. */
function settleCreation(acts: Acts, slot: Slot, { by, time }: Head, line: number, value: number): undefined {
  const outcome = outcomeOf(value)
  settleChoice(acts, slot, outcome.kind === 'returned' ? value : 0, line)
  if (outcome.kind === 'failed') {
    const call = slot.creating as SpanCall
    push(acts, { kind: 'call', span: { by, line: slot.since, time, call, last: line, outcome } })
  } else if (value > 0 && slot.made !== 0) {
    push(acts, { kind: 'told', by, line, time, child: slot.made, value })
  }
}

/** The exit signal of a creation under way; < 0: what it most likely is, no line tells. */
export function exitSignalOf({ creating }: Slot): number {
  return creating?.op === 'clone' && !mayChoose(creating) ? creating.exitSignal : -SIGCHLD
}
