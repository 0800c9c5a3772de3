/**
 * The events of ftrace, one by one: births, ends, execs, signals.
 *
 * task_newtask and sched_process_fork tell of the same birth; the first is held back until the second has come. A name may
 * hold what looks like a field, so fields are looked for from the end of the line.
 */
import {
  CLD_CONTINUED,
  CLD_EXITED,
  CLD_STOPPED,
  CLD_TRAPPED,
  CLONE_CHILD_SETTID,
  CLONE_PARENT,
  CLONE_THREAD,
  CLONE_VM,
  SIGCHLD,
  SIGCONT,
  SIGURG,
  SIGWINCH,
} from '../../abi/index.ts'
import type { BirthAct } from '../acts.ts'
import { type Acts, abandon, exitSignalOf, hold, introduce, push } from './acts.ts'
import { hexAt, mayChoose, numberAt } from './calls.ts'
import {
  checkDelivery,
  checkEnd,
  checkFreed,
  checkLiving,
  checkMaker,
  checkNotice,
  checkSender,
  checkTold,
  isEndNotice,
  noteGenerated,
} from './checks.ts'
import type { Head } from './head.ts'
import { nameAfter, nameHash, noteName } from './names.ts'
import type { Open, Slot } from './slots.ts'

const SI_USER = 0

/** Signals that nobody dies of unless asked to. */
const HARMLESS: ReadonlySet<number> = new Set([SIGCHLD, SIGCONT, SIGURG, SIGWINCH])

const FLAGS = ' clone_flags='

/** Where the value of the last field `name` stands that begins before `before`. */
function fieldAt(text: string, name: string, before?: number): number {
  const at = text.lastIndexOf(name, before)
  return at < 0 ? -1 : at + name.length
}

/** Whether the first field ` pid=` is the task of the line; if it is not, a name before it may have held that. */
function namesItself(text: string, { by, at }: Head): boolean {
  return numberAt(text, text.indexOf(' pid=', at) + 5) === by
}

/** `pid=29744 comm=ft.sh clone_flags=1200000 oom_score_adj=0` */
export function newTask(
  acts: Acts,
  slot: Slot,
  head: Head,
  text: string,
  line: number,
  since: number,
): undefined {
  const child = numberAt(text, text.indexOf('pid=', head.at) + 4)
  const flagsAt = fieldAt(text, FLAGS)
  const flags = hexAt(text, flagsAt)
  checkMaker(acts, slot, head, line)
  const birth = birthOf(slot, head, line, since, child, flags)
  const parent = (flags & CLONE_PARENT) === 0 ? head.by : slot.parent
  const born = acts.slots.bear(child, line, parent, (flags & CLONE_THREAD) === 0 ? child : slot.group)
  noteName(acts, born, child, head, line, text, text.indexOf(' comm=', head.at) + 6, flagsAt - FLAGS.length)
  slot.birth = undefined
  acts.unborn.clear()
  if (!acts.pairs) {
    slot.told = child
    putAlone(acts, slot, birth)
    return
  }
  slot.birth = { kind: 'undecided', act: undefined, span: undefined, birth }
  acts.unborn.set(child, slot)
  hold(acts, slot.birth)
}

/** `comm=bash pid=29740 child_comm=bash child_pid=29744` */
export function fork(
  acts: Acts,
  slot: Slot,
  head: Head,
  text: string,
  line: number,
  since: number,
): undefined {
  let childAt = text.indexOf(' child_pid=', head.at) + 11
  if (text.indexOf(' ', childAt) > 0) childAt = fieldAt(text, ' child_pid=')
  const child = numberAt(text, childAt)
  if (!namesItself(text, head)) {
    const pidAt = fieldAt(text, ' pid=', text.lastIndexOf(' child_comm='))
    agree(acts, head, line, 'sched_process_fork', numberAt(text, pidAt))
  }
  acts.pairs = true
  const open = slot.birth ?? ownBirth(acts, head, child)
  slot.birth = undefined
  if (open === undefined) {
    if (slot.told !== child) {
      acts.slots.bear(child, line)
      putAlone(acts, slot, birthOf(slot, head, line, since, child, flagsOf(slot)))
    }
    slot.told = 0
    return
  }
  const birth = open.birth as BirthAct
  const choosable =
    birth.choosable || (!acts.customs.creations && birth.child === child && isBare(birth.flags))
  open.birth = { ...birth, choosable, again: child, againLine: line }
  if (birth.choosable && slot.choosing === undefined) slot.choosing = open
  else {
    open.act ??= open.birth
    acts.queue.drain()
  }
}

/** A birth that one event alone tells of. */
function putAlone(acts: Acts, slot: Slot, birth: BirthAct): undefined {
  if (!birth.choosable || slot.choosing !== undefined) {
    push(acts, birth)
    return
  }
  slot.choosing = { kind: 'undecided', act: undefined, span: undefined, birth }
  hold(acts, slot.choosing)
}

/** What the caller has asked for, as far as the log shows it. */
function flagsOf({ creating }: Slot): number {
  return creating?.op === 'clone' && !mayChoose(creating) ? creating.flags : 0
}

/** No thread is made so, and no fork(2) of a C library: it may be a clone3(2). */
function isBare(flags: number): boolean {
  return (flags & (CLONE_VM | CLONE_CHILD_SETTID)) === 0
}

/** task_newtask has told of it in another task's name: one of the two events has the wrong one. */
function ownBirth(acts: Acts, head: Head, child: number): Open | undefined {
  const other = acts.unborn.get(child)
  const open = other?.birth
  const birth = open?.birth
  if (other === undefined || open === undefined || birth === undefined || birth.child !== child)
    return undefined
  other.birth = undefined
  const { by, time } = head
  const what = `the task that makes ${child}`
  push(acts, { kind: 'clash', by, line: birth.line, time, what, expected: `${birth.by}`, actual: `${by}` })
  return open
}

function birthOf(
  slot: Slot,
  { by, time }: Head,
  line: number,
  since: number,
  child: number,
  flags: number,
): BirthAct {
  const exitSignal = (flags & CLONE_THREAD) !== 0 ? 0 : exitSignalOf(slot)
  slot.made = child
  slot.noted.creates = true
  const from = slot.creating === undefined ? since : slot.since
  const choosable = mayChoose(slot.creating)
  return {
    kind: 'birth',
    by,
    line,
    time,
    since: from,
    child,
    again: 0,
    againLine: 0,
    flags,
    exitSignal,
    choosable,
    told: 0,
    toldLine: 0,
  }
}

/** `filename=/usr/bin/setsid pid=29745 old_pid=29745` */
export function exec(acts: Acts, slot: Slot, head: Head, text: string, line: number): undefined {
  const { by, time, at } = head
  const oldAt = text.lastIndexOf(' old_pid=')
  const pidAt = text.lastIndexOf(' pid=', oldAt)
  const file = text.substring(text.indexOf('filename=', at) + 9, pidAt)
  agree(acts, head, line, 'sched_process_exec', numberAt(text, pidAt + 5))
  const thread = numberAt(text, oldAt + 9)
  if (thread !== by) {
    push(acts, { kind: 'superseded', by, line, time, thread })
    // The first thread goes under its number.
    const former = acts.slots.get(thread)
    if (former !== undefined) {
      former.ended = true
      former.noted.name = 0
      former.noted.call = ''
      acts.customs.calling.delete(thread)
    }
  }
  slot.ended = false
  slot.noted.call = ''
  slot.noted.executes = true
  nameAfter(slot, file)
  push(acts, {
    kind: 'call',
    span: {
      by,
      line,
      time,
      call: { op: 'execve', file, command: file },
      last: line,
      outcome: {
        kind: 'returned',
        value: 0,
        outer: undefined,
        status: undefined,
        info: undefined,
        fd: undefined,
      },
    },
  })
}

/** `comm=sleep pid=29768 prio=120 group_dead=true` */
export function exit(acts: Acts, slot: Slot, head: Head, text: string, line: number): undefined {
  const { by, time } = head
  const pidAt = fieldAt(text, ' pid=', text.lastIndexOf(' prio='))
  agree(acts, head, line, 'sched_process_exit', numberAt(text, pidAt))
  acts.customs.exits++
  checkEnd(acts, slot, head, line)
  acts.customs.calling.delete(by)
  slot.noted.call = ''
  const nameAt = text.indexOf('comm=', head.at) + 5
  slot.noted.name = nameHash(text, nameAt, pidAt - 5)
  noteName(acts, slot, by, head, line, text, nameAt, pidAt - 5)
  abandon(acts, slot, line)
  acts.slots.end(by, slot)
  push(acts, { kind: 'exits', by, line, time, last: isLast(text) })
}

/** group_dead stands at the end of the line, in newer kernels. */
function isLast(text: string): boolean | undefined {
  if (text.endsWith(' group_dead=true')) return true
  return text.endsWith(' group_dead=false') ? false : undefined
}

/** `comm=cat pid=20992 prio=120` */
export function freed(acts: Acts, head: Head, text: string, line: number): undefined {
  const pidAt = fieldAt(text, ' pid=', text.lastIndexOf(' prio='))
  const of = numberAt(text, pidAt)
  const name = nameHash(text, text.indexOf('comm=', head.at) + 5, pidAt - 5)
  if (!checkFreed(acts, head, line, of, name)) return
  const { by, time } = head
  push(acts, { kind: 'freed', by, line, time, of })
}

/** `sig=9 errno=0 code=0 comm=sleep pid=29768 grp=1 res=0` */
export function generate(
  acts: Acts,
  slot: Slot | undefined,
  head: Head,
  text: string,
  line: number,
): undefined {
  const { by, time, at } = head
  const sig = numberAt(text, text.indexOf('sig=', at) + 4)
  const codeAt = text.indexOf(' code=', at) + 6
  const pidAt = text.lastIndexOf(' pid=')
  const comm = text.substring(text.indexOf(' comm=', codeAt) + 6, pidAt)
  const to = numberAt(text, pidAt + 5)
  if (to === 0) return
  const code = numberAt(text, codeAt)
  if (sig === SIGCHLD && code === CLD_TRAPPED) {
    acts.customs.tracing = true
    acts.customs.tracers.add(to)
  }
  if (slot !== undefined && isEndNotice(sig, code)) checkNotice(acts, slot, head, line, to)
  else if (slot !== undefined && code === SI_USER) checkSender(acts, slot, head, line, sig)
  const target = acts.slots.get(to) ?? introduce(acts, to, comm, 0, line, time)
  noteName(acts, target, to, head, line, text, pidAt - comm.length, pidAt)
  if (sig === SIGCHLD && code >= CLD_EXITED && code <= CLD_CONTINUED) checkTold(acts, target, head, line, to)
  noteGenerated(acts, target, to, sig)
  push(acts, {
    kind: 'sent',
    by,
    line,
    time,
    to,
    comm,
    sig,
    code,
    ignored: text.indexOf(' res=1', pidAt) > 0,
  })
  // A tracer is told of stops that nobody else sees.
  if (slot !== undefined && sig === SIGCHLD && code === CLD_STOPPED && !isForTracer(acts, slot, to))
    push(acts, { kind: 'stopped', by, line, time, sig: slot.signal })
}

function isForTracer({ customs, slots }: Acts, { parent }: Slot, to: number): boolean {
  if (parent === to) return false
  const maker = slots.get(parent)
  if (maker === undefined || maker.ended) return customs.tracers.has(to)
  return maker.group === 0 || slots.get(to)?.group !== maker.group
}

/** `sig=17 errno=0 code=1 sa_handler=55e88e871e40 sa_flags=14000000` */
export function deliver(acts: Acts, slot: Slot, head: Head, text: string, line: number): undefined {
  const { by, time, at } = head
  const sig = numberAt(text, text.indexOf('sig=', at) + 4)
  const code = numberAt(text, text.indexOf(' code=', at) + 6)
  slot.signal = sig
  if (!checkLiving(acts, slot, head, line, `signal ${sig}`)) return
  checkDelivery(acts, slot, head, line, sig)
  if (!text.includes(' sa_handler=0 ', at) || HARMLESS.has(sig)) return
  push(acts, {
    kind: 'signal',
    by,
    line,
    time,
    sig,
    code,
    pid: undefined,
    outer: undefined,
    status: undefined,
  })
}

/** A line names its task twice. */
function agree(acts: Acts, { by, time }: Head, line: number, what: string, pid: number): undefined {
  if (pid === by) return
  push(acts, { kind: 'clash', by, line, time, what: `pid of ${what}`, expected: `${pid}`, actual: `${by}` })
}
