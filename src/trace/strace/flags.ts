/** Flags: names joined by `|`, maybe among numbers and comments. */
import type { Names } from './names.ts'
import {
  atEnd,
  BAR,
  type Cursor,
  codeHere,
  expected,
  type Literal,
  literal,
  SPACE,
  standsAt,
  takeComment,
  takeWord,
  wordEnd,
} from './text.ts'

/** Combinations of flags that were met are few; the limit is against broken logs. */
const MEMO_MAX = 4096

export type Flags = (c: Cursor, fallback?: number) => number

/** A reader of names joined by `|`, maybe among numbers and comments, as a sum. Names that are not in `names` count 0. */
export function flagsReader(names: Names): Flags {
  const memo = new Map<string, number>()
  let lastWord: Literal = literal('0')
  let lastValue = 0

  function takeSum(c: Cursor): number {
    const { codes, at } = c
    const end = at + lastWord.length
    if (standsAt(codes, at, c.end, lastWord) && wordEnd(codes, end, c.end) === end) {
      c.at = end
      return lastValue
    }
    const word = takeWord(c)
    if (word === '') expected(c, 'flags')
    let value = memo.get(word)
    if (value === undefined) {
      value = sumOf(word, names)
      if (memo.size === MEMO_MAX) memo.clear()
      memo.set(word, value)
    }
    lastWord = literal(word)
    lastValue = value
    return value
  }

  return (c, fallback = 0) => {
    if (atEnd(c)) return fallback
    let sum = 0
    do {
      sum += takeSum(c)
      if (codeHere(c) === SPACE) takeComment(c)
    } while (codeHere(c) === BAR && ++c.at)
    return sum
  }
}

function sumOf(word: string, names: Names): number {
  let sum = 0
  for (const name of new Set(word.split('|'))) sum += names.get(name) ?? (Number(name) || 0)
  return sum
}
