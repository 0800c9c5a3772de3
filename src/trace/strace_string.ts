/** Strings as strace prints them. What is printable comes out as itself; the rest stays escaped, as it is printed. */
import { atEnd, BRACKET_END, type Cursor, expected, QUOTE, quoteEnd, skip } from './strace_text.ts'

/** A string in quotes; `...` behind it says that strace has cut it. */
export function takeString(c: Cursor): string {
  if (atEnd(c)) return ''
  if (c.text.charCodeAt(c.at) !== QUOTE) expected(c, 'a string')
  const end = quoteEnd(c.text, c.at)
  const inside = c.text.slice(c.at + 1, end)
  c.at = Math.min(end + 1, c.text.length)
  const string = inside.includes('\\') ? unescaped(inside) : inside
  return skip(c, '...') ? `${string}...` : string
}

/** `["sh", "-c", "exit"...]` as words joined by blanks. */
export function takeStrings(c: Cursor): string {
  let words = ''
  while (!atEnd(c) && c.text.charCodeAt(c.at) !== BRACKET_END) {
    const word = skip(c, '...') ? '...' : takeString(c)
    words = words === '' ? word : `${words} ${word}`
    skip(c, ', ')
  }
  skip(c, ']')
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
