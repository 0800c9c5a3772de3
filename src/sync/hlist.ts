/**
 * Hash chains with one pointer as head, which readers walk while a writer inserts and removes.
 *
 *      head       the first node, 0 when empty
 *      node + 0   next node, 0 at the end
 *      node + 1   pprev: the word that holds this node's address (a head, or the `next` of the node before)
 *
 * Writers hold the lock that guards the chain; readers hold none, only a read section. Therefore
 *  - a node is filled before one store makes it visible ({@link hlistAddHeadRcu});
 *  - a node taken out keeps its `next`, so that a reader that stands on it finds the rest of the chain
 *    ({@link hlistDelRcu}); it may be put on a chain again only after a grace period.
 *
 * Linux: include/linux/rculist.h.
 */
import { load, store, type Words } from '../lib/atomic.ts'

const NEXT = 0
const PPREV = 1
/** Words that a node takes. */
export const HLIST_NODE_WORDS = 2

/** What the `pprev` of a node taken out by {@link hlistDelRcu} becomes: a second removal is caught. */
export const LIST_POISON2 = -2

/** Puts `node` at the front of the chain: fills the node, then publishes it with one store. */
export function hlistAddHeadRcu(words: Words, node: number, head: number): void {
  const first = words[head]
  words[node + NEXT] = first
  words[node + PPREV] = head
  store(words, head, node)
  if (first !== 0) words[first + PPREV] = node + NEXT
}

/** Takes `node` out of the chain and leaves its `next` as it is. */
export function hlistDelRcu(words: Words, node: number): void {
  const next = words[node + NEXT]
  const pprev = words[node + PPREV]
  store(words, pprev, next)
  if (next !== 0) words[next + PPREV] = pprev
  words[node + PPREV] = LIST_POISON2
}

/** Puts `replacement` where `node` was. Linux: `hlist_replace_rcu`. */
export function hlistReplaceRcu(words: Words, node: number, replacement: number): void {
  const next = words[node + NEXT]
  const pprev = words[node + PPREV]
  words[replacement + NEXT] = next
  words[replacement + PPREV] = pprev
  store(words, pprev, replacement)
  if (next !== 0) words[next + PPREV] = replacement + NEXT
  words[node + PPREV] = LIST_POISON2
}

/** The first node of the chain, or 0. Context: a read section, or the chain's lock. */
export function hlistFirstRcu(words: Words, head: number): number {
  return load(words, head)
}

/** The node after `node`, or 0: one read of `next`. Context: as {@link hlistFirstRcu}. */
export function hlistNextRcu(words: Words, node: number): number {
  return load(words, node + NEXT)
}

/** Is the node on a chain? */
export function hlistHashed(words: Words, node: number): boolean {
  return words[node + PPREV] > 0
}
