/* The two builds of the library: the same functions over memory of one thread, and over memory that workers share. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as plain from 'pidns'
import * as shared from 'pidns/shared'
import * as plainHalf from '#internal/lib/atomic.js'
import * as atomicsHalf from '#internal/lib/atomic_shared.js'
import * as builtWith from '#internal/shared/lib/atomic.js'

/** What the compiler would refuse where one half had a function more, or another type. */
type Half = typeof plainHalf
const HALVES: [Half, Half] = [plainHalf, atomicsHalf satisfies Half]
const sameTypes: typeof atomicsHalf = plainHalf

/** Each operation on a word of 5: its result, and what it leaves there. */
const outcomes = (half: Half): [string, unknown, number | undefined][] => {
  const on = (
    name: string,
    operate: (words: plainHalf.Words) => unknown,
  ): [string, unknown, number | undefined] => {
    const words = half.createWords(4)
    words[2] = 5
    return [name, operate(words), words[2]]
  }
  return [
    on('load', (words) => half.load(words, 2)),
    on('store', (words) => half.store(words, 2, -7)),
    on('add', (words) => half.add(words, 2, 3)),
    on('add beyond 2^31', (words) => half.add(words, 2, 0x7fffffff)),
    on('or', (words) => half.or(words, 2, 0x80000002 | 0)),
    on('and', (words) => half.and(words, 2, -2)),
    on('compareExchange, equal', (words) => half.compareExchange(words, 2, 5, 9)),
    on('compareExchange, other', (words) => half.compareExchange(words, 2, 4, 9)),
    on('createWords', (words) => [words.length, words[0], words[3]]),
  ]
}

test('the halves of lib/atomic have the same functions, which do the same', () => {
  const [one, other] = HALVES
  assert.deepEqual(Object.keys(one).sort(), Object.keys(other).sort())
  assert.deepEqual(outcomes(one), outcomes(other))
  assert.equal(sameTypes, plainHalf)
})

test('words are memory of one thread in the one half, and can be shared in the other', () => {
  const ofShared = atomicsHalf.createWords(1).buffer
  assert.ok(ofShared instanceof SharedArrayBuffer)
  assert.equal(atomicsHalf.SHARED, 1)
  assert.equal(builtWith.SHARED, 1)
  assert.ok(builtWith.createWords(1).buffer instanceof SharedArrayBuffer)
})

test('pidns and pidns/shared export the same names', () => {
  assert.deepEqual(Object.keys(shared).sort(), Object.keys(plain).sort())
})

test('a task of one build is a stranger to the other, and an image of one is a kernel of the other', () => {
  const one = shared.Kernel.boot()
  const child = one.init.fork()
  const copy = plain.Kernel.restore(one.save())
  assert.equal(copy.task(child.handle).pid, 2)
  assert.equal(shared.Kernel.restore(copy.save()).task(child.handle).pid, 2)
  if (shared.Kernel !== (plain.Kernel as unknown)) {
    assert.throws(() => one.init.pidOf(copy.init as never), TypeError)
  }
  assert.deepEqual([one.check(), copy.check()], [[], []])
})
