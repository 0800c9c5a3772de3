/*
 * NumberMap against Map: the same entries in the same order, whatever comes and goes.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { NumberMap } from '#internal/trace/number_map.js'

const KEYS = [0, 1, 2, 15, 16, 1024, 1025, 40000, -1, -7, 2 ** 31, 2 ** 40 + 1]

describe('NumberMap', () => {
  it('holds what a Map would, in its order', () => {
    const key = fc.oneof(fc.constantFrom(...KEYS), fc.integer({ min: 0, max: 200 }))
    const step = fc.tuple(fc.constantFrom('set', 'set', 'set', 'delete', 'keep'), key, fc.nat())
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const own = new NumberMap<number>()
        const map = new Map<number, number>()
        for (const [op, nr, value] of steps) {
          if (op === 'delete') assert.equal(own.delete(nr), map.delete(nr))
          else if (op === 'set') {
            own.set(nr, value)
            map.set(nr, value)
          } else {
            const kept = value % 32
            own.keep(nr, value, kept)
            map.delete(nr)
            map.set(nr, value)
            for (const first of map.keys()) if (map.size > kept) map.delete(first)
          }
          assert.deepEqual(own.values(), [...map.values()])
          assert.equal(own.size, map.size)
          for (const each of [...KEYS, nr]) {
            assert.equal(own.get(each), map.get(each))
            assert.equal(own.has(each), map.has(each))
          }
        }
        own.clear()
        assert.deepEqual([own.size, own.values(), own.get(1)], [0, [], undefined])
      }),
    )
  })

  it('gives out what was in it when it was asked', () => {
    const own = new NumberMap<number>()
    for (let nr = 0; nr < 100; nr++) own.set(nr, nr)
    const seen: number[] = []
    for (const value of own.values()) {
      own.delete(value)
      own.set(1000 + value, value)
      seen.push(value)
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 100 }, (_, nr) => nr),
    )
    assert.equal(own.size, 100)
  })

  it('takes no more room while no more than before are in it', () => {
    const own = new NumberMap<object>()
    const sizes = (): number[] =>
      Object.values(own).flatMap((part) =>
        typeof part === 'object' ? [(part as ArrayLike<number>).length] : [],
      )
    for (let nr = 0; nr < 48; nr++) own.set(nr, {})
    const before = sizes()
    for (let nr = 48; nr < 100000; nr++) {
      own.delete(nr - 48)
      own.set(nr, {})
    }
    assert.deepEqual(sizes(), before)
    assert.equal(own.size, 48)
  })
})
