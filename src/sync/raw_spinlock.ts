/**
 * Locks without interrupts: a word, 0 while free, else who holds it. Linux: `raw_spinlock_t`, kernel/locking/lockdep.c.
 *
 *      bit 0       somebody may sleep until the lock is given back
 *      bits 1..31  the worker that holds it (`cpu.owner`)
 *
 * In one thread finding a lock taken is a deadlock with oneself: a panic. Among workers the taker spins for about 10 us,
 * which is longer than most locks are held, and then sleeps; where the thread must not sleep it goes on spinning.
 *
 * A lock whose holder has ended (`cpu.hasEnded`: proof, never the time that has passed) is taken over by who waits for it, if it is the one inside
 * which all calls lie, and the call that was under way is undone (sync/journal.ts).
 *
 * Invariant: locks are taken in the order of their words' places, each of which has a cache line of its own; the shared
 * build panics where that is not so. Hence no two workers ever wait for each other.
 */
import {
  load,
  pause,
  rawAdd,
  rawAnd,
  rawCompareExchange,
  SHARED,
  waitOn,
  wake,
  whenWoken,
} from '../lib/atomic.ts'
import { BROKEN, CALLS, JOURNAL_NEXT } from '../lib/journal.ts'
import { panic } from '../lib/panic.ts'
import type { Cpu } from './cpu.ts'
import { rcuOffline } from './grace_period.ts'
import { journalBegin, journalCommit, journalFits, journalUndo } from './journal.ts'

const FREE = 0
const SLEEPERS = 1
/** About 10 us. */
const SPINS = 1000
/** A sleeper looks anew after so long, though nobody woke it: whoever should have may be dead. */
const SLEEP_MS = 2
/** A call that lasts longer, of a worker of which nobody can tell whether it lives, is waited for no more. */
const PATIENCE_MS = 1000
/** Who can wait in a later turn waits no longer than so long in this one. */
const HASTE_MS = 10
/** Words of a cache line, as a shift: the line of a lock's word is its place in the order. */
const LINE_SHIFT = 4

/** What {@link Cpu.owner} is for worker number `nr`, from 1. */
export function ownerWord(nr: number): number {
  return nr << 1
}

/** Takes the lock. Linux: `arch_spin_lock`. */
export function rawSpinLock(cpu: Cpu, lock: number): void {
  if (rawCompareExchange(cpu.words, lock, FREE, cpu.owner) !== FREE) waitForLock(cpu, lock)
  if (SHARED !== 0) lockAcquire(cpu, lock)
}

/** Gives the lock back. Linux: `arch_spin_unlock`. */
export function rawSpinUnlock(cpu: Cpu, lock: number): void {
  if (!rawSpinHeld(cpu, lock)) panic(`lock ${lock} is released but was not taken`)
  if (SHARED !== 0) cpu.held &= ~placeOf(lock)
  const word = rawAnd(cpu.words, lock, 0)
  if (SHARED !== 0 && (word & ~SLEEPERS) !== cpu.owner) panic(`lock ${lock} was taken by two`)
  if ((word & SLEEPERS) !== 0) wake(cpu.words, lock, 1)
}

/** Does this worker hold the lock? Among workers its own notes tell, so that nobody's cache line is asked for. */
export function rawSpinHeld(cpu: Cpu, lock: number): boolean {
  return SHARED === 0 ? cpu.words[lock] === cpu.owner : (cpu.held & placeOf(lock)) !== 0
}

/** The number of the worker whose call is under way; 0: nobody's. */
export function lockHolder(cpu: Cpu): number {
  return load(cpu.words, cpu.callLock) >> 1
}

/**
 * Takes the lock inside which all calls lie, and begins to note what is changed. False: a call of another worker has not
 * returned for a second, and nobody can tell whether that worker lives; or, `inHaste`, the lock has not come free for
 * some milliseconds. Linux: `pthread_mutex_lock` of a robust mutex.
 */
export function lockCalls(cpu: Cpu, inHaste = false): boolean {
  const lock = cpu.callLock
  if (rawCompareExchange(cpu.words, lock, FREE, cpu.owner) !== FREE && !waitForLock(cpu, lock, inHaste))
    return false
  lockAcquire(cpu, lock)
  journalBegin(cpu)
  return true
}

/** What was changed stays, and others may call. */
export function unlockCalls(cpu: Cpu): void {
  journalCommit(cpu)
  rawSpinUnlock(cpu, cpu.callLock)
}

/** Calls `run` in a later turn, once the lock may have come free. */
export function whenCallsMayGoOn(cpu: Cpu, run: () => void): void {
  const lock = cpu.callLock
  const seen = load(cpu.words, lock)
  if (seen !== FREE) rawCompareExchange(cpu.words, lock, seen, seen | SLEEPERS)
  whenWoken(cpu.words, lock, seen | SLEEPERS, run)
}

/** A call of this worker has failed half-way: nothing of it stays. Context: {@link lockCalls}. */
export function undoCalls(cpu: Cpu): void {
  if (cpu.words[JOURNAL_NEXT] === 0 || !journalFits(cpu)) return
  journalUndo(cpu)
  cpu.held = placeOf(cpu.callLock)
}

/** False: it is of no use to wait, or, `inHaste`, it has taken too long. */
function waitForLock(cpu: Cpu, lock: number, inHaste = false): boolean {
  const w = cpu.words
  if (SHARED === 0 || rawSpinHeld(cpu, lock)) panic(`lock ${lock} is taken by its own taker`)
  // Whoever slept cannot know whether others sleep still, and so takes the lock as if they did.
  let mark = 0
  let call = load(w, CALLS)
  let since = 0
  const end = inHaste ? Date.now() + HASTE_MS : Number.POSITIVE_INFINITY
  for (;;) {
    for (let i = 0; i < SPINS; i++) {
      if (load(w, lock) === FREE && rawCompareExchange(w, lock, FREE, cpu.owner | mark) === FREE) return true
      pause()
    }
    const seen = load(w, lock)
    if (seen === FREE) continue
    if ((seen & SLEEPERS) === 0 && rawCompareExchange(w, lock, seen, seen | SLEEPERS) !== seen) continue
    if (cpu.rcuNesting === 0) rcuOffline(cpu)
    const slept = waitOn(w, lock, seen | SLEEPERS, SLEEP_MS)
    if (slept !== 'never') mark = SLEEPERS
    if (lock !== cpu.callLock || slept === 'ok' || slept === 'not-equal') continue
    // Nobody gave the lock back meanwhile: perhaps nobody will.
    const ended = cpu.hasEnded(seen & ~SLEEPERS)
    if (ended === true) {
      if (breakLock(cpu, lock, seen | SLEEPERS)) return true
    } else if (Date.now() > end) {
      return false
    } else if (ended === false || call !== load(w, CALLS) || since === 0) {
      call = load(w, CALLS)
      since = Date.now()
    } else if (Date.now() - since > PATIENCE_MS) {
      return false
    }
  }
}

/**
 * Takes the lock over from a worker that is dead, and undoes the call in which it died. Who else waits goes on waiting, for this worker.
 * False: somebody else was faster, or the call cannot be undone.
 */
function breakLock(cpu: Cpu, lock: number, seen: number): boolean {
  const w = cpu.words
  if (!journalFits(cpu)) return false
  if (rawCompareExchange(w, lock, seen, cpu.owner | SLEEPERS) !== seen) return false
  journalUndo(cpu)
  rawAdd(w, BROKEN, 1)
  return true
}

/** Notes the lock as held, after those that come before it. Linux: `lock_acquire`. */
function lockAcquire(cpu: Cpu, lock: number): void {
  const place = placeOf(lock)
  if (cpu.held >= place) panic(`lock ${lock} is taken after one that comes behind it`)
  cpu.held |= place
}

function placeOf(lock: number): number {
  return 1 << (lock >> LINE_SHIFT)
}
