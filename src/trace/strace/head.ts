/**
 * What stands in front of a line's own text: a number, a name, a time, the number of the system call and the place in the
 * program: `[pid     5<sh>] 05:02:24.289611 [  59] [00007f26788d9ad7] `. Each is there or not, as strace's flags were.
 */
import { PID_MAX_LIMIT } from '../../abi/index.ts'
import { type Characters, charactersOf, NO_CHARACTERS } from '../characters.ts'
import { show, TraceError } from '../trace_error.ts'
import {
  angleEnd,
  BRACKET,
  BRACKET_END,
  LESS,
  type Literal,
  literal,
  NINE,
  PAREN,
  PAREN_END,
  PLUS,
  SPACE,
  standsAt,
  ZERO,
} from './text.ts'

const PID: Literal = literal('[pid ')

export interface Line extends Characters {
  text: string
  codes: Uint8Array
  /** From where to where it stands in the text. */
  from: number
  end: number
  /** Counted from 1. */
  nr: number
  /** The number in front of it; 0: there is none. */
  by: number
  /** The number stands in `[pid N]`. */
  bracketed: boolean
  time: string
  /** Of the last time; those of one log are of one length, as a rule. */
  timeLength: number
  /** Where its own text begins. */
  at: number
}

export function newLine(): Line {
  return {
    ...NO_CHARACTERS,
    from: 0,
    end: 0,
    nr: 0,
    by: 0,
    bracketed: false,
    time: '',
    timeLength: 0,
    at: 0,
  }
}

/** With -k a call is followed by the places in the program that led to it. */
export function isStackFrame(text: string): boolean {
  return text.startsWith(' > ')
}

/** With -C a table of how often each call was made, and how long it took, stands at the end. */
export function isSummary(text: string): boolean {
  return /^(?:% time +seconds |(?:-+ )+-+$| *\d+\.\d\d +\d+\.\d{6} +\d+ +\d+ )/.test(text)
}

export function refuseLine({ text, from, end, nr }: Line): never {
  const shown = show(text.slice(from, end))
  throw new TraceError(nr, `expected a line of strace, as in 5 kill(7, SIGTERM) = 0, got ${shown}`)
}

/** The line is all of `text`. */
export function readLine(text: string, nr: number, line: Line): undefined {
  readLineAmong(charactersOf(text), 0, text.length, nr, line)
}

/** Reads what stands in front of the line that lies between `from` and `end`. */
export function readLineAmong(
  { text, codes }: Characters,
  from: number,
  end: number,
  nr: number,
  line: Line,
): undefined {
  // The same for many lines: to write it again would cost as much as to read some more of the line.
  if (line.codes !== codes) {
    line.text = text
    line.codes = codes
  }
  line.from = from
  line.end = end
  line.nr = nr
  line.bracketed = false
  let at = skipBlanks(codes, readNumber(line))
  line.time = ''
  if (isDigit(codes[at])) {
    const timeEnd = endOfTime(line, at)
    if (timeEnd > 0) {
      line.time = text.slice(at, timeEnd)
      at = skipBlanks(codes, timeEnd)
    }
    if (codes[at] === PAREN && codes[at + 1] === PLUS) at = skipBeyond(line, at, PAREN_END)
  }
  while (codes[at] === BRACKET) at = skipBeyond(line, at, BRACKET_END)
  line.at = at
}

/** 0: there is no blank behind it. */
function endOfTime(line: Line, at: number): number {
  const { codes, end, timeLength } = line
  const likely = at + timeLength
  if (timeLength > 0 && likely < end && codes[likely] === SPACE && isDigit(codes[likely - 1])) return likely
  let blank = at
  while (blank < end && codes[blank] !== SPACE) blank++
  line.timeLength = blank < end ? blank - at : 0
  return blank < end ? blank : 0
}

function readNumber(line: Line): number {
  const { codes, from, end } = line
  const bracketed = codes[from] === BRACKET && standsAt(codes, from, end, PID)
  let at = bracketed ? skipBlanks(codes, from + PID.length) : from
  let code = codes[at] as number
  let by = 0
  while (code >= ZERO && code <= NINE) {
    by = by * 10 + (code - ZERO)
    code = codes[++at] as number
  }
  line.by = 0
  if (by === 0 || by > PID_MAX_LIMIT) return from
  if (code === LESS) {
    at = angleEnd(codes, at, end)
    code = codes[at] as number
  }
  if (code !== (bracketed ? BRACKET_END : SPACE)) return from
  line.by = by
  line.bracketed = bracketed
  return at + 1
}

function skipBlanks(codes: Uint8Array, at: number): number {
  while (codes[at] === SPACE) at++
  return at
}

/** The place behind the next `closing` and the blanks after it. */
function skipBeyond({ codes, end }: Line, at: number, closing: number): number {
  while (at < end && codes[at] !== closing) at++
  return at < end ? skipBlanks(codes, at + 1) : end
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= ZERO && code <= NINE
}
