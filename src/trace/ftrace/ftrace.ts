/**
 * Reads what the kernel's event trace says as text: /sys/kernel/tracing/trace, trace_pipe, `trace-cmd report`.
 *
 * Invariant: acts come out in the order of their lines. Events that say nothing of processes are passed over; a log that
 * has lost events is refused, for what is missing cannot be told from what went wrong.
 */

import type { Act, SpanStart } from '../acts.ts'
import type { LogReader } from '../event.ts'
import { show, TraceError } from '../trace_error.ts'
import { createActs, enter, leave, slotOf } from './acts.ts'
import { numberAt } from './calls.ts'
import { checkEntry, checkReturn, checkTgid, checkThread, checkWait } from './checks.ts'
import { deliver, exec, exit, fork, freed, generate, newTask } from './events.ts'
import { newHead, readHead } from './head.ts'
import { noteFront, noteName } from './names.ts'
import type { Slot } from './slots.ts'

const FIRST_LINE =
  /^(?:# tracer: |# entries-in-buffer|#\s+(?:_+-+=>|TASK-PID|cmd +pid)|CPU:\d+ \[LOST |cpus=\d+$|version = \d| *\S.*-\d+ +(?:\( *[\d-]+\) +)?\[\d+\] .*?[\d.]+: +\w| *\S.*-\d+ +\d+[^\s\d]\S* +[\d.]+(?:us|ms)?.?: +\w)/

export function isFtrace(firstLine: string): boolean {
  return FIRST_LINE.test(firstLine)
}

const HASH = 0x23
const ENTRIES = /entries-in-buffer\/entries-written: (\d+)\/(\d+)/
const LOST_EVENTS = /\[LOST (\d+) EVENTS\]|\[(\d+) EVENTS DROPPED\]/
/** An event as the option `fields` has it printed: all numbers twice. */
const FIELDS = /(?:pid|__syscall_nr)=0x[\da-f]+ \(/
/** Lines between the events: stacks, and what trace-cmd puts in front. */
const ASIDE = /^(?:\s*=> |\s*$|cpus=|version = |CPU \d+ is empty)/

export function createFtraceReader(emit: (act: SpanStart | Act) => void): LogReader {
  const acts = createActs(emit)
  const head = newHead()
  let started = false
  let looked = false
  /** The log is the file `trace`. */
  let fronts = false

  return {
    line(text: string, line: number): undefined {
      if (!started) {
        started = true
        emit({ kind: 'start', line: 1, spans: { keyWord: 'pid', source: 'ftrace', bare: false } })
      }
      if (text.charCodeAt(0) === HASH) {
        if (refuseLoss(text, line)) fronts = true
        return
      }
      readHead(text, head)
      if (head.by < 0) refuseOther(text, line)
      else readEvent(text, line)
    },
    finish(): undefined {
      acts.queue.flush()
    },
  }

  function readEvent(text: string, line: number): undefined {
    const { by, at } = head
    if (!looked) {
      looked = true
      if (FIELDS.test(text.slice(at)))
        throw new TraceError(
          line,
          `an event with the option fields: record again without it, echo 0 > options/fields`,
        )
    }
    if (by === 0) {
      // The idle task makes nothing, and is on the CPU when an interrupt sends a signal or frees a task.
      if (text.startsWith('sched_process_free:', at)) freed(acts, head, text, line)
      else if (text.startsWith('signal_generate:', at)) generate(acts, undefined, head, text, line)
      return
    }
    if (head.tgid !== 0) checkThread(acts, head, line)
    const slot = slotOf(acts, head, text, line)
    // Whoever was there before the log may have been in its call since then.
    const since = slot.first === line ? 1 : slot.last
    if (fronts) noteFront(acts, slot, head, text, line)
    if (head.tgid !== 0) checkTgid(acts, slot, head, line)
    if (text.startsWith('sched_process_', at)) readProcess(slot, text, line, since)
    else if (text.startsWith('sys_', at)) readCall(slot, text, line)
    else if (text.startsWith('task_newtask:', at)) newTask(acts, slot, head, text, line, since)
    else if (text.startsWith('signal_generate:', at)) generate(acts, slot, head, text, line)
    else if (text.startsWith('signal_deliver:', at)) deliver(acts, slot, head, text, line)
    slot.last = line
    // Whoever ends does these too.
    if (!text.startsWith('signal_generate:', at) && !text.startsWith('sched_process_wait:', at))
      slot.noted.acts = true
  }

  function readProcess(slot: Slot, text: string, line: number, since: number): undefined {
    const at = head.at + 'sched_process_'.length
    if (text.startsWith('fork:', at)) fork(acts, slot, head, text, line, since)
    else if (text.startsWith('exit:', at)) exit(acts, slot, head, text, line)
    else if (text.startsWith('exec:', at)) exec(acts, slot, head, text, line)
    else if (text.startsWith('free:', at)) freed(acts, head, text, line)
    else if (text.startsWith('wait:', at)) {
      const nameAt = text.indexOf('comm=', at) + 5
      noteName(acts, slot, head.by, head, line, text, nameAt, text.lastIndexOf(' pid='))
      checkWait(acts, slot, head, line, waitedFor(text))
    }
  }

  /** `sys_kill(…)` and `sys_kill -> 0x0` in the kernel's own text, `sys_enter_kill: …` and `sys_exit_kill: 0x0` in others'. */
  function readCall(slot: Slot, text: string, line: number): undefined {
    const nameAt = head.at + 'sys_'.length
    const end = wordEnd(text, nameAt)
    const name = text.substring(nameAt, end)
    if (text.charAt(end) === '(') readEntry(slot, name, text, end, line)
    else if (text.startsWith(' -> ', end)) readReturn(slot, name, text, end + 4, line)
    else if (name.startsWith('enter_')) readEntry(slot, name.slice(6), text, end + 1, line)
    else if (name.startsWith('exit_')) {
      const value = text.indexOf('0x', end)
      readReturn(slot, name.slice(5), text, value < 0 ? end + 2 : value, line)
    }
  }

  function readEntry(slot: Slot, name: string, text: string, at: number, line: number): undefined {
    if (checkEntry(acts, slot, head, name, line)) enter(acts, slot, head, name, text, at, line)
  }

  function readReturn(slot: Slot, name: string, text: string, at: number, line: number): undefined {
    const value = numberAt(text, at)
    if (checkReturn(acts, slot, head, name, value, line)) leave(acts, slot, head, name, value, line)
  }
}

/** `comm=bash pid=29745 prio=120` */
function waitedFor(text: string): number {
  return numberAt(text, text.lastIndexOf(' pid=') + 5)
}

function wordEnd(text: string, from: number): number {
  let at = from
  for (let code = text.charCodeAt(at); ; code = text.charCodeAt(++at)) {
    const word = (code >= 0x61 && code <= 0x7a) || code === 0x5f || (code >= 0x30 && code <= 0x39)
    if (!word) return at
  }
}

/** Whether this line tells of it. */
function refuseLoss(text: string, line: number): boolean {
  const match = ENTRIES.exec(text)
  if (match === null) return false
  const lost = Number(match[2]) - Number(match[1])
  if (lost > 0) throw lossError(line, lost)
  return true
}

function lossError(line: number, lost: number): TraceError {
  return new TraceError(
    line,
    `the trace has lost ${lost} events: record again with a larger buffer, echo 16384 > /sys/kernel/tracing/buffer_size_kb`,
  )
}

function refuseOther(text: string, line: number): undefined {
  const lost = LOST_EVENTS.exec(text)
  if (lost !== null) throw lossError(line, Number(lost[1] ?? lost[2]))
  if (ASIDE.test(text)) return
  throw new TraceError(line, `expected a line of ftrace, TASK-PID [CPU] TIMESTAMP: EVENT, got ${show(text)}`)
}
