/**
 * Reading the text of one call, from its arguments to its result, with a cursor that only moves forward.
 *
 * Invariant: what is missing because the text ends early (the first half of a call that stands in two lines) is taken as
 * its default; what is there and not understood throws TraceError.
 */
import { show } from './fields.ts'
import type { FdArg } from './span.ts'
import { TraceError } from './trace_error.ts'

export interface Cursor {
  text: string
  at: number
  /** For complaints. */
  line: number
  /** From the last number: the same one in the tracer's namespace, where a comment tells it. */
  outer: number | undefined
}

export const TAB = 9
export const SPACE = 32
export const QUOTE = 34
export const PAREN = 40
export const PAREN_END = 41
export const PLUS = 43
export const COMMA = 44
export const MINUS = 45
export const DOT = 46
export const SLASH = 47
export const ZERO = 48
export const NINE = 57
export const LESS = 60
export const EQUALS = 61
export const GREATER = 62
export const QUESTION = 63
export const BRACKET = 91
export const BACKSLASH = 92
export const BRACKET_END = 93
export const UNDERSCORE = 95
export const BRACE = 123
export const BAR = 124
export const BRACE_END = 125
const LETTER_A = 97
const LETTER_X = 120
const LETTER_F = 102
const STAR = 42

const IN_STRACE = " in strace's PID NS */"
const SHORT = 16

export function expected(c: Cursor, what: string): never {
  throw new TraceError(c.line, `expected ${what}, got ${show(c.text.slice(c.at))}`)
}

/** Steps over `literal` if it stands here. */
export function skip(c: Cursor, literal: string): boolean {
  if (!standsAt(c.text, c.at, literal)) return false
  c.at += literal.length
  return true
}

/** The character at `at`, 0 behind the end: charCodeAt is slow from the first time on that it is asked for none. */
export function codeAt(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : 0
}

/** Faster than startsWith, for literals that are short or mostly not there. */
export function standsAt(text: string, at: number, literal: string): boolean {
  const { length } = literal
  if (at < 0 || at + length > text.length) return false
  if (length > SHORT) return text.charCodeAt(at) === literal.charCodeAt(0) && text.startsWith(literal, at)
  for (let i = 0; i < length; i++) {
    if (text.charCodeAt(at + i) !== literal.charCodeAt(i)) return false
  }
  return true
}

/** Goes to what stands behind the next `literal`; false, and nowhere, if there is none. */
export function skipPast(c: Cursor, literal: string): boolean {
  const at = c.text.indexOf(literal, c.at)
  if (at < 0) return false
  c.at = at + literal.length
  return true
}

/** Steps over the comma that follows an argument; false where no argument follows. */
export function skipComma(c: Cursor): boolean {
  if (codeAt(c.text, c.at) !== COMMA) return false
  c.at++
  while (codeAt(c.text, c.at) === SPACE) c.at++
  return !atEnd(c)
}

/** No argument follows: the text ends, or the arguments do. */
export function atEnd(c: Cursor): boolean {
  return c.at >= c.text.length || codeAt(c.text, c.at) === PAREN_END
}

/** A number, decimal or not, and what strace says of it behind it: `13<sh>`, or a comment with the outer number. */
export function takeNumber(c: Cursor, fallback = 0): number {
  const { text } = c
  let at = c.at
  c.outer = undefined
  let code = codeAt(text, at)
  const negative = code === MINUS
  if (negative) code = codeAt(text, ++at)
  const from = at
  let value = 0
  while (code >= ZERO && code <= NINE) {
    value = value * 10 + (code - ZERO)
    code = codeAt(text, ++at)
  }
  if (at === from) return atEnd(c) ? fallback : expected(c, 'a number')
  c.at = at
  if (code === LETTER_X && at === from + 1) value = takeHex(c)
  takeNotes(c)
  return negative ? -value : value
}

function takeHex(c: Cursor): number {
  let value = 0
  for (c.at++; ; c.at++) {
    const code = codeAt(c.text, c.at)
    if (code >= ZERO && code <= NINE) value = value * 16 + (code - ZERO)
    else if (code >= LETTER_A && code <= LETTER_F) value = value * 16 + (code - LETTER_A + 10)
    else return value
  }
}

/** Steps over `<comm>` and a comment behind a number. */
function takeNotes(c: Cursor): undefined {
  const code = codeAt(c.text, c.at)
  if (code === LESS) c.at = angleEnd(c.text, c.at)
  else if (code !== SPACE) return
  takeComment(c)
}

export function takeComment(c: Cursor): undefined {
  const { text, at } = c
  if (codeAt(text, at + 1) !== SLASH || codeAt(text, at + 2) !== STAR) return
  const end = text.indexOf('*/', at + 3)
  if (end < 0) return
  c.at = end + 2
  if (text.endsWith(IN_STRACE, c.at)) c.outer = Number(text.slice(at + 4, c.at - IN_STRACE.length))
}

/** The place behind an annotation `<…>`; names in it have their own brackets escaped, but one may hold another. */
export function angleEnd(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === LESS) depth++
    else if (code === GREATER && --depth === 0) return i + 1
  }
  return text.length
}

/** A descriptor: `3`, `3<pid:12>`, `3<pid:[4026532184]>`, `3<anon_inode:[pidfd]>`. */
export function takeFd(c: Cursor): FdArg {
  const from = c.at
  const fd = takeNumber(c, -1)
  let pid: number | undefined
  let ns: number | undefined
  const note = c.text.indexOf('<pid:', from)
  if (note >= 0 && note < c.at) {
    const inside = c.text.slice(note + 5, c.text.indexOf('>', note))
    if (inside.startsWith('[')) ns = Number.parseInt(inside.slice(1), 10) || undefined
    else pid = Math.max(0, Number.parseInt(inside, 10)) || undefined
  }
  return { fd, pid, ns }
}

/** Letters, digits and `_ | ? + -`: flags and names are made of these. 1 where the code is one of them. */
const WORD: Uint8Array = new Uint8Array(128)
for (let code = 0; code < WORD.length; code++) WORD[code] = /[\w|?+-]/.test(String.fromCharCode(code)) ? 1 : 0

/** The end of the word that begins at `at`. */
export function wordEnd(text: string, at: number): number {
  const { length } = text
  while (at < length && WORD[text.charCodeAt(at)] === 1) at++
  return at
}

/** Steps over a word and gives it. */
export function takeWord(c: Cursor): string {
  const from = c.at
  c.at = wordEnd(c.text, c.at)
  return c.text.slice(from, c.at)
}

/** The place of the quote that ends the string beginning at `at`. */
export function quoteEnd(text: string, at: number): number {
  for (;;) {
    at = text.indexOf('"', at + 1)
    if (at < 0) return text.length
    let slashes = 0
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return at
  }
}
