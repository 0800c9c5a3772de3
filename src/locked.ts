/**
 * One call at a time: in the shared build each call of the facade, those that only read included, holds tasklistLock
 * from its first look at the table to its last, with interrupts masked. What of the user's it causes runs after that.
 *
 * Linux takes tasklist_lock in parts of its calls, and only to read in most; differs: see docs/concurrency.md.
 */
import { EDEADLK } from './abi/errno.ts'
import { KernelError } from './errors.ts'
import { load, SHARED } from './lib/atomic.ts'
import { isPanic } from './lib/panic.ts'
import * as L from './mm/layout.ts'
import type { Realm } from './realm.ts'
import { localIrqRestore, localIrqSave } from './sync/cpu.ts'
import { lockCalls, undoCalls, unlockCalls } from './sync/raw_spinlock.ts'

type Method = (this: never, ...args: never[]) => unknown

/** Runs a function inside the lock, which may be held already. */
export function locked<T>(realm: Realm, run: () => T): T {
  if (SHARED === 0) return run()
  lockTable(realm)
  try {
    return run()
  } catch (error) {
    throw undoPanic(realm, error)
  } finally {
    unlockTable(realm)
  }
}

/**
 * From now on every method, getter and setter of the prototype runs inside the lock of its object's realm, but those named
 * in `free`.
 */
export function lockMethods<T extends object>(
  prototype: T,
  realmOf: (object: T) => Realm,
  free: readonly (keyof T)[] = [],
): void {
  if (SHARED === 0) return
  for (const key of Reflect.ownKeys(prototype)) {
    const property = Object.getOwnPropertyDescriptor(prototype, key) as PropertyDescriptor
    if (key === 'constructor' || free.includes(key as keyof T)) continue
    for (const part of ['value', 'get', 'set'] as const) {
      const method: unknown = property[part]
      if (typeof method === 'function') property[part] = lockedMethod(method as Method, realmOf)
    }
    Object.defineProperty(prototype, key, property)
  }
}

function lockedMethod<T extends object>(method: Method, realmOf: (object: T) => Realm): Method {
  const run = function (this: T, ...args: never[]): unknown {
    const realm = realmOf(this)
    lockTable(realm)
    try {
      return method.apply(this as never, args)
    } catch (error) {
      throw undoPanic(realm, error)
    } finally {
      unlockTable(realm)
    }
  }
  Object.defineProperty(run, 'name', { value: method.name })
  return run as unknown as Method
}

/** A call that broke an invariant has not happened. */
function undoPanic(realm: Realm, error: unknown): unknown {
  if (isPanic(error)) undoCalls(realm.table)
  return error
}

/** Throws EDEADLK: another worker's call does not return, and nobody can tell whether the worker lives. */
function lockTable(realm: Realm): void {
  if (realm.calls === 0) {
    realm.irq = localIrqSave(realm.table)
    if (!lockCalls(realm.table)) {
      localIrqRestore(realm.table, realm.irq)
      throw new KernelError(EDEADLK, 'futex')
    }
    realm.calls = 1
    if (load(realm.table.words, L.H_DEATHS) !== 0) buryDead(realm)
  } else {
    realm.calls += 1
  }
}

/** Before anything else: whoever calls finds a table in order. */
function buryDead(realm: Realm): void {
  try {
    realm.bury()
  } catch (error) {
    undoPanic(realm, error)
    unlockTable(realm)
    throw error
  }
}

function unlockTable(realm: Realm): void {
  realm.calls -= 1
  if (realm.calls > 0) return
  const { irq } = realm
  unlockCalls(realm.table)
  localIrqRestore(realm.table, irq)
}
