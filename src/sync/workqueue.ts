/**
 * Work items: what must be done soon, but not by whoever noticed it, who holds a lock. {@link scheduleWork} only
 * queues; the item runs when interrupts are next on.
 *
 * A work item is three words inside the record that it is about:
 *
 *      work + 0   next item in the queue, 0 at its end
 *      work + 1   kind: position of the function in cpu.workFuncs
 *      work + 2   1 while queued
 *
 * Linux: kernel/workqueue.c. An item that is queued already is not queued twice.
 */
import { compareExchange, store } from '../lib/atomic.ts'
import type { Cpu } from './cpu.ts'
import { lockQueues, unlockQueues } from './rcu.ts'

const NEXT = 0
const KIND = 1
const PENDING = 2
/** Words of a work item inside a record. */
export const WORK_WORDS = 3

/** Words of the queue in the header: first item, last item. */
const FIRST = 0
const LAST = 1
export const WORK_LIST_WORDS = 2

/** Prepares an item. Linux: `INIT_WORK`. */
export function initWork(cpu: Cpu, work: number, kind: number): void {
  cpu.words[work + KIND] = kind
  store(cpu.words, work + PENDING, 0)
}

/** Queues `work`; false when it was queued already. Context: any; runs no code. Linux: `schedule_work`. */
export function scheduleWork(cpu: Cpu, work: number): boolean {
  const w = cpu.words
  const list = cpu.workList
  if (compareExchange(w, work + PENDING, 0, 1) !== 0) return false
  lockQueues(cpu)
  w[work + NEXT] = 0
  const last = w[list + LAST]
  if (last === 0) w[list + FIRST] = work
  else w[last + NEXT] = work
  w[list + LAST] = work
  unlockQueues(cpu)
  return true
}

/** A hint: whoever queued an item sees it here, others soon. */
export function workPending(cpu: Cpu): boolean {
  return cpu.words[(cpu.workList + FIRST) | 0] !== 0
}

/**
 * Runs the items queued, first come first served, also those that they queue. Context: no lock is held but the one
 * that keeps other workers' readers away.
 */
export function runWorkqueue(cpu: Cpu): void {
  for (let work = takeWork(cpu); work !== 0; work = takeWork(cpu)) {
    const run = cpu.workFuncs[cpu.words[work + KIND]] as (cpu: Cpu, work: number) => void
    run(cpu, work)
  }
}

/** The first item, taken off the queue, which may queue itself again; 0 when there is none. */
function takeWork(cpu: Cpu): number {
  const w = cpu.words
  const list = cpu.workList
  if (!workPending(cpu)) return 0
  lockQueues(cpu)
  const work = w[list + FIRST]
  if (work !== 0) {
    const next = w[work + NEXT]
    store(w, list + FIRST, next)
    if (next === 0) w[list + LAST] = 0
  }
  unlockQueues(cpu)
  if (work !== 0) store(w, work + PENDING, 0)
  return work
}
