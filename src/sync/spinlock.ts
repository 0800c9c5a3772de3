/**
 * Spin locks, plain and with interrupts masked. How one worker waits for another is in raw_spinlock.ts.
 *
 * `spinLockIrq` / `spinUnlockIrq` switch interrupts off and ON: right only where they are known to be on.
 * `spinLockIrqSave` / `spinUnlockIrqRestore` hand the state found to the caller and put exactly that back: right
 * everywhere, and the only pair that may be used inside a section that has interrupts off already.
 *
 * Linux: include/linux/spinlock.h.
 */
import { panic } from '../lib/panic.ts'
import {
  type Cpu,
  type IrqFlags,
  localIrqDisable,
  localIrqEnable,
  localIrqRestore,
  localIrqSave,
} from './cpu.ts'
import { rawReadLock, rawSpinHeld, rawSpinLock, rawSpinUnlock } from './raw_spinlock.ts'

/** Takes the lock. Linux: `spin_lock`. */
export function spinLock(cpu: Cpu, lock: number): void {
  rawSpinLock(cpu, lock)
}

/** Gives the lock back. Linux: `spin_unlock`. */
export function spinUnlock(cpu: Cpu, lock: number): void {
  rawSpinUnlock(cpu, lock)
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

/**
 * As {@link spinLockIrqSave}, by who only reads what the lock guards, and so may die over it. Others are kept out all the
 * same. Linux: `read_lock_irqsave`.
 */
export function readLockIrqSave(cpu: Cpu, lock: number): IrqFlags {
  const flags = localIrqSave(cpu)
  rawReadLock(cpu, lock)
  return flags
}

/** Gives the lock back and restores the state of interrupts. Linux: `spin_unlock_irqrestore`. */
export function spinUnlockIrqRestore(cpu: Cpu, lock: number, flags: IrqFlags): void {
  spinUnlock(cpu, lock)
  localIrqRestore(cpu, flags)
}

/** Panics unless this worker holds the lock. Linux: `lockdep_assert_held`. */
export function lockdepAssertHeld(cpu: Cpu, lock: number): void {
  if (!rawSpinHeld(cpu, lock)) panic(`lock ${lock} must be held here`)
}
