/**
 * One call at a time: in the shared build each call of the facade, those that only read included, holds tasklistLock
 * from its first look at the table to its last, with interrupts masked. What of the user's it causes runs after that.
 *
 * Linux takes tasklist_lock in parts of its calls, and only to read in most; differs: see docs/concurrency.md.
 */
import { platform } from '#platform'
import { EDEADLK, ESRCH } from './abi/errno.ts'
import { KernelError } from './errors.ts'
import { load, rawStore, SHARED } from './lib/atomic.ts'
import { isPanic } from './lib/panic.ts'
import * as L from './mm/layout.ts'
import type { AbortSignalLike, Realm } from './realm.ts'
import { localIrqRestore, localIrqSave } from './sync/cpu.ts'
import { lockCalls, undoCalls, unlockCalls, whenCallsMayGoOn } from './sync/raw_spinlock.ts'
import { isDue } from './task/due.ts'

type Method = (this: never, ...args: never[]) => unknown

/** Who waits for the lock in later turns looks so often, though nobody says that it has come free. */
const LOOK_MS = 100

/** Runs a function inside the lock, which may be held already. Throws EDEADLK as {@link lockTable}. */
export function locked<T>(realm: Realm, run: () => T): T {
  if (SHARED === 0) return run()
  lockTable(realm)
  return lockedAlready(realm, run)
}

/**
 * Runs a function inside the lock: now if it comes free within some milliseconds, else in a later turn, however long that
 * takes. Rejects with what the function throws, with the reason of `signal` if that is aborted before the function
 * runs, with ESRCH if the kernel is disposed of before.
 */
export function lockedSoon<T>(realm: Realm, run: () => T, signal?: AbortSignalLike): Promise<Awaited<T>> {
  if (SHARED === 0 || tryLockTable(realm, true))
    return settle(() => (SHARED === 0 ? run() : lockedAlready(realm, run)))
  return new Promise((resolve, reject) => {
    const release = realm.stayAlive()
    const end = (): void => {
      stopLooking()
      release()
      signal?.removeEventListener('abort', abort)
      ended = true
    }
    const abort = (): void => {
      end()
      reject(signal?.reason)
    }
    const look = (): void => {
      if (ended) return
      if (realm.disposed) {
        end()
        reject(new KernelError(ESRCH, 'futex'))
      } else if (tryLockTable(realm, true)) {
        end()
        resolve(settle(() => lockedAlready(realm, run)))
      }
    }
    const lookWhenWoken = (): void => {
      look()
      if (!ended) whenCallsMayGoOn(realm.table, lookWhenWoken)
    }
    let ended = false
    const stopLooking = platform.every(LOOK_MS, look)
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted === true) abort()
    else whenCallsMayGoOn(realm.table, lookWhenWoken)
  })
}

async function settle<T>(run: () => T): Promise<Awaited<T>> {
  return await run()
}

/** Inside the lock: gives it back while a function runs that may sleep. Context: the outermost call. */
export function unlockedWhile<T>(realm: Realm, run: () => T): T {
  unlockTable(realm)
  try {
    return run()
  } finally {
    // Who sleeps here waits for other workers in any case.
    while (!tryLockTable(realm, false));
  }
}

function lockedAlready<T>(realm: Realm, run: () => T): T {
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
 * in `free`. Those in `promises` return a promise, and run in a later turn where the lock does not come free.
 */
export function lockMethods<T extends object>(
  prototype: T,
  realmOf: (object: T) => Realm,
  { free = [], promises = [] }: Exceptions<T> = {},
): void {
  if (SHARED === 0) return
  for (const key of Reflect.ownKeys(prototype)) {
    const property = Object.getOwnPropertyDescriptor(prototype, key) as PropertyDescriptor
    if (key === 'constructor' || free.includes(key as keyof T)) continue
    for (const part of ['value', 'get', 'set'] as const) {
      const method: unknown = property[part]
      if (typeof method !== 'function') continue
      const isPromise = promises.includes(key as keyof T)
      property[part] = (isPromise ? promisedMethod : lockedMethod)(method as Method, realmOf)
    }
    Object.defineProperty(prototype, key, property)
  }
}

interface Exceptions<T> {
  readonly free?: readonly (keyof T)[]
  readonly promises?: readonly (keyof T)[]
}

/** The last argument may have a signal that ends the wait. */
function promisedMethod<T extends object>(method: Method, realmOf: (object: T) => Realm): Method {
  const run = function (this: T, ...args: never[]): unknown {
    return lockedSoon(realmOf(this), () => method.apply(this as never, args), abortSignalOf(args.at(-1)))
  }
  Object.defineProperty(run, 'name', { value: method.name })
  return run as unknown as Method
}

function abortSignalOf(options: unknown): AbortSignalLike | undefined {
  const { signal } = (options ?? {}) as { readonly signal?: AbortSignalLike }
  return typeof signal?.addEventListener === 'function' ? signal : undefined
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
  if (!tryLockTable(realm, false)) throw new KernelError(EDEADLK, 'futex')
}

function tryLockTable(realm: Realm, inHaste: boolean): boolean {
  if (realm.calls > 0) {
    realm.calls += 1
    return true
  }
  realm.irq = localIrqSave(realm.table)
  if (!lockCalls(realm.table, inHaste)) {
    localIrqRestore(realm.table, realm.irq)
    return false
  }
  realm.calls = 1
  if (load(realm.table.words, L.H_DEATHS) !== 0) buryDead(realm)
  return true
}

/** Before anything else: whoever calls finds a table in order. */
function buryDead(realm: Realm): void {
  try {
    realm.bury()
  } catch (error) {
    undoPanic(realm, error)
    rawStore(realm.table.words, L.H_DEATHS, 1)
    unlockTable(realm)
    throw error
  }
}

function unlockTable(realm: Realm): void {
  // Calls of others, or this one, have left something for this worker to run.
  if (realm.calls === 1 && isDue(realm.table)) realm.runDue()
  realm.calls -= 1
  if (realm.calls > 0) return
  const { irq } = realm
  unlockCalls(realm.table)
  localIrqRestore(realm.table, irq)
}
