/* Bitmaps and the bits of a word, against plain arrays of booleans. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  BITMAP_MAX_BITS,
  BITMAP_SUMMARY_WORDS,
  clearBit,
  findNextBit,
  findNextZeroBit,
  testAndSetBit,
  testBit,
} from '#internal/lib/bitmap.js'
import { hweight32, lowestBit } from '#internal/lib/bits.js'
import { hash32 } from '#internal/lib/hash.js'
import { HEADER_WORDS } from '#internal/mm/layout.js'
import './watched_atomics.ts'

/** Behind the header that a table has there: a word of it says that what is written is to be noted. */
const MAP: number = HEADER_WORDS + BITMAP_SUMMARY_WORDS

/** An empty bitmap of `size` bits at word MAP. */
const bitmap = (size: number): Int32Array => new Int32Array(MAP + Math.ceil(size / 32))

/** A bitmap with the bits of [from, to) set. */
const filled = (size: number, from = 0, to = size): Int32Array => {
  const words = bitmap(size)
  for (let nr = from; nr < to; nr++) testAndSetBit(words, nr, MAP)
  return words
}

const summaryProblems = (words: Int32Array): string[] => {
  const problems: string[] = []
  const bit = (word: number, nr: number): boolean => (((words[word] as number) >>> nr) & 1) === 1
  for (let i = 0; i < words.length - MAP; i++) {
    if (bit(MAP - 2 - (i >> 5), i & 31) !== (words[MAP + i] === -1)) problems.push(`word ${i}`)
  }
  for (let j = 0; j < 32; j++) {
    if (bit(MAP - 1, j) !== (words[MAP - 2 - j] === -1)) problems.push(`group ${j}`)
  }
  return problems
}

type Step = { kind: 'set' | 'clear' | 'setAll' | 'clearAll'; nr: number; span: number }

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('set', 'clear', 'setAll', 'clearAll'),
  nr: fc.nat({ max: 4095 }),
  span: fc.constantFrom(1, 31, 32, 33, 64, 1024, 1056),
})

describe('bitmap', () => {
  it('equals an array of booleans after any setting and clearing, and keeps its summary', () => {
    const sizes = fc.constantFrom(32, 64, 96, 1024, 1056, 2048, 4096)
    fc.assert(
      fc.property(sizes, fc.array(step, { maxLength: 12 }), fc.nat({ max: 4096 }), (size, steps, offset) => {
        const words = bitmap(size)
        const truth: boolean[] = Array(size).fill(false)
        for (const { kind, nr, span } of steps) {
          const on = kind === 'set' || kind === 'setAll'
          for (let i = nr % size; i < Math.min(size, (nr % size) + span); i++) {
            if (on) assert.equal(testAndSetBit(words, i, MAP), truth[i])
            else clearBit(words, i, MAP)
            truth[i] = on
          }
          assert.deepEqual(summaryProblems(words), [])
        }
        for (const from of [0, offset % size, (offset + 31) % size, size - 1]) {
          const set = truth.indexOf(true, from)
          const zero = truth.indexOf(false, from)
          assert.equal(findNextBit(words, MAP, size, from), set === -1 ? size : set, `set from ${from}`)
          assert.equal(
            findNextZeroBit(words, MAP, size, from),
            zero === -1 ? size : zero,
            `zero from ${from}`,
          )
        }
        for (let i = 0; i < size; i += 17) assert.equal(testBit(words, i, MAP), truth[i])
      }),
      { numRuns: 150 },
    )
  })

  it('finds the one bit, set or clear, wherever it is in the largest map', () => {
    const clear = bitmap(BITMAP_MAX_BITS)
    const full = filled(BITMAP_MAX_BITS)
    for (const nr of [0, 31, 32, 33, 1023, 1024, 1025, 16384, 31743, 31744, 32735, 32736, 32767]) {
      testAndSetBit(clear, nr, MAP)
      clearBit(full, nr, MAP)
      for (const offset of [0, nr >> 1, nr]) {
        assert.equal(findNextBit(clear, MAP, BITMAP_MAX_BITS, offset), nr)
        assert.equal(findNextZeroBit(full, MAP, BITMAP_MAX_BITS, offset), nr)
      }
      assert.equal(findNextBit(clear, MAP, BITMAP_MAX_BITS, nr + 1), BITMAP_MAX_BITS)
      assert.equal(findNextZeroBit(full, MAP, BITMAP_MAX_BITS, nr + 1), BITMAP_MAX_BITS)
      clearBit(clear, nr, MAP)
      testAndSetBit(full, nr, MAP)
    }
    assert.deepEqual(summaryProblems(full), [])
  })

  it('gives the size where it finds nothing, also for an offset at or beyond it', () => {
    for (const size of [1, 31, 32, 33, 100]) {
      const [none, all] = [bitmap(size), filled(size)]
      for (const offset of [0, size - 1, size, size + 1, size + 1000]) {
        assert.equal(findNextBit(none, MAP, size, offset), size)
        assert.equal(findNextZeroBit(all, MAP, size, offset), size)
      }
    }
  })

  it('does not look beyond a size that ends inside a word', () => {
    const words = filled(64, 40, 64)
    assert.equal(findNextBit(words, MAP, 40, 0), 40)
    assert.equal(findNextZeroBit(filled(64, 0, 40), MAP, 40, 0), 40)
    assert.equal(findNextZeroBit(filled(64, 0, 32), MAP, 32, 0), 32)
  })

  it('reads five words to find the only zero bit of a full map', () => {
    const words = filled(BITMAP_MAX_BITS)
    clearBit(words, 32700, MAP)
    let reads = 0
    const counted = new Proxy(words, {
      get: (target, key) => {
        reads += 1
        return Reflect.get(target, key)
      },
    })
    assert.equal(findNextZeroBit(counted, MAP, BITMAP_MAX_BITS, 1), 32700)
    assert.ok(reads <= 5, `${reads} words were read`)
  })
})

describe('bits of a word', () => {
  it('are found and counted in any word', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (word) => {
        const digits = (word >>> 0).toString(2)
        assert.equal(hweight32(word), digits.replaceAll('0', '').length)
        if (word !== 0) assert.equal(lowestBit(word), digits.length - 1 - digits.lastIndexOf('1'))
      }),
    )
    assert.deepEqual([lowestBit(1), lowestBit(-(2 ** 31)), hweight32(0), hweight32(-1)], [0, 31, 0, 32])
  })
})

describe('hash32', () => {
  it('stays below 2^bits and spreads neighbours evenly', () => {
    for (const bits of [1, 4, 10]) {
      const counts = new Map<number, number>()
      for (let nr = 0; nr < 8 << bits; nr++) {
        const hash = hash32(nr - 4, bits)
        assert.ok(Number.isInteger(hash) && hash >= 0 && hash < 1 << bits)
        counts.set(hash, (counts.get(hash) ?? 0) + 1)
      }
      assert.equal(counts.size, 1 << bits)
      assert.ok(Math.max(...counts.values()) <= 16, 'twice the average at most')
    }
  })
})
