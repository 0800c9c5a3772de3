/** A processor without a table: what the tests of the sync room run on. */
import type { Cpu, TableCallback } from '#internal/sync/cpu.js'
import { noStall } from '#internal/sync/grace_period.js'
import { RCU_BATCH, RCU_HEAD_WORDS } from '#internal/sync/rcu.js'
import { WORK_WORDS } from '#internal/sync/workqueue.js'

/** A lock; then heads of callbacks and work items begin. */
export const LOCK = 10
const HEADS = 20
const WORKS = 200

export interface TestCpu extends Cpu {
  readonly reported: unknown[]
  readonly deferred: (() => void)[]
  /** Ends the turn: runs what was deferred. */
  endTurn(): void
}

export function newCpu(
  rcuFuncs: readonly TableCallback[] = [],
  workFuncs: readonly TableCallback[] = [],
): TestCpu {
  const deferred: (() => void)[] = []
  const reported: unknown[] = []
  return {
    words: new Int32Array(400),
    owner: 2,
    held: 0,
    journal: 0,
    innerLocks: [],
    hasEnded: () => undefined,
    queueLock: 0,
    callLock: 0,
    outerLock: 0,
    rcuList: 2,
    workList: 8,
    rcuGp: 16,
    readers: 0,
    reader: 0,
    rcuOffline: false,
    rcuSections: 0,
    rcuWorth: RCU_BATCH,
    stall: noStall(),
    stallMs: 1000,
    onStall: () => {},
    rcuFuncs,
    workFuncs,
    defer: (run) => deferred.push(run),
    report: (error) => reported.push(error),
    irqsOn: true,
    irqQueue: [],
    rcuNesting: 0,
    rcuDeferred: false,
    reported,
    deferred,
    endTurn: () => {
      for (const run of deferred.splice(0)) run()
    },
  }
}

/** The head of RCU callback number `i`, and back. */
export const rcuHead = (i: number): number => HEADS + i * RCU_HEAD_WORDS
export const headNr = (head: number): number => (head - HEADS) / RCU_HEAD_WORDS

/** Work item number `i`, and back. */
export const workItem = (i: number): number => WORKS + i * WORK_WORDS
export const workNr = (work: number): number => (work - WORKS) / WORK_WORDS
