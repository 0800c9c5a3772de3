/** Strings as strace prints them. What is printable comes out as itself; the rest stays escaped, as it is printed. */
import {
  atEnd,
  BRACKET_END,
  type Cursor,
  codeHere,
  expected,
  type Literal,
  literal,
  QUOTE,
  quoteEnd,
  skip,
} from './text.ts'

const DOTS: Literal = literal('...')
const COMMA: Literal = literal(', ')
const CLOSING: Literal = literal(']')

/** A string in quotes; `...` behind it says that strace has cut it. */
export function takeString(c: Cursor): string {
  if (atEnd(c)) return ''
  if (codeHere(c) !== QUOTE) expected(c, 'a string')
  const end = quoteEnd(c, c.at)
  const inside = c.text.slice(c.at + 1, end)
  c.at = Math.min(end + 1, c.end)
  const string = inside.includes('\\') ? unescaped(inside) : inside
  return skip(c, DOTS) ? `${string}...` : string
}

/** `["sh", "-c", "exit"...]` as words joined by blanks. */
export function takeStrings(c: Cursor): string {
  let words = ''
  while (!atEnd(c) && codeHere(c) !== BRACKET_END) {
    const word = skip(c, DOTS) ? '...' : takeString(c)
    words = words === '' ? word : `${words} ${word}`
    skip(c, COMMA)
  }
  skip(c, CLOSING)
  return words
}

declare class TextDecoder {
  decode(bytes: Uint8Array): string
}

const decoder = new TextDecoder()
/** Either bytes of UTF-8, one escape each, or one escape of another kind. */
const ESCAPE = /(?:\\(?:x[89a-f][0-9a-f]|[23][0-7]{2}))+|\\(?:x([0-9a-f]{2})|([0-7]{1,3})|(.))/g
const FIRST_PRINTABLE = 32
const DEL = 127

function unescaped(inside: string): string {
  return inside.replace(ESCAPE, (whole, hex, octal, char) => {
    if (char !== undefined) return char === '"' || char === '\\' ? char : whole
    if (hex === undefined && octal === undefined) return decodeRun(whole)
    const code = hex === undefined ? Number.parseInt(octal, 8) : Number.parseInt(hex, 16)
    return code >= FIRST_PRINTABLE && code < DEL ? String.fromCharCode(code) : whole
  })
}

function decodeRun(run: string): string {
  const bytes = run
    .split('\\')
    .slice(1)
    .map((digits) => Number.parseInt(digits.replace('x', ''), digits.startsWith('x') ? 16 : 8))
  const text = decoder.decode(new Uint8Array(bytes))
  return text.includes('\uFFFD') ? run : text
}
