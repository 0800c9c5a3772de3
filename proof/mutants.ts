/**
 * The concurrent code with a mistake in it, by name: the scheduler must find each. A change that does not apply any more
 * fails the gate, so that mutants move with the code.
 */
import type { Change } from './sources.ts'

export interface Mutant {
  readonly name: string
  /** What is wrong with it. */
  readonly says: string
  readonly changes: readonly Change[]
  /** The scenario that shows it, and the model that is needed. */
  readonly scenario: string
  readonly model: 'sc' | 'tso' | 'js'
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'lock-by-store',
    says: 'the lock is taken by a read and a write instead of one compareExchange',
    changes: [
      {
        file: 'sync/raw_spinlock.ts',
        find: 'if (rawCompareExchange(cpu.words, lock, FREE, cpu.owner) !== FREE) waitForLock(cpu, lock, cpu.owner)',
        replace:
          'if (load(cpu.words, lock) !== FREE) waitForLock(cpu, lock, cpu.owner)\n  else rawStore(cpu.words, lock, cpu.owner)',
      },
      { file: 'sync/raw_spinlock.ts', find: '  load,\n', replace: '  load,\n  rawStore,\n' },
    ],
    scenario: 'lock-2',
    model: 'sc',
  },
  {
    name: 'lost-wake-up',
    says: 'whoever slept takes the lock as if nobody else slept still',
    changes: [{ file: 'sync/raw_spinlock.ts', find: "if (slept !== 'never') mark = SLEEPERS", replace: '' }],
    scenario: 'lock-3',
    model: 'sc',
  },
  {
    name: 'publish-early',
    says: 'a node is on its chain before it is filled',
    changes: [
      {
        file: 'sync/hlist.ts',
        find: '  words[node + NEXT] = first\n  words[node + PPREV] = head\n  store(words, head, node)\n',
        replace: '  store(words, head, node)\n  words[node + NEXT] = first\n  words[node + PPREV] = head\n',
      },
    ],
    scenario: 'publish-chain',
    model: 'sc',
  },
  {
    name: 'publish-plain',
    says: 'a node is published by a plain write: a reader may see it before what it holds',
    changes: [
      {
        file: 'sync/hlist.ts',
        find: '  words[node + PPREV] = head\n  store(words, head, node)\n',
        replace: '  words[node + PPREV] = head\n  words[head] = node\n',
      },
    ],
    scenario: 'publish-lookup',
    model: 'js',
  },
  {
    name: 'next-cleared',
    says: 'a node that is taken out loses its next, and the reader that stands on it the rest of the chain',
    changes: [
      {
        file: 'sync/hlist.ts',
        find: '  store(words, pprev, next)\n  if (next !== 0) words[next + PPREV] = pprev\n',
        replace:
          '  store(words, pprev, next)\n  words[node + NEXT] = 0\n  if (next !== 0) words[next + PPREV] = pprev\n',
      },
    ],
    scenario: 'free-lookup',
    model: 'sc',
  },
  {
    name: 'unlock-before-publish',
    says: 'allocPid gives pidmapLock back, then makes its numbers findable',
    changes: [
      {
        file: 'pid/pid.ts',
        find: '  for (let i = level; i >= 0; i--) {\n    const upid = upidAt(pid, i)\n    publish(table, pid, upid)',
        replace:
          '  spinUnlockIrqRestore(table, L.H_PIDMAP_LOCK, flags)\n  for (let i = level; i >= 0; i--) {\n    const upid = upidAt(pid, i)\n    publish(table, pid, upid)',
      },
      {
        file: 'pid/pid.ts',
        find: '[upid + L.UPID_NS] + L.NS_NR_HASHED] += 1\n  }\n  spinUnlockIrqRestore(table, L.H_PIDMAP_LOCK, flags)\n',
        replace: '[upid + L.UPID_NS] + L.NS_NR_HASHED] += 1\n  }\n',
      },
    ],
    scenario: 'alloc-alloc',
    model: 'sc',
  },
  {
    name: 'no-recheck',
    says: 'allocPid looks whether the namespace lives before it has pidmapLock, and not again',
    changes: [
      {
        file: 'pid/pid.ts',
        find: '  if ((w[ns + L.NS_NR_HASHED] & PIDNS_HASH_ADDING) === 0) {\n    spinUnlockIrqRestore',
        replace: '  if (!alive) {\n    spinUnlockIrqRestore',
      },
    ],
    scenario: 'alloc-dying',
    model: 'sc',
  },
  {
    name: 'lost-summary-bit',
    says: 'whoever writes a summary does not look again whether it is true',
    changes: [
      {
        file: 'lib/bitmap.ts',
        find: 'if (SHARED === 0 || (load(words, at) === FULL) === full) return crossed',
        replace: 'return crossed',
      },
    ],
    scenario: 'summary-2',
    model: 'sc',
  },
  {
    name: 'bit-by-store',
    says: 'a bit is looked at, then set: two may have the same number',
    changes: [
      {
        file: 'lib/bitmap.ts',
        find: '  const old = or(words, map + word, bit)\n  if',
        replace: '  const old = load(words, map + word)\n  or(words, map + word, bit)\n  if',
      },
    ],
    scenario: 'alloc-alloc',
    model: 'sc',
  },
  {
    name: 'page-twice',
    says: 'a page of the pidmap is installed though another agent was faster',
    changes: [
      {
        file: 'pid/pidmap.ts',
        find: 'const installed = w[map + L.PIDMAP_PAGE] === 0',
        replace: 'const installed = true',
      },
    ],
    scenario: 'new-page',
    model: 'sc',
  },
  {
    name: 'last-pid-by-store',
    says: 'last_pid is written without a look at who was faster',
    changes: [
      {
        file: 'pid/pidmap.ts',
        find: 'if (before === seen || !pidBefore(base, before, pid)) return',
        replace: 'store(table.words, ns + L.NS_LAST_PID, pid)\n    return',
      },
    ],
    scenario: 'last-pid',
    model: 'sc',
  },
  {
    name: 'double-free',
    says: 'free lists are used without slabLock: a slot is had twice',
    changes: [
      {
        file: 'mm/slab.ts',
        find: 'if (SHARED !== 0) rawSpinLock(mem, L.H_SLAB_LOCK)',
        replace: '',
      },
      {
        file: 'mm/slab.ts',
        find: 'if (SHARED !== 0) rawSpinUnlock(mem, L.H_SLAB_LOCK)',
        replace: '',
      },
    ],
    scenario: 'slab',
    model: 'sc',
  },
  {
    name: 'refcount-by-store',
    says: 'a reference is dropped by a read and a write',
    changes: [
      {
        file: 'sync/refcount.ts',
        find: '  const old = add(words, at, -1)\n',
        replace: '  const old = load(words, at)\n  store(words, at, old - 1)\n',
      },
    ],
    scenario: 'get-put',
    model: 'sc',
  },
  {
    name: 'stale-handle-accepted',
    says: 'a slot keeps its generation when it is used again',
    changes: [
      {
        file: 'mm/slab.ts',
        find: 'is freed twice`)\n  lockSlabs(mem)\n  store(w, slot + GENERATION, w[slot + GENERATION] + 1)',
        replace:
          'is freed twice`)\n  lockSlabs(mem)\n  store(w, slot + GENERATION, w[slot + GENERATION] - 1)',
      },
    ],
    scenario: 'stale-handle',
    model: 'sc',
  },
  {
    name: 'no-seq',
    says: 'a lookup that found nothing while the hash grew does not look again',
    changes: [
      {
        file: 'pid/pid.ts',
        find: 'if (pid !== 0 || ((seq & 1) === 0 && load(table.words, L.H_HASH_SEQ) === seq)) return pid',
        replace: 'if (pid !== 0 || seq >= 0) return pid',
      },
    ],
    scenario: 'hash-grows',
    model: 'sc',
  },
  {
    name: 'note-late',
    says: 'the undo journal notes a word after it was written',
    changes: [
      {
        file: 'lib/atomic_shared.ts',
        find: 'export function putAdd(words: Words, at: number, value: number): void {\n  note(words, at)\n  words[at] += value\n',
        replace:
          'export function putAdd(words: Words, at: number, value: number): void {\n  words[at] += value\n  note(words, at)\n',
      },
    ],
    scenario: 'lock-death-2',
    model: 'sc',
  },
  {
    name: 'no-undo',
    says: 'a dead worker’s lock is taken over, but what it left half done stays',
    changes: [
      {
        file: 'sync/raw_spinlock.ts',
        find: '  undo(cpu)\n  rawAdd(w, BROKEN, 1)',
        replace: '  rawAdd(w, BROKEN, 1)',
      },
    ],
    scenario: 'lock-death-2',
    model: 'sc',
  },
  {
    name: 'unlock-before-commit',
    says: 'others may call before the journal is forgotten: the next one’s is forgotten with it',
    changes: [
      {
        file: 'sync/raw_spinlock.ts',
        find: '  journalCommit(cpu)\n  rawSpinUnlock(cpu, cpu.callLock)\n',
        replace: '  rawSpinUnlock(cpu, cpu.callLock)\n  journalCommit(cpu)\n',
      },
    ],
    scenario: 'lock-death-2',
    model: 'sc',
  },
  {
    name: 'reader-kept',
    says: 'a lock is not taken over from a dead worker that only read',
    changes: [
      {
        file: 'sync/raw_spinlock.ts',
        find: 'return rawCompareExchange(cpu.words, lock, seen, me | SLEEPERS) === seen',
        replace: 'return false',
      },
    ],
    scenario: 'look-dies',
    model: 'sc',
  },
  {
    name: 'undo-frees-all',
    says: 'to undo a call gives back all inner locks, a living reader’s too',
    changes: [
      {
        file: 'sync/raw_spinlock.ts',
        find: 'return seen !== FREE && (holderOf(seen) === cpu.owner || cpu.hasEnded(holderOf(seen)) === true)',
        replace: 'return seen !== FREE',
      },
    ],
    scenario: 'undo-beside-reader',
    model: 'sc',
  },
  {
    name: 'burial-undone',
    says: 'a dead worker’s record is free before what it left is in order for good',
    changes: [{ file: 'mm/worker.ts', find: '  journalBegin(mem)\n  for', replace: '  for' }],
    scenario: 'burial-death',
    model: 'sc',
  },
  {
    name: 'proof-of-another',
    says: 'whoever has proof of a worker’s end marks the record, whose it is by then',
    changes: [
      {
        file: 'mm/worker.ts',
        find: 'if (state >> L.WORKER_STATE_SHIFT !== nr) return false',
        replace: '',
      },
    ],
    scenario: 'stale-proof',
    model: 'sc',
  },
  {
    name: 'read-no-recheck',
    says: 'a reader beside calls does not look again whether one has begun',
    changes: [
      {
        file: 'sync/read_calls.ts',
        find: 'return load(cpu.words, cpu.callLock) === FREE && (load(cpu.words, CALLS) & COUNTER) === call',
        replace: 'return call >= 0',
      },
    ],
    scenario: 'read-beside-2',
    model: 'sc',
  },
  {
    name: 'read-lock-alone',
    says: 'a reader beside calls looks whether one goes on, not whether one has been',
    changes: [
      {
        file: 'sync/read_calls.ts',
        find: 'cpu.callLock) === FREE && (load(cpu.words, CALLS) & COUNTER) === call',
        replace: 'cpu.callLock) === FREE && call >= 0',
      },
    ],
    scenario: 'read-beside-2',
    model: 'sc',
  },
  {
    name: 'no-gp',
    says: 'callbacks run without a grace period',
    changes: [
      {
        file: 'sync/rcu.ts',
        find: 'const over = w[list + BATCH] !== 0 && graceOver(cpu, w[list + BATCH_GP])',
        replace: 'const over = w[list + BATCH] !== 0',
      },
    ],
    scenario: 'free-lookup-reuse',
    model: 'sc',
  },
  {
    name: 'one-gp',
    says: 'a grace period is over after one move of the counter',
    changes: [
      {
        file: 'sync/grace_period.ts',
        find: 'return (rawAdd(cpu.words, cpu.rcuGp, 0) + 2 * STEP) | 0',
        replace: 'return (rawAdd(cpu.words, cpu.rcuGp, 0) + STEP) | 0',
      },
    ],
    scenario: 'online-offline',
    model: 'sc',
  },
  {
    name: 'skip-reader',
    says: 'the last reader is not waited for',
    changes: [
      {
        file: 'sync/grace_period.ts',
        find: 'const end = cpu.readers + load(w, cpu.rcuGp + 1) * READER_WORDS',
        replace: 'const end = cpu.readers + (load(w, cpu.rcuGp + 1) - 1) * READER_WORDS',
      },
    ],
    scenario: 'two-readers',
    model: 'sc',
  },
  {
    name: 'qs-inside',
    says: 'the end of an inner section counts as if nothing were in the reader’s hands',
    changes: [
      {
        file: 'sync/rcu.ts',
        find: '  if (cpu.rcuNesting > 0) return\n  if (isReader(cpu)) sectionsEnd(cpu)',
        replace: '  if (isReader(cpu)) sectionsEnd(cpu)',
      },
    ],
    scenario: 'nested-sections',
    model: 'sc',
  },
  {
    name: 'online-plain',
    says: 'a reader announces itself by a plain write: its reads may come before it',
    changes: [
      {
        file: 'sync/grace_period.ts',
        find: 'rawStore(cpu.words, cpu.reader, load(cpu.words, cpu.rcuGp) + ANNOUNCED)',
        replace: 'cpu.words[cpu.reader] = load(cpu.words, cpu.rcuGp) + ANNOUNCED',
      },
    ],
    scenario: 'free-lookup-reuse',
    model: 'tso',
  },
  {
    name: 'no-call-rcu',
    says: 'freePid drops the first reference at once',
    changes: [
      {
        file: 'pid/pid.ts',
        find: 'callRcu(table, pid + L.PID_RCU, RCU_PUT_PID)',
        replace: 'delayedPutPid(table, pid + L.PID_RCU)',
      },
    ],
    scenario: 'get-last-put',
    model: 'sc',
  },
  {
    name: 'dead-reader-kept',
    says: 'whether a reader that is in the way has died is never asked',
    changes: [
      {
        file: 'sync/grace_period.ts',
        find: 'if (cpu.hasEnded(nr << 1) === true) return true',
        replace: '',
      },
    ],
    scenario: 'reader-dies',
    model: 'sc',
  },
]

export function findMutant(name: string): Mutant {
  const found = MUTANTS.find((mutant) => mutant.name === name)
  if (found === undefined) throw new Error(`there is no mutant "${name}"`)
  return found
}
