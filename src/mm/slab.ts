/**
 * Slabs: records of one kind, in chunks taken from the arena as they are needed and never given back. A slot is
 * therefore a record of its kind for ever: a late reader can find it reused, never turned into something else.
 *
 * Word 0 of a slot is its generation: odd while in use. A handle that leaves the library is slot and generation, so
 * that one whose record is gone is refused.
 *
 * Linux: mm/slab.c (`kmem_cache_*`, SLAB_TYPESAFE_BY_RCU). Worst case: O(1).
 */
import { load, SHARED, store, type Words } from '../lib/atomic.ts'
import { panic } from '../lib/panic.ts'
import { rawSpinLock, rawSpinUnlock } from '../sync/raw_spinlock.ts'
import { rcuBarrier, rcuLength } from '../sync/rcu.ts'
import { arenaTake, type Memory, shouldFail } from './arena.ts'
import * as L from './layout.ts'

const GENERATION = 0
const NEXT_FREE = 1

/** Words in front of a chunk's slots: the chunk before, and how many slots this one holds. */
const CHUNK_HEADER_WORDS = L.LINE_WORDS
/** Slots are taken from the arena about a page at a time. */
const CHUNK_WORDS = 1024

/** Makes slab number `slab` hold slots of `slotWords` words. Linux: `kmem_cache_create`. */
export function kmemCacheCreate(mem: Memory, slab: number, slotWords: number): void {
  mem.words[descriptor(slab) + L.SLAB_SLOT_WORDS] = slotWords
}

/**
 * A slot of the slab, or 0 when memory is exhausted. Its words keep what the last user left there.
 * Context: any; where the arena has no more, RCU callbacks run here if no read section is open.
 * Linux: `kmem_cache_alloc`.
 */
export function kmemCacheAlloc(mem: Memory, slab: number): number {
  const w = mem.words
  const d = descriptor(slab)
  if (shouldFail(mem)) return 0
  lockSlabs(mem)
  let slot = w[d + L.SLAB_FREE]
  if (slot !== 0) {
    w[d + L.SLAB_FREE] = w[slot + NEXT_FREE]
  } else {
    if (w[d + L.SLAB_FRESH] === w[d + L.SLAB_FRESH_END] && !grow(mem, d)) {
      unlockSlabs(mem)
      return allocAfterGracePeriod(mem, slab)
    }
    slot = w[d + L.SLAB_FRESH]
    w[d + L.SLAB_FRESH] = slot + w[d + L.SLAB_SLOT_WORDS]
  }
  store(w, slot + GENERATION, w[slot + GENERATION] + 1)
  w[d + L.SLAB_LIVE] += 1
  unlockSlabs(mem)
  return slot
}

/** As {@link kmemCacheAlloc}, with all words but the generation 0. Linux: `kmem_cache_zalloc`. */
export function kmemCacheZalloc(mem: Memory, slab: number): number {
  const slot = kmemCacheAlloc(mem, slab)
  if (slot !== 0) zero(mem.words, slot + 1, slot + mem.words[descriptor(slab) + L.SLAB_SLOT_WORDS])
  return slot
}

/** Gives a slot back. Linux: `kmem_cache_free`. */
export function kmemCacheFree(mem: Memory, slab: number, slot: number): void {
  const w = mem.words
  const d = descriptor(slab)
  if ((w[slot + GENERATION] & 1) === 0) panic(`slot ${slot} of slab ${slab} is freed twice`)
  lockSlabs(mem)
  store(w, slot + GENERATION, w[slot + GENERATION] + 1)
  w[slot + NEXT_FREE] = w[d + L.SLAB_FREE]
  w[d + L.SLAB_FREE] = slot
  w[d + L.SLAB_LIVE] -= 1
  unlockSlabs(mem)
}

/** Is the record in use? */
export function slotLive(mem: Memory, slot: number): boolean {
  return (load(mem.words, slot + GENERATION) & 1) === 1
}

/** The slot's generation: differs after each reuse. */
export function slotGeneration(mem: Memory, slot: number): number {
  return load(mem.words, slot + GENERATION)
}

/** Slots in use. */
export function slabLive(mem: Memory, slab: number): number {
  return mem.words[descriptor(slab) + L.SLAB_LIVE]
}

/** Is `slot` the beginning of a slot of this slab, in use or not? O(chunks). */
export function slabOwns(mem: Memory, slab: number, slot: number): boolean {
  const w = mem.words
  const size = w[descriptor(slab) + L.SLAB_SLOT_WORDS]
  for (let chunk = w[descriptor(slab) + L.SLAB_CHUNKS]; chunk !== 0; chunk = w[chunk]) {
    const offset = slot - chunk - CHUNK_HEADER_WORDS
    if (offset >= 0 && offset < w[chunk + 1] * size) return offset % size === 0
  }
  return false
}

/** Calls `visit` for each slot in use, newest chunk first. Context: nothing is allocated or freed meanwhile. */
export function forEachSlot(mem: Memory, slab: number, visit: (slot: number) => void): void {
  const w = mem.words
  const d = descriptor(slab)
  const size = w[d + L.SLAB_SLOT_WORDS]
  for (let chunk = w[d + L.SLAB_CHUNKS]; chunk !== 0; chunk = w[chunk]) {
    for (let i = 0, slot = chunk + CHUNK_HEADER_WORDS; i < w[chunk + 1]; i++, slot += size) {
      if (slotLive(mem, slot)) visit(slot)
    }
  }
}

/** For so few words a loop is over before `fill` has been called. */
const FEW_WORDS = 64

function zero(words: Words, from: number, to: number): void {
  if (to - from > FEW_WORDS) words.fill(0, from, to)
  else for (let at = from; at < to; at++) words[at] = 0
}

/** The free lists, where several workers have them. */
function lockSlabs(mem: Memory): void {
  if (SHARED !== 0) rawSpinLock(mem, L.H_SLAB_LOCK)
}

function unlockSlabs(mem: Memory): void {
  if (SHARED !== 0) rawSpinUnlock(mem, L.H_SLAB_LOCK)
}

function grow(mem: Memory, d: number): boolean {
  const w = mem.words
  const size = w[d + L.SLAB_SLOT_WORDS]
  const slots = Math.max(1, Math.floor((CHUNK_WORDS - CHUNK_HEADER_WORDS) / size))
  const chunk = arenaTake(mem, CHUNK_HEADER_WORDS + slots * size)
  if (chunk === 0) return false
  w[chunk] = w[d + L.SLAB_CHUNKS]
  w[chunk + 1] = slots
  w[d + L.SLAB_CHUNKS] = chunk
  w[d + L.SLAB_FRESH] = chunk + CHUNK_HEADER_WORDS
  w[d + L.SLAB_FRESH_END] = chunk + CHUNK_HEADER_WORDS + slots * size
  return true
}

/** Nothing left: what waits for a grace period may give slots back. */
function allocAfterGracePeriod(mem: Memory, slab: number): number {
  if (mem.rcuNesting > 0 || rcuLength(mem) === 0) return 0
  rcuBarrier(mem)
  return mem.words[descriptor(slab) + L.SLAB_FREE] === 0 ? 0 : kmemCacheAlloc(mem, slab)
}

function descriptor(slab: number): number {
  return L.H_SLABS + slab * L.SLAB_WORDS
}
