/** What the library has after a step of a log, replayed here, without the page; read from the words of its own table. */
import type { NsRef } from '#internal/mm/layout.js'
import * as L from '#internal/mm/layout.js'
import { forEachSlot } from '#internal/mm/slab.js'
import { taskActivePidNs } from '#internal/pid/task_link.js'
import { Task } from '#internal/process.js'
import { hlistNextRcu } from '#internal/sync/hlist.js'
import type { TaskTable } from '#internal/task/table.js'
import type { SpanStart } from '#internal/trace/acts.js'
import type { LogItem, Start } from '#internal/trace/event.js'
import { readParts } from '#internal/trace/log_parts.js'
import { type LogStep, type Running, startRunning } from '#internal/trace/running.js'
import { bytesOf, type Lookup } from './engine.ts'

/** A row of the tree: a process, a thread, or a namespace. */
export interface Row {
  /** Its numbers, outermost first, or `ns` and its inode number. */
  readonly key: string
  /** Key of the row that it lies below; empty: it is the outermost. */
  readonly parent: string
  readonly state: string
}

export interface Namespace {
  readonly inum: number
  readonly lastPid: number
  readonly pidMax: number
  readonly hashed: number
  readonly taken: readonly number[]
}

export interface Truth {
  readonly rows: readonly Row[]
  readonly namespaces: readonly Namespace[]
  /** By bucket with anybody in it: `number inode-number` each, in the chain's order. */
  readonly chains: ReadonlyMap<number, readonly string[]>
  readonly buckets: number
  /** By inode number: `leaf: count` each. */
  readonly trees: ReadonlyMap<number, readonly string[]>
}

/** After each of these steps. */
export async function truthOf(
  path: string,
  lookup: Lookup,
  steps: readonly number[],
): Promise<Map<number, Truth>> {
  const truth = new Map<number, Truth>()
  let running: Running | undefined
  let step = 0
  const take = (item: LogItem): void => {
    if (running === undefined) running = startRunning(item as Start | SpanStart, { lookup })
    else {
      running.take(item as LogStep)
      step++
    }
    // What was put off to the end of the turn is done here: the page does it after each step.
    running.kernel.save()
    if (steps.includes(step)) truth.set(step, lookAt(running))
  }
  for await (const part of readParts(bytesOf(path))) part.play(take, () => false)
  if (running === undefined || running.kernel.check().length > 0) throw new Error('the library has a bug')
  running.dispose()
  return truth
}

/** Each place that is asked for is one of the table's. */
function at(words: Int32Array, place: number): number {
  return words[place] as number
}

function lookAt({ kernel, root }: Running): Truth {
  const { table } = Task.realmOf(kernel.init)
  const isHash = table.lookup === L.LOOKUP_HASH
  const spaces: NsRef[] = []
  forEachSlot(table, L.SLAB_NS, (slot) => spaces.push(slot as NsRef))
  const shown = spaces.filter((ns) => at(table.words, ns + L.NS_LEVEL) >= root.level)
  return {
    rows: rowsOf(table, kernel.tasks(), shown),
    namespaces: shown.map((ns) => viewOf(table, ns)),
    chains: isHash ? chainsOf(table) : new Map(),
    buckets: isHash ? 2 ** at(table.words, L.H_HASH_SHIFT) : 0,
    trees: isHash ? new Map() : new Map(spaces.map((ns) => [inumOf(table, ns), leavesOf(table, ns)])),
  }
}

function inumOf({ words }: TaskTable, ns: number): number {
  return at(words, ns + L.NS_INUM) >>> 0
}

function viewOf(table: TaskTable, ns: NsRef): Namespace {
  const { words, bitsPerPage, pidmapEntries } = table
  const taken: number[] = []
  for (let i = 0; i < pidmapEntries; i++) {
    const page = at(words, ns + L.NS_PIDMAP + i * L.PIDMAP_WORDS + L.PIDMAP_PAGE)
    for (let bit = 0; page !== 0 && bit < bitsPerPage; bit++)
      if (((at(words, page + (bit >> 5)) >>> (bit & 31)) & 1) === 1) taken.push(i * bitsPerPage + bit)
  }
  return {
    inum: inumOf(table, ns),
    lastPid: at(words, ns + L.NS_LAST_PID),
    pidMax: at(words, ns + L.NS_PID_MAX),
    hashed: at(words, ns + L.NS_NR_HASHED) & 0x7fffffff,
    taken,
  }
}

/** A process lies below its parent, if that is in the same namespace; else below the namespace; a thread below its leader. */
function rowsOf(table: TaskTable, tasks: readonly Task[], shown: readonly NsRef[]): Row[] {
  const { words } = table
  const level = Math.min(...shown.map((ns) => at(words, ns + L.NS_LEVEL)))
  const keyOf = (task: Task): string => task.nspid.slice(level).join(' ')
  const nsOf = (task: Task): NsRef =>
    taskActivePidNs(table, Task.refOf('task', task, Task.realmOf(task), 'look'))
  const keyOfNs = (ns: number): string => `ns ${inumOf(table, ns)}`
  const leaders = new Map(tasks.filter(({ pid, tid }) => pid === tid).map((task) => [keyOf(task), task]))
  const rows: Row[] = []
  for (const task of tasks) {
    const ns = nsOf(task)
    if (!shown.includes(ns)) continue
    const { parent } = task
    const isThread = task.tid !== task.pid
    const leader = [...leaders.values()].find((one) => nsOf(one) === ns && one.pid === task.pid)
    const isInside = parent !== undefined && nsOf(parent) === ns
    rows.push({
      key: keyOf(task),
      parent: isThread && leader !== undefined ? keyOf(leader) : isInside ? keyOf(parent) : keyOfNs(ns),
      state: task.state === 'S' && task.exiting ? 'E' : task.state,
    })
  }
  for (const ns of shown) {
    const outer = at(words, ns + L.NS_PARENT) as NsRef
    const reaper = at(words, ns + L.NS_CHILD_REAPER)
    const init = tasks.find((task) => Task.refOf('task', task, Task.realmOf(task), 'look') === reaper)
    const parent = init?.parent
    const isBelow = parent !== undefined && nsOf(parent) === outer && shown.includes(outer)
    const above = shown.includes(outer) ? keyOfNs(outer) : ''
    rows.push({ key: keyOfNs(ns), parent: isBelow ? keyOf(parent) : above, state: '' })
  }
  return rows.sort((a, b) => (a.key < b.key ? -1 : 1))
}

function chainsOf(table: TaskTable): Map<number, string[]> {
  const { words } = table
  const chains = new Map<number, string[]>()
  for (let bucket = 0; bucket < 2 ** at(words, L.H_HASH_SHIFT); bucket++) {
    const chain: string[] = []
    for (let node = at(words, at(words, L.H_HASH) + bucket); node !== 0; node = hlistNextRcu(words, node)) {
      const upid = node - L.UPID_CHAIN
      chain.push(`${at(words, upid + L.UPID_NR)} ${inumOf(table, at(words, upid + L.UPID_NS))}`)
    }
    if (chain.length > 0) chains.set(bucket, chain)
  }
  return chains
}

const LEAVES = 4096
const LEAF = 1024

/** Slots of the leaves that hold somebody, counted one by one. */
function leavesOf({ words }: TaskTable, ns: NsRef): string[] {
  const root = at(words, ns + L.NS_IDR)
  const isTop = (root & 1) === 1
  const counted: string[] = []
  for (let i = 0; root !== 0 && i < (isTop ? LEAVES : 1); i++) {
    const leaf = isTop ? at(words, root - 1 + L.IDR_SLOTS + i) : root
    if (leaf === 0) continue
    const slots = words.subarray(leaf + L.IDR_SLOTS, leaf + L.IDR_SLOTS + LEAF)
    counted.push(`${i}: ${slots.filter((pid) => pid !== 0).length}`)
  }
  return counted
}
