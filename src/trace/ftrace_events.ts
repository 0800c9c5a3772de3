/**
 * The events of ftrace, one by one: births, ends, execs, signals.
 *
 * task_newtask and sched_process_fork tell of the same birth; the first is held back until the second has come. A name may
 * hold what looks like a field, so fields are looked for from the end of the line.
 */
import { CLD_STOPPED, CLONE_THREAD, SIGCHLD, SIGCONT, SIGURG, SIGWINCH } from '../abi/index.ts'
import { type Acts, abandon, exitSignalOf, hold, introduce, push } from './ftrace_acts.ts'
import { hexAt, numberAt } from './ftrace_calls.ts'
import type { Head } from './ftrace_head.ts'
import type { Slot } from './ftrace_slots.ts'
import type { BirthAct } from './span.ts'

/** Signals that nobody dies of unless asked to. */
const HARMLESS: ReadonlySet<number> = new Set([SIGCHLD, SIGCONT, SIGURG, SIGWINCH])

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
  const flags = hexAt(text, fieldAt(text, ' clone_flags='))
  const birth = birthOf(slot, head, line, since, child, flags)
  acts.slots.bear(child, line)
  slot.birth = undefined
  if (!acts.pairs) {
    slot.told = child
    push(acts, birth)
    return
  }
  slot.birth = { kind: 'undecided', act: undefined, span: undefined, birth }
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
  const open = slot.birth
  slot.birth = undefined
  if (open === undefined) {
    if (slot.told !== child) {
      acts.slots.bear(child, line)
      push(acts, birthOf(slot, head, line, since, child, 0))
    }
    slot.told = 0
    return
  }
  open.act ??= { ...(open.birth as BirthAct), again: child, againLine: line }
  acts.queue.drain()
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
  const from = slot.creating === undefined ? since : slot.since
  return { kind: 'birth', by, line, time, since: from, child, again: 0, againLine: 0, flags, exitSignal }
}

/** `filename=/usr/bin/setsid pid=29745 old_pid=29745` */
export function exec(acts: Acts, slot: Slot, head: Head, text: string, line: number): undefined {
  const { by, time, at } = head
  const oldAt = text.lastIndexOf(' old_pid=')
  const pidAt = text.lastIndexOf(' pid=', oldAt)
  const file = text.substring(text.indexOf('filename=', at) + 9, pidAt)
  agree(acts, head, line, 'sched_process_exec', numberAt(text, pidAt + 5))
  const thread = numberAt(text, oldAt + 9)
  if (thread !== by) push(acts, { kind: 'superseded', by, line, time, thread })
  slot.ended = false
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
  if (!namesItself(text, head)) {
    const pidAt = fieldAt(text, ' pid=', text.lastIndexOf(' prio='))
    agree(acts, head, line, 'sched_process_exit', numberAt(text, pidAt))
  }
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
export function freed(acts: Acts, { by, time }: Head, text: string, line: number): undefined {
  const of = numberAt(text, fieldAt(text, ' pid=', text.lastIndexOf(' prio=')))
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
  if (acts.slots.get(to) === undefined) introduce(acts, to, comm, 0, line, time)
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
  if (slot !== undefined && sig === SIGCHLD && code === CLD_STOPPED)
    push(acts, { kind: 'stopped', by, line, time, sig: slot.signal })
}

/** `sig=17 errno=0 code=1 sa_handler=55e88e871e40 sa_flags=14000000` */
export function deliver(
  acts: Acts,
  slot: Slot,
  { by, time, at }: Head,
  text: string,
  line: number,
): undefined {
  const sig = numberAt(text, text.indexOf('sig=', at) + 4)
  const code = numberAt(text, text.indexOf(' code=', at) + 6)
  slot.signal = sig
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
