/**
 * Copies of a table at rest: its words up to the high-water mark, to be put back as they are. Nothing is checked, since
 * they never leave this worker; `kernel.save()` is for what does.
 *
 * Invariant: a kernel to which a copy was put back does what the one that was copied did next, to the word.
 */
import type { Kernel } from '../../src/index.ts'
import * as L from '../../src/mm/layout.ts'
import type { PidTable } from '../../src/pid/table.ts'
import { Task } from '../../src/process.ts'

/** Between two turns, with nobody inside: all that a kernel is stands in its words. */
export function isAtRest({ irqsOn, rcuNesting, irqQueue }: PidTable): boolean {
  return irqsOn && rcuNesting === 0 && irqQueue.length === 0
}

export function copyTable({ words }: PidTable): Int32Array {
  return words.slice(0, words[L.H_BRK])
}

/** The same, and zeros behind it, in `into` if that is large enough. */
export function copyInto(into: Int32Array, { words }: PidTable): Int32Array {
  const end = words[L.H_BRK]
  const copy = into.length < end ? new Int32Array(2 * end) : into
  copy.set(words.subarray(0, end))
  copy.fill(0, end)
  return copy
}

/** The kernel is as it was when the copy was made. Task objects that it has given are nobody's any more. */
export function putBack(kernel: Kernel, copy: Int32Array): void {
  const realm = Task.realmOf(kernel.init)
  const { table } = realm
  const end = table.words[L.H_BRK]
  table.words.set(copy)
  if (end > copy.length) table.words.fill(0, copy.length, end)
  table.irqsOn = true
  table.rcuNesting = 0
  table.irqQueue.length = 0
  realm.tasks.pages.length = 0
  for (const kept of [realm.waits, realm.polls, realm.drivers, realm.functions, realm.frames]) kept.clear()
}
