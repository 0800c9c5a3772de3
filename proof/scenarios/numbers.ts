/** Bits, summaries, numbers. */
import { clearBit, testAndSetBit } from '#internal/shared/lib/bitmap.js'
import type { NsRef, PidRef } from '#internal/shared/mm/layout.js'
import * as L from '#internal/shared/mm/layout.js'
import { checkPids } from '#internal/shared/pid/check.js'
import { allocPid, findPidNs, freePid } from '#internal/shared/pid/pid.js'
import { allocPidmap, freePidmap, pidmapEntry, setLastPid } from '#internal/shared/pid/pidmap.js'
import { initPidNs } from '#internal/shared/pid/table.js'
import { upidAt } from '#internal/shared/pid/upid.js'
import { rcuBarrier } from '#internal/shared/sync/rcu.js'
import { expect, type Scenario, scenario } from './scenario.ts'
import { endTurn, openTables, smallTable, type Tables } from './tables.ts'

interface Words {
  readonly words: Int32Array
  readonly ns: NsRef
  readonly pids: readonly PidRef[]
}

/** A namespace with so many numbers from 1 on. */
function numbers(count: number, options = {}): Words {
  const table = smallTable(options)
  const ns = initPidNs(table)
  const pids: PidRef[] = []
  for (let i = 0; i < count; i++) pids.push(allocPid(table, ns))
  return { words: table.words, ns, pids }
}

/** The numbers found, those that two have, and what checkPids says. */
function checkNumbers({ tables, base, seen }: Tables<Words>, live: readonly number[]): string[] {
  const table = tables[0]
  const problems: string[] = []
  rcuBarrier(table)
  const all = seen.flat()
  if (new Set(all).size !== all.length) problems.push(`numbers given out twice: ${all.join(' ')}`)
  for (const nr of live) if (findPidNs(table, nr, base.ns) === 0) problems.push(`number ${nr} is lost`)
  for (const text of checkPids(table)) problems.push(text)
  return problems
}

const nrOf = (words: Int32Array, pid: PidRef): number => words[upidAt(pid, 0) + L.UPID_NR]

const allocAlloc = scenario<Words, Tables<Words>>({
  name: 'alloc-alloc',
  says: 'two agents take a number at the same time: each has its own, and both are found',
  setUp: () => numbers(1),
  join: (base, hasEnded) => openTables(base, 2, hasEnded),
  agents: [0, 1].map((nr) => ({ tables, base, seen }: Tables<Words>): void => {
    const pid = allocPid(tables[nr], base.ns)
    expect(pid > 0, `no number: ${pid}`)
    seen[nr].push(nrOf(tables[nr].words, pid))
  }),
  check: (world) => checkNumbers(world, world.seen.flat()),
})

const bits = scenario<Words, Tables<Words>>({
  name: 'numbers-3',
  says: 'three agents take a number at the same time, from a word that they fill: each has its own',
  setUp: () => {
    const base = numbers(1)
    base.words[base.ns + L.NS_LAST_PID] = 28
    return base
  },
  join: (base, hasEnded) => openTables(base, 3, hasEnded),
  agents: [0, 1, 2].map((nr) => ({ tables, base, seen }: Tables<Words>): void => {
    seen[nr].push(allocPidmap(tables[nr], base.ns))
  }),
  check: ({ base: { words, ns }, seen }) => {
    const problems =
      new Set(seen.flat()).size === 3 ? [] : [`numbers given out twice: ${seen.flat().join(' ')}`]
    if (words[pidmapEntry(ns, 0) + L.PIDMAP_NR_FREE] !== 27) problems.push('nr_free is wrong')
    if (words[ns + L.NS_LAST_PID] !== 31) problems.push(`last_pid is ${words[ns + L.NS_LAST_PID]}, not 31`)
    return problems
  },
})

const allocFree = scenario<Words, Tables<Words>>({
  name: 'alloc-free',
  says: 'one agent takes a number, one gives back another in the same word',
  setUp: () => numbers(3),
  join: (base, hasEnded) => openTables(base, 2, hasEnded),
  agents: [
    ({ tables, base, seen }): void => {
      const pid = allocPid(tables[0], base.ns)
      expect(pid > 0, `no number: ${pid}`)
      seen[0].push(nrOf(tables[0].words, pid))
    },
    (world): void => {
      freePid(world.tables[1], world.base.pids[1])
      endTurn(world, 1)
    },
  ],
  check: (world) => checkNumbers(world, [1, 3, ...world.seen.flat()]),
})

/** Bits 0 and 33 of two full words; the third is empty. */
const MAP = 40

interface Bits {
  readonly words: Int32Array
  readonly map: number
}

const summary = (n: number): Scenario =>
  scenario<Bits, Tables<Bits>>({
    name: `summary-${n}`,
    says: `${n} agents set and clear bits of a word that is full now and then: the summary tells the truth once they are done`,
    setUp: () => {
      const { words } = smallTable()
      const map = words[L.H_BRK] + MAP
      for (let bit = 0; bit < 64; bit++) testAndSetBit(words, bit, map)
      return { words, map }
    },
    join: (base, hasEnded) => openTables(base, n, hasEnded),
    agents: Array.from({ length: n }, (_, nr) => ({ base: { words, map } }: Tables<Bits>): void => {
      clearBit(words, nr, map)
      if (n === 2 || nr === 0) testAndSetBit(words, nr, map)
    }),
    check: ({ base: { words, map } }) => {
      const full = words[map] === -1
      const told = (words[map - 2] & 1) !== 0
      return full === told
        ? []
        : [`the word is ${full ? '' : 'not '}full, its summary says it is ${told ? '' : 'not '}`]
    },
  })

/** All numbers of the first page but 31 are taken, and the search begins there. */
const fullPage = scenario<Words, Tables<Words>>({
  name: 'full-page',
  says: 'a page becomes full while a number of it is given back: it is known whether it is full',
  setUp: () => {
    const base = numbers(3, { pidMax: 34 })
    const table = { words: base.words }
    for (let nr = 4; nr < 31; nr++)
      testAndSetBit(table.words, nr, base.words[pidmapEntry(base.ns, 0) + L.PIDMAP_PAGE])
    base.words[pidmapEntry(base.ns, 0) + L.PIDMAP_NR_FREE] = 1
    base.words[base.ns + L.NS_LAST_PID] = 30
    return base
  },
  join: (base, hasEnded) => openTables(base, 2, hasEnded),
  agents: [
    ({ tables, base, seen }): void => {
      seen[0].push(allocPidmap(tables[0], base.ns))
    },
    ({ tables, base }): void => freePidmap(tables[1], upidAt(base.pids[1], 0)),
  ],
  check: ({ base: { words, ns } }) => {
    const entry = pidmapEntry(ns, 0)
    const nrFree = words[entry + L.PIDMAP_NR_FREE]
    const told = (words[ns + L.NS_FULL_PAGES] & 1) !== 0
    const full = words[words[entry + L.PIDMAP_PAGE]] === -1
    if (told !== (nrFree === 0))
      return [`nr_free is ${nrFree}, but the full pages ${told ? 'have' : 'lack'} it`]
    return full === (nrFree === 0) ? [] : [`nr_free is ${nrFree}, the page is ${full ? 'full' : 'not full'}`]
  },
})

/** Both search at the end of the numbers, where the second page is not there yet. */
const newPage = scenario<Words, Tables<Words>>({
  name: 'new-page',
  says: 'two agents need the same page that is not there yet: it is installed once, and both have a number',
  setUp: () => {
    const base = numbers(1)
    base.words[base.ns + L.NS_LAST_PID] = 31
    return base
  },
  join: (base, hasEnded) => openTables(base, 2, hasEnded),
  agents: [0, 1].map((nr) => ({ tables, base, seen }: Tables<Words>): void => {
    seen[nr].push(allocPidmap(tables[nr], base.ns))
  }),
  check: ({ base: { words, ns }, seen }) => {
    const entry = pidmapEntry(ns, 1)
    const problems =
      new Set(seen.flat()).size === 2 ? [] : [`numbers given out twice: ${seen.flat().join(' ')}`]
    if (words[entry + L.PIDMAP_NR_FREE] !== 30) problems.push('nr_free of the new page is wrong')
    return problems
  },
})

const lastPid = scenario<Words, Tables<Words>>({
  name: 'last-pid',
  says: 'last_pid moves on only: whoever is late does not put it back',
  setUp: () => numbers(1),
  join: (base, hasEnded) => openTables(base, 2, hasEnded),
  agents: [0, 1].map(
    (nr) =>
      ({ tables, base }: Tables<Words>): void =>
        void setLastPid(tables[nr], base.ns, 1, 5 + 2 * nr),
  ),
  check: ({ base: { words, ns } }) =>
    words[ns + L.NS_LAST_PID] === 7 ? [] : [`last_pid is ${words[ns + L.NS_LAST_PID]}, not 7`],
})

export const NUMBERS: readonly Scenario[] = [
  allocAlloc,
  bits,
  allocFree,
  summary(2),
  summary(3),
  fullPage,
  newPage,
  lastPid,
]
