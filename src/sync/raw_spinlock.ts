/**
 * Locks without interrupts: a word, 0 while free, else who holds it. Linux: `raw_spinlock_t`, kernel/locking/lockdep.c.
 *
 *      bit 0       somebody may sleep until the lock is given back
 *      bits 1..30  the worker that holds it (`cpu.owner`)
 *      bit 31      it holds it only to read what the lock guards
 *
 * In one thread finding a lock taken is a deadlock with oneself: a panic. Among workers the taker spins for about 10 us,
 * which is longer than most locks are held, and then sleeps; where the thread must not sleep it goes on spinning.
 *
 * A lock whose holder has ended (`cpu.hasEnded`: proof, never the time that has passed) is taken over by who waits for it:
 * the one inside which all calls lie, and the call that was under way is undone (sync/journal.ts); another one whose holder only
 * read. Where no such call is and the holder changed something, that is half done for ever: a panic.
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
import { BROKEN, CALLS, DEATHS, JOURNAL_NEXT } from '../lib/journal.ts'
import { panic } from '../lib/panic.ts'
import type { Cpu } from './cpu.ts'
import { rcuOffline } from './grace_period.ts'
import { journalBegin, journalCommit, journalFits, journalUndo } from './journal.ts'

const FREE = 0
const SLEEPERS = 1
const READS = 1 << 31
const MARKS = SLEEPERS | READS
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
  if (rawCompareExchange(cpu.words, lock, FREE, cpu.owner) !== FREE) waitForLock(cpu, lock, cpu.owner)
  if (SHARED !== 0) lockAcquire(cpu, lock)
}

/** As {@link rawSpinLock}; but nothing that the lock guards is changed: should this worker end meanwhile, no harm is done. */
export function rawReadLock(cpu: Cpu, lock: number): void {
  const me = cpu.owner | READS
  if (rawCompareExchange(cpu.words, lock, FREE, me) !== FREE) waitForLock(cpu, lock, me)
  if (SHARED !== 0) lockAcquire(cpu, lock)
}

/** Gives the lock back. Linux: `arch_spin_unlock`. */
export function rawSpinUnlock(cpu: Cpu, lock: number): void {
  if (!rawSpinHeld(cpu, lock)) panic(`lock ${lock} is released but was not taken`)
  if (SHARED !== 0) cpu.held &= ~placeOf(lock)
  const word = rawAnd(cpu.words, lock, 0)
  if (SHARED !== 0 && holderOf(word) !== cpu.owner) panic(`lock ${lock} was taken by two`)
  if ((word & SLEEPERS) !== 0) wake(cpu.words, lock, 1)
}

/** Does this worker hold the lock? Among workers its own notes tell, so that nobody's cache line is asked for. */
export function rawSpinHeld(cpu: Cpu, lock: number): boolean {
  return SHARED === 0 ? holderOf(cpu.words[lock]) === cpu.owner : (cpu.held & placeOf(lock)) !== 0
}

/** Who holds a lock, by its word: 0 or {@link Cpu.owner}. */
function holderOf(word: number): number {
  return word & ~MARKS
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
  if (
    rawCompareExchange(cpu.words, lock, FREE, cpu.owner) !== FREE &&
    !waitForLock(cpu, lock, cpu.owner, inHaste)
  )
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
  undo(cpu)
  cpu.held = placeOf(cpu.callLock)
}

/** Takes the lock as `me`. False: it is of no use to wait, or, `inHaste`, it has taken too long. */
function waitForLock(cpu: Cpu, lock: number, me: number, inHaste = false): boolean {
  const w = cpu.words
  if (SHARED === 0 || rawSpinHeld(cpu, lock)) panic(`lock ${lock} is taken by its own taker`)
  // Whoever slept cannot know whether others sleep still, and so takes the lock as if they did.
  let mark = 0
  let call = load(w, CALLS)
  let since = 0
  const end = inHaste ? Date.now() + HASTE_MS : Number.POSITIVE_INFINITY
  for (;;) {
    for (let i = 0; i < SPINS; i++) {
      if (load(w, lock) === FREE && rawCompareExchange(w, lock, FREE, me | mark) === FREE) return true
      pause()
    }
    const seen = load(w, lock)
    if (seen === FREE) continue
    if ((seen & SLEEPERS) === 0 && rawCompareExchange(w, lock, seen, seen | SLEEPERS) !== seen) continue
    if (cpu.rcuNesting === 0) rcuOffline(cpu)
    // Somebody has ended, and nobody has called since: it may be the holder, of which nobody need sleep to hear.
    const known = load(w, DEATHS) !== 0 && cpu.hasEnded(holderOf(seen)) === true
    const slept = known ? 'timed-out' : waitOn(w, lock, seen | SLEEPERS, SLEEP_MS)
    if (slept !== 'never') mark = SLEEPERS
    if (slept === 'ok' || slept === 'not-equal') continue
    // Nobody gave the lock back meanwhile: perhaps nobody will.
    const ended = cpu.hasEnded(holderOf(seen))
    if (ended === true) {
      if (breakLock(cpu, lock, seen | SLEEPERS, me)) return true
    } else if (lock !== cpu.callLock) {
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

/** Takes a lock over, as `me`, from a worker that is dead. False: it must be waited for still. */
function breakLock(cpu: Cpu, lock: number, seen: number, me: number): boolean {
  if (lock === cpu.callLock) return breakCalls(cpu, lock, seen)
  // Nothing was changed.
  if ((seen & READS) !== 0) return rawCompareExchange(cpu.words, lock, seen, me | SLEEPERS) === seen
  const outer = cpu.callLock === 0 ? cpu.outerLock : cpu.callLock
  const call = outer === 0 ? FREE : load(cpu.words, outer)
  if (call !== FREE && holderOf(call) !== cpu.owner) {
    // It was inside a call, with which the lock comes back.
    if (cpu.hasEnded(holderOf(call)) === true && breakCalls(cpu, outer, call)) giveBack(cpu, outer)
  } else if (load(cpu.words, lock) === seen) {
    panic(`worker ${holderOf(seen) >> 1} has ended while it changed what lock ${lock} guards`)
  }
  return false
}

/**
 * Takes the lock of all calls over from a worker that is dead, and undoes the call in which it died. Who else waits goes on
 * waiting, for this worker. False: somebody else was faster, or the call cannot be undone.
 */
function breakCalls(cpu: Cpu, lock: number, seen: number): boolean {
  const w = cpu.words
  if (!journalFits(cpu)) return false
  if (rawCompareExchange(w, lock, seen, cpu.owner | SLEEPERS) !== seen) return false
  undo(cpu)
  rawAdd(w, BROKEN, 1)
  return true
}

/**
 * Undoes a call, and gives back the inner locks that it held. The one whose call it was may not be their holder: who took the
 * outer lock over from that one may have died too, before it came to them. A reader that lives keeps its own.
 */
function undo(cpu: Cpu): void {
  const w = cpu.words
  journalUndo(cpu)
  for (const lock of cpu.innerLocks) {
    for (let seen = load(w, lock); isLeft(cpu, seen); seen = load(w, lock))
      if (rawCompareExchange(w, lock, seen, FREE) === seen && (seen & SLEEPERS) !== 0) wake(w, lock, 1)
  }
  journalCommit(cpu)
}

/** Is the holder of the lock this worker, whose call has failed, or one that has ended? */
function isLeft(cpu: Cpu, seen: number): boolean {
  return seen !== FREE && (holderOf(seen) === cpu.owner || cpu.hasEnded(holderOf(seen)) === true)
}

function giveBack(cpu: Cpu, lock: number): void {
  const word = rawAnd(cpu.words, lock, 0)
  if (SHARED !== 0 && holderOf(word) !== cpu.owner) panic(`lock ${lock} was taken by two`)
  if ((word & SLEEPERS) !== 0) wake(cpu.words, lock, 1)
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
