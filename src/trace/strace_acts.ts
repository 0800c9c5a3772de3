/**
 * Makes acts of the lines of strace, once it is known whose each line is.
 *
 * Invariant: acts come out in the order of their lines. The entry of a call comes out once its outcome is known, unless
 * the call may last; so at most `HELD_MAX` acts are held, and one record per task with an unfinished call.
 */
import type { Act, SpanCall, SpanOutcome } from './span.ts'
import { type CallCursor, findRow, type Row } from './strace_calls.ts'
import { type Head, refuseLine } from './strace_head.ts'
import { LOST, takeOutcome } from './strace_outcome.ts'
import { createActQueue, type Undecided } from './strace_queue.ts'
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

/** A call whose second half has not come yet. */
interface OpenCall extends Undecided {
  readonly row: Row
  /** The arguments in its first half. */
  readonly args: string
  readonly by: number
  readonly line: number
  readonly time: string
}

const HELD_MAX = 20_000
const PID_CHANGED = ' <pid changed to '
const UNFINISHED = ' <unfinished ...>'
const DETACHED = ' <detached ...>'
const DOTS = ' ...>'.length
const RESUMED = ' resumed>'

export function createActReader(emit: (act: Act) => void): ActReader {
  const opens = new Map<number, OpenCall>()
  const queue = createActQueue<OpenCall>(emit, (open) => entered(open), HELD_MAX)
  const c: CallCursor = {
    text: '',
    at: 0,
    line: 0,
    outer: undefined,
    status: undefined,
    info: undefined,
    infoOuter: undefined,
    fd: undefined,
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
  function entered({ row, args, by, line, time }: OpenCall): Act {
    let call: SpanCall | undefined
    try {
      call = readCall(row, args, 0, line)
    } catch (error) {
      if (!(error instanceof TraceError)) throw error
      call = readCall(row, '', 0, line)
    }
    if (call === undefined) return { kind: 'other', line, by, time }
    return { kind: 'enter', span: { by, line, time, call, last: 0, outcome: undefined } }
  }

  function takeCall(text: string, line: number, { by, time, at }: Head): undefined {
    const end = wordEnd(text, at)
    if (text.charCodeAt(end) !== PAREN || end === at) refuseLine(text, line)
    if (opens.size > 0) abandon(by, line)
    const row = findRow(text, at, end)
    const cut = row === undefined ? 0 : unfinishedAt(text)
    if (row === undefined) queue.push({ kind: 'other', line, by, time })
    else if (cut > 0) begin(row, text.slice(end + 1, cut), line, by, time)
    else takeWhole(row, text, end + 1, line, by, time)
  }

  function takeWhole(row: Row, text: string, at: number, line: number, by: number, time: string): undefined {
    const call = readCall(row, text, at, line)
    if (call === undefined) queue.push({ kind: 'other', line, by, time })
    else {
      const outcome = readOutcome(row, call)
      queue.push({ kind: 'call', span: { by, line, time, call, last: line, outcome } })
    }
  }

  function begin(row: Row, args: string, line: number, by: number, time: string): undefined {
    const open: OpenCall = { kind: 'undecided', act: undefined, row, args, by, line, time }
    opens.set(by, open)
    if (row.lasts) queue.push((open.act = entered(open)))
    else queue.push(open)
  }

  /** The second half of a call. strace says <unfinished ...> again where the task was killed in it. */
  function takeResumed(text: string, line: number, { by, time, at }: Head): undefined {
    const name = at + '<... '.length
    const end = wordEnd(text, name)
    if (!standsAt(text, end, RESUMED)) refuseLine(text, line)
    const row = findRow(text, name, end)
    const open = opens.get(by)
    let rest = end + RESUMED.length
    if (standsAt(text, rest, UNFINISHED)) rest += UNFINISHED.length
    if (row === undefined || unfinishedAt(text) > 0) queue.push({ kind: 'other', line, by, time })
    else if (open?.row === row) leave(open, text, rest, line, by, time)
    else if (row.orphan === undefined) queue.push({ kind: 'other', line, by, time })
    else takeWhole(row, row.orphan + text.slice(rest), 0, line, by, time)
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
    const call = readHalves(open, text, rest, line)
    if (call === undefined) {
      open.act ??= { kind: 'other', line: open.line, by: open.by, time: open.time }
      queue.push({ kind: 'other', line, by, time })
    } else queue.push(left(open, call, readOutcome(open.row, call), line, time))
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
  function abandon(by: number, line: number): undefined {
    const open = opens.get(by)
    if (open === undefined) return
    opens.delete(by)
    open.act ??= entered(open)
    if (open.act.kind === 'enter') {
      const { span } = open.act
      span.outcome = LOST
      span.last = line
      queue.push({ kind: 'leave', span })
    }
    queue.drain()
  }

  function takeEnd(text: string, line: number, { by, time, at }: Head): undefined {
    if (!standsAt(text, at, '+++ ')) refuseLine(text, line)
    abandon(by, line)
    const act = takeEndLine(cursorAt(text, at + 4, line), by, time)
    queue.push(act)
    if (act.kind !== 'superseded') return
    const open = opens.get(act.thread)
    if (open === undefined) return
    opens.delete(act.thread)
    opens.set(by, open)
  }

  function cursorAt(text: string, at: number, line: number): CallCursor {
    c.text = text
    c.at = at
    c.line = line
    c.outer = c.status = c.info = c.infoOuter = c.fd = undefined
    return c
  }

  return {
    take(text: string, line: number, head: Head): undefined {
      const { at } = head
      const first = text.charCodeAt(at)
      if (first === LESS && standsAt(text, at, '<... ')) takeResumed(text, line, head)
      else if (first === PLUS) takeEnd(text, line, head)
      else if (first === MINUS && standsAt(text, at, '--- ')) {
        queue.push(takeSignalLine(cursorAt(text, at + 4, line), head.by, head.time))
      } else takeCall(text, line, head)
    },
    finish: () => queue.flush(),
    get madeAt() {
      return madeAt
    },
    openCall: (by) => opens.get(by)?.row.name,
  }
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
