/** Finds a thing by a name that stands in a text, without cutting it out: most lines are of no interest. */
import { type Cursor, codeHere, expected, literal, MINUS, NINE, takeNumber, wordEnd, ZERO } from './text.ts'

/** What has the name that stands from `at` to `end`. */
export type Lookup<T> = (codes: Uint8Array, at: number, end: number) => T | undefined

const KEYS = 256
/** No name is shorter. */
const SHORTEST = 3

/** Of the length and three letters of a name. */
function keyOf(codes: Uint8Array, at: number, end: number): number {
  const letters = (codes[at] as number) + 2 * (codes[end - 1] as number) + 2 * (codes[end - 3] as number)
  return (letters + 13 * (end - at)) % KEYS
}

interface Candidate<T> {
  readonly codes: Uint8Array
  readonly thing: T
}

/** Names of three letters or more. Those that share a key are compared one after the other. */
export function createLookup<T extends { readonly name: string }>(things: readonly T[]): Lookup<T> {
  const byKey: Candidate<T>[][] = Array.from({ length: KEYS }, () => [])
  for (const thing of things) {
    const codes = literal(thing.name)
    byKey[keyOf(codes, 0, codes.length)]?.push({ codes, thing })
  }
  return (codes, at, end) => {
    if (end - at < SHORTEST) return undefined
    const candidates = byKey[keyOf(codes, at, end)] as Candidate<T>[]
    for (let i = 0; i < candidates.length; i++) {
      const { codes: name, thing } = candidates[i] as Candidate<T>
      if (name.length === end - at && isSame(codes, at, name)) return thing
    }
    return undefined
  }
}

function isSame(codes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (codes[at + i] !== name[i]) return false
  return true
}

export interface NamedNumber {
  readonly name: string
  readonly value: number
}

export type Numbers = Lookup<NamedNumber>

/** One name or number. */
export function takeNamed(c: Cursor, numbers: Numbers, what: string): number {
  const first = codeHere(c)
  if ((first >= ZERO && first <= NINE) || first === MINUS) return takeNumber(c)
  const end = wordEnd(c.codes, c.at, c.end)
  const found = numbers(c.codes, c.at, end)
  if (found === undefined) return expected(c, what)
  c.at = end
  return found.value
}
