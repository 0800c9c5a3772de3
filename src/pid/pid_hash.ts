/**
 * The pid hash: chains of upids, found by number and namespace. Linux: `pid_hash`, `pid_hashfn` (kernel/pid.c, up to
 * 4.14), whose size is fixed at boot; differs: ours doubles with what is hashed, so that few chains hold more than one.
 *
 * Readers walk a chain inside a read section; writers hold pidmapLock. A bucket is one word, the first upid's node.
 */
import { add, load, store } from '../lib/atomic.ts'
import { hash32 } from '../lib/hash.ts'
import { arenaTake } from '../mm/arena.ts'
import type { NsRef, UpidRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { hlistAddHeadRcu, hlistDelRcu, hlistFirstRcu, hlistNextRcu } from '../sync/hlist.ts'
import type { PidTable } from './table.ts'

/** The kernel's smallest hash: 16 buckets. */
const INITIAL_SHIFT = 4
/** There are at least 2^2 buckets for each number: seven lookups in eight are over with the first number they meet. */
const ROOM_SHIFT = 2

/** Allocates the first buckets. Linux: `pidhash_init`. */
export function pidhashInit(table: PidTable): void {
  const w = table.words
  w[L.H_HASH] = arenaTake(table, 1 << INITIAL_SHIFT)
  w[L.H_HASH_SHIFT] = INITIAL_SHIFT
}

/** Buckets of a cache line. */
const LINE_MASK: number = L.LINE_WORDS - 1

/**
 * The bucket of a number in a namespace, 0 to 2^shift - 1: the number plus the namespace's address, spread. Addresses
 * in the arena are small and dense, so they are spread once before the sum. Linux: `pid_hashfn`; differs: sixteen
 * numbers in a row share a cache line of buckets, for numbers that are near were given out one after the other.
 */
export function pidHashfn(table: PidTable, nr: number, ns: NsRef): number {
  const line = hash32((nr >> 4) + Math.imul(ns, 0x9e3779b1), load(table.words, L.H_HASH_SHIFT))
  return (line & ~LINE_MASK) | (nr & LINE_MASK)
}

/** The word that heads a bucket's chain. Linux: `&pid_hash[i]`. */
export function pidHashHead(table: PidTable, bucket: number): number {
  return load(table.words, L.H_HASH) + bucket
}

/** Makes a number findable: the upid is complete, one store publishes it. Context: pidmapLock held. */
export function hashUpid(table: PidTable, upid: UpidRef): void {
  const w = table.words
  if (w[L.H_HASH_COUNT] << ROOM_SHIFT >= 1 << w[L.H_HASH_SHIFT]) growPidHash(table)
  const bucket = pidHashfn(table, w[upid + L.UPID_NR], w[upid + L.UPID_NS] as NsRef)
  hlistAddHeadRcu(w, upid + L.UPID_CHAIN, pidHashHead(table, bucket))
  w[L.H_HASH_COUNT] += 1
}

/** Takes a number out of sight; a reader that stands on it still finds the rest. Context: pidmapLock held. */
export function unhashUpid(table: PidTable, upid: UpidRef): void {
  hlistDelRcu(table.words, upid + L.UPID_CHAIN)
  table.words[L.H_HASH_COUNT] -= 1
}

/** The upid of a node on a chain. */
export function upidOfNode(node: number): UpidRef {
  return (node - L.UPID_CHAIN) as UpidRef
}

/**
 * Twice the buckets; where memory is exhausted chains just grow longer.
 *
 * A reader without the lock may go astray: nodes move from the chain that it walks to another one. So it may miss a
 * number that is there, never find a wrong one, and H_HASH_SEQ tells it so ({@link findPidNs} looks again). It reads
 * the shift before the buckets, and they are stored the other way round: its bucket is never beyond their end.
 */
function growPidHash(table: PidTable): void {
  const w = table.words
  const old = w[L.H_HASH]
  const shift = w[L.H_HASH_SHIFT]
  const buckets = arenaTake(table, 2 << shift)
  if (buckets === 0) return
  add(w, L.H_HASH_SEQ, 1)
  store(w, L.H_HASH, buckets)
  store(w, L.H_HASH_SHIFT, shift + 1)
  for (let i = 0; i < 1 << shift; i++) {
    let node = hlistFirstRcu(w, old + i)
    while (node !== 0) {
      const next = hlistNextRcu(w, node)
      const upid = upidOfNode(node)
      const bucket = pidHashfn(table, w[upid + L.UPID_NR], w[upid + L.UPID_NS] as NsRef)
      hlistAddHeadRcu(w, node, buckets + bucket)
      node = next
    }
  }
  add(w, L.H_HASH_SEQ, 1)
}
