/**
 * Locks without interrupts: a word, 0 while free, else who holds it. Linux: `raw_spinlock_t`, kernel/locking/lockdep.c.
 *
 *      bit 0       somebody may sleep until the lock is given back
 *      bits 1..31  the worker that holds it (`cpu.owner`)
 *
 * In one thread finding a lock taken is a deadlock with oneself: a panic. Among workers the taker spins for about 10 us,
 * which is longer than most locks are held, and then sleeps; where the thread must not sleep it goes on spinning.
 *
 * Invariant: locks are taken in the order of their words' places, each of which has a cache line of its own; the shared
 * build panics where that is not so. Hence no two workers ever wait for each other.
 */
import { and, compareExchange, load, pause, SHARED, waitOn, wake } from '../lib/atomic.ts'
import { panic } from '../lib/panic.ts'
import type { Cpu } from './cpu.ts'

const FREE = 0
const SLEEPERS = 1
/** About 10 us. */
const SPINS = 1000
/** A sleeper looks anew after so long, though nobody woke it: whoever should have may be dead. */
const SLEEP_MS = 5
/** Words of a cache line, as a shift: the line of a lock's word is its place in the order. */
const LINE_SHIFT = 4

/** What {@link Cpu.owner} is for worker number `nr`, from 1. */
export function ownerWord(nr: number): number {
  return nr << 1
}

/** Takes the lock. Linux: `arch_spin_lock`. */
export function rawSpinLock(cpu: Cpu, lock: number): void {
  if (compareExchange(cpu.words, lock, FREE, cpu.owner) !== FREE) waitForLock(cpu, lock)
  if (SHARED !== 0) lockAcquire(cpu, lock)
}

/** Gives the lock back. Linux: `arch_spin_unlock`. */
export function rawSpinUnlock(cpu: Cpu, lock: number): void {
  if (!rawSpinHeld(cpu, lock)) panic(`lock ${lock} is released but was not taken`)
  if (SHARED !== 0) cpu.held &= ~placeOf(lock)
  if ((and(cpu.words, lock, 0) & SLEEPERS) !== 0) wake(cpu.words, lock, 1)
}

/** Does this worker hold the lock? */
export function rawSpinHeld(cpu: Cpu, lock: number): boolean {
  return (load(cpu.words, lock) & ~SLEEPERS) === cpu.owner
}

function waitForLock(cpu: Cpu, lock: number): void {
  const w = cpu.words
  if (SHARED === 0 || rawSpinHeld(cpu, lock)) panic(`lock ${lock} is taken by its own taker`)
  // Whoever slept cannot know whether others sleep still, and so takes the lock as if they did.
  let mark = 0
  for (;;) {
    for (let i = 0; i < SPINS; i++) {
      if (load(w, lock) === FREE && compareExchange(w, lock, FREE, cpu.owner | mark) === FREE) return
      pause()
    }
    const seen = load(w, lock)
    if (seen === FREE) continue
    if ((seen & SLEEPERS) === 0 && compareExchange(w, lock, seen, seen | SLEEPERS) !== seen) continue
    if (waitOn(w, lock, seen | SLEEPERS, SLEEP_MS)) mark = SLEEPERS
  }
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
