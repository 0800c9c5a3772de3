/** Flags: names joined by `|`, maybe among numbers and comments. */
import type { Names } from './strace_names.ts'
import {
  atEnd,
  BAR,
  type Cursor,
  codeAt,
  expected,
  SPACE,
  takeComment,
  takeWord,
  wordEnd,
} from './strace_text.ts'

/** Combinations of flags that were met are few; the limit is against broken logs. */
const MEMO_MAX = 4096

export type Flags = (c: Cursor, fallback?: number) => number

/** A reader of names joined by `|`, maybe among numbers and comments, as a sum. Names that are not in `names` count 0. */
export function flagsReader(names: Names): Flags {
  const memo = new Map<string, number>()
  let lastWord = '0'
  let lastValue = 0

  function takeSum(c: Cursor): number {
    const { text, at } = c
    const end = at + lastWord.length
    if (text.startsWith(lastWord, at) && wordEnd(text, end) === end) {
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
    lastWord = word
    lastValue = value
    return value
  }

  return (c, fallback = 0) => {
    if (atEnd(c)) return fallback
    let sum = 0
    do {
      sum += takeSum(c)
      if (codeAt(c.text, c.at) === SPACE) takeComment(c)
    } while (codeAt(c.text, c.at) === BAR && ++c.at)
    return sum
  }
}

function sumOf(word: string, names: Names): number {
  let sum = 0
  for (const name of new Set(word.split('|'))) sum += names.get(name) ?? (Number(name) || 0)
  return sum
}
