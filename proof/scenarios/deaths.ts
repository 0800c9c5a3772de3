/** Workers that die with an inner lock, over the burial of another one, or while others ask for proof. */
import { load, pause } from '#internal/shared/lib/atomic.js'
import * as L from '#internal/shared/mm/layout.js'
import { addWorker, findWorker, forgetWorkers, isEnded, workerNr } from '#internal/shared/mm/worker.js'
import { checkPids } from '#internal/shared/pid/check.js'
import { allocPid, findPidNs, freePid } from '#internal/shared/pid/pid.js'
import { initPidNs, type PidTable, tableOver } from '#internal/shared/pid/table.js'
import { lockCalls, rawSpinLock, rawSpinUnlock, unlockCalls } from '#internal/shared/sync/raw_spinlock.js'
import { readLockIrqSave, spinUnlockIrqRestore } from '#internal/shared/sync/spinlock.js'
import { call, checkCalls, setUp, type Words } from './locks.ts'
import { expect, type Scenario, scenario } from './scenario.ts'
import { openTables, smallTable, type Tables } from './tables.ts'

/** Looks at what the lock guards, outside a call; and lets others run meanwhile, so many times. */
function look({ tables }: Tables<Words>, nr: number, pauses = 0): void {
  const table = tables[nr]
  table.callLock = L.H_TASKLIST_LOCK
  const flags = readLockIrqSave(table, L.H_PIDMAP_LOCK)
  for (let i = 0; i < pauses; i++) pause()
  spinUnlockIrqRestore(table, L.H_PIDMAP_LOCK, flags)
}

/** Agent 0 calls, agent 1 looks, agent 2 calls too. */
const looks = (name: string, says: string, mayDie: number): Scenario =>
  scenario<Words, Tables<Words>>({
    name,
    says,
    setUp,
    join: (base, hasEnded) => openTables(base, 2, hasEnded),
    agents: [
      (world): void => {
        call(world, 0)
        if (mayDie === 1) call(world, 0)
      },
      (world): void => look(world, 1),
    ],
    mayDie: [mayDie],
    check: checkCalls,
  })

const undoBeside = scenario<Words, Tables<Words>>({
  name: 'undo-beside-reader',
  says: 'a worker dies in a call while another one, outside calls, holds an inner lock to read: to undo the call leaves it that lock',
  setUp,
  join: (base, hasEnded) => openTables(base, 3, hasEnded),
  agents: [
    (world): void => call(world, 0),
    (world): void => look(world, 1, 2),
    (world): void => call(world, 2),
  ],
  mayDie: [0],
  check: checkCalls,
})

const grows = scenario<Tree, Tables<Tree>>({
  name: 'lookup-dies',
  says: 'a reader dies over a second look while the hash grows: the lock that it held is had by the next one',
  setUp: () => {
    const table = smallTable()
    const ns = initPidNs(table)
    for (let i = 0; i < 4; i++) allocPid(table, ns)
    return { words: table.words, ns }
  },
  join: (base, hasEnded) => openTables(base, 2, hasEnded),
  agents: [
    ({ tables, base }): void => {
      const table = tables[0]
      table.callLock = L.H_TASKLIST_LOCK
      expect(lockCalls(table), 'the lock is not to be had')
      const pid = allocPid(table, base.ns)
      freePid(table, pid)
      unlockCalls(table)
    },
    ({ tables, base }): void => {
      tables[1].callLock = L.H_TASKLIST_LOCK
      expect(findPidNs(tables[1], 9, base.ns) === 0, 'a number is found that is not there')
    },
  ],
  mayDie: [1],
  check: ({ tables }) => {
    const held = load(tables[0].words, L.H_PIDMAP_LOCK)
    // The dead one's, until somebody wants it.
    if (held !== 0 && (held & 0x7ffffffe) !== tables[1].owner) return ['pidmapLock is still held']
    return held === 0 ? checkPids(tables[0]) : []
  },
})

interface Tree {
  readonly words: Int32Array
  readonly ns: ReturnType<typeof initPidNs>
}

const bare = scenario<Words, Tables<Words>>({
  name: 'bare-death',
  says: 'a worker dies where it changes what an inner lock guards, outside calls: whoever comes is told, and does not wait for ever',
  setUp,
  join: (base, hasEnded) => openTables(base, 2, hasEnded),
  agents: [0, 1].map((nr) => ({ tables, base, seen }: Tables<Words>): void => {
    const table = tables[nr]
    try {
      rawSpinLock(table, L.H_PIDMAP_LOCK)
      table.words[base.at] += 1
      rawSpinUnlock(table, L.H_PIDMAP_LOCK)
    } catch (error) {
      expect(/has ended while it changed what lock/.test(String(error)), String(error))
      seen[nr].push(1)
    }
  }),
  mayDie: [0],
  check: ({ tables, base: { words, at }, seen }, dead) => {
    const held = load(words, L.H_PIDMAP_LOCK) >> 1 === tables[0].owner >> 1
    if (seen[1].length > 0) return dead.length > 0 && held ? [] : ['it is told of a death that was none']
    if (held) return dead.length > 0 ? [] : ['the lock is still held']
    return words[at] === 2 || (dead.length > 0 && words[at] === 1) ? [] : [`counted ${words[at]}, not 2`]
  },
})

/** Thread of a worker that has died before. */
const DEAD = 9

interface Buried extends Words {
  /** The number of the worker that has died. */
  readonly nr: number
}

/** A table with the record of a worker that has died. */
function withDead(): Buried {
  const base = setUp()
  const table = tableOver(base.words, { defer: () => {} })
  addWorker(table, { id: DEAD, started: 1 }, () => false)
  return { ...base, nr: workerNr(table) }
}

interface Burial extends Tables<Buried> {
  readonly tables: readonly PidTable[]
  /** Joins while others work. */
  readonly late: PidTable
}

function openBurial(base: Buried, hasEnded: (agent: number) => boolean): Burial {
  const isDead = (agent: number): boolean => agent === DEAD - 1 || (agent < 2 && hasEnded(agent))
  const world = openTables(base, 2, isDead)
  for (const table of world.tables) table.callLock = L.H_TASKLIST_LOCK
  const late = tableOver(base.words, { defer: () => {} })
  late.callLock = L.H_TASKLIST_LOCK
  return { ...world, late }
}

/** A call that puts in order what the dead worker left, and does something else. */
function buryAndCall({ tables, base }: Burial, nr: number): void {
  const table = tables[nr]
  const { words } = table
  expect(lockCalls(table), 'the lock is not to be had')
  const at = findWorker(words, base.nr)
  if (at !== 0) {
    words[base.at] += 1
    forgetWorkers(table, [at])
  }
  words[base.at + 1] += 1
  unlockCalls(table)
}

/** Another worker begins, perhaps with the same record. */
function join({ late }: Burial): void {
  addWorker(late, { id: 4, started: 1 }, ({ id }) => id === DEAD)
}

const burial = scenario<Buried, Burial>({
  name: 'burial-death',
  says: 'a worker dies in the call that has put in order what another one left, and a third joins: it keeps its record',
  setUp: withDead,
  join: openBurial,
  agents: [
    (world): void => buryAndCall(world, 0),
    (world): void => {
      join(world)
      expect(lockCalls(world.tables[1]), 'the lock is not to be had')
      unlockCalls(world.tables[1])
    },
  ],
  mayDie: [0],
  check: ({ base: { words, at, nr }, late }) => {
    const problems: string[] = []
    if (findWorker(words, workerNr(late)) === 0) problems.push('who joined has no record')
    if (findWorker(words, nr) === 0 && words[at] === 0)
      problems.push('the dead one’s record is free, but it is not buried')
    return problems
  },
})

const proof = scenario<Buried, Burial>({
  name: 'stale-proof',
  says: 'who has proof of a worker’s end is slow, and the record is another one’s by then: that one lives',
  setUp: withDead,
  join: openBurial,
  agents: [
    ({ tables, base }): void => {
      expect(tables[0].hasEnded(base.nr << 1) !== false, 'a dead worker is said to live')
    },
    (world): void => {
      buryAndCall(world, 1)
      join(world)
    },
  ],
  check: ({ base: { words }, late }) =>
    isEnded(words, findWorker(words, workerNr(late))) ? ['who joined is said to have ended'] : [],
})

export const DEATHS: readonly Scenario[] = [
  looks(
    'look-dies',
    'a worker dies with an inner lock that it holds to read, outside calls: others have it',
    1,
  ),
  looks(
    'call-dies',
    'a worker dies in a call with an inner lock, for which a reader waits: that one undoes the call',
    0,
  ),
  undoBeside,
  grows,
  bare,
  burial,
  proof,
]
