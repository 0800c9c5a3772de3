/**
 * What a worker of a team does (together.ts): each work is made in the worker from what the team posts to it, and its loop
 * compiled anew for each round, so that it uses nothing but its arguments.
 */
import type { MessagePort } from 'node:worker_threads'
import {
  allocPid,
  allocPidmap,
  findPidNs,
  freePid,
  freePidmap,
  joinPidTable,
  type NsRef,
  type PidRef,
  type PidTable,
  type PidTableHandle,
  rcuReadLock,
  rcuReadUnlock,
  type UpidRef,
  upidAt,
} from 'pidns/shared/pid'
import { importPeer } from './peers.ts'
import { randomFrom } from './random.ts'

export interface Work<State = never> {
  setup(data: never): State | Promise<State>
  /** Does it `n` times. */
  readonly loop: (state: State, n: number) => number | Promise<number>
}

/** A table, what lives in it, and the numbers that are looked for: below `numbers`. */
export interface TableData {
  readonly table: PidTableHandle
  readonly ns: NsRef
  readonly live: Int32Array
  readonly numbers: number
}

/** Numbers from 1 up to, not including, `numbers`: as many as an index with a mask can go round. */
function draw(numbers: number): Int32Array {
  const random = randomFrom(7)
  return Int32Array.from({ length: 1 << 16 }, () => 1 + random(numbers - 1))
}

interface Reader {
  table: PidTable
  ns: NsRef
  queries: Int32Array
  findPidNs: typeof findPidNs
  rcuReadLock: typeof rcuReadLock
  rcuReadUnlock: typeof rcuReadUnlock
}

/** A section for each lookup, as whoever uses what is found has it. */
const find: Work<Reader> = {
  setup: ({ table, ns, numbers }: TableData) => ({
    table: joinPidTable(table),
    ns,
    queries: draw(numbers),
    findPidNs,
    rcuReadLock,
    rcuReadUnlock,
  }),
  loop: ({ table, ns, queries, findPidNs, rcuReadLock, rcuReadUnlock }, n) => {
    let sum = 0
    for (let i = 0; i < n; i++) {
      rcuReadLock(table)
      sum ^= findPidNs(table, queries[i & (queries.length - 1)] as number, ns)
      rcuReadUnlock(table)
    }
    return sum
  },
}

interface Writer {
  table: PidTable
  ns: NsRef
  live: Int32Array
  seed: number
  allocPid: typeof allocPid
  freePid: typeof freePid
}

/** A random one of the live is freed, and another made. */
const churn: Work<Writer> = {
  setup: ({ table, ns, live }: TableData) => ({
    table: joinPidTable(table),
    ns,
    live,
    seed: 1,
    allocPid,
    freePid,
  }),
  loop: (state, n) => {
    const { table, ns, live, allocPid, freePid } = state
    let { seed } = state
    for (let i = 0; i < n; i++) {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
      const victim = ((seed / 0x80000000) * live.length) | 0
      if ((live[victim] as number) > 0) freePid(table, live[victim] as PidRef)
      live[victim] = allocPid(table, ns)
    }
    state.seed = seed
    return live[0] as number
  },
}

interface Numbers {
  table: PidTable
  ns: NsRef
  /** The number of a `struct pid` that stands for each number in turn. */
  upid: UpidRef
  allocPidmap: typeof allocPidmap
  freePidmap: typeof freePidmap
}

/** A bare number is taken, and given back. */
const numbers: Work<Numbers> = {
  setup: ({ table: handle, ns }: TableData) => {
    const table = joinPidTable(handle)
    return { table, ns, upid: upidAt(allocPid(table, ns), 0), allocPidmap, freePidmap }
  },
  loop: ({ table, ns, upid, allocPidmap, freePidmap }, n) => {
    let sum = 0
    for (let i = 0; i < n; i++) {
      const nr = allocPidmap(table, ns)
      table.words[upid as number] = nr
      freePidmap(table, upid)
      sum ^= nr
    }
    return sum
  },
}

/** As its documentation has it: an object that gets its prototype back in each worker. */
export interface SharedMap {
  get(key: string): string | undefined
  set(key: string, value: string | number): void
  delete(key: string): void
}

export interface MapData {
  readonly map: SharedMap
  readonly live: Int32Array
  readonly numbers: number
}

export async function importSharedMap(): Promise<
  new (
    size: number,
    key: number,
    value: number,
  ) => SharedMap
> {
  const { default: made } = await importPeer<{
    default: new (size: number, key: number, value: number) => SharedMap
  }>('sharedmap')
  return made
}

async function reviveMap(map: SharedMap): Promise<SharedMap> {
  return Object.setPrototypeOf(map, (await importSharedMap()).prototype) as SharedMap
}

const findInMap: Work<{ map: SharedMap; queries: Int32Array }> = {
  setup: async ({ map, numbers }: MapData) => ({ map: await reviveMap(map), queries: draw(numbers) }),
  loop: ({ map, queries }, n) => {
    let sum = 0
    for (let i = 0; i < n; i++)
      sum += map.get(String(queries[i & (queries.length - 1)])) === undefined ? 0 : 1
    return sum
  },
}

const churnMap: Work<{ map: SharedMap; live: Int32Array; numbers: number; seed: number; last: number }> = {
  setup: async ({ map, live, numbers }: MapData) => ({
    map: await reviveMap(map),
    live,
    numbers,
    seed: 1,
    last: live.length,
  }),
  loop: (state, n) => {
    const { map, live, numbers } = state
    let { seed, last } = state
    for (let i = 0; i < n; i++) {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
      const victim = ((seed / 0x80000000) * live.length) | 0
      map.delete(String(live[victim]))
      do last = last + 1 < numbers ? last + 1 : 300
      while (map.get(String(last)) !== undefined)
      map.set(String(last), last)
      live[victim] = last
    }
    state.seed = seed
    state.last = last
    return last
  },
}

/** Asks another thread, which has the numbers, for one. */
const ask: Work<{ port: MessagePort }> = {
  setup: (port: MessagePort) => ({ port }),
  loop: async ({ port }, n) => {
    let sum = 0
    for (let i = 0; i < n; i++) {
      const answer = new Promise<{ nr: number }>((resolve) => port.once('message', resolve))
      port.postMessage({ free: sum })
      sum ^= (await answer).nr
    }
    return sum
  },
}

/** Answers; there is nothing to be done in rounds. */
const answer: Work<{ port: MessagePort }> = {
  setup: (port: MessagePort) => {
    let last = 0
    port.on('message', () => port.postMessage({ nr: (last = (last + 1) & 0x3fffff) }))
    return { port }
  },
  loop: () => 0,
}

export const WORKS = { find, churn, numbers, findInMap, churnMap, ask, answer }

export type Kind = keyof typeof WORKS
