/** What the tests of the bare table share: little tables, places in them, and a look at each word as it is touched. */
import assert from 'node:assert/strict'
import {
  allocPid,
  allocTaskStruct,
  attachPid,
  checkPids,
  createPidNamespace,
  createPidTable,
  initPidNs,
  initTaskPid,
  type NsRef,
  PIDTYPE_PID,
  type PidRef,
  type PidTable,
  type PidTableOptions,
  pidHashfn,
  pidNrNs,
  rcuBarrier,
  type TaskRef,
} from 'pidns/pid'
import { testBit } from '#internal/lib/bitmap.js'
import * as L from '#internal/mm/layout.js'
import { slabLive } from '#internal/mm/slab.js'
import './watched_atomics.ts'

/** A table whose pages hold 32 numbers, 128 numbers in all: page edges and wraps are near. */
export function smallTable(options: PidTableOptions = {}): PidTable {
  return createPidTable({
    lookup: process.env.PIDNS_LOOKUP === 'idr' ? 'idr' : 'hash',
    bitsPerPage: 32,
    pidMaxLimit: 128,
    reservedPids: 3,
    pidMaxMin: 4,
    maxPids: 256,
    maxNamespaces: 40,
    ...options,
  })
}

/** Nothing is wrong with the table. */
export function sound(table: PidTable): void {
  assert.deepEqual(checkPids(table), [])
}

/** A record that was made: no errno, not NULL. */
export function made<Ref extends number>(ref: Ref): Ref {
  assert.ok(ref > 0, `a record was expected, got ${ref}`)
  return ref
}

/** Namespaces one below the other, the initial one first. */
export function nest(table: PidTable, depth: 1): [NsRef, NsRef]
export function nest(table: PidTable, depth: 2): [NsRef, NsRef, NsRef]
export function nest(table: PidTable, depth: 3): [NsRef, NsRef, NsRef, NsRef]
export function nest(table: PidTable, depth: number): NsRef[]
export function nest(table: PidTable, depth: number): NsRef[] {
  const spaces = [initPidNs(table)]
  for (let level = 1; level <= depth; level++) {
    spaces.push(made(createPidNamespace(table, spaces[level - 1] as NsRef)))
  }
  return spaces
}

/** So many new pids. */
export function allocPids(table: PidTable, ns: NsRef, count: number): PidRef[] {
  return Array.from({ length: count }, () => made(allocPid(table, ns)))
}

/** A task that carries `pid` as its own number. */
export function taskWith(table: PidTable, pid: PidRef): TaskRef {
  const task = made(allocTaskStruct(table))
  initTaskPid(table, task, PIDTYPE_PID, pid)
  attachPid(table, task, PIDTYPE_PID)
  return task
}

/** So many numbers that share a bucket in `ns`, if they are hashed while the hash has its present size. */
export function numbersOfOneBucket(table: PidTable, ns: NsRef, count: number): number[] {
  const buckets = new Map<number, number[]>()
  for (let nr = 2; nr < 128; nr++) {
    const bucket = pidHashfn(table, nr, ns)
    const numbers = [...(buckets.get(bucket) ?? []), nr]
    if (numbers.length === count) return numbers
    buckets.set(bucket, numbers)
  }
  return assert.fail('no bucket is shared')
}

/** A new pid whose number in `ns` is `nr`: the cursor is put before it. */
export function allocNr(table: PidTable, ns: NsRef, nr: number): PidRef {
  table.words[ns + L.NS_LAST_PID] = nr - 1
  const pid = made(allocPid(table, ns))
  assert.equal(pidNrNs(table, pid, ns), nr)
  return pid
}

/** A word of the table. */
export function word(table: PidTable, at: number): number {
  return table.words[at] as number
}

/** The bit of `nr` in the pidmap of `ns`: 1 is taken. */
export function bitOf(table: PidTable, ns: NsRef, nr: number): number {
  const page = word(table, ns + L.NS_PIDMAP + 2 * Math.floor(nr / table.bitsPerPage) + L.PIDMAP_PAGE)
  return page !== 0 && testBit(table.words, nr % table.bitsPerPage, page) ? 1 : 0
}

/** How many struct pids, namespaces, pages and mounts exist once every grace period is over. */
export function records(table: PidTable): {
  pids: number
  namespaces: number
  pages: number
  mounts: number
} {
  rcuBarrier(table)
  let pids = 0
  for (let level = 0; level < L.SLAB_NS; level++) pids += slabLive(table, L.SLAB_PID + level)
  return {
    pids,
    namespaces: slabLive(table, L.SLAB_NS),
    pages: slabLive(table, L.SLAB_PAGE),
    mounts: slabLive(table, L.SLAB_MOUNT),
  }
}

export interface Watch {
  /** Called before each read of a word. */
  read?: (at: number) => void
  /** Called before each write of a word. */
  write?: (at: number, value: number) => void
}

/** Runs `run` while `watch` sees each word that it touches; what `watch` itself does is not seen. */
export function watchWords<T>(table: PidTable, watch: Watch, run: () => T): T {
  const { words } = table
  let seeing = true
  const see = (tell: () => void): void => {
    if (!seeing) return
    seeing = false
    try {
      tell()
    } finally {
      seeing = true
    }
  }
  const watched = new Proxy(words, {
    get: (_, key) => {
      const at = typeof key === 'string' ? Number(key) : Number.NaN
      if (Number.isInteger(at)) see(() => watch.read?.(at))
      const value: unknown = Reflect.get(words, key)
      return typeof value === 'function' ? value.bind(words) : value
    },
    set: (_, key, value: number) => {
      see(() => watch.write?.(Number(key), value))
      words[Number(key)] = value
      return true
    },
  })
  const setWords = (to: Int32Array): void => void Object.assign(table, { words: to })
  setWords(watched)
  try {
    return run()
  } finally {
    setWords(words)
  }
}

/**
 * Runs `reader` again and again, each time on a new scene, with `updater` let in before its first read of a word, its
 * second, and so on: every interleaving of the two in which the updater's part is not divided. Returns how many.
 */
export function interleave<Scene extends { table: PidTable }>(
  scene: () => Scene,
  reader: (scene: Scene) => void,
  updater: (scene: Scene) => void,
): number {
  for (let n = 1; ; n++) {
    const now = scene()
    let reads = 0
    const read = (): void => {
      reads += 1
      if (reads === n) updater(now)
    }
    watchWords(now.table, { read }, () => reader(now))
    sound(now.table)
    if (reads < n) return n - 1
  }
}
