/* The hash of numbers: chains, growth, and what happens when it cannot grow. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import * as P from 'pidns/pid'
import * as L from '#internal/mm/layout.js'
import { upidOfNode } from '#internal/pid/pid_hash.js'
import { hlistFirstRcu, hlistNextRcu } from '#internal/sync/hlist.js'
import { allocNr, allocPids, made, nest, numbersOfOneBucket, smallTable, sound, word } from './pid_tools.ts'

const buckets = (table: P.PidTable): number => 1 << word(table, L.H_HASH_SHIFT)

/** The numbers on a bucket's chain, from its head. */
const chain = (table: P.PidTable, bucket: number): number[] => {
  const numbers: number[] = []
  let node = hlistFirstRcu(table.words, P.pidHashHead(table, bucket))
  for (; node !== 0; node = hlistNextRcu(table.words, node))
    numbers.push(word(table, upidOfNode(node) + L.UPID_NR))
  return numbers
}

const lengths = (table: P.PidTable): number[] =>
  Array.from({ length: buckets(table) }, (_, i) => chain(table, i).length)

describe('the pid hash', () => {
  it('puts a new number in front of its chain, and takes numbers out anywhere', () => {
    const table = smallTable({ defer: () => {} })
    const ns = P.initPidNs(table)
    const numbers = numbersOfOneBucket(table, ns, 4)
    const [a, b, c, d] = numbers as [number, number, number, number]
    const bucket = P.pidHashfn(table, a, ns)
    const pids = numbers.map((nr) => allocNr(table, ns, nr)) as [P.PidRef, P.PidRef, P.PidRef, P.PidRef]
    assert.deepEqual(chain(table, bucket), [d, c, b, a])
    P.freePid(table, pids[2])
    assert.deepEqual(chain(table, bucket), [d, b, a])
    P.freePid(table, pids[3])
    assert.deepEqual(chain(table, bucket), [b, a])
    assert.equal(P.findPidNs(table, a, ns), pids[0])
    P.freePid(table, pids[0])
    assert.deepEqual(chain(table, bucket), [b])
    sound(table)
  })

  it('doubles with what is hashed, so that few chains hold more than one, and keeps every number findable', () => {
    const table = P.createPidTable({ defer: () => {} })
    const spaces = nest(table, 2)
    assert.equal(buckets(table), 16)
    const pids: P.PidRef[] = []
    for (const count of [5, 6, 20, 300, 1500]) {
      pids.push(...allocPids(table, spaces[2], count))
      const hashed = pids.length * 3
      assert.equal(word(table, L.H_HASH_COUNT), hashed)
      assert.ok(
        buckets(table) >= 4 * (hashed - 1) && buckets(table) <= Math.max(32, 8 * hashed),
        `${buckets(table)} for ${hashed}`,
      )
      for (const ns of spaces) {
        assert.ok(pids.every((pid) => P.findPidNs(table, P.pidNrNs(table, pid, ns), ns) === pid))
      }
      assert.ok(Math.max(...lengths(table)) <= 6)
      sound(table)
    }
    for (const pid of pids.slice(1)) P.freePid(table, pid)
    assert.equal(
      lengths(table).reduce((sum, length) => sum + length),
      3,
    )
    sound(table)
  })

  it('spreads the numbers of one namespace, and equal numbers of many', () => {
    const table = P.createPidTable({ maxNamespaces: 600, defer: () => {} })
    allocPids(table, P.initPidNs(table), 1000)
    assert.ok(Math.max(...lengths(table)) <= 3, 'consecutive numbers')
    const spaces = Array.from({ length: 500 }, () => made(P.createPidNamespace(table, P.initPidNs(table))))
    for (const ns of spaces) made(P.allocPid(table, ns))
    assert.ok(Math.max(...lengths(table)) <= 12, 'number 1 of 500 namespaces besides')
    sound(table)
  })

  it('lets chains grow longer where there is no memory for more buckets', () => {
    const table = smallTable()
    const ns = P.initPidNs(table)
    allocPids(table, ns, 4)
    P.failNth(table, 2)
    made(P.allocPid(table, ns))
    assert.deepEqual([buckets(table), word(table, L.H_FAIL_NTH)], [16, 0])
    sound(table)
    allocPids(table, ns, 1)
    assert.equal(buckets(table), 32)
    sound(table)
  })

  it('finds what is there and nothing else, for any number', () => {
    const table = smallTable({ defer: () => {} })
    const [outer, inner] = nest(table, 1)
    const pids = [...allocPids(table, outer, 20), ...allocPids(table, inner, 20)]
    for (const pid of pids.filter((_, i) => i % 3 === 1)) P.freePid(table, pid)
    const live = pids.filter((_, i) => i % 3 !== 1)
    const any = fc.oneof(fc.integer({ min: -2, max: 130 }), fc.integer())
    fc.assert(
      fc.property(any, fc.constantFrom(outer, inner), (nr, ns) => {
        const found = nr <= 0 ? undefined : live.find((pid) => P.pidNrNs(table, pid, ns) === nr)
        assert.equal(P.findPidNs(table, nr, ns), found ?? 0)
      }),
      { numRuns: 500 },
    )
    sound(table)
  })
})
