/**
 * Circular doubly linked lists through words of the records themselves. A list head and a node look alike: two words,
 * `next` and `prev`, each the word offset of another such pair. An empty list's head points at itself.
 *
 * Linux: include/linux/list.h. Plain stores only: every list here is guarded by tasklistLock.
 */
import type { Words } from './atomic.ts'

const NEXT = 0
const PREV = 1
/** Words that a head or a node takes. */
export const LIST_WORDS = 2

/** Makes `head` an empty list, or `node` one that is on no list. Linux: `INIT_LIST_HEAD`. */
export function initListHead(words: Words, head: number): void {
  words[head + NEXT] = head
  words[head + PREV] = head
}

/** The pair after `at`: the first node when `at` is the head, the head itself after the last node. */
export function listNext(words: Words, at: number): number {
  return words[at + NEXT]
}

export function listEmpty(words: Words, head: number): boolean {
  return words[head + NEXT] === head
}

/** Puts `node` at the end of the list. */
export function listAddTail(words: Words, node: number, head: number): void {
  const last = words[head + PREV]
  words[node + NEXT] = head
  words[node + PREV] = last
  words[last + NEXT] = node
  words[head + PREV] = node
}

/** Takes `node` off its list and leaves it on none. Linux: `list_del_init`. */
export function listDelInit(words: Words, node: number): void {
  const next = words[node + NEXT]
  const prev = words[node + PREV]
  words[prev + NEXT] = next
  words[next + PREV] = prev
  initListHead(words, node)
}

/** Puts `replacement` where `node` was, and leaves `node` on no list. Linux: `list_replace_init`. */
export function listReplaceInit(words: Words, node: number, replacement: number): void {
  const next = words[node + NEXT]
  // In no list: what it points at is itself, and the replacement shall not.
  if (next === node) {
    initListHead(words, replacement)
    return
  }
  const prev = words[node + PREV]
  words[replacement + NEXT] = next
  words[replacement + PREV] = prev
  words[prev + NEXT] = replacement
  words[next + PREV] = replacement
  initListHead(words, node)
}

/** Moves all nodes of `from` behind those of `head`. Linux: `list_splice_tail_init`. */
export function listSpliceTailInit(words: Words, from: number, head: number): void {
  const first = words[from + NEXT]
  if (first === from) return
  const last = words[from + PREV]
  const tail = words[head + PREV]
  words[tail + NEXT] = first
  words[first + PREV] = tail
  words[last + NEXT] = head
  words[head + PREV] = last
  initListHead(words, from)
}
