/**
 * Makes acts of the lines of strace, once it is known whose each line is.
 *
 * Invariant: acts come out in the order of their lines. The entry of a call comes out once its outcome is known, unless
 * the call may last; so at most `HELD_MAX` acts are held, and one record per task with an unfinished call.
 */

import { createActQueue } from '../act_queue.ts'
import type { Act, SpanCall, SpanOutcome, SupersededAct } from '../acts.ts'
import { charactersOf, NO_CHARACTERS } from '../characters.ts'
import { NumberMap } from '../number_map.ts'
import { own } from '../own.ts'
import { TraceError } from '../trace_error.ts'
import { type CallCursor, findRow, type Row, row } from './calls.ts'
import { createHalves, type Doubt, type Half } from './halves.ts'
import { type Line, refuseLine } from './head.ts'
import { markOpen } from './open.ts'
import { LOST, takeOutcome } from './outcome.ts'
import { isLastArgumentEnd, skipToResult } from './result.ts'
import { takeEndLine, takeSignalLine } from './signals.ts'
import {
  expected,
  GREATER,
  LESS,
  type Literal,
  literal,
  MINUS,
  PAREN,
  PLUS,
  QUESTION,
  SPACE,
  type Stretch,
  standsAt,
  wordEnd,
} from './text.ts'

export interface ActReader {
  /** A line of the task `line.by`. Throws TraceError. */
  take(line: Line): undefined
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
  readonly args: Stretch
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

/** A copy, as calls may outlast by far what was read together with their lines. */
function ownStretch(stretch: Stretch): Stretch {
  return stretchOf(own(textOf(stretch)))
}

/** Of a call that does not bear on processes. */
const NO_ROW: Row = row('', () => undefined, { lasts: true })
const NO_ARGS: Stretch = { ...NO_CHARACTERS, at: 0, end: 0 }

const HELD_MAX = 20_000
const PID_CHANGED = ' <pid changed to '
const UNFINISHED: Literal = literal(' <unfinished ...>')
const DETACHED: Literal = literal(' <detached ...>')
const DOTS = ' ...>'.length
const BACK: Literal = literal('<... ')
const RESUMED: Literal = literal(' resumed>')
const DASHES: Literal = literal('--- ')
const PLUSES: Literal = literal('+++ ')
const EXECVE: Literal = literal('execve(')

export function createActReader(emit: (act: Act) => void): ActReader {
  const opens = new NumberMap<OpenCall>()
  const queue = createActQueue<OpenCall | Doubt>(
    emit,
    (it) => ('row' in it ? entered(it) : other(it)),
    HELD_MAX,
  )
  const halves = createHalves(opens, queue.push, queue.drain, queue.has)
  /** Whose each half is, can be checked: no task is older than the log. */
  let whole: boolean | undefined
  const c: CallCursor = {
    ...NO_CHARACTERS,
    at: 0,
    end: 0,
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

  function readCall(row: Row, args: Stretch, at: number, line: number): SpanCall | undefined {
    return row.read(cursorAt(args, at, line))
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
      call = readCall(row, args, args.at, line)
    } catch (error) {
      if (!(error instanceof TraceError)) throw error
      call = readCall(row, NO_ARGS, 0, line)
    }
    if (call === undefined) return other({ line, by, time })
    return { kind: 'enter', span: { by, line, time, call, last: 0, outcome: undefined } }
  }

  function takeCall(line: Line): undefined {
    const { codes, at, nr, by, time } = line
    const end = wordEnd(codes, at, line.end)
    if (codes[end] !== PAREN || end === at) refuseLine(line)
    if (opens.size > 0) intrude(by, nr, time)
    const row = findRow(codes, at, end)
    const cut = unfinishedAt(line)
    if (cut > 0) begin(row, line, end, cut)
    else if (row === undefined) queue.push({ kind: 'other', line: nr, by, time })
    else if (codes[line.end - 1] !== QUESTION || !takeCut(row, line, end + 1))
      takeWhole(row, line, end + 1, nr, by, time)
  }

  /** `wait4(-1,  <unfinished ...>) = ?`: the task was killed in the call, or its tracer was. False: it is none of these. */
  function takeCut(row: Row, { text, codes, end, nr, by, time }: Line, at: number): boolean {
    const cut = lastPlaceOf(codes, at, end, UNFINISHED)
    if (cut < 0) return false
    const act = entered({ row, args: { text, codes, at, end: cut }, by, line: nr, time })
    if (act.kind !== 'enter') queue.push(act)
    else queue.push({ kind: 'call', span: { ...act.span, last: nr, outcome: LOST } })
    return true
  }

  function takeWhole(row: Row, args: Stretch, at: number, line: number, by: number, time: string): undefined {
    const call = readCall(row, args, at, line)
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

  /** The name of the call ends at `nameEnd`, its first half at `cut`. */
  function begin(
    row: Row | undefined,
    { text, codes, at, nr, by, time }: Line,
    nameEnd: number,
    cut: number,
  ): undefined {
    const { lasts } = row ?? NO_ROW
    const args: Stretch = { text, codes, at: nameEnd + 1, end: cut }
    const open: OpenCall = {
      kind: 'undecided',
      act: undefined,
      row: row ?? NO_ROW,
      name: row?.name ?? own(text.slice(at, nameEnd)),
      nameCodes: row?.nameCodes ?? codes.slice(at, nameEnd),
      args: row === undefined ? NO_ARGS : lasts ? ownStretch(args) : args,
      by,
      line: nr,
      time: lasts ? own(time) : time,
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
    noteComments(nr, by, time)
  }

  /** The second half of a call. strace says <unfinished ...> again where the task was killed in it. */
  function takeResumed(line: Line): undefined {
    const { codes, end, by, nr } = line
    const name = line.at + BACK.length
    const nameEnd = wordEnd(codes, name, end)
    if (!standsAt(codes, nameEnd, end, RESUMED)) refuseLine(line)
    const open = halves.comeBack(by, codes, name, nameEnd, nr)
    let rest = nameEnd + RESUMED.length
    if (codes[rest] === SPACE && standsAt(codes, rest, end, UNFINISHED)) rest += UNFINISHED.length
    if (open !== undefined) leave(open, line, rest, by)
    else if (whole) takeOrphan(line, name, nameEnd, rest)
    else takeAlone(findRow(codes, name, nameEnd), line, rest)
  }

  /** Its first half came before the log began. */
  function takeAlone(row: Row | undefined, line: Line, rest: number): undefined {
    const { nr, by, time } = line
    if (row?.orphan === undefined || unfinishedAt(line) > 0) queue.push({ kind: 'other', line: nr, by, time })
    else takeWhole(row, joined(row.orphan, line, rest), 0, nr, by, time)
  }

  /** Its first half has another number, or it has itself. */
  function takeOrphan(line: Line, name: number, nameEnd: number, rest: number): undefined {
    const { nr, by, time } = line
    const open = halves.orphan(line.text.slice(name, nameEnd), by, nr, time)
    if (open === undefined) return
    if (open.by === by && open.act?.kind === 'enter') {
      loseCall(open, nr)
      takeWhole(open.row, joined(textOf(open.args), line, rest), 0, nr, by, time)
    } else leave(open, line, rest, open.by)
  }

  /** What is left of `line` stands at `rest`. */
  function leave(open: OpenCall, line: Line, rest: number, by: number): undefined {
    const { nr, time } = line
    opens.delete(by)
    if (open.row === NO_ROW) {
      queue.push({ kind: 'other', line: nr, by, time })
      return
    }
    const call = readHalves(open, line, rest)
    if (call === undefined) {
      open.act ??= { kind: 'other', line: open.line, by: open.by, time: open.time }
      queue.push({ kind: 'other', line: nr, by, time })
    } else {
      const outcome = readOutcome(open.row, call)
      if (open.row.lasts) c.pairs = undefined
      queue.push(left(open, call, outcome, nr, time))
      noteRest(call, outcome, open.line, nr, open.by, time)
    }
    queue.drain()
  }

  /** The two are glued together only where that is needed: it costs. */
  function readHalves(open: OpenCall, line: Line, rest: number): SpanCall | undefined {
    const { row, args } = open
    const { nr } = line
    const isLast = isLastArgumentEnd(line.codes, rest, line.end)
    if (!isLast && !row.isEnough?.(args, cursorAt(line, rest, nr)))
      return readCall(row, joined(textOf(args), line, rest), 0, nr)
    const first = readCall(row, args, args.at, nr)
    placeCursor(line, rest)
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
    if (halves.intrude(open, by, line, time)) abandon(open, by, line)
  }

  function takeSignal(line: Line): undefined {
    const { at, nr, by, time } = line
    const act = takeSignalLine(cursorAt(line, at + DASHES.length, nr), by, time)
    queue.push(act)
    if (act.kind !== 'signal' || act.pid === undefined || act.outer === undefined) return
    queue.push({ kind: 'comments', line: nr, by, time, pairs: [[act.pid, act.outer]] })
  }

  function takeEnd(line: Line): undefined {
    const { codes, at, end, nr, by, time } = line
    if (!standsAt(codes, at, end, PLUSES)) refuseLine(line)
    const own = opens.get(by)
    const act = takeEndLine(cursorAt(line, at + PLUSES.length, nr), by, time)
    if (own !== undefined && !(act.kind === 'superseded' && isExec(own))) {
      if (act.kind === 'gone') halves.endIn(own, (act.status & 0x7f) === 0)
      abandon(own, by, nr)
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
      for (const [other, open] of opens.entries()) {
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

  function placeCursor({ text, codes, end }: Stretch, at: number): undefined {
    if (c.codes !== codes) {
      c.text = text
      c.codes = codes
    }
    c.at = at
    c.end = end
  }

  function cursorAt(stretch: Stretch, at: number, line: number): CallCursor {
    placeCursor(stretch, at)
    c.line = line
    c.outer = c.status = c.info = c.infoOuter = c.fd = c.parentTid = c.pairs = undefined
    return c
  }

  return {
    take(line: Line): undefined {
      const { codes, at, end } = line
      const first = codes[at]
      whole ??= standsAt(codes, at, end, EXECVE)
      if (first === LESS && standsAt(codes, at, end, BACK)) takeResumed(line)
      else if (first === PLUS) takeEnd(line)
      else if (first === MINUS && standsAt(codes, at, end, DASHES)) takeSignal(line)
      else takeCall(line)
    },
    finish(): undefined {
      for (const open of opens.values()) {
        if (open.act === undefined) open.act = entered(open)
        halves.breakOff(open)
      }
      markOpen(opens.values(), [...queue.held()])
      queue.flush()
    },
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

function textOf({ text, at, end }: Stretch): string {
  return text.slice(at, end)
}

function stretchOf(text: string): Stretch {
  const { codes } = charactersOf(text)
  return { text, codes, at: 0, end: text.length }
}

function joined(first: string, { text, end }: Line, rest: number): Stretch {
  return stretchOf(first + text.slice(rest, end))
}

function lastPlaceOf(codes: Uint8Array, from: number, end: number, literal: Literal): number {
  let at = end - literal.length
  while (at >= from && !(codes[at] === literal[0] && standsAt(codes, at, end, literal))) at--
  return at >= from ? at : -1
}

/** Where the line breaks off: the place of its <unfinished ...>, 0 if it is whole. */
function unfinishedAt({ text, codes, at, end }: Line): number {
  if (codes[end - 1] !== GREATER || codes[end - DOTS] !== SPACE) return 0
  if (standsAt(codes, end - UNFINISHED.length, end, UNFINISHED)) return end - UNFINISHED.length
  if (standsAt(codes, end - DETACHED.length, end, DETACHED)) return end - DETACHED.length
  // The task that executes a program goes on under its leader's number.
  const line = text.slice(at, end)
  const change = line.lastIndexOf(PID_CHANGED)
  return change > 0 && /^\d+ \.\.\.>$/.test(line.slice(change + PID_CHANGED.length)) ? at + change : 0
}
