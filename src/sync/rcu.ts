/**
 * Read-copy-update, quiescent-state based. A reader that found a record inside a read section may go on reading it:
 * whoever took the record out of sight frees it by {@link callRcu}, and the callback runs only after every read
 * section that was open then has been closed.
 *
 * In one thread a grace period is over as soon as no read section is open. Among workers sync/grace_period.ts tells.
 * Callbacks run at such a point once a batch has gathered, at the end of the turn, and when {@link rcuBarrier} or an
 * exhausted slab asks for it; where other workers' readers are in the way, at the end of the last one's turn.
 *
 * A callback is two words inside the record that it frees, so that callRcu allocates nothing and cannot fail:
 *
 *      head + 0   next head in the list, 0 at its end
 *      head + 1   kind: position of the function in cpu.rcuFuncs
 *
 * The list, which any worker may take from (queueLock):
 *
 *      +0 first  +1 last    those that no grace period has begun for
 *      +2 length            of all that wait
 *      +3 first  +4 length  the batch that waits for ...
 *      +5 counter           ... the counter to get here         (shared build only)
 *
 * Where every call lies inside one lock (`cpu.callLock`), so do the callbacks: what they change is undone with the rest
 * when their worker dies over it, and sections inside a call need not be announced.
 *
 * Linux: kernel/rcu/. Context: callRcu may be called under any lock and inside a read section.
 */
import { load, SHARED, waitOn, whenWoken } from '../lib/atomic.ts'
import { panic } from '../lib/panic.ts'
import type { Cpu } from './cpu.ts'
import {
  graceOver,
  gracePeriod,
  hasLeft,
  isReader,
  rcuOffline,
  rcuOnline,
  rcuQuiescent,
} from './grace_period.ts'
import { lockCalls, rawSpinHeld, rawSpinLock, rawSpinUnlock, unlockCalls } from './raw_spinlock.ts'

/** Every surrounding of JavaScript has it. */
declare function setTimeout(run: () => void, ms: number): unknown

const NEXT = 0
const KIND = 1
/** Words of a callback's head inside a record. */
export const RCU_HEAD_WORDS = 2

const FIRST = 0
const LAST = 1
const LENGTH = 2
const BATCH = 3
const BATCH_LENGTH = 4
const BATCH_GP = 5
export const RCU_LIST_WORDS = 6

/** So many callbacks are worth a batch of their own before the turn ends. */
export const RCU_BATCH = 32
/** After so many sections a worker tells that it has seen the counter: a power of two. */
const SECTIONS = 64
/** So long a barrier waits for other workers' readers, looking again after each of these. */
const BARRIER_MS = 10
const LOOK_MS = 1

/** Opens a read section; they nest. No read section may stay open across an `await`. Linux: `rcu_read_lock`. */
export function rcuReadLock(cpu: Cpu): void {
  if (SHARED !== 0 && cpu.rcuOffline) comeOnline(cpu)
  cpu.rcuNesting += 1
}

/** Closes the innermost read section. Linux: `rcu_read_unlock`. */
export function rcuReadUnlock(cpu: Cpu): void {
  if (cpu.rcuNesting === 0) panic('rcuReadUnlock without rcuReadLock')
  cpu.rcuNesting -= 1
  if (cpu.rcuNesting > 0) return
  if (isReader(cpu)) sectionsEnd(cpu)
  else if (rcuLength(cpu) > 0) deferCallbacks(cpu)
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
  const now = cpu.irqsOn && rcuPending(cpu) && (cpu.callLock === 0 || SHARED === 0)
  if (!now || !rcuRunCallbacks(cpu)) deferCallbacks(cpu)
}

/** A batch has gathered, and no reader of this worker's is in its way. */
export function rcuPending(cpu: Cpu): boolean {
  return cpu.words[cpu.rcuList + LENGTH] >= cpu.rcuWorth && cpu.rcuNesting === 0
}

/** Callbacks that wait for a grace period. */
export function rcuLength(cpu: Cpu): number {
  return cpu.words[cpu.rcuList + LENGTH]
}

/**
 * Runs the callbacks queued so far; false: readers are in the way of some. Context: no read section is open;
 * {@link callbacksBegin}.
 */
export function rcuRunCallbacks(cpu: Cpu): boolean {
  if (SHARED === 0) {
    runBatch(cpu, takeAll(cpu))
    return true
  }
  for (let head = takeBatch(cpu); head !== 0; head = takeBatch(cpu)) runBatch(cpu, head)
  // To look again at each callback would be of no use.
  cpu.rcuWorth = rcuLength(cpu) + RCU_BATCH
  return rcuLength(cpu) === 0
}

/**
 * Waits until every callback queued so far, and what those queue in turn, has run. In one thread that means: runs
 * them now. Inside a read section it could never end: a panic. False: another worker's reader is in the way, and has been
 * for 10 ms. Linux: `rcu_barrier`.
 */
export function rcuBarrier(cpu: Cpu): boolean {
  if (cpu.rcuNesting > 0) panic('rcuBarrier inside a read section')
  const locked = callbacksBegin(cpu)
  if (locked === undefined) return false
  while (rcuLength(cpu) > 0 && (rcuRunCallbacks(cpu) || SHARED === 0)) {}
  if (SHARED !== 0 && rcuLength(cpu) > 0) waitForReaders(cpu)
  if (locked) callbacksEnd(cpu)
  return rcuLength(cpu) === 0
}

/**
 * Sees to it that all callbacks run: now, or, where readers are in the way of some, when this worker's turn ends or the last
 * reader's does. Waits for nobody. Context: as {@link rcuRunCallbacks}.
 */
export function rcuRunSoon(cpu: Cpu): void {
  if (!rcuRunCallbacks(cpu)) deferCallbacks(cpu)
}

/**
 * Resolves once every read section that is open now, in any worker, has been closed. Keeps no event loop alive. Inside
 * a read section: a panic. Linux: `synchronize_rcu`.
 */
export function synchronizeRcu(cpu: Cpu): Promise<void> {
  if (cpu.rcuNesting > 0) panic('synchronizeRcu inside a read section')
  if (!isReader(cpu)) return Promise.resolve()
  const over = gracePeriod(cpu)
  return new Promise((resolve) => {
    const look = (): void => {
      if (graceOver(cpu, over)) resolve()
      else if (!whenWoken(cpu.words, cpu.rcuGp, load(cpu.words, cpu.rcuGp), look, LOOK_MS))
        setTimeout(look, LOOK_MS)
    }
    look()
  })
}

/**
 * Callbacks and work items may run: where all calls lie inside one lock it is taken. False: this worker has it, or there
 * is none; then {@link callbacksEnd} is not due. undefined: it cannot be had (`lockCalls`).
 */
export function callbacksBegin(cpu: Cpu): boolean | undefined {
  if (SHARED === 0 || cpu.callLock === 0 || rawSpinHeld(cpu, cpu.callLock)) return false
  return lockCalls(cpu) || undefined
}

export function callbacksEnd(cpu: Cpu): void {
  unlockCalls(cpu)
}

/** The lists of callbacks and of work items, where several workers have them. Context: any; taken last of all locks. */
export function lockQueues(cpu: Cpu): void {
  if (SHARED !== 0 && cpu.queueLock !== 0) rawSpinLock(cpu, cpu.queueLock)
}

export function unlockQueues(cpu: Cpu): void {
  if (SHARED !== 0 && cpu.queueLock !== 0) rawSpinUnlock(cpu, cpu.queueLock)
}

/** Inside a call nobody frees anything. Else others must know of the reader, until the turn ends. */
function comeOnline(cpu: Cpu): void {
  if (cpu.callLock !== 0 && rawSpinHeld(cpu, cpu.callLock)) return
  rcuOnline(cpu)
  deferCallbacks(cpu)
}

/** The outermost section is closed. A worker that reads in a long loop must not be in the way until that ends. */
function sectionsEnd(cpu: Cpu): void {
  if (cpu.rcuOffline) return
  cpu.rcuSections = (cpu.rcuSections + 1) % SECTIONS
  if (cpu.rcuSections === 0) rcuQuiescent(cpu)
  if (!cpu.rcuDeferred) deferCallbacks(cpu)
}

/** All callbacks, taken off the list; 0: there are none. */
function takeAll(cpu: Cpu): number {
  const w = cpu.words
  const list = cpu.rcuList
  const head = w[list + FIRST]
  w[list + FIRST] = 0
  w[list + LAST] = 0
  w[list + LENGTH] = 0
  return head
}

/** The batch that has waited for its grace period; 0: there is none. What has gathered meanwhile begins to wait. */
function takeBatch(cpu: Cpu): number {
  const w = cpu.words
  const list = cpu.rcuList
  lockQueues(cpu)
  if (w[list + BATCH] === 0 && w[list + FIRST] !== 0) {
    w[list + BATCH] = w[list + FIRST]
    w[list + BATCH_LENGTH] = w[list + LENGTH]
    w[list + BATCH_GP] = gracePeriod(cpu)
    w[list + FIRST] = 0
    w[list + LAST] = 0
  }
  const over = w[list + BATCH] !== 0 && graceOver(cpu, w[list + BATCH_GP])
  const head = over ? w[list + BATCH] : 0
  if (over) {
    w[list + BATCH] = 0
    w[list + LENGTH] -= w[list + BATCH_LENGTH]
  }
  unlockQueues(cpu)
  return head
}

function runBatch(cpu: Cpu, first: number): void {
  const w = cpu.words
  for (let head = first; head !== 0; ) {
    const next = w[head + NEXT]
    const run = cpu.rcuFuncs[w[head + KIND]] as (cpu: Cpu, head: number) => void
    run(cpu, head)
    head = next
  }
}

function waitForReaders(cpu: Cpu): void {
  for (const end = Date.now() + BARRIER_MS; rcuLength(cpu) > 0 && Date.now() < end; ) {
    waitOn(cpu.words, cpu.rcuGp, load(cpu.words, cpu.rcuGp), LOOK_MS)
    rcuRunCallbacks(cpu)
  }
}

/** When the turn ends this worker goes offline, and then callbacks may run in whose way it was. */
function deferCallbacks(cpu: Cpu): void {
  if (cpu.rcuDeferred) return
  cpu.rcuDeferred = true
  cpu.defer(() => {
    cpu.rcuDeferred = false
    if (cpu.rcuNesting > 0 || hasLeft(cpu)) return
    rcuOffline(cpu)
    if (load(cpu.words, cpu.rcuList + LENGTH) > 0) runDeferred(cpu)
  })
}

function runDeferred(cpu: Cpu): void {
  const locked = callbacksBegin(cpu)
  if (locked === undefined) return
  while (rcuLength(cpu) > 0 && (rcuRunCallbacks(cpu) || SHARED === 0)) {}
  if (locked) callbacksEnd(cpu)
}
