/** Locks, the journal, and what they guard. */
import * as L from '#internal/shared/mm/layout.js'
import { kmemCacheAlloc, kmemCacheFree, slabLive } from '#internal/shared/mm/slab.js'
import type { PidTable } from '#internal/shared/pid/table.js'
import { lockCalls, rawSpinLock, rawSpinUnlock, unlockCalls } from '#internal/shared/sync/raw_spinlock.js'
import { CALL_UNDER_WAY, readCallsBegin, readCallsEnd } from '#internal/shared/sync/read_calls.js'
import { expect, type Scenario, scenario } from './scenario.ts'
import { openTables, smallTable, type Tables } from './tables.ts'

export interface Words {
  readonly words: Int32Array
  /** Two words that are changed together. */
  readonly at: number
}

export const setUp = (): Words => {
  const table = smallTable()
  return { words: table.words, at: kmemCacheAlloc(table, L.SLAB_NS) + 2 }
}

/** One more in a word, by a read and a write. */
function count(table: PidTable, at: number): void {
  const { words } = table
  rawSpinLock(table, L.H_PIDMAP_LOCK)
  const old = words[at]
  words[at] = old + 1
  rawSpinUnlock(table, L.H_PIDMAP_LOCK)
}

const locks = (n: number, rounds: number): Scenario =>
  scenario<Words, Tables<Words>>({
    name: `lock-${n}`,
    says: `one lock, ${n} agents: one at a time is inside, and whoever sleeps is woken`,
    setUp,
    join: (base, hasEnded) => openTables(base, n, hasEnded),
    agents: Array.from({ length: n }, (_, nr) => ({ tables, base }: Tables<Words>): void => {
      for (let i = 0; i < rounds; i++) count(tables[nr], base.at)
    }),
    check: ({ base: { words, at } }) => [
      ...(words[at] === n * rounds ? [] : [`counted ${words[at]}, not ${n * rounds}`]),
      ...(words[L.H_PIDMAP_LOCK] === 0 ? [] : ['the lock is still held']),
    ],
  })

/** In a lock's word: its holder only reads. */
const READS = 1 << 31

/** A call of the facade: both words, or none. */
export function call({ tables, base, seen }: Tables<Words>, nr: number): void {
  const table = tables[nr]
  const { words } = table
  table.callLock = L.H_TASKLIST_LOCK
  expect(lockCalls(table), 'the lock is not to be had')
  expect(words[base.at] === words[base.at + 1], 'a call is seen half done')
  words[base.at] += 1
  // With three agents the inner lock would only make the schedules more.
  if (tables.length < 3) rawSpinLock(table, L.H_PIDMAP_LOCK)
  words[base.at + 1] += 1
  if (tables.length < 3) rawSpinUnlock(table, L.H_PIDMAP_LOCK)
  unlockCalls(table)
  seen[nr].push(1)
}

export function checkCalls(
  { base: { words, at }, tables, seen }: Tables<Words>,
  dead: readonly number[],
): string[] {
  const problems: string[] = []
  const done = seen.flat().length
  // A dead worker's lock, and what it left half done, stay until somebody wants the lock.
  const holder = words[L.H_TASKLIST_LOCK] >> 1
  if (dead.some((nr) => tables[nr].owner >> 1 === holder)) return problems
  if (holder !== 0) problems.push('tasklistLock is still held')
  const inner = (words[L.H_PIDMAP_LOCK] & ~READS) >> 1
  if (inner !== 0 && !dead.some((nr) => tables[nr].owner >> 1 === inner))
    problems.push('pidmapLock is still held')
  if (words[at] !== words[at + 1]) problems.push('a call is half done')
  if (words[at] < done || words[at] > done + dead.length)
    problems.push(`${words[at]} calls seen, ${done} made`)
  return problems
}

const deaths = (n: number, mayDie: readonly number[]): Scenario =>
  scenario<Words, Tables<Words>>({
    name: `lock-death-${n}`,
    says: `a worker dies at any step of a call, ${n} agents: the call never was, or has been, and the others go on`,
    setUp,
    join: (base, hasEnded) => openTables(base, n, hasEnded),
    agents: Array.from({ length: n }, (_, nr) => (world: Tables<Words>): void => {
      call(world, nr)
      // A second one by the last finds what the dead one left, whenever that died.
      if (n === 2 && nr === 1) call(world, nr)
    }),
    mayDie,
    check: checkCalls,
  })

/** Reads both words without the lock, and once more, as after a call that it has heard of. */
function readBeside({ tables, base: { words, at }, seen }: Tables<Words>, nr: number): void {
  const table = tables[nr]
  table.callLock = L.H_TASKLIST_LOCK
  for (let i = 0; i < 2; i++) {
    const call = readCallsBegin(table)
    if (call === CALL_UNDER_WAY) continue
    const first = words[at]
    const second = words[at + 1]
    if (!readCallsEnd(table, call)) continue
    expect(first === second, 'a call is seen half done')
    for (const before of seen[nr]) expect(first >= before, 'what was seen is gone again')
    seen[nr].push(first)
  }
}

const readers = (n: number): Scenario =>
  scenario<Words, Tables<Words>>({
    name: `read-beside-${n}`,
    says: `words that calls change are read without their lock, ${n} agents, of which one may die in a call: of one state, or not used`,
    setUp,
    join: (base, hasEnded) => openTables(base, n, hasEnded),
    agents: Array.from({ length: n }, (_, nr) => (world: Tables<Words>): void => {
      if (nr === n - 1) readBeside(world, nr)
      else call(world, nr)
    }),
    mayDie: [0],
    check: ({ tables, seen, base }, dead) =>
      checkCalls({ tables, base, seen: seen.slice(0, -1) } as unknown as Tables<Words>, dead),
  })

const slabs = scenario<Words, Tables<Words>>({
  name: 'slab',
  says: 'slots of one slab, taken and given back by two agents: none is had twice, none is lost',
  setUp,
  join: (base, hasEnded) => openTables(base, 2, hasEnded),
  agents: [0, 1].map((nr) => ({ tables, seen }: Tables<Words>): void => {
    const table = tables[nr]
    const first = kmemCacheAlloc(table, L.SLAB_TASK)
    table.words[first + 3] = nr + 1
    const second = kmemCacheAlloc(table, L.SLAB_TASK)
    expect(table.words[first + 3] === nr + 1, 'a slot is had twice')
    kmemCacheFree(table, L.SLAB_TASK, first)
    seen[nr].push(second)
  }),
  check: ({ tables, seen }) => [
    ...(new Set(seen.flat()).size === 2 ? [] : ['a slot is had twice']),
    ...(slabLive(tables[0], L.SLAB_TASK) === 2 ? [] : ['the count of slots is wrong']),
  ],
})

export const LOCKS: readonly Scenario[] = [
  locks(2, 2),
  locks(3, 1),
  deaths(2, [0]),
  deaths(3, [0]),
  readers(2),
  readers(3),
  slabs,
]
