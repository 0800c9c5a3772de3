/** Where each row of the tree lies: heights summed up, so that only rows in sight are made. */

import type { NsView, Snapshot } from '../engine/snapshot.ts'
import * as R from '../engine/snapshot.ts'

const HEIGHTS: readonly number[] = [28, 24, 32, 10]

export interface Rows {
  readonly snapshot: Snapshot
  readonly count: number
  /** Row i reaches from tops[i] to tops[i + 1]. */
  readonly tops: Float64Array
  /** The row of its parent; -1: none is drawn. */
  readonly parents: Int32Array
  readonly areas: readonly Area[]
  /** The most numbers that a process has, and so the columns. */
  readonly levels: number
}

/** A namespace, from its heading to its end. */
export interface Area {
  readonly ns: NsView
  readonly nested: number
  readonly depth: number
  readonly from: number
  readonly to: number
}

export function layOut(snapshot: Snapshot, level: number): Rows {
  const { rows } = snapshot
  const count = rows.length / R.ROW_WORDS
  const tops = new Float64Array(count + 1)
  const parents = new Int32Array(count).fill(-1)
  const areas: Area[] = []
  const open: number[] = []
  const above: number[] = []
  let levels = 1
  for (let i = 0; i < count; i++) {
    const at = i * R.ROW_WORDS
    const kind = rows[at + R.R_KIND] as number
    const depth = rows[at + R.R_DEPTH] as number
    tops[i + 1] = (tops[i] as number) + (HEIGHTS[kind] as number)
    if (kind === R.ROW_NS) open.push(i)
    else if (kind === R.ROW_NS_END) areas.push(areaOf(snapshot, open.pop() as number, tops, i))
    else levels = Math.max(levels, (rows[at + R.R_LEVELS] as number) - level)
    above.length = depth
    if (kind !== R.ROW_NS_END) {
      parents[i] = above[depth - 1] ?? -1
      above[depth] = i
    }
  }
  return { snapshot, count, tops, parents, areas, levels }
}

function areaOf({ rows, namespaces }: Snapshot, heading: number, tops: Float64Array, end: number): Area {
  const at = heading * R.ROW_WORDS
  return {
    ns: namespaces[rows[at + R.R_NS] as number] as NsView,
    nested: rows[at + R.R_AREAS] as number,
    depth: rows[at + R.R_DEPTH] as number,
    from: tops[heading] as number,
    to: (tops[end + 1] as number) - 4,
  }
}

/** The row at a height. */
export function rowAt({ tops, count }: Rows, y: number): number {
  let [low, high] = [0, count]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((tops[middle + 1] as number) <= y) low = middle + 1
    else high = middle
  }
  return Math.min(low, count - 1)
}

export interface Row {
  readonly kind: number
  readonly depth: number
  readonly ns: NsView
  readonly nested: number
  readonly flags: number
  /** Outermost first. */
  readonly numbers: readonly number[]
  readonly pid: number
  readonly ppid: number
  readonly pgid: number
  readonly sid: number
  readonly pos: number
  readonly size: number
  readonly comm: string
}

export function rowOf({ rows, numbers, comms, namespaces }: Snapshot, i: number, level: number): Row {
  const word = (n: number): number => rows[i * R.ROW_WORDS + n] as number
  const from = word(R.R_NUMBERS)
  return {
    kind: word(R.R_KIND),
    depth: word(R.R_DEPTH),
    ns: namespaces[word(R.R_NS)] as NsView,
    nested: word(R.R_AREAS),
    flags: word(R.R_FLAGS),
    numbers: [...numbers.subarray(from + level, from + word(R.R_LEVELS))],
    pid: word(R.R_PID),
    ppid: word(R.R_PPID),
    pgid: word(R.R_PGID),
    sid: word(R.R_SID),
    pos: word(R.R_POS),
    size: word(R.R_SIZE),
    comm: comms[word(R.R_COMM)] ?? '',
  }
}
