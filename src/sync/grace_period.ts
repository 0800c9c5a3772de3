/**
 * Grace periods among workers: when has every reader that was there gone on?
 *
 *      cpu.rcuGp + 0        the counter, which goes up by 2
 *      cpu.rcuGp + 1        so many records of workers have been used
 *      cpu.readers          of each worker, READER_WORDS apart: 0 while it is offline, else the counter as it last
 *                           saw it, plus 1. Alone on its cache line; the word in front of it is the worker's number, and
 *                           READER_STATE behind it is one with READER_ENDED set once it is known to have ended
 *
 * A worker is online from its first read section in a turn until the turn ends, and tells now and then, between two
 * sections, which counter it sees: nothing it found before is in its hands. Whoever likes moves the counter on, once all that are online
 * have seen it.
 *
 * Two moves end a grace period. One is not enough: whoever made it may have looked at a worker that was offline, and
 * that worker may have come online, and found the record, just before it was taken out of sight. It then holds up the second.
 *
 * Counters are compared by their distance: they wrap. An announcement is odd, so that none is 0.
 *
 * Invariant: a worker with a section open has announced the counter, or one before it; so the counter moves at most
 * once while a section is open.
 *
 * Linux: kernel/rcu/tree.c; liburcu's quiescent-state flavour. None of these words is part of what a call changes: they
 * keep their values though it is undone.
 */
import { load, rawAdd, rawCompareExchange, rawStore, SHARED } from '../lib/atomic.ts'
import type { Cpu } from './cpu.ts'

/** Words from one worker's announcement to the next one's. */
export const READER_WORDS = 16
export const READER_STATE = 3
export const READER_ENDED = 2
/** Words at {@link Cpu.rcuGp}. */
export const RCU_GP_WORDS = 2

const OFFLINE = 0
const STEP = 2
const ANNOUNCED = 1
/** A reader that is in the way for so long may be dead. */
const SUSPECT_MS = 10
/** And if not, this is told of. Linux: `rcu_cpu_stall_timeout`, 21 seconds. */
export const STALL_MS = 1000

/** The reader that is in the way of the counter, as this worker sees it. */
export interface Stall {
  /** The counter that it keeps from going on, and since when (ms). */
  gp: number
  since: number
  /** When to ask next whether it lives. */
  ask: number
  told: boolean
}

export function noStall(): Stall {
  return { gp: 1, since: 0, ask: 0, told: false }
}

/** Do other workers know this one as a reader? Else it is alone with its table. */
export function isReader(cpu: Cpu): boolean {
  return SHARED !== 0 && cpu.reader !== 0
}

/** Of {@link Cpu.reader}: the worker has left the table, and its record and number may be another one's. */
export const LEFT: number = -1

/** Has the worker left its table? Then it does nothing more to it. */
export function hasLeft({ reader }: { readonly reader: number }): boolean {
  return reader === LEFT
}

/**
 * This worker begins to read. The store comes before all reads of the section, for everybody: either whoever took
 * something out of sight finds the announcement, or the reader finds that it is gone.
 */
export function rcuOnline(cpu: Cpu): void {
  rawStore(cpu.words, cpu.reader, load(cpu.words, cpu.rcuGp) + ANNOUNCED)
  cpu.rcuOffline = false
}

/** It has ended reading for now: what it read before is no longer in its hands. Context: no section is open. */
export function rcuOffline(cpu: Cpu): void {
  if (!isReader(cpu) || cpu.rcuOffline) return
  rawStore(cpu.words, cpu.reader, OFFLINE)
  cpu.rcuOffline = true
}

/** It goes on reading, but has nothing in its hands. Context: online; no section is open. Linux: `rcu_qs`. */
export function rcuQuiescent(cpu: Cpu): void {
  const seen = (load(cpu.words, cpu.rcuGp) + ANNOUNCED) | 0
  if (cpu.words[cpu.reader] !== seen) rawStore(cpu.words, cpu.reader, seen)
}

/**
 * The counter that will be reached once all sections open now are closed. Reads by writing, so that what this worker
 * did before is seen by whoever moves the counter on, and so by all who then see that. Linux: `get_state_synchronize_rcu`.
 */
export function gracePeriod(cpu: Cpu): number {
  return (rawAdd(cpu.words, cpu.rcuGp, 0) + 2 * STEP) | 0
}

/** Has the counter come to `gp`? Moves it on as far as readers let it. Linux: `poll_state_synchronize_rcu`. */
export function graceOver(cpu: Cpu, gp: number): boolean {
  if (!isReader(cpu)) return true
  for (;;) {
    const now = load(cpu.words, cpu.rcuGp)
    if (((now - gp) | 0) >= 0) return true
    if (!allHaveSeen(cpu, now)) return false
    rawCompareExchange(cpu.words, cpu.rcuGp, now, (now + STEP) | 0)
  }
}

/** Is every worker offline, or has it seen the counter? Context: this one has no section open. */
function allHaveSeen(cpu: Cpu, now: number): boolean {
  const w = cpu.words
  const end = cpu.readers + load(w, cpu.rcuGp + 1) * READER_WORDS
  for (let at = cpu.readers; at < end; at += READER_WORDS) {
    const seen = load(w, at)
    if (seen === OFFLINE || ((seen - ANNOUNCED - now) | 0) >= 0) continue
    if (at === cpu.reader && cpu.rcuNesting === 0) continue
    // Looked at after its announcement: where that is of who had the record next, so is this.
    if ((load(w, at + READER_STATE) & READER_ENDED) !== 0) continue
    if (!isGone(cpu, at, now)) return false
  }
  return true
}

/** A reader is in the way: for how long? True: it has ended, and reads no more. */
function isGone(cpu: Cpu, at: number, now: number): boolean {
  const stall = cpu.stall
  const ms = Date.now()
  if (stall.gp !== now) {
    cpu.stall = { gp: now, since: ms, ask: ms + SUSPECT_MS, told: false }
    return false
  }
  if (ms < stall.ask) return false
  stall.ask = ms + SUSPECT_MS
  const nr = cpu.words[at - 1]
  if (cpu.hasEnded(nr << 1) === true) return true
  if (!stall.told && ms - stall.since >= cpu.stallMs) {
    stall.told = true
    cpu.onStall(nr, ms - stall.since)
  }
  return false
}
