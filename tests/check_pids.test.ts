/* The checker: each kind of violation, planted into a sound table, is found and named. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as P from 'pidns/pid'
import { BITMAP_SUMMARY_WORDS } from '#internal/lib/bitmap.js'
import * as L from '#internal/mm/layout.js'
import { allocPids, nest, smallTable, sound, taskWith, word } from './pid_tools.ts'

interface Scene {
  table: P.PidTable
  w: Int32Array
  outer: P.NsRef
  ns: P.NsRef
  /** Number 2 in ns, 4 outside, with a task. */
  pid: P.PidRef
  upid: P.UpidRef
  /** Where the bits of the first page of ns begin. */
  page: number
}

function scene(): Scene {
  const table = smallTable({ defer: () => {} })
  const [outer, ns] = nest(table, 1)
  allocPids(table, outer, 2)
  const pid = allocPids(table, ns, 2)[1] as P.PidRef
  taskWith(table, pid)
  allocPids(table, ns, 3)
  sound(table)
  const page = word(table, P.pidmapEntry(ns, 0) + L.PIDMAP_PAGE)
  return { table, w: table.words, outer, ns, pid, upid: P.upidAt(pid, 1), page }
}

const set = (w: Int32Array, at: number, value: number): void => void (w[at] = value)
const flip = (w: Int32Array, at: number, bits = 1): void => set(w, at, (w[at] as number) ^ bits)

const PLANTED: [what: string, plant: (scene: Scene) => void, found: RegExp][] = [
  ['pidmapLock held', ({ w }) => set(w, L.H_PIDMAP_LOCK, 1), /pidmapLock is held/],
  ['tasklistLock held', ({ w }) => set(w, L.H_TASKLIST_LOCK, 1), /tasklistLock is held/],
  ['interrupts off', ({ table }) => P.localIrqDisable(table), /interrupts are off/],
  ['a read section open', ({ table }) => P.rcuReadLock(table), /1 read sections are open/],
  ['a warning', ({ w }) => set(w, L.H_WARNINGS, 2), /2 warnings/],
  [
    'a chain that does not lead back',
    ({ w, upid }) => flip(w, upid + L.UPID_CHAIN + 1),
    /its node is not where its chain says/,
  ],
  [
    'a number in another bucket',
    ({ w, upid }) => set(w, upid + L.UPID_NR, 7),
    /number 7 is in bucket \d+, not its own/,
  ],
  ['a number of a freed pid', ({ w, pid }) => flip(w, pid), /number 2 is hashed but its struct pid is free/],
  ['a number hashed twice', twice, /number 2 of namespace \d+ \(level 1\) is hashed twice/],
  [
    'a number whose bit is clear',
    ({ w, page }) => flip(w, page, 4),
    /number 2 of .* is findable but its bit is 0/,
  ],
  [
    'a wrong count of hashed numbers',
    ({ w }) => flip(w, L.H_HASH_COUNT),
    /12 numbers are hashed, 13 counted/,
  ],
  ['a wrong nr_hashed', ({ w, ns }) => flip(w, ns + L.NS_NR_HASHED), /nr_hashed is 4, 5 are hashed/],
  [
    'a wrong nr_free',
    ({ w, ns }) => flip(w, P.pidmapEntry(ns, 0), 64),
    /page 0 has nr_free 90 and 6 bits set/,
  ],
  [
    'a page wrongly called full',
    ({ w, ns }) => flip(w, ns + L.NS_FULL_PAGES),
    /page 0 with nr_free 26 is wrong among the full/,
  ],
  [
    'a bit that nobody has',
    ({ table, ns }) => void P.allocPidmapAt(table, ns, 90),
    /6 numbers taken, 5 findable/,
  ],
  ['a wrong summary', ({ w, page }) => flip(w, page - 2), /the summary of word 0 of a pidmap page is wrong/],
  [
    'a wrong top summary',
    ({ w, page }) => flip(w, page - 1, 8),
    /the top summary of a pidmap page is wrong at 3/,
  ],
  [
    'a summary of a group',
    ({ w, page }) => set(w, page - BITMAP_SUMMARY_WORDS, -1),
    /top summary .* wrong at 31/,
  ],
  [
    'a mount that is none',
    ({ w, ns, pid }) => set(w, ns + L.NS_PROC_MNT, pid),
    /its mount of procfs is not one/,
  ],
  [
    'a mount nobody knows of',
    ({ table, ns }) => void P.kernMount(table, ns),
    /a mount of .* \(level 1\) has leaked/,
  ],
  ['a wrong count of mounts', ({ w }) => flip(w, L.H_MOUNTS, 4), /the count of mounts is wrong/],
  [
    'a mount of a dead, empty namespace',
    ({ w, ns }) => set(w, ns + L.NS_NR_HASHED, 0),
    /is empty but still mounted/,
  ],
  [
    'a pid without reference',
    ({ w, pid }) => set(w, pid + L.PID_COUNT, 0),
    /struct pid of number 4 has count 0/,
  ],
  [
    'a pid of a wrong level',
    ({ w, pid }) => set(w, pid + L.PID_LEVEL, 0),
    /struct pid of number 4 has level 0, not 1/,
  ],
  [
    'a number of a wrong namespace',
    ({ w, outer, upid }) => set(w, upid + L.UPID_NS, outer),
    /wrong namespace at level 1/,
  ],
  [
    'a pid findable at some levels',
    ({ w, upid }) => set(w, upid + L.UPID_CHAIN + 1, -2),
    /is findable at 1 of 2 levels/,
  ],
  [
    'a task that cannot be found',
    unhashed,
    /struct pid of number 4 carries a task \(type 0\) but cannot be found/,
  ],
  [
    'a wrong count of slots',
    ({ w }) => flip(w, L.H_SLABS + L.SLAB_TASK * L.SLAB_WORDS + L.SLAB_LIVE),
    /slab 36: 1 slots in use, 0 counted/,
  ],
]

function twice({ table, ns }: Scene): void {
  const other = P.findPidNs(table, 3, ns)
  set(table.words, P.upidAt(other, 1) + L.UPID_NR, 2)
}

function unhashed({ table, pid }: Scene): void {
  P.freePid(table, pid)
}

describe('checkPids', () => {
  for (const [what, plant, found] of PLANTED) {
    it(`finds ${what}`, () => {
      const planted = scene()
      plant(planted)
      assert.match(P.checkPids(planted.table).join('\n'), found)
    })
  }

  it('finds nothing wrong with pids and namespaces that only wait for their grace period', () => {
    const { table, ns, outer } = scene()
    P.rcuReadLock(table)
    for (const nr of [1, 3, 4, 5]) P.freePid(table, P.findPidNs(table, nr, ns))
    const child = P.createPidNamespace(table, outer)
    P.putPidNs(table, child)
    P.rcuReadUnlock(table)
    sound(table)
  })
})
