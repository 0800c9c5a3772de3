/* UTF-8 of names: the platform's TextEncoder and TextDecoder always tell the truth. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Kernel } from 'pidns'
import { utf8Bytes, utf8String } from '#internal/lib/utf8.js'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }))
/** Bytes at which the rules change, and any others. */
const byte = fc.oneof(
  fc.constantFrom(
    0x41,
    0x7f,
    0x80,
    0x8f,
    0x90,
    0x9f,
    0xa0,
    0xbf,
    0xc1,
    0xc2,
    0xdf,
    0xe0,
    0xed,
    0xef,
    0xf0,
    0xf4,
    0xf5,
    0xff,
  ),
  fc.integer({ min: 0, max: 255 }),
)

describe('utf8', () => {
  it('gives the bytes that TextEncoder gives, as many as asked for', () => {
    fc.assert(
      fc.property(text, fc.nat({ max: 20 }), (string, max) => {
        assert.deepEqual(utf8Bytes(string, max), [...new TextEncoder().encode(string)].slice(0, max))
      }),
    )
    for (const point of [0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff]) {
      const char = String.fromCodePoint(point)
      assert.deepEqual(utf8Bytes(char, 9), [...new TextEncoder().encode(char)], point.toString(16))
    }
    assert.deepEqual(utf8Bytes('\ud800x', 9), [0xef, 0xbf, 0xbd, 0x78], 'half a character')
  })

  it('gives the string that TextDecoder gives, for any bytes', () => {
    const same = (bytes: number[]): void => {
      assert.equal(utf8String(bytes), decoder.decode(Uint8Array.from(bytes)), String(bytes))
    }
    fc.assert(fc.property(fc.array(byte, { maxLength: 12 }), same), { numRuns: 2000 })
    same([0xff, 0x80, 0x80, 0x80])
    same([0xe2, 0x41, 0x42])
  })

  it('cuts a name after 15 bytes, in the middle of a character too', () => {
    const kernel = Kernel.boot()
    kernel.init.comm = 'worker-für-alle-Fälle'
    assert.equal(kernel.init.comm, 'worker-für-all')
    kernel.init.comm = '12345678901234€'
    assert.equal(kernel.init.comm, '12345678901234\ufffd')
    assert.deepEqual(kernel.check(), [])
  })
})
