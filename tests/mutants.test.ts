/*
 * Numbers changed at random in logs of real programs that own their namespace, one in each replay: what cannot have been is
 * found, and the line named in which it stands.
 *
 * A number that nobody has can be nowhere but in a call that failed. One that somebody else has may be right as well: two
 * processes do the same, and which of them has, is told nowhere.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { type Difference, replayLog, TraceError } from 'pidns/trace'
import { type Place, placesIn, withNumber } from './pid_places.ts'
import { bytesOf } from './trace_tools.ts'

const folder = new URL('../../tests/data/traces/', import.meta.url)
const LOGS = [
  'in-adopt',
  'in-deathsig',
  'in-overlap-1',
  'in-quiet',
  'in-threadexec',
  'in-waits',
  'd03-make-j4',
]

interface Log {
  readonly lines: readonly string[]
  readonly places: readonly (readonly [at: number, place: Place])[]
  readonly numbers: readonly number[]
}

function load(name: string): Log {
  const lines = gunzipSync(readFileSync(new URL(`${name}.strace.gz`, folder)))
    .toString()
    .split('\n')
    .slice(0, -1)
  const places = lines.flatMap((line, at) => placesIn(line).map((place) => [at, place] as const))
  return { lines, places, numbers: [...new Set(places.map(([, { nr }]) => nr))] }
}

/** The lines named, in the order in which they are told. */
async function namedIn(lines: readonly string[]): Promise<number[]> {
  try {
    const text = lines.map((line) => `${line}\n`).join('')
    const { report } = await replayLog('mutant', bytesOf(text), { waits: false, check: false })
    return report.differences.map(({ line }: Difference) => line)
  } catch (error) {
    if (error instanceof TraceError) return [error.line]
    throw error
  }
}

function mutate({ lines }: Log, at: number, place: Place, nr: number): string[] {
  return lines.with(at, withNumber(lines[at] ?? '', place, nr))
}

function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** A call that failed, or whose result nobody saw, may have failed for any number; in its first half that is not known. */
const MAY_BE_NOBODY = /= -1 |= \?|<unfinished \.\.\.>$/

describe('a number that nobody has is found, and its line named first', () => {
  for (const name of LOGS) {
    it(name, async () => {
      const log = load(name)
      const next = random(1)
      for (let i = 0; i < 25; i++) {
        const [at, place] = log.places[next(log.places.length)] as (typeof log.places)[number]
        if (place.kind === 'argument' && MAY_BE_NOBODY.test(log.lines[at] ?? '')) continue
        const nr = Math.max(...log.numbers) + 1 + next(1000)
        const named = await namedIn(mutate(log, at, place, nr))
        // Of the first two lines, either may be the wrong one.
        const first = at === 1 ? named.find((line) => line > 1) : named[0]
        assert.equal(first, at + 1, `line ${at + 1}: ${place.kind} ${place.nr} made ${nr}, named ${named}`)
      }
    })
  }
})

/** What a number is changed to: its neighbours, those of other processes, those on the lines around, one that nobody has. */
function another(
  { lines, numbers }: Log,
  at: number,
  { nr }: Place,
  next: (below: number) => number,
): number {
  const near = lines.slice(Math.max(0, at - 30), at + 30).flatMap(placesIn)
  const made = [
    nr + 1,
    Math.max(1, nr - 1),
    numbers[next(numbers.length)] as number,
    (near[next(near.length)] as Place).nr,
    Math.max(...numbers) + 1 + next(1000),
  ][next(5)] as number
  return made === nr ? nr + 1 : made
}

describe('one number anywhere in a log, changed to any other', () => {
  it('is found, named and named first as often as docs/replay.md says', async (t) => {
    const count = { changed: 0, found: 0, named: 0, first: 0 }
    for (const name of LOGS) {
      const log = load(name)
      const next = random(2)
      for (let i = 0; i < 40; i++) {
        const [at, place] = log.places[next(log.places.length)] as (typeof log.places)[number]
        const nr = another(log, at, place, next)
        const lines = await namedIn(mutate(log, at, place, nr))
        count.changed++
        if (lines.length > 0) count.found++
        else t.diagnostic(`${name}:${at + 1}: ${place.kind} ${place.nr} made ${nr}: ${log.lines[at]}`)
        if (lines.includes(at + 1)) count.named++
        if (lines[0] === at + 1) count.first++
      }
    }
    const { changed, found, named, first } = count
    const figures = `of ${changed} changes ${found} are found, ${named} with their line, ${first} with their line first`
    t.diagnostic(figures)
    const docs = readFileSync(new URL('../../docs/replay.md', import.meta.url), 'utf8')
    assert.ok(docs.replaceAll(/\s+/g, ' ').includes(figures), figures)
  })
})
