/** Finds a thing by a name that stands in a text, without cutting it out: most lines are of no interest. */
import {
  type Cursor,
  codeAt,
  expected,
  MINUS,
  NINE,
  standsAt,
  takeNumber,
  wordEnd,
  ZERO,
} from './strace_text.ts'

/** What has the name that stands in `text` from `at` to `end`. */
export type Lookup<T> = (text: string, at: number, end: number) => T | undefined

const KEYS = 256

/** Of the length and three letters of a name. */
function keyOf(text: string, at: number, end: number): number {
  const letters = text.charCodeAt(at) + 2 * text.charCodeAt(end - 1) + 2 * text.charCodeAt(end - 3)
  return (letters + 13 * (end - at)) % KEYS
}

/** Names of three letters or more. Those that share a key are compared one after the other. */
export function createLookup<T extends { readonly name: string }>(things: readonly T[]): Lookup<T> {
  const byKey = Array.from({ length: KEYS }, (_, key) =>
    things.filter(({ name }) => keyOf(name, 0, name.length) === key),
  )
  return (text, at, end) => {
    const candidates = byKey[keyOf(text, at, end)]
    if (candidates === undefined) return undefined
    for (let i = 0; i < candidates.length; i++) {
      const thing = candidates[i] as T
      if (thing.name.length === end - at && standsAt(text, at, thing.name)) return thing
    }
    return undefined
  }
}

export interface NamedNumber {
  readonly name: string
  readonly value: number
}

export type Numbers = Lookup<NamedNumber>

/** One name or number. */
export function takeNamed(c: Cursor, numbers: Numbers, what: string): number {
  const { text, at } = c
  const first = codeAt(text, at)
  if ((first >= ZERO && first <= NINE) || first === MINUS) return takeNumber(c)
  const end = wordEnd(text, at)
  const found = numbers(text, at, end)
  if (found === undefined) return expected(c, what)
  c.at = end
  return found.value
}
