/**
 * The one buffer and its header. Space is taken from the bottom up and never given back to the arena (slabs keep what
 * they took); the buffer is reserved at its largest when it is made, which costs nothing until a word is touched.
 *
 * Invariant: every word at or above H_BRK is 0 and belongs to nobody.
 */

import { MAX_PID_NS_LEVEL } from '../abi/limits.ts'
import { add, compareExchange, createWords, load, SHARED, type Words } from '../lib/atomic.ts'
import type { Cpu } from '../sync/cpu.ts'
import * as L from './layout.ts'
import type { Limits } from './limits.ts'

/** A realm's view of the memory. */
export interface Memory extends Cpu {
  /** Copies of header fields that never change: read on every allocation. */
  readonly bitsPerPage: number
  readonly bitsPerPageMask: number
  /** The number's bits above those that choose a bit of a page. */
  readonly bitsPerPageShift: number
  readonly pidmapEntries: number
  /** How numbers are found: LOOKUP_HASH or LOOKUP_IDR. */
  readonly lookup: number
}

/** Makes the buffer for these limits and fills in the header's fixed part. */
export function createArena(limits: Limits): Words {
  const entries = pidmapEntries(limits)
  const total = arenaWords(limits, entries)
  const words = createTableWords(total, limits.maxPids)
  words[L.H_MAGIC] = L.MAGIC
  words[L.H_VERSION] = L.VERSION
  words[L.H_WORDS] = total
  words[L.H_BRK] = L.HEADER_WORDS
  words[L.H_ERA] = limits.era === '4.14' ? L.ERA_4_14 : L.ERA_LATEST
  words[L.H_BITS_PER_PAGE] = limits.bitsPerPage
  words[L.H_PIDMAP_ENTRIES] = entries
  words[L.H_RESERVED_PIDS] = limits.reservedPids
  words[L.H_PID_MAX_LIMIT] = limits.pidMaxLimit
  words[L.H_PID_MAX_MIN] = limits.pidMaxMin
  words[L.H_MAX_PIDS] = limits.maxPids
  words[L.H_MAX_NAMESPACES] = limits.maxNamespaces
  words[L.H_LOOKUP] = limits.lookup === 'idr' ? L.LOOKUP_IDR : L.LOOKUP_HASH
  return words
}

/** A buffer for a table of so many words: in the shared build with what lies behind them. */
export function createTableWords(total: number, maxPids: number): Words {
  if (SHARED === 0) return createWords(total)
  return createWords(total + L.MAX_WORKERS * L.WORKER_WORDS + journalWords(maxPids))
}

/** Room to note what one task's step of a call changes, though it is about all tasks: so many words for each. */
function journalWords(maxPids: number): number {
  return Math.min(MOST_JOURNAL_WORDS, JOURNAL_WORDS + JOURNAL_WORDS_PER_TASK * Math.max(0, maxPids))
}

const JOURNAL_WORDS = 1 << 20
const JOURNAL_WORDS_PER_TASK = 512
const MOST_JOURNAL_WORDS = 1 << 26

/** Takes `count` words, aligned to a cache line and all 0; 0 when the arena has no more. Context: any. */
export function arenaTake(mem: Memory, count: number): number {
  const w = mem.words
  const size = Math.ceil(count / L.LINE_WORDS) * L.LINE_WORDS
  if (load(w, L.H_BRK) + size > w[L.H_WORDS] || shouldFail(mem)) return 0
  for (;;) {
    const from = load(w, L.H_BRK)
    if (from + size > w[L.H_WORDS]) return 0
    if (compareExchange(w, L.H_BRK, from, from + size) === from) return from
  }
}

/** The n-th allocation from now fails as if memory were exhausted; 0: none. Linux: /proc/self/fail-nth. */
export function failNth(mem: Memory, n: number): void {
  mem.words[L.H_FAIL_NTH] = n
}

/** Is this the allocation that a test asked to fail? Linux: `should_fail` (fault injection). */
export function shouldFail(mem: Memory): boolean {
  const w = mem.words
  if (w[L.H_FAIL_NTH] === 0) return false
  w[L.H_FAIL_NTH] -= 1
  return w[L.H_FAIL_NTH] === 0
}

/** Counts a condition that should never hold, and says whether it does. Linux: `WARN_ON`. */
export function warnOn(mem: Memory, condition: boolean): boolean {
  if (condition) add(mem.words, L.H_WARNINGS, 1)
  return condition
}

function pidmapEntries(limits: Limits): number {
  return Math.ceil(limits.pidMaxLimit / limits.bitsPerPage)
}

/**
 * Words for `maxPids` tasks at the deepest level and for `maxNamespaces` namespaces of two pages each, one full
 * pidmap, and a quarter more for what callbacks and pidfds hold a little longer.
 */
function arenaWords(limits: Limits, entries: number): number {
  const page = L.pageSlotWords(limits.bitsPerPage)
  const perTask = L.TASK_SLOT_WORDS + L.SIG_SLOT_WORDS + L.pidSlotWords(MAX_PID_NS_LEVEL)
  const lookup = 4 * (MAX_PID_NS_LEVEL + 1)
  const tree = limits.lookup === 'idr' ? 2 * L.IDR_LEAF_WORDS + L.IDR_TOP_WORDS : 0
  const perNs = L.nsSlotWords(entries) + 2 * page + tree + L.LINE_WORDS
  const slack = 64 * 1024
  const words =
    1.25 * (limits.maxPids * (perTask + lookup) + (limits.maxNamespaces + 1) * perNs) + entries * page
  return Math.ceil((words + slack) / L.LINE_WORDS) * L.LINE_WORDS
}
