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

describe('a number that somebody else has is found, unless it may be right', () => {
  it('of all such changes 95 in 100 are, and the line is named', async () => {
    let changed = 0
    let found = 0
    let named = 0
    for (const name of LOGS) {
      const log = load(name)
      const next = random(2)
      for (let i = 0; i < 25; i++) {
        const [at, place] = log.places[next(log.places.length)] as (typeof log.places)[number]
        const nr = log.numbers[next(log.numbers.length)] as number
        if (nr === place.nr) continue
        const lines = await namedIn(mutate(log, at, place, nr))
        changed++
        if (lines.length > 0) found++
        if (lines.includes(at + 1)) named++
      }
    }
    assert.ok(found >= 0.95 * changed, `${found} of ${changed} found`)
    assert.ok(named >= 0.94 * changed, `${named} of ${changed} named`)
  })
})
