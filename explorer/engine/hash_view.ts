/** How numbers are found, as the page draws it: the buckets of the pid hash with their chains, or the radix trees. */

import type { NsRef } from '../../src/mm/layout.ts'
import * as L from '../../src/mm/layout.ts'
import { forEachSlot } from '../../src/mm/slab.ts'
import { pidHashHead, upidOfNode } from '../../src/pid/pid_hash.ts'
import { idrTop, leafOf } from '../../src/pid/pid_idr.ts'
import type { PidTable } from '../../src/pid/table.ts'
import { hlistNextRcu } from '../../src/sync/hlist.ts'
import type { HashChange, Trace } from './tracer.ts'

export interface Entry {
  readonly nr: number
  readonly ns: number
}

export interface Chain {
  readonly bucket: number
  readonly entries: readonly Entry[]
}

export interface HashView {
  readonly kind: 'hash'
  readonly count: number
  /** By bucket: how long its chain is, at most 255. */
  readonly lengths: Uint8Array
  /** The buckets that the step touched, and the one that was asked for. */
  readonly chains: readonly Chain[]
  readonly changes: readonly HashChange[]
}

export interface TreeView {
  readonly kind: 'idr'
  readonly trees: readonly {
    readonly ns: number
    readonly hasTop: boolean
    readonly leaves: readonly { readonly index: number; readonly count: number }[]
  }[]
  readonly changes: readonly HashChange[]
}

const MOST_CHAINS = 64

export function viewHash(table: PidTable, trace: Trace, asked: number): HashView | TreeView {
  if (table.lookup === L.LOOKUP_IDR) return viewTrees(table, trace.hash)
  const w = table.words
  const size = 1 << w[L.H_HASH_SHIFT]
  const lengths = new Uint8Array(size)
  const head = pidHashHead(table, 0)
  for (let i = 0; i < size; i++) {
    let length = 0
    for (let node = w[head + i]; node !== 0 && length < 255; node = hlistNextRcu(w, node)) length++
    lengths[i] = length
  }
  const wanted = new Set(trace.hash.map(({ bucket }) => bucket & (size - 1)))
  if (asked >= 0 && asked < size) wanted.add(asked)
  for (let i = 0; i < size && wanted.size < MOST_CHAINS; i++)
    if ((lengths[i] as number) > 1 || size <= 16) wanted.add(i)
  return {
    kind: 'hash',
    count: w[L.H_HASH_COUNT],
    lengths,
    chains: [...wanted]
      .slice(0, MOST_CHAINS)
      .map((bucket) => ({ bucket, entries: chainOf(table, head + bucket) })),
    changes: trace.hash,
  }
}

function chainOf(table: PidTable, head: number): Entry[] {
  const w = table.words
  const entries: Entry[] = []
  for (let node = w[head] as number; node !== 0; node = hlistNextRcu(w, node)) {
    const upid = upidOfNode(node)
    entries.push({ nr: w[upid + L.UPID_NR], ns: w[w[upid + L.UPID_NS] + L.NS_INUM] >>> 0 })
  }
  return entries
}

const LEAF_NUMBERS = 1024
const TOP_SLOTS = 4096

function viewTrees(table: PidTable, changes: readonly HashChange[]): TreeView {
  const w = table.words
  const trees: TreeView['trees'][number][] = []
  forEachSlot(table, L.SLAB_NS, (slot) => {
    const ns = slot as NsRef
    const hasTop = idrTop(table, ns) !== 0
    const leaves: { index: number; count: number }[] = []
    for (let index = 0; index < (hasTop ? TOP_SLOTS : 1); index++) {
      const leaf = leafOf(table, ns, index * LEAF_NUMBERS)
      if (leaf !== 0) leaves.push({ index, count: w[leaf + L.IDR_COUNT] })
    }
    trees.push({ ns: w[ns + L.NS_INUM] >>> 0, hasTop, leaves })
  })
  return { kind: 'idr', trees: trees.sort((a, b) => a.ns - b.ns), changes }
}
