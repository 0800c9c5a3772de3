/*
 * Calls under way: what the three lists give is what one list of all of them, looked through, would.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Span, SpanCall } from '#internal/trace/acts.js'
import type { Actor } from '#internal/trace/span/actor.js'
import {
  addFlight,
  createFlights,
  type Flight,
  flightsNaming,
  removeFlight,
} from '#internal/trace/span/flights.js'

const CALLS: readonly SpanCall[] = [
  { op: 'clone', flags: 0, exitSignal: 17, setTid: undefined },
  { op: 'getpid' },
  { op: 'wait4', pid: -1, options: 0 },
  { op: 'wait4', pid: 7, options: 0 },
  { op: 'kill', pid: -7, sig: 15 },
  { op: 'kill', pid: 2, sig: 15 },
  { op: 'getpgid', pid: 7 },
]
const NUMBERS = [[7], [9], [7, 2], [2, 1], [1, 7], [7, 7]]

const spanOf = (call: SpanCall, line: number): Span => ({
  by: 5,
  line,
  time: '',
  call,
  last: 0,
  outcome: undefined,
})
const named = ({ call }: Span): number => ('pid' in call ? call.pid : 0)

describe('flights', () => {
  it('finds creations, and those that name a process by one of its numbers, in order of entry', () => {
    const step = fc.tuple(fc.constantFrom('enter', 'enter', 'leave'), fc.nat(CALLS.length - 1), fc.nat())
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const flights = createFlights()
        let all: Flight[] = []
        for (const [line, [what, which, nth]] of steps.entries()) {
          if (what === 'enter')
            all.push(addFlight(flights, spanOf(CALLS[which] as SpanCall, line + 1), {} as Actor))
          else if (all.length > 0) {
            const gone = all[nth % all.length] as Flight
            // Its second line may have told other arguments.
            if (gone.span.call.op !== 'clone') gone.span.call = { op: 'wait4', pid: 99, options: 0 }
            removeFlight(flights, gone)
            all = all.filter((other) => other !== gone)
          }
          assert.deepEqual(flights.all.values(), all)
          assert.deepEqual(
            flights.creations.values(),
            all.filter(({ span }) => span.call.op === 'clone'),
          )
          for (const numbers of NUMBERS) {
            const naming = all.filter((flight) => numbers.includes(named(flight.span)))
            assert.deepEqual(flightsNaming(flights, { numbers }), naming)
          }
        }
        for (const flight of all) removeFlight(flights, flight)
        assert.deepEqual([flights.all.size, flights.creations.size, flights.naming.size], [0, 0, 0])
      }),
    )
  })
})
