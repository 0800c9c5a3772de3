/**
 * Makes acts of the lines of strace, once it is known whose each line is.
 *
 * Invariant: acts come out in the order of their lines. The entry of a call comes out once its outcome is known, unless
 * the call may last; so at most `HELD_MAX` acts are held, and one record per task with an unfinished call.
 */
import type { Act, SpanCall, SpanOutcome, SupersededAct } from './span.ts'
import { type CallCursor, findRow, type Row } from './strace_calls.ts'
import { createHalves, type Doubt, type Half } from './strace_halves.ts'
import { type Head, refuseLine } from './strace_head.ts'
import { LOST, takeOutcome } from './strace_outcome.ts'
import { createActQueue } from './strace_queue.ts'
import { isLastArgumentEnd, skipToResult } from './strace_result.ts'
import { takeEndLine, takeSignalLine } from './strace_signals.ts'
import { expected, GREATER, LESS, MINUS, PAREN, PLUS, SPACE, standsAt, wordEnd } from './strace_text.ts'
import { TraceError } from './trace_error.ts'

export interface ActReader {
  /** A line of the task `head.by`. Throws TraceError. */
  take(text: string, line: number, head: Head): undefined
  finish(): undefined
  /** The line in which a call last made a task; 0 before. */
  readonly madeAt: number
  /** The name of the call that the task has entered and not left. */
  openCall(by: number): string | undefined
}

/** A call of which the log has the beginning. */
interface Begun {
  readonly row: Row
  /** The arguments in its first half. */
  readonly args: string
  readonly by: number
  readonly line: number
  readonly time: string
}

/** A call whose second half has not come yet. */
interface OpenCall extends Half, Begun {
  by: number
  /** One that the task had begun before and has not come back from: one of the two is not its own. */
  below: OpenCall | undefined
}

/** Of a call that does not bear on processes. */
const NO_ROW: Row = { name: '', read: () => undefined, lasts: true }

const HELD_MAX = 20_000
const PID_CHANGED = ' <pid changed to '
const UNFINISHED = ' <unfinished ...>'
const DETACHED = ' <detached ...>'
const DOTS = ' ...>'.length
const RESUMED = ' resumed>'

export function createActReader(emit: (act: Act) => void): ActReader {
  const opens = new Map<number, OpenCall>()
  const queue = createActQueue<OpenCall | Doubt>(
    emit,
    (it) => ('row' in it ? entered(it) : other(it)),
    HELD_MAX,
  )
  const halves = createHalves(opens, queue.push, queue.drain, queue.has)
  /** Whose each half is, can be checked: no task is older than the log. */
  let whole: boolean | undefined
  const c: CallCursor = {
    text: '',
    at: 0,
    line: 0,
    outer: undefined,
    status: undefined,
    info: undefined,
    infoOuter: undefined,
    fd: undefined,
    parentTid: undefined,
    pairs: undefined,
  }
  let madeAt = 0

  function readCall(row: Row, text: string, at: number, line: number): SpanCall | undefined {
    return row.read(cursorAt(text, at, line))
  }

  function readOutcome(row: Row, call: SpanCall): SpanOutcome {
    if (!skipToResult(c)) expected(c, ') = and a result')
    const outcome = takeOutcome(c, row)
    if (call.op === 'clone' && outcome.kind === 'returned' && outcome.value > 0) madeAt = c.line
    return outcome
  }

  /** What can be told of a call by its first half. */
  function entered({ row, args, by, line, time }: Begun): Act {
    let call: SpanCall | undefined
    try {
      call = readCall(row, args, 0, line)
    } catch (error) {
      if (!(error instanceof TraceError)) throw error
      call = readCall(row, '', 0, line)
    }
    if (call === undefined) return other({ line, by, time })
    return { kind: 'enter', span: { by, line, time, call, last: 0, outcome: undefined } }
  }

  function takeCall(text: string, line: number, { by, time, at }: Head): undefined {
    const end = wordEnd(text, at)
    if (text.charCodeAt(end) !== PAREN || end === at) refuseLine(text, line)
    if (opens.size > 0) intrude(by, line, time)
    const row = findRow(text, at, end)
    const cut = unfinishedAt(text)
    if (cut > 0) begin(row, text, at, end, cut, line, by, time)
    else if (row === undefined) queue.push({ kind: 'other', line, by, time })
    else if (text.endsWith('?') && text.includes(UNFINISHED, end)) takeCut(row, text, end + 1, line, by, time)
    else takeWhole(row, text, end + 1, line, by, time)
  }

  /** `wait4(-1,  <unfinished ...>) = ?`: the task was killed in the call, or its tracer was. */
  function takeCut(row: Row, text: string, at: number, line: number, by: number, time: string): undefined {
    const act = entered({ row, args: text.slice(at, text.lastIndexOf(UNFINISHED)), by, line, time })
    if (act.kind !== 'enter') queue.push(act)
    else queue.push({ kind: 'call', span: { ...act.span, last: line, outcome: LOST } })
  }

  function takeWhole(row: Row, text: string, at: number, line: number, by: number, time: string): undefined {
    const call = readCall(row, text, at, line)
    if (call === undefined) queue.push({ kind: 'other', line, by, time })
    else {
      const outcome = readOutcome(row, call)
      // Whoever is waited for, is gone then.
      if (row.lasts) noteComments(line, by, time)
      queue.push({ kind: 'call', span: { by, line, time, call, last: line, outcome } })
      noteRest(call, outcome, line, line, by, time)
    }
  }

  function noteComments(line: number, by: number, time: string): undefined {
    const { pairs } = c
    if (pairs !== undefined) queue.push({ kind: 'comments', line, by, time, pairs })
    c.pairs = undefined
  }

  /** What else the lines of a call tell of its numbers. */
  function noteRest(
    call: SpanCall,
    outcome: SpanOutcome,
    line: number,
    last: number,
    by: number,
    time: string,
  ): undefined {
    const { parentTid } = c
    noteComments(line, by, time)
    if (outcome.kind !== 'returned') return
    const { value, outer } = outcome
    // A thread that has ended has put 0 there.
    if (parentTid !== undefined && parentTid > 0 && value !== parentTid) {
      const expected = `parent_tid=[${parentTid}]`
      queue.push({
        kind: 'clash',
        line: last,
        by,
        time,
        what: `clone by pid ${by}`,
        expected,
        actual: `${value}`,
      })
    }
    const found = outcome.info?.si_pid ?? value
    if (outer !== undefined && (call.op === 'wait4' || call.op === 'waitid'))
      queue.push({ kind: 'comments', line: last, by, time, pairs: [[found, outer]] })
  }

  function begin(
    row: Row | undefined,
    text: string,
    at: number,
    end: number,
    cut: number,
    line: number,
    by: number,
    time: string,
  ): undefined {
    const name = row?.name ?? text.slice(at, end)
    const args = row === undefined ? '' : text.slice(end + 1, cut)
    const open: OpenCall = {
      kind: 'undecided',
      act: undefined,
      row: row ?? NO_ROW,
      name,
      args,
      by,
      line,
      time,
      doubt: undefined,
      lost: false,
      twin: false,
      below: opens.get(by),
    }
    opens.set(by, open)
    if (!open.row.lasts) {
      queue.push(open)
      return
    }
    c.pairs = undefined
    queue.push((open.act = entered(open)))
    noteComments(line, by, time)
  }

  /** The second half of a call. strace says <unfinished ...> again where the task was killed in it. */
  function takeResumed(text: string, line: number, { by, time, at }: Head): undefined {
    const name = at + '<... '.length
    const end = wordEnd(text, name)
    if (!standsAt(text, end, RESUMED)) refuseLine(text, line)
    const open = halves.comeBack(by, text, name, end, line)
    let rest = end + RESUMED.length
    if (standsAt(text, rest, UNFINISHED)) rest += UNFINISHED.length
    if (open !== undefined) leave(open, text, rest, line, by, time)
    else if (whole) takeOrphan(text, name, end, rest, line, by, time)
    else takeAlone(findRow(text, name, end), text, rest, line, by, time)
  }

  /** Its first half came before the log began. */
  function takeAlone(
    row: Row | undefined,
    text: string,
    rest: number,
    line: number,
    by: number,
    time: string,
  ): undefined {
    if (row?.orphan === undefined || unfinishedAt(text) > 0) queue.push({ kind: 'other', line, by, time })
    else takeWhole(row, row.orphan + text.slice(rest), 0, line, by, time)
  }

  /** Its first half has another number, or it has itself. */
  function takeOrphan(
    text: string,
    name: number,
    end: number,
    rest: number,
    line: number,
    by: number,
    time: string,
  ): undefined {
    const open = halves.orphan(text.slice(name, end), by, line, time)
    if (open === undefined) return
    if (open.by === by && open.act?.kind === 'enter') {
      loseCall(open, line)
      takeWhole(open.row, open.args + text.slice(rest), 0, line, by, time)
    } else leave(open, text, rest, line, open.by, time)
  }

  function leave(
    open: OpenCall,
    text: string,
    rest: number,
    line: number,
    by: number,
    time: string,
  ): undefined {
    opens.delete(by)
    if (open.row === NO_ROW) {
      queue.push({ kind: 'other', line, by, time })
      return
    }
    const call = readHalves(open, text, rest, line)
    if (call === undefined) {
      open.act ??= { kind: 'other', line: open.line, by: open.by, time: open.time }
      queue.push({ kind: 'other', line, by, time })
    } else {
      const outcome = readOutcome(open.row, call)
      if (open.row.lasts) c.pairs = undefined
      queue.push(left(open, call, outcome, line, time))
      noteRest(call, outcome, open.line, line, open.by, time)
    }
    queue.drain()
  }

  /** The two are glued together only where that is needed: it costs. */
  function readHalves(open: OpenCall, text: string, rest: number, line: number): SpanCall | undefined {
    const { row, args } = open
    const isLast = isLastArgumentEnd(text, rest)
    if (!isLast && !row.isEnough?.(args, text, rest)) return readCall(row, args + text.slice(rest), 0, line)
    const first = readCall(row, args, 0, line)
    c.text = text
    c.at = rest
    return first === undefined || row.readRest === undefined || isLast ? first : row.readRest(c, first)
  }

  /** An entry that went out as something else, because too little of it was known, is made good by a whole call. */
  function left(open: OpenCall, call: SpanCall, outcome: SpanOutcome, line: number, time: string): Act {
    if (open.act?.kind === 'other') {
      return { kind: 'call', span: { by: open.by, line, time, call, last: line, outcome } }
    }
    if (open.act?.kind !== 'enter') {
      const span = { by: open.by, line: open.line, time: open.time, call, last: line, outcome }
      open.act = { kind: 'enter', span }
      return { kind: 'leave', span }
    }
    const { span } = open.act
    span.call = call
    span.outcome = outcome
    span.last = line
    return { kind: 'leave', span }
  }

  /** The task does something else, or is gone: its unfinished call will not come back. */
  function abandon(open: OpenCall, by: number, line: number): undefined {
    opens.delete(by)
    loseCall(open, line)
    queue.drain()
  }

  function loseCall(open: OpenCall, line: number): undefined {
    open.act ??= entered(open)
    if (open.act.kind === 'enter') {
      const { span } = open.act
      span.outcome = LOST
      span.last = line
      queue.push({ kind: 'leave', span })
    }
  }

  /** The task does something else, although it is in a call. */
  function intrude(by: number, line: number, time: string): undefined {
    const open = opens.get(by)
    if (open === undefined) return
    if (whole !== true || halves.intrude(open, by, line, time)) abandon(open, by, line)
  }

  function takeSignal(text: string, line: number, { by, time, at }: Head): undefined {
    const act = takeSignalLine(cursorAt(text, at + 4, line), by, time)
    queue.push(act)
    if (act.kind !== 'signal' || act.pid === undefined || act.outer === undefined) return
    queue.push({ kind: 'comments', line, by, time, pairs: [[act.pid, act.outer]] })
  }

  function takeEnd(text: string, line: number, { by, time, at }: Head): undefined {
    if (!standsAt(text, at, '+++ ')) refuseLine(text, line)
    const own = opens.get(by)
    const act = takeEndLine(cursorAt(text, at + 4, line), by, time)
    if (own !== undefined && !(act.kind === 'superseded' && isExec(own))) {
      if (act.kind === 'gone') halves.endIn(own, (act.status & 0x7f) === 0)
      abandon(own, by, line)
    }
    if (act.kind === 'superseded') changeNumber(act)
    else queue.push(act)
  }

  /** The task that executes a program goes on under its leader's number. */
  function changeNumber(act: SupersededAct): undefined {
    const { line, by, time } = act
    let { thread } = act
    if (whole && !isExec(opens.get(thread))) {
      const what = `pid ${thread}`
      queue.push({
        kind: 'clash',
        line,
        by,
        time,
        what,
        expected: 'it executes a program',
        actual: 'it does not',
      })
      for (const [other, open] of opens) {
        if (!isExec(open)) continue
        const { line: begun } = open
        thread = other
        const expected = `it is that of pid ${act.thread}`
        queue.push({
          kind: 'clash',
          line: begun,
          by: other,
          time,
          what: `pid ${other}`,
          expected,
          actual: 'its own',
        })
      }
    }
    queue.push({ ...act, thread })
    const open = opens.get(thread)
    if (open === undefined) return
    opens.delete(thread)
    opens.set(by, open)
  }

  function cursorAt(text: string, at: number, line: number): CallCursor {
    c.text = text
    c.at = at
    c.line = line
    c.outer = c.status = c.info = c.infoOuter = c.fd = c.parentTid = c.pairs = undefined
    return c
  }

  return {
    take(text: string, line: number, head: Head): undefined {
      const { at } = head
      const first = text.charCodeAt(at)
      whole ??= standsAt(text, at, 'execve(')
      if (first === LESS && standsAt(text, at, '<... ')) takeResumed(text, line, head)
      else if (first === PLUS) takeEnd(text, line, head)
      else if (first === MINUS && standsAt(text, at, '--- ')) {
        takeSignal(text, line, head)
      } else takeCall(text, line, head)
    },
    finish: () => queue.flush(),
    get madeAt() {
      return madeAt
    },
    openCall: (by) => opens.get(by)?.name,
  }
}

function isExec(open: OpenCall | undefined): boolean {
  return open?.name.startsWith('exec') === true
}

function other({ line, by, time }: { line: number; by: number; time: string }): Act {
  return { kind: 'other', line, by, time }
}

/** Where the line breaks off: the place of its <unfinished ...>, 0 if it is whole. */
function unfinishedAt(text: string): number {
  const { length } = text
  if (text.charCodeAt(length - 1) !== GREATER || text.charCodeAt(length - DOTS) !== SPACE) return 0
  if (standsAt(text, length - UNFINISHED.length, UNFINISHED)) return length - UNFINISHED.length
  if (standsAt(text, length - DETACHED.length, DETACHED)) return length - DETACHED.length
  // The task that executes a program goes on under its leader's number.
  const at = text.lastIndexOf(PID_CHANGED)
  return at > 0 && /^\d+ \.\.\.>$/.test(text.slice(at + PID_CHANGED.length)) ? at : 0
}
