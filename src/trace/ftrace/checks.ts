/**
 * What the lines of ftrace must have in common whatever the programs do: a call comes back to whoever made it, an end is
 * told by whoever ends, a signal is taken by whoever was sent it. A number that contradicts it is wrong, in one line or the
 * other.
 *
 * Invariant: nothing is held against a task that began before the log, or against events of a kind that the log may not have.
 */
import { ECHILD, P_ALL, P_PID, SIGCHLD, SIGKILL } from '../../abi/index.ts'
import { type Acts, push } from './acts.ts'
import type { Stray } from './customs.ts'
import type { Head } from './head.ts'
import type { Slot } from './slots.ts'

/** An end that began before the log may be told in its first lines. */
const SETTLED = 2
const STRAYS = 16
/** The child comes back from these too, and whoever executes a program may do so under another number. */
const CREATIONS: ReadonlySet<string> = new Set(['clone', 'clone3', 'fork', 'vfork', 'execve', 'execveat'])
const SENDS: ReadonlySet<string> = new Set([
  'kill',
  'tkill',
  'tgkill',
  'rt_sigqueueinfo',
  'rt_tgsigqueueinfo',
])
const MAKES: ReadonlySet<string> = new Set(['clone', 'clone3', 'fork', 'vfork'])
const WAITS: ReadonlySet<string> = new Set(['wait4', 'waitid', 'waitpid'])

function clash(
  acts: Acts,
  { by, time }: Head,
  line: number,
  what: string,
  [expected, actual]: Sides,
): undefined {
  push(acts, { kind: 'clash', by, line, time, what, expected, actual })
}

type Sides = readonly [expected: string, actual: string]

/** The column of process numbers says the same of a task in each of its lines. */
export function checkTgid(acts: Acts, { noted }: Slot, head: Head, line: number): undefined {
  const { tgid, by } = head
  if (tgid === noted.tgid) {
    noted.tgids++
    return
  }
  if (noted.tgid !== 0) {
    const what = `process of ${by}`
    clash(acts, head, line, what, [`${tgid}`, `${noted.tgid} at line ${noted.tgidLine}`])
    if (noted.tgids > 1) return
    clash(acts, head, noted.tgidLine, what, [`${noted.tgid}`, `${tgid} at line ${line}`])
  }
  noted.tgid = tgid
  noted.tgidLine = line
  noted.tgids = 1
}

/** The column of process numbers names a process of which the log shows all threads, and this is none of them. */
export function checkThread(acts: Acts, head: Head, line: number): undefined {
  const { by, tgid } = head
  if (tgid === by || acts.slots.get(by) !== undefined) return
  const leader = acts.slots.get(tgid)
  if (leader !== undefined && leader.group === tgid && !leader.again)
    clash(acts, head, line, `threads of ${tgid}`, [`${by}`, 'those that it has made'])
}

/** Whoever enters a call is in no other one. False: this is not its entry. */
export function checkEntry(acts: Acts, slot: Slot, head: Head, name: string, line: number): boolean {
  const { paired, calling } = acts.customs
  const { noted } = slot
  if (slot.ended && !slot.again) {
    clash(acts, head, line, `sys_${name} by ${head.by}`, ['a call', 'it has ended'])
    add(acts.customs.stray, { by: head.by, name, line })
    return false
  }
  if (noted.call !== '' && paired.has(noted.call)) {
    const what = `sys_${name} by ${head.by}`
    clash(acts, head, line, what, ['a call', `in sys_${noted.call} since line ${noted.since}`])
    clash(acts, head, noted.since, `sys_${noted.call} by ${head.by}`, ['it comes back', 'it does not'])
    blameOrphans(acts, head, noted.call, noted.since)
    add(acts.customs.stray, { by: head.by, name, line })
    return false
  }
  noted.call = name
  noted.since = line
  noted.waits = false
  calling.set(head.by, slot)
  return true
}

/** Whoever has ended does nothing more than tell of it. */
export function checkLiving(acts: Acts, slot: Slot, head: Head, line: number, what: string): boolean {
  if (!slot.ended || slot.again) return true
  clash(acts, head, line, `${what} by ${head.by}`, ['a living task', 'it has ended'])
  return false
}

/** Whoever ends, by a signal too, has come back from its call before, unless that call is what ends it. */
export function checkEnd(acts: Acts, { noted, ended }: Slot, head: Head, line: number): undefined {
  const { call, since } = noted
  if (ended || call === '' || ENDS.has(call) || CREATIONS.has(call) || !acts.customs.paired.has(call)) return
  const back = `it comes back`
  clash(acts, head, since, `sys_${call} by ${head.by}`, [back, `it ends at line ${line}`])
  blameOrphans(acts, head, call, since)
}

const ENDS: ReadonlySet<string> = new Set(['exit', 'exit_group', 'reboot'])

/** Somebody has come back from a call that another one has entered and not come back from. */
function blameOrphans(acts: Acts, head: Head, call: string, since: number): undefined {
  for (const it of acts.customs.orphans)
    if (it.name === call && it.line > since)
      clash(acts, head, it.line, `sys_${it.name} by ${it.by}`, ['it comes back', 'it has not called it'])
}

function add(strays: Stray[], stray: Stray): undefined {
  strays.push(stray)
  if (strays.length > STRAYS) strays.shift()
}

/** Whoever comes back from a call has made it. False: it has not. */
export function checkReturn(
  acts: Acts,
  slot: Slot,
  head: Head,
  name: string,
  value: number,
  line: number,
): boolean {
  const { customs } = acts
  const { noted } = slot
  if (value === 0 && MAKES.has(name)) {
    checkNewborn(acts, slot, head, name, line)
    return true
  }
  if (noted.call === name) {
    if (WAITS.has(name)) checkWaited(acts, slot, head, value)
    if (!slot.ended) customs.paired.add(name)
    noted.call = ''
    noted.returned = true
    customs.calling.delete(head.by)
    return true
  }
  if (name.startsWith('execve') && noted.executes) {
    noted.executes = false
    return true
  }
  const at = customs.stray.findIndex((it) => it.name === name)
  if (at >= 0) {
    const [found] = customs.stray.splice(at, 1)
    if (found?.by === head.by) noted.call = ''
    return true
  }
  if (!noted.returned && slot.parent === 0 && (WAITS.has(name) || !customs.paired.has(name))) {
    add(customs.orphans, { by: head.by, name, line })
    return true
  }
  return !checkOwner(acts, slot, head, name, line)
}

/** A wait has looked for children, unless its arguments are wrong: an event in between that is another's is its own. */
function checkWaited(acts: Acts, { noted }: Slot, head: Head, value: number): undefined {
  const { customs } = acts
  if (noted.waits || !customs.waiting.has(noted.call) || (value < 0 && value !== -ECHILD)) return
  const stray = customs.strayWaits.find(({ line }) => line > noted.since)
  if (stray === undefined) return
  customs.strayWaits.splice(customs.strayWaits.indexOf(stray), 1)
  const sides: Sides = ['a call that waits', `${head.by} has called it`]
  clash(acts, { ...head, by: stray.by }, stray.line, `the wait of ${stray.by}`, sides)
}

/** Somebody else has made the call of this name, and has had no line since: one of the two lines has the wrong number. */
function checkOwner(acts: Acts, slot: Slot, head: Head, name: string, line: number): boolean {
  let [owner, other]: [number, Slot | undefined] = [0, undefined]
  for (const [by, it] of acts.customs.calling) {
    if (it === slot || it.noted.call !== name || it.last > it.noted.since + CLOSE) continue
    if (other === undefined || it.noted.since > other.noted.since) [owner, other] = [by, it]
  }
  if (other === undefined) return false
  const { since } = other.noted
  const what = `sys_${name}`
  // Whoever has had no other line is the wrong one.
  if (slot.first !== line)
    clash(acts, head, since, `${what} by ${owner}`, ['it comes back', `${head.by} does`])
  if (other.first !== since || slot.first === line)
    clash(acts, head, line, `${what} by ${head.by}`, [
      'it comes back',
      `${owner} has called it at line ${since}`,
    ])
  other.noted.call = ''
  acts.customs.calling.delete(owner)
  return true
}

/** Between the entry and the return of a call stand the few events that it brings about. */
const CLOSE = 64

/** A task is made in a call that does. `slot`: the maker's, by the log; somebody else is in such a call and has made none. */
export function checkMaker(acts: Acts, slot: Slot, head: Head, line: number): undefined {
  if (CREATIONS.has(slot.noted.call)) return
  for (const [by, it] of acts.customs.calling) {
    const { call, since } = it.noted
    if (it === slot || it.last !== since || !MAKES.has(call)) continue
    const what = `sys_${call} by ${by}`
    clash(acts, head, since, what, ['a task', `${head.by} makes one at line ${line}`])
    acts.customs.calling.delete(by)
    it.noted.call = ''
    return
  }
}

/** A task that is new comes back from the call that has made it, before all else. */
function checkNewborn(acts: Acts, slot: Slot, head: Head, name: string, line: number): undefined {
  const { noted } = slot
  const late = slot.parent === 0 && slot.first === line && acts.customs.exits >= SETTLED
  if (late || noted.returned || noted.call !== '')
    clash(acts, head, line, `sys_${name} by ${head.by}`, ['it is new', 'it is not'])
  noted.returned = true
}

/** sched_process_wait: whoever waits is in a call that does. `nr`: the number that it waits for, 0: any or nobody's. */
export function checkWait(acts: Acts, slot: Slot, head: Head, line: number, nr: number): undefined {
  const { calling } = acts.customs
  const { noted } = slot
  if (WAITS.has(noted.call) && !noted.waits) {
    noted.waits = true
    acts.customs.waiting.add(noted.call)
    const asked = askedFor(slot)
    // Whoever traces waits for children of others too.
    if (
      acts.customs.tracing ||
      asked === undefined ||
      nr === asked ||
      isChildOf(acts, slot, head.by, nr, asked)
    )
      return
    clash(acts, head, line, `the wait of ${head.by}`, [`for ${nr}`, `for ${asked} at line ${noted.since}`])
    clash(acts, head, noted.since, `sys_${noted.call} by ${head.by}`, [
      `for ${asked}`,
      `for ${nr} at line ${line}`,
    ])
    return
  }
  // The init of a namespace waits for all that is in it when it has ended.
  if (nr > 0 && !checkLiving(acts, slot, head, line, 'the wait')) return
  add(acts.customs.strayWaits, { by: head.by, name: '', line })
  if (slot.ended) return
  for (const [by, it] of calling) {
    if (it === slot || it.noted.waits || it.last !== it.noted.since || !WAITS.has(it.noted.call)) continue
    it.noted.waits = true
    clash(acts, head, line, `the wait of ${head.by}`, ['a call that waits', `${by} has called it`])
    return
  }
}

/** The number that a call under way waits for, 0: any; undefined: that of a group, or one that is not in the log. */
function askedFor({ call }: Slot): number | undefined {
  const asks = call?.span?.call
  if (asks?.op === 'wait4') return asks.pid === -1 ? 0 : positive(asks.pid)
  if (asks?.op !== 'waitid') return undefined
  return asks.idtype === P_ALL ? 0 : asks.idtype === P_PID ? positive(asks.id) : undefined
}

function positive(nr: number): number | undefined {
  return nr > 0 ? nr : undefined
}

/** The event has the outermost number of whom the call names by the caller's: one of its children, as far as they are known. */
function isChildOf({ slots }: Acts, slot: Slot, by: number, nr: number, asked: number): boolean {
  if (asked === 0) return false
  if (nr === 0) return true
  const isOwn = ({ parent }: Slot): boolean =>
    parent !== 0 && (parent === by || (slot.group !== 0 && slots.get(parent)?.group === slot.group))
  const named = slots.get(asked)
  if (named !== undefined && isOwn(named)) return false
  const child = slots.get(nr)
  if (child === undefined) return slot.parent === 0
  // It may have been adopted.
  return child.parent === 0 || slot.group === 0 || slots.get(child.parent)?.ended !== false || isOwn(child)
}

/** An end is told by whoever has ended, and once, unless he also tells who adopts his dead children. */
export function checkNotice(acts: Acts, slot: Slot, head: Head, line: number, to: number): undefined {
  const { tracing, exits } = acts.customs
  const { noted } = slot
  if (!tracing && exits < SETTLED && slot.parent === 0 && !noted.acts) acts.slots.end(head.by, slot)
  if (tracing || exits < SETTLED || to === head.by) return
  const what = `SIGCHLD by ${head.by}`
  if (!slot.ended) clash(acts, head, line, what, ['its end', 'it has not ended'])
  else if (noted.noticed > 0 && (!noted.creates || noted.freed > 0 || line > noted.noticed + CLOSE))
    clash(acts, head, line, what, ['its end', 'its parent has been told before'])
  else if (to === slot.parent) noted.noticed = line
}

/** Whoever has ended and whose parent has been told so has no children any more that could tell of themselves. */
export function checkTold(acts: Acts, to: Slot, head: Head, line: number, number: number): undefined {
  const { noted } = to
  if (!to.ended || to.again || to.group !== number || (noted.noticed === 0 && noted.freed === 0)) return
  clash(acts, head, line, `SIGCHLD to ${number}`, ['a living process', 'it has ended'])
}

/** signal_generate. */
export function noteGenerated({ customs, slots }: Acts, to: Slot, number: number, sig: number): undefined {
  customs.underWay.set(sig, (customs.underWay.get(sig) ?? 0) + 1)
  const { noted } = slots.get(to.group === 0 ? number : to.group) ?? to
  noted.sent ??= new Map()
  noted.sent.set(sig, (noted.sent.get(sig) ?? 0) + 1)
}

/** signal_deliver: it has been sent, to the process or one of its threads, and not arrived yet. */
export function checkDelivery(acts: Acts, slot: Slot, head: Head, line: number, sig: number): undefined {
  const { customs, slots } = acts
  const leader = slot.group === 0 ? undefined : slots.get(slot.group)
  if (leader === undefined || leader.group === 0 || customs.tracing || sig === SIGKILL) return
  const sent = leader.noted.sent?.get(sig) ?? 0
  const underWay = customs.underWay.get(sig) ?? 0
  if (sent > 0) {
    leader.noted.sent?.set(sig, sent - 1)
    customs.underWay.set(sig, underWay - 1)
    // If none has been sent to anybody else, a log of chosen tasks may not show who has sent it.
  } else if (underWay > 0)
    clash(acts, head, line, `signal ${sig} to ${head.by}`, ['it arrives', 'nobody has sent it'])
}

/** A signal is sent in a call that sends it. `slot`: the sender's; somebody else is in such a call. */
export function checkSender(acts: Acts, slot: Slot, head: Head, line: number, sig: number): undefined {
  if (slot.ended || SENDS.has(slot.noted.call)) return
  for (const [by, it] of acts.customs.calling) {
    const call = it.call?.span?.call
    if (
      it === slot ||
      !SENDS.has(it.noted.call) ||
      call === undefined ||
      !('sig' in call) ||
      call.sig !== sig
    )
      continue
    clash(acts, head, line, `signal ${sig} by ${head.by}`, ['a call that sends it', `${by} has called it`])
    return
  }
}

/** sched_process_free: of somebody who has ended, once. False: the number is wrong. */
export function checkFreed(acts: Acts, head: Head, line: number, of: number, name: number): boolean {
  const slot = acts.slots.get(of)
  if (slot === undefined || slot.again || acts.customs.exits < SETTLED) return true
  const { noted } = slot
  // A zombie from before the log, which a signal has been sent to.
  if (!slot.ended && !noted.acts && slot.parent === 0) return true
  const actual = !slot.ended
    ? 'it has not ended'
    : noted.name !== 0 && noted.name !== name
      ? 'it had another name'
      : noted.freed > 0
        ? 'it has been freed before'
        : undefined
  if (noted.freed > 0)
    clash(acts, head, noted.freed, 'sched_process_free', [`${of}`, `again at line ${line}`])
  noted.freed = slot.ended ? line : 0
  if (actual === undefined) return true
  clash(acts, head, line, 'sched_process_free', [`${of}`, actual])
  return false
}

export function isEndNotice(sig: number, code: number): boolean {
  return sig === SIGCHLD && code >= 1 && code <= 3
}
