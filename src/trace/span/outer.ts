/**
 * What a replay of ftrace knows besides: the log shows the births and ends of the whole machine, in the numbers of its
 * outermost namespace, and begins amid tasks that were there before.
 *
 * Here: that state, and who stands behind a number that no birth in the log has made.
 */
import { CLONE_SIGHAND, CLONE_THREAD, CLONE_VM, RESERVED_PIDS } from '../../abi/index.ts'
import type { Task } from '../../index.ts'
import { isNumberTaken } from '../../inside.ts'
import type { SeenAct } from '../acts.ts'
import type { Guess } from './birth.ts'
import type { Chosen } from './choice.ts'
import { type SpanReplay, tell } from './replay.ts'
import type { Sending } from './sending.ts'
import type { View } from './view.ts'
import { type Actor, join, type Learnt, type Proc } from './world.ts'

/** How ends come about that the log shows only the beginning of. */
export interface OuterRules {
  /** Performs what has begun of the end of a process. False: it is not dead by that. */
  performEnds(replay: SpanReplay, outer: Outer, proc: Proc): boolean
  /** Reaps a dead process that nobody has been seen to wait for, if that may have gone unseen. */
  reapUntold(replay: SpanReplay, outer: Outer, proc: Proc, line: number): boolean
}

export interface Outer {
  readonly rules: OuterRules
  /** Tasks that have begun to end and whose end has not been performed, each with the line. */
  readonly pending: Map<Actor, number>
  /** Dead processes that nobody has been seen to wait for, each with the time of its end. In order of their ends. */
  readonly ended: Map<Proc, string>
  /** Dead processes whose parents have got a signal for it. */
  readonly noticed: WeakSet<Proc>
  /** The latest signal sent to a process that may have been deadly. */
  readonly deadly: WeakMap<Proc, number>
  /** They have adopted, and no line has told that they would. */
  readonly adopters: WeakSet<Proc>
  /** The line in which SIGCONT was last sent to a process that had not stopped by the log. */
  readonly continued: WeakMap<Proc, number>
  /** The latest signal of each that a call has sent. */
  readonly sending: WeakMap<Actor, Sending>
  /** Nothing tells their exit signals. */
  readonly unsure: WeakSet<Proc>
  /** They may wait for children without showing for whom. */
  readonly reapers: WeakSet<Proc>
  /** They trace: their waits find tasks that are not their children. */
  readonly tracers: WeakSet<Proc>
  /** Who was there before the log began. */
  readonly older: WeakSet<Proc>
  /** The numbers of the processes that tasks from before the log are of, as far as it has told. */
  readonly leaders: WeakMap<Proc, Learnt>
  readonly views: WeakMap<Proc, View>
  /** Numbers passed over by a birth. */
  readonly holes: Map<number, Guess>
  /** Tasks with guessed numbers that have not had a line of their own. */
  readonly unproven: Map<Actor, Guess>
  /** Numbers below the outermost namespace that were taken for chosen, and that no line has told again. */
  readonly chosen: Chosen[]
  /** The latest births, if each has passed over numbers and may have chosen its own. */
  readonly guesses: Guess[]
  /** Their next children are in a namespace that the log does not name. */
  readonly strayed: WeakSet<Proc>
  births: number
  /** The time of the latest birth or end. */
  time: string
  /** The birth that has shown pid_max, until the next lap confirms it. */
  limit: Guess | undefined
  /** What kinds of events are in the log, as far as it has been read. */
  readonly shown: Shown
}

export interface Shown {
  /** System calls. */
  calls: boolean
  /** signal_generate. */
  signals: boolean
  /** sched_process_free. */
  frees: boolean
  /** unshare(2) or setns(2). */
  unshares: boolean
  /** setns(2) alone. */
  setns: boolean
  /** prctl(2). */
  prctls: boolean
}

export function createOuter(rules: OuterRules): Outer {
  return {
    rules,
    pending: new Map(),
    ended: new Map(),
    noticed: new WeakSet(),
    deadly: new WeakMap(),
    adopters: new WeakSet(),
    continued: new WeakMap(),
    sending: new WeakMap(),
    unsure: new WeakSet(),
    reapers: new WeakSet(),
    tracers: new WeakSet(),
    older: new WeakSet(),
    leaders: new WeakMap(),
    views: new WeakMap(),
    holes: new Map(),
    unproven: new Map(),
    chosen: [],
    guesses: [],
    strayed: new WeakSet(),
    births: 0,
    time: '',
    limit: undefined,
    shown: { calls: false, signals: false, frees: false, unshares: false, setns: false, prctls: false },
  }
}

/** A task that was there before the log, or whose birth has been lost. */
export function meetOlder(replay: SpanReplay, outer: Outer, act: Omit<SeenAct, 'kind'>): Actor {
  const { world } = replay
  const { by, line, time, comm, tgid } = act
  const known = world.actors.get(by)
  if (known !== undefined) return known
  if (tgid !== 0 && tgid !== by) {
    const thread = meetThread(replay, outer, act)
    if (thread !== undefined) return thread
  }
  const before = world.processes
  const actor = join(world, by === 1 ? world.top : bear(replay, by), undefined, by, line, time)
  if (by === 1) {
    world.topIsLogged = true
    world.processes = before
  }
  actor.proc.command = comm
  outer.older.add(actor.proc)
  if (tgid !== 0) outer.leaders.set(actor.proc, { nr: by, line })
  tell(replay, line, actor.id, { op: 'clone', flags: 0, exitSignal: 0, setTid: undefined })
  replay.findings.rename(actor.id, comm)
  return actor
}

function meetThread(replay: SpanReplay, outer: Outer, act: Omit<SeenAct, 'kind'>): Actor | undefined {
  const { world } = replay
  const leader = meetOlder(replay, outer, { ...act, by: act.tgid })
  if (leader.task.state === 'X' || leader.task.state === 'Z' || isNumberTaken(world.top, act.by))
    return undefined
  if (leader.task.level !== world.level) return undefined
  const task = leader.task.clone({ flags: CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, setTid: [act.by] })
  return join(world, task, leader.proc, act.by, act.line, act.time)
}

/** A child of the machine's outside, with this number; if that is taken, another that will not be missed. */
function bear({ world }: SpanReplay, nr: number): Task {
  const { top, kernel } = world
  let free = nr
  if (isNumberTaken(top, nr) || nr >= top.sysctl('kernel.pid_max'))
    for (free = RESERVED_PIDS - 1; free > 2 && isNumberTaken(top, free); ) free--
  return kernel.init.clone({ setTid: [free] })
}
