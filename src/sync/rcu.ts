/**
 * Read-copy-update, quiescent-state based. A reader that found a record inside a read section may go on reading it:
 * whoever took the record out of sight frees it by {@link callRcu}, and the callback runs only after every read
 * section that was open then has been closed.
 *
 * In one thread a grace period is over as soon as no read section is open. Among workers all read sections lie inside
 * one lock, `cpu.graceLock`: a grace period is over for whoever holds it and has none open. Callbacks run at such a point once a batch
 * has gathered, at the end of the turn, and when {@link rcuBarrier} or an exhausted slab asks for it.
 *
 * A callback is two words inside the record that it frees, so that callRcu allocates nothing and cannot fail:
 *
 *      head + 0   next head in the list, 0 at its end
 *      head + 1   kind: position of the function in cpu.rcuFuncs
 *
 * Linux: kernel/rcu/. Context: callRcu may be called under any lock and inside a read section.
 */
import { SHARED } from '../lib/atomic.ts'
import { panic } from '../lib/panic.ts'
import type { Cpu } from './cpu.ts'
import { lockCalls, rawSpinHeld, rawSpinLock, rawSpinUnlock, unlockCalls } from './raw_spinlock.ts'

const NEXT = 0
const KIND = 1
/** Words of a callback's head inside a record. */
export const RCU_HEAD_WORDS = 2

/** Words of the list in the header: first head, last head, length. */
const FIRST = 0
const LAST = 1
const LENGTH = 2
export const RCU_LIST_WORDS = 3

/** So many callbacks are worth a batch of their own before the turn ends. */
export const RCU_BATCH = 32

/** Opens a read section; they nest. No read section may stay open across an `await`. Linux: `rcu_read_lock`. */
export function rcuReadLock(cpu: Cpu): void {
  cpu.rcuNesting += 1
}

/** Closes the innermost read section. Linux: `rcu_read_unlock`. */
export function rcuReadUnlock(cpu: Cpu): void {
  if (cpu.rcuNesting === 0) panic('rcuReadUnlock without rcuReadLock')
  cpu.rcuNesting -= 1
  if (cpu.rcuNesting === 0 && cpu.words[cpu.rcuList + LENGTH] > 0) deferCallbacks(cpu)
}

/** Has `cpu.rcuFuncs[kind]` called with `head` once all read sections open now have been closed. Linux: `call_rcu`. */
export function callRcu(cpu: Cpu, head: number, kind: number): void {
  const w = cpu.words
  const list = cpu.rcuList
  lockQueues(cpu)
  w[head + NEXT] = 0
  w[head + KIND] = kind
  const last = w[list + LAST]
  if (last === 0) w[list + FIRST] = head
  else w[last + NEXT] = head
  w[list + LAST] = head
  w[list + LENGTH] += 1
  unlockQueues(cpu)
  if (cpu.irqsOn && rcuPending(cpu) && (cpu.graceLock === 0 || SHARED === 0)) rcuRunCallbacks(cpu)
  else deferCallbacks(cpu)
}

/** A batch has gathered, and no reader is in its way. */
export function rcuPending(cpu: Cpu): boolean {
  return cpu.words[cpu.rcuList + LENGTH] >= RCU_BATCH && cpu.rcuNesting === 0
}

/** Callbacks that wait for a grace period. */
export function rcuLength(cpu: Cpu): number {
  return cpu.words[cpu.rcuList + LENGTH]
}

/** Runs the callbacks queued so far. Context: no read section is open; {@link lockReaders}. */
export function rcuRunCallbacks(cpu: Cpu): void {
  const w = cpu.words
  const list = cpu.rcuList
  lockQueues(cpu)
  let head = w[list + FIRST]
  w[list + FIRST] = 0
  w[list + LAST] = 0
  w[list + LENGTH] = 0
  unlockQueues(cpu)
  while (head !== 0) {
    const next = w[head + NEXT]
    const run = cpu.rcuFuncs[w[head + KIND]] as (cpu: Cpu, head: number) => void
    run(cpu, head)
    head = next
  }
}

/**
 * Waits until every callback queued so far, and what those queue in turn, has run. In one thread that means: runs
 * them now. Inside a read section it could never end: a panic. Linux: `rcu_barrier`.
 */
export function rcuBarrier(cpu: Cpu): void {
  if (cpu.rcuNesting > 0) panic('rcuBarrier inside a read section')
  const locked = lockReaders(cpu)
  if (locked === undefined) return
  while (rcuLength(cpu) > 0) rcuRunCallbacks(cpu)
  if (locked) unlockReaders(cpu)
}

/**
 * Keeps other workers' read sections from opening, and waits until those open now are closed. False: this worker does
 * so already, or there are no others; then {@link unlockReaders} is not due. undefined: they cannot be (`lockCalls`).
 */
export function lockReaders(cpu: Cpu): boolean | undefined {
  if (SHARED === 0 || cpu.graceLock === 0 || rawSpinHeld(cpu, cpu.graceLock)) return false
  return lockCalls(cpu) || undefined
}

export function unlockReaders(cpu: Cpu): void {
  unlockCalls(cpu)
}

/** The lists of callbacks and of work items, where several workers have them. Context: any; taken last of all locks. */
export function lockQueues(cpu: Cpu): void {
  if (SHARED !== 0 && cpu.queueLock !== 0) rawSpinLock(cpu, cpu.queueLock)
}

export function unlockQueues(cpu: Cpu): void {
  if (SHARED !== 0 && cpu.queueLock !== 0) rawSpinUnlock(cpu, cpu.queueLock)
}

function deferCallbacks(cpu: Cpu): void {
  if (cpu.rcuDeferred) return
  cpu.rcuDeferred = true
  cpu.defer(() => {
    cpu.rcuDeferred = false
    if (cpu.rcuNesting === 0) rcuBarrier(cpu)
  })
}
