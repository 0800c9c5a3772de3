/* Which number comes next: by the table of cases, and by a dumb model of each of the two eras' rules. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { EAGAIN, EEXIST } from 'pidns'
import * as P from 'pidns/pid'
import * as L from '#internal/mm/layout.js'
import { allocPids, bitOf, made, smallTable, sound, word } from './pid_tools.ts'

const ERAS = ['4.14', 'latest'] as const

/** Numbers that are taken: single ones, and [from, to] with both ends. */
type Taken = (number | [from: number, to: number])[]
type Case = [pidMax: number, taken: Taken, last: number, seeds: number, latest: number]

const FULL = -EAGAIN
const VECTORS: Case[] = [
  [32768, [], 0, 1, 1],
  [32768, [1], 32767, 300, 300],
  [32768, [1], 32768, 300, 300],
  [32768, [1, 300], 32767, 301, 301],
  [32768, [1, 100, 101], 99, 102, 102],
  [310, [1, [300, 309]], 309, FULL, FULL],
  [310, [1, [300, 309]], 299, FULL, 2],
  [310, [1, [301, 309]], 300, FULL, 300],
  [310, [1, [301, 309]], 301, 300, 300],
  [310, [1, [300, 304], [306, 309]], 305, 305, 305],
  [301, [1], 300, 300, 300],
  [301, [1, 300], 300, FULL, FULL],
  [301, [1, [151, 300]], 150, FULL, 2],
  [310, [1, [2, 4], [6, 309]], 4, 5, 5],
  [310, [1, [2, 4], [6, 309]], 5, FULL, 5],
  [310, [1, [2, 4], [6, 309]], 309, FULL, FULL],
  [400, [1], 5000, 300, 300],
  [65536, [1], 32767, 32768, 32768],
  [65536, [1, [300, 38999], [39001, 65535]], 40000, 39000, 39000],
  [65536, [1, [300, 32699], [32701, 65535]], 32767, 32700, 32700],
  [40000, [1], 39999, 300, 300],
]

/** A table of which these numbers are taken, each by a pid. */
function takenTable(era: 'latest' | '4.14', taken: Taken): { table: P.PidTable; pids: P.PidRef[] } {
  const table = P.createPidTable({ era, pidMax: 65536, maxPids: 70000, maxNamespaces: 1, defer: () => {} })
  const ns = P.initPidNs(table)
  P.setChildReaper(table, ns, made(P.allocTaskStruct(table)))
  const pids: P.PidRef[] = []
  for (const range of taken) {
    const [from, to] = typeof range === 'number' ? [range, range] : range
    for (let nr = from; nr <= to; nr++) pids.push(made(P.allocPid(table, ns, [nr])))
  }
  P.setChildReaper(table, ns, 0 as P.TaskRef)
  return { table, pids }
}

const show = (taken: Taken): string => taken.map((one) => [one].flat().join('..')).join(', ') || 'nothing'

describe('allocPidmap, case by case', () => {
  for (const era of ERAS) {
    for (const [pidMax, taken, last, seeds, latest] of VECTORS) {
      const expected = era === '4.14' ? seeds : latest
      it(`${era}: pid_max ${pidMax}, taken ${show(taken)}, last ${last}: ${expected === FULL ? 'EAGAIN' : expected}`, () => {
        const { table, pids } = takenTable(era, taken)
        const ns = P.initPidNs(table)
        table.words[ns + L.NS_PID_MAX] = pidMax
        table.words[ns + L.NS_LAST_PID] = last
        const pid = P.allocPid(table, ns)
        assert.equal(pid < 0 ? pid : P.pidNr(table, pid), expected)
        assert.equal(word(table, ns + L.NS_LAST_PID), expected === FULL ? last : expected)
        sound(table)
        for (const one of pid < 0 ? pids : [...pids, pid]) P.freePid(table, one)
        sound(table)
      })
    }
  }
})

/** The seeds' kernel, page by page. */
function nextOfSeeds(
  taken: Set<number>,
  last: number,
  pidMax: number,
  reserved: number,
  page: number,
): number {
  let nr = last + 1
  if (nr >= pidMax) nr = reserved
  let rounds = Math.ceil(pidMax / page) - (nr % page === 0 ? 1 : 0)
  for (; rounds >= 0; rounds--) {
    const end = Math.min(pidMax, (Math.floor(nr / page) + 1) * page)
    for (; nr < end; nr++) if (!taken.has(nr)) return nr
    if (nr < pidMax) continue
    nr = reserved
    if (last === reserved) break
  }
  return FULL
}

/** Today's kernel: upwards from the cursor, then once more from a floor. */
function nextOfToday(taken: Set<number>, last: number, pidMax: number, reserved: number): number {
  for (let nr = last + 1; nr < pidMax; nr++) if (!taken.has(nr)) return nr
  for (let nr = last + 1 > reserved ? reserved : 1; nr < pidMax; nr++) if (!taken.has(nr)) return nr
  return FULL
}

describe('allocPidmap', () => {
  const RESERVED = 3
  const move = fc.record({
    kind: fc.constantFrom('alloc', 'alloc', 'alloc', 'free', 'pidMax', 'last'),
    value: fc.nat({ max: 127 }),
  })
  for (const era of ERAS) {
    it(`gives the numbers of a dumb model, freed, rewound and under changing limits: ${era}`, () => {
      const sizes = fc.constantFrom(32, 64)
      const lengths = fc.array(move, { minLength: 40, maxLength: 200 })
      fc.assert(
        fc.property(sizes, fc.integer({ min: 4, max: 128 }), lengths, (bitsPerPage, pidMaxAtFirst, moves) => {
          const table = smallTable({ era, bitsPerPage, pidMax: pidMaxAtFirst, defer: () => {} })
          const ns = P.initPidNs(table)
          const pids = new Map<number, P.PidRef>()
          let pidMax = pidMaxAtFirst
          let last = 0
          for (const { kind, value } of moves) {
            if (kind === 'pidMax') table.words[ns + L.NS_PID_MAX] = pidMax = Math.max(RESERVED + 1, value)
            if (kind === 'last') table.words[ns + L.NS_LAST_PID] = last = Math.min(value, pidMax)
            const some = [...pids.keys()][value % pids.size]
            if (kind === 'free' && pids.size > 1 && some !== undefined) {
              P.freePid(table, pids.get(some) as P.PidRef)
              pids.delete(some)
            }
            if (kind !== 'alloc') continue
            const taken = new Set([0, ...pids.keys()])
            const expected =
              era === '4.14'
                ? nextOfSeeds(taken, last, pidMax, RESERVED, bitsPerPage)
                : nextOfToday(taken, last, pidMax, RESERVED)
            const pid = P.allocPid(table, ns)
            assert.equal(pid < 0 ? pid : P.pidNr(table, pid), expected)
            if (pid > 0) pids.set((last = expected), pid)
          }
          for (let nr = 1; nr < 128; nr++) assert.equal(bitOf(table, ns, nr), pids.has(nr) ? 1 : 0)
          sound(table)
        }),
        { numRuns: 300 },
      )
    })
  }

  it('takes each number below pid_max once, then fails until one is freed, however many rounds', () => {
    const table = smallTable({ pidMax: 100 })
    const ns = P.initPidNs(table)
    const pids = allocPids(table, ns, 99)
    assert.deepEqual(
      pids.map((pid) => P.pidNr(table, pid)),
      Array.from({ length: 99 }, (_, i) => i + 1),
    )
    for (const i of [50, 2, 98, 30]) {
      assert.equal(P.allocPid(table, ns), -EAGAIN)
      P.freePid(table, pids[i] as P.PidRef)
      pids[i] = made(P.allocPid(table, ns))
      assert.equal(P.pidNr(table, pids[i] as P.PidRef), i + 1)
    }
    sound(table)
  })

  it('does not give out numbers below RESERVED_PIDS again after a wrap', () => {
    for (const era of ERAS) {
      const table = smallTable({ era, pidMax: 10 })
      const ns = P.initPidNs(table)
      const pids = allocPids(table, ns, 9)
      P.freePid(table, pids[1] as P.PidRef)
      assert.equal(P.allocPid(table, ns), -EAGAIN)
      P.freePid(table, pids[6] as P.PidRef)
      assert.equal(P.pidNr(table, made(P.allocPid(table, ns))), 7)
      sound(table)
    }
  })

  it('obeys a pid_max that was lowered; numbers above it stay, and are found', () => {
    const table = smallTable({ pidMax: 128 })
    const ns = P.initPidNs(table)
    const pids = allocPids(table, ns, 100)
    table.words[ns + L.NS_PID_MAX] = 50
    assert.equal(P.allocPid(table, ns), -EAGAIN)
    assert.equal(P.nextPidmap(table, ns, 99), 100)
    for (const pid of pids.slice(19, 21)) P.freePid(table, pid)
    assert.deepEqual(
      allocPids(table, ns, 2).map((pid) => P.pidNr(table, pid)),
      [20, 21],
    )
    assert.equal(P.allocPid(table, ns), -EAGAIN)
    assert.equal(P.findPidNs(table, 100, ns), pids[99])
    sound(table)
  })

  it('has one pid_max for all namespaces in era 4.14, and one for each today', () => {
    for (const [era, inner] of [
      ['4.14', -EAGAIN],
      ['latest', 4],
    ] as const) {
      const table = smallTable({ era, pidMax: 4 })
      const ns = made(P.createPidNamespace(table, P.initPidNs(table)))
      assert.deepEqual(
        Array.from({ length: 4 }, () => P.allocPidmap(table, ns)),
        [1, 2, 3, inner],
      )
    }
  })

  it('allocates only the pages that it meets', () => {
    const table = smallTable()
    const ns = P.initPidNs(table)
    const pages = (): boolean[] =>
      [0, 1, 2, 3].map((i) => word(table, P.pidmapEntry(ns, i) + L.PIDMAP_PAGE) !== 0)
    allocPids(table, ns, 31)
    assert.deepEqual(pages(), [true, false, false, false])
    table.words[ns + L.NS_LAST_PID] = 95
    allocPids(table, ns, 1)
    assert.deepEqual(pages(), [true, false, false, true])
    sound(table)
  })
})

describe('allocPidmapAt', () => {
  it('takes the very number, once, and leaves the cursor', () => {
    const table = smallTable()
    const ns = P.initPidNs(table)
    P.setChildReaper(table, ns, made(P.allocTaskStruct(table)))
    allocPids(table, ns, 2)
    const pid = made(P.allocPid(table, ns, [70]))
    assert.equal(P.pidNr(table, pid), 70)
    assert.deepEqual([P.allocPidmapAt(table, ns, 70), P.allocPid(table, ns, [70])], [-EEXIST, -EEXIST])
    assert.equal(P.pidNr(table, made(P.allocPid(table, ns))), 3)
    sound(table)
  })
})

describe('setLastPid', () => {
  it('leaves the number that is later in the circle, counted from where the search began', () => {
    const table = smallTable()
    const ns = P.initPidNs(table)
    const set = (now: number, base: number, pid: number): number => {
      table.words[ns + L.NS_LAST_PID] = now
      P.setLastPid(table, ns, base, pid)
      return word(table, ns + L.NS_LAST_PID)
    }
    assert.equal(set(100, 100, 101), 101, 'nobody else')
    assert.equal(set(102, 100, 101), 102, 'another has gone further')
    assert.equal(set(101, 100, 102), 102, 'another is behind')
    assert.equal(set(5, 120, 122), 5, 'another has wrapped')
    assert.equal(set(122, 120, 5), 5, 'this one has wrapped')
  })

  it('pidBefore counts round the circle of all words', () => {
    assert.deepEqual(
      [P.pidBefore(100, 101, 102), P.pidBefore(100, 102, 101), P.pidBefore(100, 101, 101)],
      [true, false, false],
    )
    assert.deepEqual([P.pidBefore(120, 122, 5), P.pidBefore(120, 5, 122)], [true, false])
  })
})
