/** Taking and freeing numbers. */
import {
  allocPid,
  allocPidmap,
  allocPidmapAt,
  createPidNamespace,
  createPidTable,
  freePid,
  freePidmap,
  initPidNs,
  type NsRef,
  type PidRef,
  type PidTable,
  upidAt,
} from 'pidns/pid'
import type { Side } from '../measure.ts'
import { importPeer } from '../peers.ts'
import { randomFrom } from '../random.ts'
import { type Row, side } from '../row.ts'

/** 2^22, Linux's largest pid_max. */
export const NUMBERS = 4194304
const LIVE = 32768

interface Pids {
  table: PidTable
  ns: NsRef
  live: Int32Array
  seed: number
  allocPid: typeof allocPid
  freePid: typeof freePid
}

/** A random one of the live is freed, and another made, at a level. */
export function randomVictim(name: string, level: number, live = LIVE): Side {
  return side<Pids>({
    name,
    setup: () => {
      const table = createPidTable({ pidMax: NUMBERS, maxPids: live + 64 })
      let ns = initPidNs(table)
      for (let i = 0; i < level; i++) {
        allocPid(table, ns)
        ns = createPidNamespace(table, ns)
      }
      const pids = Int32Array.from({ length: live }, () => allocPid(table, ns))
      return { table, ns, live: pids, seed: 1, allocPid, freePid }
    },
    loop: (state, n) => {
      const { table, ns, live, allocPid, freePid } = state
      let seed = state.seed
      for (let i = 0; i < n; i++) {
        seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
        const victim = ((seed / 0x80000000) * live.length) | 0
        freePid(table, live[victim] as PidRef)
        live[victim] = allocPid(table, ns)
      }
      state.seed = seed
      return live[0] as number
    },
  })
}

interface NumberAllocator {
  alloc(): number | null
  free(nr: number): void
}

const numberAllocator = side<{ allocator: NumberAllocator; live: Int32Array; seed: number }>({
  name: 'number-allocator 1.0.14',
  setup: async () => {
    const { NumberAllocator } = await importPeer<{
      NumberAllocator: new (min: number, max: number) => NumberAllocator
    }>('number-allocator')
    const allocator = new NumberAllocator(1, NUMBERS - 1)
    const live = Int32Array.from({ length: LIVE }, () => allocator.alloc() as number)
    return { allocator, live, seed: 1 }
  },
  loop: (state, n) => {
    const { allocator, live } = state
    let seed = state.seed
    for (let i = 0; i < n; i++) {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
      const victim = ((seed / 0x80000000) * live.length) | 0
      allocator.free(live[victim] as number)
      live[victim] = allocator.alloc() as number
    }
    state.seed = seed
    return live[0] as number
  },
})

/** What is written where no library is used: a Map of what is taken, and the number after the last one given out. */
export function mapCursor(liveCount = LIVE): Side {
  return side<{ map: Map<number, boolean>; live: Int32Array; seed: number; last: number; numbers: number }>({
    name: 'Map + cyclic cursor',
    setup: () => {
      const map = new Map<number, boolean>()
      const live = Int32Array.from({ length: liveCount }, (_, i) => {
        map.set(i + 1, true)
        return i + 1
      })
      return { map, live, seed: 1, last: liveCount, numbers: NUMBERS }
    },
    loop: (state, n) => {
      const { map, live, numbers } = state
      let { seed, last } = state
      for (let i = 0; i < n; i++) {
        seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
        const victim = ((seed / 0x80000000) * live.length) | 0
        map.delete(live[victim] as number)
        do last = last + 1 < numbers ? last + 1 : 300
        while (map.has(last))
        map.set(last, true)
        live[victim] = last
      }
      state.seed = seed
      state.last = last
      return last
    },
  })
}

interface Bits {
  table: PidTable
  ns: NsRef
  /** The number of a `struct pid` that stands for each number in turn. */
  upid: ReturnType<typeof upidAt>
  allocPidmap: typeof allocPidmap
  freePidmap: typeof freePidmap
}

/** The number given out is freed at once, in a map of which `taken` says what is taken. */
export function bits(name: string, taken: (nr: number) => boolean): Side {
  return side<Bits>({
    name,
    setup: () => {
      const table = createPidTable({ pidMax: NUMBERS, maxPids: 64, maxNamespaces: 4 })
      const ns = initPidNs(table)
      const upid = upidAt(allocPid(table, ns), 0)
      for (let nr = 2; nr < NUMBERS; nr++) if (taken(nr)) allocPidmapAt(table, ns, nr)
      return { table, ns, upid, allocPidmap, freePidmap }
    },
    loop: ({ table, ns, upid, allocPidmap, freePidmap }, n) => {
      let sum = 0
      for (let i = 0; i < n; i++) {
        const nr = allocPidmap(table, ns)
        table.words[upid as number] = nr
        freePidmap(table, upid)
        sum += nr
      }
      return sum | 0
    },
  })
}

const random = randomFrom(22)
const empty = (): Side => bits('the same, empty', () => false)

export const ALLOC: readonly Row[] = [
  {
    id: 'alloc-free',
    what: 'allocPid + freePid, level 0, 32,768 live, random victim',
    ours: randomVictim('pidns', 0),
    peer: numberAllocator,
    target: 0.5,
  },
  {
    id: 'alloc-free-map',
    what: 'allocPid + freePid, level 0, 32,768 live, random victim',
    ours: randomVictim('pidns', 0),
    peer: mapCursor(),
    target: 1,
  },
  {
    id: 'alloc-full',
    what: 'allocPidmap + freePidmap of 4,194,304 numbers, 99.9 % taken',
    ours: bits('pidns', () => random(1000) !== 0),
    peer: empty(),
    target: 3,
  },
  {
    id: 'alloc-one',
    what: 'allocPidmap + freePidmap of 4,194,304 numbers, one free',
    ours: bits('pidns', (nr) => nr !== 3141592),
    peer: empty(),
    target: 8,
  },
  {
    id: 'alloc-deep',
    what: 'allocPid + freePid at level 3, 32,768 live, random victim',
    ours: randomVictim('pidns', 3),
    peer: randomVictim('the same at level 0', 0),
    target: 3,
  },
]
