/**
 * Spin locks, plain and with interrupts masked. A lock is one word: 0 while free.
 *
 * `spinLockIrq` / `spinUnlockIrq` switch interrupts off and ON: right only where they are known to be on.
 * `spinLockIrqSave` / `spinUnlockIrqRestore` hand the state found to the caller and put exactly that back: right
 * everywhere, and the only pair that may be used inside a section that has interrupts off already.
 *
 * Linux: include/linux/spinlock.h. In one thread nobody else can hold the lock, so finding it taken is a deadlock
 * with oneself: a panic.
 */
import { compareExchange, load, store } from '../lib/atomic.ts'
import { panic } from '../lib/panic.ts'
import {
  type Cpu,
  type IrqFlags,
  localIrqDisable,
  localIrqEnable,
  localIrqRestore,
  localIrqSave,
} from './cpu.ts'

const FREE = 0
const TAKEN = 1

/** Takes the lock. Linux: `spin_lock`. */
export function spinLock(cpu: Cpu, lock: number): void {
  if (compareExchange(cpu.words, lock, FREE, TAKEN) !== FREE) panic(`lock ${lock} is taken by its own taker`)
}

/** Gives the lock back. Linux: `spin_unlock`. */
export function spinUnlock(cpu: Cpu, lock: number): void {
  if (load(cpu.words, lock) === FREE) panic(`lock ${lock} is released but was not taken`)
  store(cpu.words, lock, FREE)
}

/** Masks interrupts and takes the lock. Linux: `spin_lock_irq`. */
export function spinLockIrq(cpu: Cpu, lock: number): void {
  localIrqDisable(cpu)
  spinLock(cpu, lock)
}

/** Gives the lock back and allows interrupts, even where they were masked before. Linux: `spin_unlock_irq`. */
export function spinUnlockIrq(cpu: Cpu, lock: number): void {
  spinUnlock(cpu, lock)
  localIrqEnable(cpu)
}

/** Masks interrupts, takes the lock, and returns the state of interrupts before. Linux: `spin_lock_irqsave`. */
export function spinLockIrqSave(cpu: Cpu, lock: number): IrqFlags {
  const flags = localIrqSave(cpu)
  spinLock(cpu, lock)
  return flags
}

/** Gives the lock back and restores the state of interrupts. Linux: `spin_unlock_irqrestore`. */
export function spinUnlockIrqRestore(cpu: Cpu, lock: number, flags: IrqFlags): void {
  spinUnlock(cpu, lock)
  localIrqRestore(cpu, flags)
}

/** Is the lock held? Linux: `lockdep_assert_held`. */
export function lockdepAssertHeld(cpu: Cpu, lock: number): void {
  if (load(cpu.words, lock) === FREE) panic(`lock ${lock} must be held here`)
}
