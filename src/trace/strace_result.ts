/** Finding the end of a call's arguments, where its result stands. Strings and names may hold any bracket. */
import {
  angleEnd,
  BRACE,
  BRACE_END,
  BRACKET,
  BRACKET_END,
  type Cursor,
  codeAt,
  EQUALS,
  GREATER,
  LESS,
  PAREN,
  PAREN_END,
  QUOTE,
  quoteEnd,
  SLASH,
  SPACE,
} from './strace_text.ts'

/** Goes to the result of the call, behind `) = `; false if there is none. */
export function skipToResult(c: Cursor): boolean {
  const { text } = c
  const last = text.charCodeAt(text.length - 1)
  /* The result may hold a name, and a name may hold anything. */
  if (last === GREATER || last === SLASH) return skipArguments(c)
  for (let at = text.length - 1; at > c.at; at--) {
    if (text.charCodeAt(at) === EQUALS) {
      let end = at - 1
      while (text.charCodeAt(end) === SPACE) end--
      return end >= c.at && text.charCodeAt(end) === PAREN_END && atResult(c, at)
    }
  }
  return false
}

/** The same, from the left. */
function skipArguments(c: Cursor): boolean {
  const { text } = c
  let depth = 0
  for (let at = c.at; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = quoteEnd(text, at)
        break
      case LESS:
        at = angleEnd(text, at) - 1
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
export function isLastArgumentEnd(text: string, at: number): boolean {
  if (codeAt(text, at) !== PAREN_END) return false
  do at++
  while (codeAt(text, at) === SPACE)
  return codeAt(text, at) === EQUALS && codeAt(text, at + 1) === SPACE
}

function atResult(c: Cursor, at: number): boolean {
  while (codeAt(c.text, at) === SPACE) at++
  if (codeAt(c.text, at) !== EQUALS || codeAt(c.text, at + 1) !== SPACE) return false
  c.at = at + 2
  return true
}
