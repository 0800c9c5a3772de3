/** Finding a `struct pid` by number and namespace. */
import {
  allocPid,
  createPidNamespace,
  createPidTable,
  findPidNs,
  initPidNs,
  type NsRef,
  type PidTable,
} from 'pidns/pid'
import type { Side } from '../measure.ts'
import { randomFrom } from '../random.ts'
import { type Row, side } from '../row.ts'
import { NUMBERS } from './alloc.ts'

export type Lookup = 'hash' | 'idr'

const NAMESPACES = 64
const LIVE = 512
/** So many lookups at least are drawn before any is timed, so that both sides do the same but for the lookup itself. */
const QUERIES = 1 << 14

/** Random pairs: something that stands for the namespace, and a number from 1 to `live`. */
function draw(namespaces: ArrayLike<number>, live: number): Int32Array {
  const random = randomFrom(512)
  const count = live > QUERIES ? 1 << 20 : QUERIES
  const queries = new Int32Array(2 * count)
  for (let i = 0; i < queries.length; i += 2) {
    queries[i] = namespaces[random(namespaces.length)] as number
    queries[i + 1] = 1 + random(live)
  }
  return queries
}

interface InTable {
  table: PidTable
  queries: Int32Array
  findPidNs: typeof findPidNs
}

const lookups = (state: InTable, n: number): number => {
  const { table, queries, findPidNs } = state
  let sum = 0
  for (let i = 0; i < n; i++) {
    const q = (2 * i) & (queries.length - 1)
    sum ^= findPidNs(table, queries[q + 1] as number, queries[q] as NsRef)
  }
  return sum
}

/** 64 namespaces with 512 numbers each. */
function inMany(lookup: Lookup): Side {
  return side<InTable>({
    name: `pidns, ${lookup}`,
    setup: () => {
      const table = createPidTable({ lookup, maxPids: NAMESPACES * LIVE + 64 })
      const root = initPidNs(table)
      allocPid(table, root)
      const namespaces = Array.from({ length: NAMESPACES }, () => {
        const ns = createPidNamespace(table, root)
        for (let i = 0; i < LIVE; i++) allocPid(table, ns)
        return ns
      })
      return { table, queries: draw(namespaces, LIVE), findPidNs }
    },
    loop: lookups,
  })
}

/** 0 to 63, as those who keep their own tables number namespaces. */
const ORDINALS = Array.from({ length: NAMESPACES }, (_, ns) => ns)

const mapOfNumbers = side<{ map: Map<number, number>; queries: Int32Array }>({
  name: 'Map, key ns * 2^22 + nr',
  setup: () => {
    const map = new Map<number, number>()
    for (const ns of ORDINALS) for (let nr = 1; nr <= LIVE; nr++) map.set(ns * 4194304 + nr, ns + nr)
    return { map, queries: draw(ORDINALS, LIVE) }
  },
  loop: ({ map, queries }, n) => {
    let sum = 0
    for (let i = 0; i < n; i++) {
      const q = (2 * i) & (queries.length - 1)
      sum ^= map.get((queries[q] as number) * 4194304 + (queries[q + 1] as number)) as number
    }
    return sum
  },
})

const mapOfStrings = side<{ map: Map<string, number>; queries: Int32Array }>({
  name: 'Map, key "ns:nr"',
  setup: () => {
    const map = new Map<string, number>()
    for (const ns of ORDINALS) for (let nr = 1; nr <= LIVE; nr++) map.set(`${ns}:${nr}`, ns + nr)
    return { map, queries: draw(ORDINALS, LIVE) }
  },
  loop: ({ map, queries }, n) => {
    let sum = 0
    for (let i = 0; i < n; i++) {
      const q = (2 * i) & (queries.length - 1)
      sum ^= map.get(`${queries[q]}:${queries[q + 1]}`) as number
    }
    return sum
  },
})

/** The least that a lookup can be: an array of all numbers of all namespaces. */
const rawIndex = side<{ words: Int32Array; queries: Int32Array }>({
  name: 'Int32Array index',
  setup: () => ({
    words: Int32Array.from({ length: NAMESPACES * LIVE + 1 }, (_, i) => i),
    queries: draw(
      ORDINALS.map((ns) => ns * LIVE),
      LIVE,
    ),
  }),
  loop: ({ words, queries }, n) => {
    let sum = 0
    for (let i = 0; i < n; i++) {
      const q = (2 * i) & (queries.length - 1)
      sum ^= words[(queries[q] as number) + (queries[q + 1] as number)] as number
    }
    return sum
  },
})

/** One namespace with numbers 1 to `live`. */
export function inOne(lookup: Lookup, live: number): Side {
  return side<InTable>({
    name: `pidns, ${lookup}, ${live.toLocaleString('en-US')} live`,
    setup: () => {
      const table = createPidTable({ lookup, pidMax: NUMBERS, maxPids: Math.min(live + 64, NUMBERS) })
      const ns = initPidNs(table)
      let made = 0
      while (made < live && allocPid(table, ns) > 0) made += 1
      return { table, queries: draw([ns], made), findPidNs }
    },
    loop: lookups,
  })
}

export const LOOKUP: readonly Row[] = [
  {
    id: 'lookup-map',
    what: 'findPidNs, 64 namespaces x 512 live, hash',
    ours: inMany('hash'),
    peer: mapOfNumbers,
    target: 0.5,
  },
  {
    id: 'lookup-string',
    what: 'findPidNs, 64 namespaces x 512 live, hash',
    ours: inMany('hash'),
    peer: mapOfStrings,
    target: 0.12,
  },
  {
    id: 'lookup-raw',
    what: 'findPidNs, 64 namespaces x 512 live, idr',
    ours: inMany('idr'),
    peer: rawIndex,
    target: 2,
  },
  {
    id: 'lookup-raw-hash',
    what: 'findPidNs, 64 namespaces x 512 live, hash',
    ours: inMany('hash'),
    peer: rawIndex,
  },
  {
    id: 'lookup-1m',
    what: 'findPidNs, 1,048,576 live, idr',
    ours: inOne('idr', 1048576),
    peer: inOne('idr', 32768),
    target: 15,
  },
  {
    id: 'lookup-1m-hash',
    what: 'findPidNs, 1,048,576 live, hash',
    ours: inOne('hash', 1048576),
    peer: inOne('hash', 32768),
  },
]
