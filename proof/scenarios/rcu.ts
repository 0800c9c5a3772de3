/** Grace periods: what a reader holds in its hands is not freed. */
import { load, store } from '#internal/shared/lib/atomic.js'
import type { NsRef, PidRef } from '#internal/shared/mm/layout.js'
import * as L from '#internal/shared/mm/layout.js'
import { slabLive, slotGeneration, slotLive } from '#internal/shared/mm/slab.js'
import { RCU_PUT_PID } from '#internal/shared/pid/callbacks.js'
import { checkPids } from '#internal/shared/pid/check.js'
import { allocPid, findPidNs, freePid, getPid, putPid } from '#internal/shared/pid/pid.js'
import { initPidNs, type PidTable, type PidTableOptions } from '#internal/shared/pid/table.js'
import { upidAt } from '#internal/shared/pid/upid.js'
import { lockCalls, unlockCalls } from '#internal/shared/sync/raw_spinlock.js'
import {
  callRcu,
  rcuBarrier,
  rcuReadLock,
  rcuReadUnlock,
  rcuRunCallbacks,
} from '#internal/shared/sync/rcu.js'
import { expect, type Scenario, scenario } from './scenario.ts'
import { endTurn, openTables, smallTable, type Tables } from './tables.ts'

interface Pids {
  readonly words: Int32Array
  readonly ns: NsRef
  readonly pids: readonly PidRef[]
}

/** Numbers 1 and 2; 2 comes and goes. */
function twoPids(options: PidTableOptions = {}): Pids {
  const table = smallTable(options)
  const ns = initPidNs(table)
  const pids = [allocPid(table, ns), allocPid(table, ns)]
  // The next one has the same number again.
  table.words[ns + L.NS_LAST_PID] = 1
  return { words: table.words, ns, pids }
}

/** Takes number 2 out of sight, and ends its turn: what no reader is in the way of is freed, and used again. */
function updater(world: Tables<Pids>, nr: number): void {
  const table = world.tables[nr]
  const { ns, pids } = world.base
  call(table, () => freePid(table, pids[1]))
  endTurn(world, nr)
  call(table, () => expect(allocPid(table, ns) > 0, 'no number'))
  endTurn(world, nr)
}

/** Where calls lie inside a lock, this one does. */
function call(table: PidTable, run: () => void): void {
  if (table.callLock !== 0) expect(lockCalls(table), 'the lock is not to be had')
  run()
  if (table.callLock !== 0) unlockCalls(table)
}

/** A read section: what is found stays what it was until its end. */
function reader({ tables, base }: Tables<Pids>, nr: number): void {
  const table = tables[nr]
  const { words } = table
  rcuReadLock(table)
  const pid = findPidNs(table, 2, base.ns)
  if (pid !== 0) {
    const generation = slotGeneration(table, pid)
    const upid = upidAt(pid, 0)
    expect(words[upid + L.UPID_NR] === 2 && words[upid + L.UPID_NS] === base.ns, 'another one is found')
    expect(slotLive(table, pid) && slotGeneration(table, pid) === generation, 'it was freed under its reader')
    expect(words[pid + L.PID_COUNT] > 0, 'its first reference was dropped under its reader')
  }
  rcuReadUnlock(table)
}

function sound({ tables }: Tables<Pids>): string[] {
  const table = tables[0]
  const problems: string[] = []
  if (!rcuBarrier(table)) problems.push('a grace period does not end')
  for (const text of checkPids(table)) problems.push(text)
  const live = slabLive(table, L.SLAB_PID)
  if (live !== 2) problems.push(`${live} struct pids live, not 2`)
  return problems
}

/** Workers that run callbacks inside the lock that outlives its holder. */
function openCalls(base: Pids, hasEnded: (agent: number) => boolean): Tables<Pids> {
  const world = openTables(base, 2, hasEnded)
  for (const table of world.tables) table.callLock = L.H_TASKLIST_LOCK
  return world
}

const reuse = (lookup: 'hash' | 'idr'): Scenario =>
  scenario<Pids, Tables<Pids>>({
    name: lookup === 'hash' ? 'free-lookup-reuse' : 'free-lookup-reuse-idr',
    says: `a number is taken out of sight, freed and used again (${lookup}): not in a reader’s hands`,
    setUp: () => twoPids({ lookup }),
    join: (base, hasEnded) => openTables(base, 2, hasEnded),
    agents: [
      (world): void => {
        reader(world, 0)
        endTurn(world, 0)
      },
      (world): void => updater(world, 1),
    ],
    check: sound,
  })

const onOff = scenario<Pids, Tables<Pids>>({
  name: 'online-offline',
  says: 'a reader goes offline and comes back while a callback waits: the callback runs when no section is left that began before',
  setUp: () => twoPids(),
  join: (base, hasEnded) => openTables(base, 2, hasEnded),
  agents: [
    (world): void => updater(world, 0),
    (world): void => {
      reader(world, 1)
      endTurn(world, 1)
      reader(world, 1)
      reader(world, 1)
      endTurn(world, 1)
    },
  ],
  check: sound,
})

const twoReaders = scenario<Pids, Tables<Pids>>({
  name: 'two-readers',
  says: 'two readers, one updater: both are waited for',
  setUp: () => twoPids(),
  join: (base, hasEnded) => openTables(base, 3, hasEnded),
  agents: [
    (world): void => {
      freePid(world.tables[0], world.base.pids[1])
      endTurn(world, 0)
    },
    (world): void => reader(world, 1),
    (world): void => reader(world, 2),
  ],
  check: (world) => {
    for (const nr of [1, 2]) endTurn(world, nr)
    const table = world.tables[0]
    return rcuBarrier(table) && slabLive(table, L.SLAB_PID) === 1 ? [] : ['a grace period does not end']
  },
})

const nested = scenario<Pids, Tables<Pids>>({
  name: 'nested-sections',
  says: 'a section inside another one ends, and somebody looks whether callbacks may run: they wait for the outer one',
  // A word stands for the hash: so there are few steps.
  setUp: () => {
    const base = twoPids()
    base.words[base.ns + L.NS_REBOOT] = base.pids[1]
    return base
  },
  join: (base, hasEnded) => openTables(base, 3, hasEnded),
  agents: [
    ({ tables, base }): void => {
      const table = tables[0]
      rcuReadLock(table)
      const pid = load(table.words, base.ns + L.NS_REBOOT)
      rcuReadLock(table)
      rcuReadUnlock(table)
      if (pid !== 0) expect(slotLive(table, pid), 'it was freed under its reader')
      rcuReadUnlock(table)
    },
    (world): void => {
      const table = world.tables[1]
      store(table.words, world.base.ns + L.NS_REBOOT, 0)
      callRcu(table, world.base.pids[1] + L.PID_RCU, RCU_PUT_PID)
      endTurn(world, 1)
    },
    (world): void => void rcuRunCallbacks(world.tables[2]),
  ],
  check: (world) => {
    endTurn(world, 0)
    const table = world.tables[0]
    return rcuBarrier(table) && slabLive(table, L.SLAB_PID) === 1 ? [] : ['a grace period does not end']
  },
})

const getLast = scenario<Pids, Tables<Pids>>({
  name: 'get-last-put',
  says: 'a reader takes a reference while the first one is dropped: it is there, and the record goes with the last',
  setUp: () => twoPids(),
  join: (base, hasEnded) => openTables(base, 2, hasEnded),
  agents: [
    (world): void => updater(world, 0),
    (world): void => {
      const table = world.tables[1]
      rcuReadLock(table)
      const pid = getPid(table, findPidNs(table, 2, world.base.ns))
      rcuReadUnlock(table)
      endTurn(world, 1)
      if (pid !== 0) expect(slotLive(table, pid), 'it was freed though there is a reference')
      putPid(table, pid)
      endTurn(world, 1)
    },
  ],
  check: sound,
})

const readerDies = scenario<Pids, Tables<Pids>>({
  name: 'reader-dies',
  says: 'a reader dies inside a section: grace periods end all the same',
  setUp: () => twoPids(),
  join: openCalls,
  agents: [
    (world): void => updater(world, 0),
    (world): void => {
      reader(world, 1)
      endTurn(world, 1)
    },
  ],
  mayDie: [1],
  check: sound,
})

const adoption = scenario<Pids, Tables<Pids>>({
  name: 'adoption',
  says: 'a worker dies in a call that frees a number, or runs callbacks: another one runs them, once',
  setUp: () => twoPids(),
  join: openCalls,
  agents: [0, 1].map((nr) => (world: Tables<Pids>): void => {
    const table = world.tables[nr]
    call(table, () => {
      const pid = findPidNs(table, 2, world.base.ns)
      if (pid !== 0) freePid(table, pid)
    })
    endTurn(world, nr)
  }),
  mayDie: [0],
  check: ({ tables }, dead) => {
    const table = tables[1]
    const held = table.words[L.H_TASKLIST_LOCK] >> 1 === tables[0].owner >> 1
    if (held && dead.length === 0) return ['tasklistLock is still held']
    if (held) return []
    if (!rcuBarrier(table)) return ['a grace period does not end']
    const live = slabLive(table, L.SLAB_PID)
    return [...checkPids(table), ...(live === 1 ? [] : [`${live} struct pids live, not 1`])]
  },
})

export const RCU: readonly Scenario[] = [
  reuse('hash'),
  reuse('idr'),
  onOff,
  twoReaders,
  nested,
  getLast,
  readerDies,
  adoption,
]
