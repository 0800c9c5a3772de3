/** One table in several workers. */
import { MessageChannel } from 'node:worker_threads'
import { allocPid, createPidTable, initPidNs, sharePidTable } from 'pidns/shared/pid'
import type { SharedRow } from '../row.ts'
import type { Members, Team } from '../together.ts'
import { importSharedMap, type Kind, type MapData, type TableData } from '../works.ts'

const LIVE = 32768
/** A little more than live: of the numbers that are looked for, four fifths are there. */
const NUMBERS = 40960

/** A table with numbers, which nobody uses yet. */
function newTable(): TableData {
  const table = createPidTable({ lookup: 'idr', pidMax: NUMBERS, maxPids: 2 * LIVE })
  const ns = initPidNs(table)
  // Number 1 stays: without it the namespace would be dead.
  allocPid(table, ns)
  const live = new Int32Array(new SharedArrayBuffer(4 * LIVE))
  for (let i = 0; i < LIVE; i++) live[i] = allocPid(table, ns)
  return { table: sharePidTable(table), ns, live, numbers: NUMBERS }
}

async function newMap(): Promise<MapData> {
  const SharedMap = await importSharedMap()
  const map = new SharedMap(2 * LIVE, 8, 8)
  const live = new Int32Array(new SharedArrayBuffer(4 * LIVE))
  for (let i = 0; i < LIVE; i++) {
    live[i] = i + 1
    map.set(String(i + 1), i + 1)
  }
  return { map, live, numbers: NUMBERS }
}

function onTable(name: string, foreground: readonly Kind[], beside: readonly Kind[] = []): Team {
  return {
    name,
    setup: () => {
      const data = newTable()
      const member = (kind: Kind): Members['foreground'][number] => ({ kind, data })
      return { foreground: foreground.map(member), beside: beside.map(member) }
    },
  }
}

/** Each has a table of its own: they share nothing but the machine. */
function apart(name: string, foreground: readonly Kind[]): Team {
  return {
    name,
    setup: () => ({ foreground: foreground.map((kind) => ({ kind, data: newTable() })) }),
  }
}

const onMap: Team = {
  name: 'sharedmap 1.2.0 get, beside delete + set',
  setup: async () => {
    const data = await newMap()
    return { foreground: [{ kind: 'findInMap', data }], beside: [{ kind: 'churnMap', data }] }
  },
}

const byMessage: Team = {
  name: 'postMessage round trip to the thread that has the numbers, a bare number',
  setup: () => {
    const { port1, port2 } = new MessageChannel()
    return {
      foreground: [{ kind: 'ask', data: port1, transfer: [port1] }],
      beside: [{ kind: 'answer', data: port2, transfer: [port2] }],
      sleeps: true,
    }
  },
}

export const SHARED: readonly SharedRow[] = [
  {
    id: 'lookup-shared',
    what: 'findPidNs in a section, 32,768 live, idr, beside allocPid + freePid in another worker',
    ours: onTable('pidns', ['find'], ['churn']),
    peer: onMap,
    target: 0.02,
  },
  {
    id: 'readers-2',
    what: 'lookups of two workers at the same time',
    ours: onTable('pidns', ['find', 'find']),
    peer: onTable('of one', ['find']),
    target: 1.8,
    rate: true,
  },
  {
    id: 'readers-2-apart',
    what: 'lookups of two workers, each in a table of its own: what the machine gives',
    ours: apart('pidns', ['find', 'find']),
    peer: apart('of one', ['find']),
    rate: true,
  },
  {
    id: 'writer-keep',
    what: 'allocPid + freePid beside a worker that looks up without a break',
    ours: onTable('pidns', ['churn'], ['find']),
    peer: onTable('alone', ['churn']),
    target: 0.8,
    rate: true,
  },
  {
    id: 'cross-worker',
    what: 'a bare number from a worker: allocPidmap + freePidmap',
    ours: onTable('pidns', ['numbers']),
    peer: byMessage,
    target: 0.01,
  },
  {
    id: 'cross-worker-pid',
    what: 'a whole struct pid from a worker: allocPid + freePid, random victim',
    ours: onTable('pidns', ['churn']),
    peer: byMessage,
  },
]
