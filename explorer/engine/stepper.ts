/**
 * Goes to any step of a {@link Recorded}: takes the nearest copy of the table before it, makes the calls again that lie
 * between, and listens to those of the step itself. What this file imports of the library is the traced build.
 *
 * Invariant: `table` is the state after `step`, `before` the words of the state before it.
 */
import { Kernel } from '../../src/index.ts'
import type { NsRef } from '../../src/mm/layout.ts'
import * as L from '../../src/mm/layout.ts'
import { forEachSlot } from '../../src/mm/slab.ts'
import { pidmapEntry } from '../../src/pid/pidmap.ts'
import type { PidTable } from '../../src/pid/table.ts'
import { Task } from '../../src/process.ts'
import { rcuLength } from '../../src/sync/rcu.ts'
import { copyInto, putBack } from './copies.ts'
import { type HashView, type TreeView, viewHash } from './hash_view.ts'
import { setOutermost } from './names.ts'
import { performCalls } from './performer.ts'
import { endTurn } from './platform.ts'
import type { Checkpoint, Recorded } from './recorded.ts'
import { noteTasks, type Snapshot, takeSnapshot } from './snapshot.ts'
import { type Trace, trace } from './tracer.ts'

/** The pidmap of a namespace. */
export interface MapView {
  readonly ns: number
  readonly bitsPerPage: number
  /** Bits of all pages up to the last that exists. */
  readonly bits: Int32Array
  /** By page: how many zero bits it has; -1: there is no page. */
  readonly free: Int32Array
  readonly pidMax: number
  readonly lastPid: number
  readonly reserved: number
  /** What the last step set and cleared. */
  readonly set: readonly number[]
  readonly cleared: readonly number[]
}

/** The processor on which all this runs. */
export interface CpuView {
  readonly irqsOn: boolean
  /** Read sections that are open, one inside the other. */
  readonly reading: number
  /** RCU callbacks that wait for a grace period. */
  readonly waiting: number
}

export interface Stepper {
  readonly step: number
  seek(step: number): void
  /** What the last step did. */
  readonly trace: Trace
  snapshot(): Snapshot
  map(inum: number): MapView | undefined
  hash(bucket: number): HashView | TreeView
  cpu(): CpuView
  /** The state as `kernel.save()` has it. */
  save(): Uint8Array
}

const MOST_CHANGES = 4096

export function createStepper(recorded: Recorded): Stepper {
  const { checkpoints, callsEnd, tape, texts, level, image } = recorded
  setOutermost(level)
  const kernel = Kernel.restore(image)
  endTurn()
  const { table } = Task.realmOf(kernel.init)
  let step = -1
  let before: Int32Array = new Int32Array(0)
  let notes: Map<number, number> | undefined
  let told: Trace = { calls: [], hash: [], left: 0 }

  function restore(to: number): void {
    const checkpoint = checkpoints[lastBefore(checkpoints, to)] as Checkpoint
    if (step <= to && step >= checkpoint.step) return
    putBack(kernel, checkpoint.words)
    step = checkpoint.step
  }

  function forward(to: number): void {
    // A turn ends with each step: what was freed in it can be used again in the next one.
    for (; step < to; step++) {
      const [from, end] = [callsEnd[step] as number, callsEnd[step + 1] as number]
      if (from < end) performCalls(kernel, table, tape, texts, from, end)
    }
  }

  return {
    get step() {
      return step
    },
    get trace() {
      return told
    },
    seek(to) {
      if (to === step) return
      restore(Math.max(0, to - 1))
      forward(to - 1)
      before = copyInto(before, table)
      notes = to === 0 ? undefined : noteTasks(table)
      told = trace(table, () => forward(to))
    },
    snapshot: () => takeSnapshot(table, level, notes),
    map: (inum) => viewMap(table, before, step, inum),
    hash: (bucket) => viewHash(table, told, bucket),
    cpu: () => ({ irqsOn: table.irqsOn, reading: table.rcuNesting, waiting: rcuLength(table) }),
    save: () => kernel.save(),
  }
}

/** The last copy that was made at this step or before it. */
function lastBefore(checkpoints: readonly Checkpoint[], step: number): number {
  let [low, high] = [0, checkpoints.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((checkpoints[middle] as Checkpoint).step <= step) low = middle
    else high = middle - 1
  }
  return low
}

export function findNs(table: PidTable, inum: number): NsRef {
  let found = 0 as NsRef
  forEachSlot(table, L.SLAB_NS, (ns) => {
    if (table.words[ns + L.NS_INUM] >>> 0 === inum) found = ns as NsRef
  })
  return found
}

function viewMap(table: PidTable, before: Int32Array, step: number, inum: number): MapView | undefined {
  const w = table.words
  const ns = findNs(table, inum)
  if (ns === 0) return undefined
  const pageWords = table.bitsPerPage >> 5
  let pages = 0
  for (let i = 0; i < table.pidmapEntries; i++) if (w[pidmapEntry(ns, i) + L.PIDMAP_PAGE] !== 0) pages = i + 1
  const bits = new Int32Array(pages * pageWords)
  const free = new Int32Array(pages)
  const changes = { set: [] as number[], cleared: [] as number[] }
  // A namespace that was made in this step has no map before it.
  const same = step > 0 && ns < before.length && before[ns + L.NS_INUM] === w[ns + L.NS_INUM]
  for (let i = 0; i < pages; i++) {
    const entry = pidmapEntry(ns, i)
    const page = w[entry + L.PIDMAP_PAGE]
    free[i] = page === 0 ? -1 : w[entry + L.PIDMAP_NR_FREE]
    if (page === 0) continue
    bits.set(w.subarray(page, page + pageWords), i * pageWords)
    const had = same && before[entry + L.PIDMAP_PAGE] === page
    for (let k = 0; k < pageWords; k++) {
      const old = had ? before[page + k] : 0
      if (old !== w[page + k]) noteChanges(changes, old, w[page + k], i * table.bitsPerPage + k * 32)
    }
  }
  return {
    ns: inum,
    bitsPerPage: table.bitsPerPage,
    bits,
    free,
    pidMax: w[ns + L.NS_PID_MAX],
    lastPid: w[ns + L.NS_LAST_PID],
    reserved: w[L.H_RESERVED_PIDS],
    set: step === 0 ? [] : changes.set,
    cleared: changes.cleared,
  }
}

function noteChanges(
  to: { set: number[]; cleared: number[] },
  old: number,
  now: number,
  first: number,
): void {
  if (to.set.length + to.cleared.length > MOST_CHANGES) return
  for (let bit = 0; bit < 32; bit++) {
    const is = (now >>> bit) & 1
    if (((old >>> bit) & 1) === is) continue
    if (is === 1) to.set.push(first + bit)
    else to.cleared.push(first + bit)
  }
}
