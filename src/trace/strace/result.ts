/** Finding the end of a call's arguments, where its result stands. Strings and names may hold any bracket. */
import {
  angleEnd,
  BRACE,
  BRACE_END,
  BRACKET,
  BRACKET_END,
  type Cursor,
  EQUALS,
  GREATER,
  LESS,
  PAREN,
  PAREN_END,
  QUOTE,
  quoteEnd,
  SLASH,
  SPACE,
} from './text.ts'

/** Goes to the result of the call, behind `) = `; false if there is none. */
export function skipToResult(c: Cursor): boolean {
  const { codes } = c
  const last = codes[c.end - 1]
  /* The result may hold a name, and a name may hold anything. */
  if (last === GREATER || last === SLASH) return skipArguments(c)
  for (let at = c.end - 1; at > c.at; at--) {
    if (codes[at] === EQUALS) {
      let end = at - 1
      while (codes[end] === SPACE) end--
      return end >= c.at && codes[end] === PAREN_END && atResult(c, at)
    }
  }
  return false
}

/** The same, from the left. */
function skipArguments(c: Cursor): boolean {
  const { codes, end } = c
  let depth = 0
  for (let at = c.at; at < end; at++) {
    switch (codes[at]) {
      case QUOTE:
        at = quoteEnd(c, at)
        break
      case LESS:
        at = angleEnd(codes, at, end) - 1
        break
      case PAREN:
      case BRACKET:
      case BRACE:
        depth++
        break
      case BRACKET_END:
      case BRACE_END:
        if (depth > 0) depth--
        break
      case PAREN_END:
        if (depth === 0) return atResult(c, at + 1)
        depth--
    }
  }
  return false
}

/** No argument follows at `at`, but the result. */
export function isLastArgumentEnd(codes: Uint8Array, at: number, end: number): boolean {
  if (codes[at] !== PAREN_END) return false
  do at++
  while (codes[at] === SPACE)
  return at + 1 < end && codes[at] === EQUALS && codes[at + 1] === SPACE
}

function atResult(c: Cursor, at: number): boolean {
  const { codes } = c
  while (codes[at] === SPACE) at++
  if (codes[at] !== EQUALS || codes[at + 1] !== SPACE) return false
  c.at = at + 2
  return true
}
