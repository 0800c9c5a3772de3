/** What is findable, and what a reader sees of it that holds no lock. */
import { PIDNS_HASH_ADDING } from '#internal/shared/abi/limits.js'
import type { NsRef, PidRef } from '#internal/shared/mm/layout.js'
import * as L from '#internal/shared/mm/layout.js'
import { kmemCacheAlloc, kmemCacheFree, slotGeneration, slotLive } from '#internal/shared/mm/slab.js'
import { checkPids } from '#internal/shared/pid/check.js'
import {
  allocPid,
  disablePidAllocation,
  findPidNs,
  freePid,
  getPid,
  putPid,
} from '#internal/shared/pid/pid.js'
import { createPidNamespace } from '#internal/shared/pid/pid_namespace.js'
import { initPidNs, type PidTable } from '#internal/shared/pid/table.js'
import { upidAt } from '#internal/shared/pid/upid.js'
import { rcuBarrier } from '#internal/shared/sync/rcu.js'
import { initWork, scheduleWork } from '#internal/shared/sync/workqueue.js'
import { expect, type Scenario, scenario } from './scenario.ts'
import { endTurn, openTables, smallTable, type Tables } from './tables.ts'

interface Pids {
  readonly words: Int32Array
  readonly ns: NsRef
  readonly pids: readonly PidRef[]
}

/** A table with so many numbers from 1 on, in the namespace at this level. */
function pidsAt(level: number, count: number): Pids {
  const table = smallTable()
  let ns = initPidNs(table)
  for (let i = 0; i < level; i++) ns = createPidNamespace(table, ns)
  const pids: PidRef[] = []
  for (let i = 0; i < count; i++) pids.push(allocPid(table, ns))
  return { words: table.words, ns, pids }
}

/** Is this a whole `struct pid` with this number? */
function expectWhole(table: PidTable, pid: PidRef, nr: number, ns: NsRef): void {
  const { words } = table
  const level = words[ns + L.NS_LEVEL]
  expect(slotLive(table, pid), `number ${nr} is found, but its record is free`)
  expect(words[pid + L.PID_COUNT] > 0, `number ${nr} is found, but nobody holds a reference`)
  expect(
    words[pid + L.PID_LEVEL] === level,
    `number ${nr} is found, but its level is ${words[pid + L.PID_LEVEL]}`,
  )
  const upid = upidAt(pid, level)
  expect(
    words[upid + L.UPID_NR] === nr && words[upid + L.UPID_NS] === ns,
    `number ${nr} is found, but is another's`,
  )
}

function sound({ tables }: Tables<Pids>): string[] {
  rcuBarrier(tables[0])
  return checkPids(tables[0])
}

const publish = (level: number): Scenario =>
  scenario<Pids, Tables<Pids>>({
    name: level === 0 ? 'publish-lookup' : 'nested-publish',
    says: `a lookup while a number is published${level === 0 ? '' : ` at ${level + 1} levels`}: not there, or whole`,
    setUp: () => pidsAt(level, 1),
    join: (base, hasEnded) => openTables(base, 2, hasEnded),
    agents: [
      ({ tables, base }: Tables<Pids>): void => {
        expect(allocPid(tables[0], base.ns) > 0, 'no number')
      },
      ({ tables, base }: Tables<Pids>): void => {
        const table = tables[1]
        const pid = findPidNs(table, 2, base.ns)
        if (pid !== 0) expectWhole(table, pid, 2, base.ns)
        const outer = findPidNs(table, 2, initPidNs(table))
        if (pid !== 0 && outer !== 0) expect(outer === pid, 'another one is found outside')
      },
    ],
    check: sound,
  })

/** Numbers of one bucket of the smallest hash: 1, 17, 33, the last in front. */
function chain(count: number): Pids {
  const table = smallTable()
  const ns = initPidNs(table)
  const pids: PidRef[] = []
  for (let i = 0; i < count; i++) {
    table.words[ns + L.NS_LAST_PID] = 16 * i
    pids.push(allocPid(table, ns))
  }
  table.words[ns + L.NS_LAST_PID] = 16 * count
  return { words: table.words, ns, pids }
}

const publishChain = scenario<Pids, Tables<Pids>>({
  name: 'publish-chain',
  says: 'a number is published in front of a chain that a reader walks: what is behind it is found',
  setUp: () => chain(2),
  join: (base, hasEnded) => openTables(base, 2, hasEnded),
  agents: [
    ({ tables, base }): void => {
      expect(allocPid(tables[0], base.ns) > 0, 'no number')
    },
    ({ tables, base }): void => {
      expect(findPidNs(tables[1], 1, base.ns) === base.pids[0], 'a number that is there is not found')
    },
  ],
  check: sound,
})

const chains = scenario<Pids, Tables<Pids>>({
  name: 'free-lookup',
  says: 'a number is taken out of sight while a reader stands on it: the reader finds the rest of the chain',
  setUp: () => chain(3),
  join: (base, hasEnded) => openTables(base, 2, hasEnded),
  agents: [
    ({ tables, base }): void => freePid(tables[0], base.pids[1]),
    ({ tables, base }): void => {
      const table = tables[1]
      const pid = findPidNs(table, 1, base.ns)
      expect(pid === base.pids[0], 'a number that is there is not found')
      expectWhole(table, pid, 1, base.ns)
    },
  ],
  check: ({ tables, base }) =>
    findPidNs(tables[0], 1, base.ns) === base.pids[0] ? [] : ['a number that is there is not found'],
})

const grow = scenario<Pids, Tables<Pids>>({
  name: 'hash-grows',
  says: 'a lookup while the hash grows: what is there is found',
  setUp: () => pidsAt(0, 4),
  join: (base, hasEnded) => openTables(base, 2, hasEnded),
  agents: [
    ({ tables, base }): void => {
      expect(allocPid(tables[0], base.ns) > 0, 'no number')
    },
    ({ tables, base }): void => {
      const pid = findPidNs(tables[1], 2, base.ns)
      expect(pid === base.pids[1], 'a number that is there is not found')
    },
  ],
  check: sound,
})

const dying = scenario<Pids, Tables<Pids>>({
  name: 'alloc-dying',
  says: 'a number is taken in a namespace that dies: the namespace has it, or it was refused; none comes later',
  setUp: () => pidsAt(1, 1),
  join: (base, hasEnded) => openTables(base, 2, hasEnded),
  agents: [
    ({ tables, base, seen }): void => {
      const pid = allocPid(tables[0], base.ns)
      seen[0].push(pid > 0 ? 1 : 0)
    },
    ({ tables, base, seen }): void => {
      disablePidAllocation(tables[1], base.ns)
      seen[1].push(tables[1].words[base.ns + L.NS_NR_HASHED] & ~PIDNS_HASH_ADDING)
    },
  ],
  check: (world) => {
    const { base, seen } = world
    const now = base.words[base.ns + L.NS_NR_HASHED]
    const late =
      now !== seen[1][0] ? [`the dead namespace had ${seen[1][0]} numbers, and now has ${now}`] : []
    return [...late, ...sound(world)]
  },
})

const refcount = scenario<Pids, Tables<Pids>>({
  name: 'get-put',
  says: 'two agents put references, one gets one before its last: the record is freed once, with the last',
  setUp: () => {
    const base = pidsAt(0, 2)
    const table = { words: base.words }
    table.words[base.pids[1] + L.PID_COUNT] += 1
    return base
  },
  join: (base, hasEnded) => openTables(base, 2, hasEnded),
  agents: [
    ({ tables, base }): void => putPid(tables[0], base.pids[1]),
    ({ tables, base }): void => {
      getPid(tables[1], base.pids[1])
      putPid(tables[1], base.pids[1])
    },
  ],
  check: ({ base, tables }) => {
    const count = base.words[base.pids[1] + L.PID_COUNT]
    if (!slotLive(tables[0], base.pids[1])) return ['the record is free, though there is a reference']
    return count === 1 ? [] : [`${count} references, not 1`]
  },
})

const handles = scenario<Pids, Tables<Pids>>({
  name: 'stale-handle',
  says: 'a record is freed and used again: whoever knows slot and generation sees that it is another one',
  setUp: () => pidsAt(0, 1),
  join: (base, hasEnded) => openTables(base, 2, hasEnded),
  agents: [
    ({ tables, seen }): void => {
      const table = tables[0]
      const slot = kmemCacheAlloc(table, L.SLAB_TASK)
      seen[0].push(slot, slotGeneration(table, slot))
      kmemCacheFree(table, L.SLAB_TASK, slot)
    },
    ({ tables, seen }): void => {
      const table = tables[1]
      const slot = kmemCacheAlloc(table, L.SLAB_TASK)
      seen[1].push(slot, slotGeneration(table, slot))
    },
  ],
  check: ({ seen: [first, second] }) =>
    first[0] === second[0] && first[1] === second[1] ? ['two records have the same slot and generation'] : [],
})

const work = scenario<Pids, Tables<Pids>>({
  name: 'work',
  says: 'a work item is queued by two while it runs: it is on the list once, and none is lost',
  setUp: () => {
    const base = pidsAt(1, 1)
    initWork({ words: base.words } as PidTable, base.ns + L.NS_PROC_WORK, 0)
    return base
  },
  join: (base, hasEnded) => openTables(base, 2, hasEnded),
  agents: [0, 1].map((nr) => (world: Tables<Pids>): void => {
    const table = world.tables[nr]
    const item = world.base.ns + L.NS_PROC_WORK
    const queued = scheduleWork(table, item)
    world.seen[nr].push(queued ? 1 : 0)
    endTurn(world, nr)
  }),
  check: ({ base: { words, ns }, seen }) => {
    const item = ns + L.NS_PROC_WORK
    const count = seen.flat().reduce((sum, one) => sum + one, 0)
    const alone = words[L.H_WORK_LIST] === item && words[item] === 0
    return count === 1 && alone ? [] : [`queued ${count} times, and the list is ${alone ? 'right' : 'wrong'}`]
  },
})

export const LOOKUPS: readonly Scenario[] = [
  publish(0),
  publish(1),
  publishChain,
  chains,
  grow,
  dying,
  refcount,
  handles,
  work,
]
