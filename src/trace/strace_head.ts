/**
 * What stands in front of a line's own text: a number, a name, a time, the number of the system call and the place in the
 * program: `[pid     5<sh>] 05:02:24.289611 [  59] [00007f26788d9ad7] `. Each is there or not, as strace's flags were.
 */
import { PID_MAX_LIMIT } from '../abi/index.ts'
import { show } from './fields.ts'
import {
  angleEnd,
  BRACKET,
  BRACKET_END,
  LESS,
  NINE,
  PAREN,
  PAREN_END,
  PLUS,
  SPACE,
  ZERO,
} from './strace_text.ts'
import { TraceError } from './trace_error.ts'

export interface Head {
  /** 0: there is no number. */
  by: number
  /** The number stands in `[pid N]`. */
  bracketed: boolean
  time: string
  /** Of the last time; those of one log are of one length, as a rule. */
  timeLength: number
  /** Where the line's own text begins. */
  at: number
}

export function newHead(): Head {
  return { by: 0, bracketed: false, time: '', timeLength: 0, at: 0 }
}

/** With -k a call is followed by the places in the program that led to it. */
export function isStackFrame(text: string): boolean {
  return text.startsWith(' > ')
}

export function refuseLine(text: string, line: number): never {
  throw new TraceError(line, `expected a line of strace, as in 5 kill(7, SIGTERM) = 0, got ${show(text)}`)
}

export function readHead(text: string, head: Head): undefined {
  head.bracketed = false
  let at = readNumber(text, head)
  while (text.charCodeAt(at) === SPACE) at++
  head.time = ''
  if (isDigit(text.charCodeAt(at))) {
    const end = endOfTime(text, at, head)
    if (end > 0) {
      head.time = text.slice(at, end)
      at = skipBlanks(text, end)
    }
    if (text.charCodeAt(at) === PAREN && text.charCodeAt(at + 1) === PLUS)
      at = skipBeyond(text, at, PAREN_END)
  }
  while (text.charCodeAt(at) === BRACKET) at = skipBeyond(text, at, BRACKET_END)
  head.at = at
}

function endOfTime(text: string, at: number, head: Head): number {
  const likely = at + head.timeLength
  if (head.timeLength > 0 && text.charCodeAt(likely) === SPACE && isDigit(text.charCodeAt(likely - 1)))
    return likely
  const end = text.indexOf(' ', at)
  head.timeLength = end - at
  return end
}

function readNumber(text: string, head: Head): number {
  const bracketed = text.charCodeAt(0) === BRACKET && text.startsWith('[pid ')
  let at = bracketed ? skipBlanks(text, '[pid '.length) : 0
  let code = text.charCodeAt(at)
  let by = 0
  while (code >= ZERO && code <= NINE) {
    by = by * 10 + (code - ZERO)
    code = text.charCodeAt(++at)
  }
  head.by = 0
  if (by === 0 || by > PID_MAX_LIMIT) return 0
  if (code === LESS) {
    at = angleEnd(text, at)
    code = text.charCodeAt(at)
  }
  if (code !== (bracketed ? BRACKET_END : SPACE)) return 0
  head.by = by
  head.bracketed = bracketed
  return at + 1
}

function skipBlanks(text: string, at: number): number {
  while (text.charCodeAt(at) === SPACE) at++
  return at
}

/** The place behind the next `closing` and the blanks after it. */
function skipBeyond(text: string, at: number, closing: number): number {
  const length = text.length
  while (at < length && text.charCodeAt(at) !== closing) at++
  return skipBlanks(text, at + 1)
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}
