/**
 * Reading the text of one call, from its arguments to its result, with a cursor that only moves forward.
 *
 * Invariant: what is missing because the text ends early (the first half of a call that stands in two lines) is taken as
 * its default; what is there and not understood throws TraceError. Behind the end there is always one code more, and it
 * is no letter, digit or bracket.
 */

import type { FdArg } from '../acts.ts'
import { type Characters, charactersOf } from '../characters.ts'
import { show, TraceError } from '../trace_error.ts'

/** Some text among more of it. */
export interface Stretch extends Characters {
  readonly at: number
  readonly end: number
}

export interface Cursor extends Stretch {
  text: string
  codes: Uint8Array
  at: number
  end: number
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
const INT_MAX = 0x7fffffff
const UINT_MAX = 0xffffffff

const IN_STRACE = " in strace's PID NS */"

/** Text that strace prints. */
export type Literal = Uint8Array

export function literal(text: string): Literal {
  return charactersOf(text).codes.subarray(0, text.length)
}

const NULL: Literal = literal('NULL')

export function expected(c: Cursor, what: string): never {
  throw new TraceError(c.line, `expected ${what}, got ${show(c.text.slice(c.at, c.end))}`)
}

/** Steps over `literal` if it stands here. */
export function skip(c: Cursor, literal: Literal): boolean {
  if (!standsAt(c.codes, c.at, c.end, literal)) return false
  c.at += literal.length
  return true
}

export function skipNull(c: Cursor): boolean {
  return skip(c, NULL)
}

/** Whether `literal` stands at `at`, before `end`. */
export function standsAt(codes: Uint8Array, at: number, end: number, literal: Literal): boolean {
  const { length } = literal
  if (at + length > end) return false
  for (let i = 0; i < length; i++) if (codes[at + i] !== literal[i]) return false
  return true
}

/** The place of the next `literal`, -1 if there is none. */
export function placeOf(codes: Uint8Array, at: number, end: number, literal: Literal): number {
  const first = literal[0]
  for (const last = end - literal.length; at <= last; at++)
    if (codes[at] === first && standsAt(codes, at, end, literal)) return at
  return -1
}

/** Goes to what stands behind the next `literal`; false, and nowhere, if there is none. */
export function skipPast(c: Cursor, literal: Literal): boolean {
  const at = placeOf(c.codes, c.at, c.end, literal)
  if (at < 0) return false
  c.at = at + literal.length
  return true
}

/** Goes behind the next character `code`, if there is one. */
export function skipPastCode(c: Cursor, code: number): undefined {
  const { codes, end } = c
  let { at } = c
  while (at < end && codes[at] !== code) at++
  if (at < end) c.at = at + 1
}

/** The character at the cursor, 0 at the end. */
export function codeHere(c: Cursor): number {
  return c.at < c.end ? (c.codes[c.at] as number) : 0
}

/** Steps over the comma that follows an argument; false where no argument follows. */
export function skipComma(c: Cursor): boolean {
  const { codes, end } = c
  let { at } = c
  if (at >= end || codes[at] !== COMMA) return false
  at++
  while (at < end && codes[at] === SPACE) at++
  c.at = at
  return at < end && codes[at] !== PAREN_END
}

/** No argument follows: the text ends, or the arguments do. */
export function atEnd(c: Cursor): boolean {
  return c.at >= c.end || c.codes[c.at] === PAREN_END
}

/** A number, decimal or not, and what strace says of it behind it: `13<sh>`, or a comment with the outer number. */
export function takeNumber(c: Cursor, fallback = 0): number {
  const { codes } = c
  let at = c.at
  c.outer = undefined
  if (at >= c.end) return fallback
  let code = codes[at] as number
  const negative = code === MINUS
  if (negative) code = codes[++at] as number
  const from = at
  let value = 0
  while (code >= ZERO && code <= NINE) {
    value = value * 10 + (code - ZERO)
    code = codes[++at] as number
  }
  if (at === from) return atEnd(c) ? fallback : expected(c, 'a number')
  c.at = at
  if (code === LETTER_X && at === from + 1) {
    value = takeHex(c)
    // -e raw=… prints what the arguments are to the kernel: 32 bits.
    if (value > INT_MAX && value <= UINT_MAX) value |= 0
    code = codes[c.at] as number
  }
  if (code === LESS || code === SPACE) takeNotes(c, code)
  return negative ? -value : value
}

function takeHex(c: Cursor): number {
  const { codes } = c
  let value = 0
  for (c.at++; ; c.at++) {
    const code = codes[c.at] as number
    if (code >= ZERO && code <= NINE) value = value * 16 + (code - ZERO)
    else if (code >= LETTER_A && code <= LETTER_F) value = value * 16 + (code - LETTER_A + 10)
    else return value
  }
}

/** Steps over `<comm>` and a comment behind a number. */
function takeNotes(c: Cursor, code: number): undefined {
  if (code === LESS) c.at = angleEnd(c.codes, c.at, c.end)
  takeComment(c)
}

export function takeComment(c: Cursor): undefined {
  const { text, codes, at } = c
  if (at + 2 >= c.end || codes[at + 1] !== SLASH || codes[at + 2] !== STAR) return
  const end = text.indexOf('*/', at + 3)
  if (end < 0 || end + 2 > c.end) return
  c.at = end + 2
  if (text.endsWith(IN_STRACE, c.at)) c.outer = Number(text.slice(at + 4, c.at - IN_STRACE.length))
}

/** The place behind an annotation `<…>`; names in it have their own brackets escaped, but one may hold another. */
export function angleEnd(codes: Uint8Array, at: number, end: number): number {
  let depth = 0
  for (let i = at; i < end; i++) {
    const code = codes[i]
    if (code === LESS) depth++
    else if (code === GREATER && --depth === 0) return i + 1
  }
  return end
}

/** A descriptor: `3`, `3<pid:12>`, `3<pid:[4026532184]>`, `3<anon_inode:[pidfd]>`. */
export function takeFd(c: Cursor): FdArg {
  const from = c.at
  const fd = takeNumber(c, -1)
  let pid: number | undefined
  let ns: number | undefined
  const all = c.text.slice(from, c.at)
  const note = all.indexOf('<pid:')
  if (note >= 0) {
    const inside = all.slice(note + 5, all.indexOf('>', note))
    if (inside.startsWith('[')) ns = Number.parseInt(inside.slice(1), 10) || undefined
    else pid = Math.max(0, Number.parseInt(inside, 10)) || undefined
  }
  return { fd, pid, ns }
}

/** Letters, digits and `_ | ? + -`: flags and names are made of these. 1 where the code is one of them. */
const WORD: Uint8Array = new Uint8Array(256)
for (let code = 0; code < WORD.length / 2; code++)
  WORD[code] = /[\w|?+-]/.test(String.fromCharCode(code)) ? 1 : 0

/** The end of the word that begins at `at`. */
export function wordEnd(codes: Uint8Array, at: number, end: number): number {
  while (at < end && WORD[codes[at] as number] === 1) at++
  return at
}

/** Steps over a word and gives it. */
export function takeWord(c: Cursor): string {
  const from = c.at
  c.at = wordEnd(c.codes, c.at, c.end)
  return c.text.slice(from, c.at)
}

/** The place of the quote that ends the string beginning at `at`. */
export function quoteEnd({ text, codes, end }: Stretch, at: number): number {
  for (;;) {
    at = text.indexOf('"', at + 1)
    if (at < 0 || at >= end) return end
    let slashes = 0
    while (codes[at - 1 - slashes] === BACKSLASH) slashes++
    if (slashes % 2 === 0) return at
  }
}
