/**
 * A realm's own side of the machine: its view of the memory, whether interrupts are on, and what waits for them.
 * One thread of JavaScript is one CPU.
 *
 * An interrupt is a callback of the surroundings: a handler of the user's, a driver, a work item. It runs only while
 * interrupts are on, so never inside a section that masked them, and never inside another one.
 *
 * Linux: include/linux/irqflags.h. `localIrqSave` hands the caller the state it found, and `localIrqRestore` puts
 * exactly that back: a restore inside a section that had interrupts off does not switch them on.
 */
import type { Words } from '../lib/atomic.ts'
import type { Stall } from './grace_period.ts'
import { callbacksBegin, callbacksEnd, rcuPending, rcuRunCallbacks } from './rcu.ts'
import { runWorkqueue, workPending } from './workqueue.ts'

/** Whether interrupts were on, as {@link localIrqSave} found it: to be handed back to {@link localIrqRestore}. */
export type IrqFlags = boolean

/** What a callback of the table (an RCU callback, a work item) is called with: the table, and what it was queued for. */
export type TableCallback = (table: never, ref: number) => void

export interface Cpu {
  readonly words: Words
  /** This worker, as lock words name it (sync/raw_spinlock.ts), and the locks that it holds, a bit each. */
  readonly owner: number
  held: number
  /** Where this table's undo journal begins (sync/journal.ts); 0: no other worker uses the table, and none is kept. */
  journal: number
  /** The locks that are taken inside {@link Cpu.callLock}. */
  readonly innerLocks: readonly number[]
  /** Has the worker that lock words name so ended? undefined: nobody can tell. */
  hasEnded: (owner: number) => boolean | undefined
  /** Where the header keeps the list of RCU callbacks (sync/rcu.ts) and of work items (sync/workqueue.ts). */
  rcuList: number
  workList: number
  /** Guards both lists where workers share them; 0: nobody else has them. */
  readonly queueLock: number
  /** The lock inside which each call lies as a whole, and RCU callbacks and work items too; 0: there is none. */
  callLock: number
  /** For who makes no calls: the lock inside which those of others lie; 0: there are none. */
  outerLock: number
  /** Where the counter of grace periods is, the first worker's announcement, and this one's; 0: it has none; LEFT (sync/grace_period.ts). */
  readonly rcuGp: number
  readonly readers: number
  reader: number
  /** Others know of this worker as a reader, but as one that reads nothing now: it must come online first. */
  rcuOffline: boolean
  /** Sections closed since it last told what it sees. */
  rcuSections: number
  /** So many callbacks are worth a look whether their grace period is over. */
  rcuWorth: number
  /** Who is in the way of the counter, and who is told so after how many milliseconds. */
  stall: Stall
  stallMs: number
  onStall: (worker: number, ms: number) => void
  /** Kinds of RCU callbacks and of work items: a record names its function by its position here. */
  readonly rcuFuncs: readonly TableCallback[]
  readonly workFuncs: readonly TableCallback[]
  /** Runs a function when the present turn of the event loop ends. */
  readonly defer: (run: () => void) => void
  /** Told of what a callback threw. */
  readonly report: (error: unknown) => void
  irqsOn: boolean
  readonly irqQueue: (() => void)[]
  /** Read sections open now (sync/rcu.ts). */
  rcuNesting: number
  /** The end of this turn will go offline, and run RCU callbacks. */
  rcuDeferred: boolean
}

/** Masks interrupts. Linux: `local_irq_disable`. */
export function localIrqDisable(cpu: Cpu): void {
  cpu.irqsOn = false
}

/** Allows interrupts, whatever the state before, and lets those pending run. Linux: `local_irq_enable`. */
export function localIrqEnable(cpu: Cpu): void {
  cpu.irqsOn = true
  if (somethingPending(cpu)) runPending(cpu)
}

/** Masks interrupts and returns the state before. Linux: `local_irq_save`. */
export function localIrqSave(cpu: Cpu): IrqFlags {
  const flags = cpu.irqsOn
  cpu.irqsOn = false
  return flags
}

/** Puts back the state that {@link localIrqSave} returned. Linux: `local_irq_restore`. */
export function localIrqRestore(cpu: Cpu, flags: IrqFlags): void {
  cpu.irqsOn = flags
  if (flags && somethingPending(cpu)) runPending(cpu)
}

/** An interrupt arrives: it runs now, or when interrupts are next on. What it throws is reported, never passed on. */
export function raiseIrq(cpu: Cpu, handler: () => void): void {
  cpu.irqQueue.push(handler)
  if (cpu.irqsOn) runPending(cpu)
}

/** The same where locks may be held: it runs when interrupts are next put on, at the latest when the turn ends. */
export function raiseIrqLater(cpu: Cpu, handler: () => void): void {
  cpu.irqQueue.push(handler)
  cpu.defer(() => {
    if (cpu.irqsOn && cpu.irqQueue.length > 0) runPending(cpu)
  })
}

function somethingPending(cpu: Cpu): boolean {
  return cpu.irqQueue.length > 0 || workPending(cpu) || rcuPending(cpu)
}

/**
 * Runs handlers, then work items, then RCU callbacks, until none is left. Interrupts are masked meanwhile: a handler
 * that calls into the table finds them off, and what it raises is run by this loop, after it, not inside it.
 */
function runPending(cpu: Cpu): void {
  cpu.irqsOn = false
  do {
    // Asked first: shift() is slow where there is nothing.
    while (cpu.irqQueue.length > 0) {
      const handler = cpu.irqQueue.shift() as () => void
      try {
        handler()
      } catch (error) {
        cpu.report(error)
      }
    }
    if (workPending(cpu) || rcuPending(cpu)) {
      const locked = callbacksBegin(cpu)
      if (locked === undefined) break
      runWorkqueue(cpu)
      if (rcuPending(cpu)) rcuRunCallbacks(cpu)
      if (locked) callbacksEnd(cpu)
    }
  } while (somethingPending(cpu))
  cpu.irqsOn = true
}
