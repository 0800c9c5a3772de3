/*
 * What the benchmarks are about, as counts that are the same on every machine: words looked at for an allocation and a
 * lookup, bytes for a process. Times are in docs/performance.md.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CLONE_NEWPID, Kernel } from 'pidns'
import * as P from 'pidns/pid'
import { made, sound } from './pid_tools.ts'
import { memoryOf } from './table_words.ts'

const NUMBERS = 4194304

/** How many words of the table a call reads and writes. */
function wordsTouched(table: P.PidTable, call: (seen: P.PidTable) => unknown): number {
  let count = 0
  const isWord = (key: string | symbol): boolean => typeof key === 'string' && /^\d+$/.test(key)
  const words = new Proxy(table.words, {
    get: (target, key) => {
      if (isWord(key)) count += 1
      return Reflect.get(target, key, target) as unknown
    },
    set: (target, key, value) => {
      if (isWord(key)) count += 1
      return Reflect.set(target, key, value, target)
    },
  })
  call({ ...table, words })
  return count
}

/** A table of four million numbers of which those that `taken` names are taken. */
function filled(taken: (nr: number) => boolean): P.PidTable {
  const table = P.createPidTable({ pidMax: NUMBERS, maxPids: 64, maxNamespaces: 1 })
  for (let nr = 1; nr < NUMBERS; nr++) if (taken(nr)) P.allocPidmapAt(table, P.initPidNs(table), nr)
  return table
}

describe('an allocation', () => {
  const cost = (table: P.PidTable): number =>
    wordsTouched(table, (seen) => assert.ok(made(P.allocPidmap(seen, P.initPidNs(seen))) > 0))

  it('looks at a dozen words of an empty map', () => {
    const table = filled(() => false)
    assert.ok(cost(table) <= 16, `${cost(table)}`)
  })

  it('looks at two dozen more at most where one number in four million is free, and 131,072 words are not', () => {
    const empty = cost(filled(() => false))
    for (const free of [300, 301, 32767, 32768, 2000000, NUMBERS - 1]) {
      const table = filled((nr) => nr !== free)
      assert.ok(cost(table) <= empty + 24, `${free}`)
    }
  })
})

describe('a lookup by the hash', () => {
  it('reads eight words where the number is the first of its chain, and five more for each before it', () => {
    const table = P.createPidTable({ pidMax: NUMBERS, defer: () => {} })
    const ns = P.initPidNs(table)
    const pids = Array.from({ length: 5000 }, () => made(P.allocPid(table, ns)))
    const costs = pids.map((_, i) => wordsTouched(table, (seen) => P.findPidNs(seen, i + 1, ns)))
    const first = Math.min(...costs)
    assert.ok(first <= 8, `${first}`)
    assert.ok(Math.max(...costs) <= first + 3 * 5, `${Math.max(...costs)}`)
    assert.ok(costs.filter((count) => count === first).length >= (costs.length * 7) / 8)
    sound(table)
  })
})

describe('memory', () => {
  const bytesFor = (count: number, make: (kernel: Kernel, i: number) => void): number => {
    const kernel = Kernel.boot()
    const before = memoryOf(kernel).highWater
    for (let i = 0; i < count; i++) make(kernel, i)
    const bytes = (4 * (memoryOf(kernel).highWater - before)) / count
    assert.deepEqual(kernel.check(), [])
    return bytes
  }

  it('of a process of one thread at level 0 is 384 bytes at most, however many there are', () => {
    for (const count of [5000, 8200, 10000, 20000]) {
      const bytes = bytesFor(count, (kernel) => kernel.init.fork())
      assert.ok(bytes <= 384, `${bytes} for each of ${count}`)
    }
  })

  it('of a namespace without a process is 12 KiB at most, the process that holds it included', () => {
    const bytes = bytesFor(200, (kernel) => void kernel.init.fork().unshare(CLONE_NEWPID))
    assert.ok(bytes <= 12 * 1024, `${bytes}`)
  })
})
