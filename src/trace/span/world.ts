/**
 * The kernel that a log of real programs is performed on, and who in the log is who in it.
 *
 * The log's own namespace is the tracer's: level 1 of the library's kernel. Number 1 of it is `top`, an init that the log
 * may not show (strace itself, or the machine's); what lies outside, kernel.init stands for.
 *
 * Invariant: `actors` has the tasks whose end the log has not shown, by their keys; `procs` the processes that the kernel
 * still has, zombies included. Memory is bounded by what lives.
 */
import {
  CLONE_NEWPID,
  NSIG,
  PID_MAX_LIMIT,
  SIGCHLD,
  SIGCONT,
  SIGKILL,
  SIGSTOP,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
} from '../../abi/index.ts'
import { Kernel, type Task } from '../../index.ts'
import { numbersFrom } from '../../inside.ts'
import type { SpanOrigin } from '../acts.ts'
import { added } from '../added.ts'
import type { Change, TaskState } from '../event.ts'
import { NumberMap } from '../number_map.ts'
import { own } from '../own.ts'
import type { ReplayOptions } from '../replay.ts'
import { stateOf, stateOfLeader } from '../task_state.ts'
import type { Actor, Departed, Proc } from './actor.ts'
import { addChild, childrenOf, removeChild } from './kin.ts'
import { NO_SENDERS, NOTHING_SENT } from './senders.ts'

export type { Actor, Departed, Learnt, Proc } from './actor.ts'

export interface World {
  readonly origin: SpanOrigin
  readonly kernel: Kernel
  /** Number 1 of the log's namespace. */
  top: Task
  /** Of `top`: the level of the log's namespace. */
  readonly level: number
  /** The log owns the namespace from its birth: whoever is in it is in the log, or its init. Known with the first line. */
  owned: boolean
  /** Number 1 is in the log. */
  topIsLogged: boolean
  readonly actors: NumberMap<Actor>
  /** By number in the log's namespace. */
  readonly procs: NumberMap<Proc>
  /** Born, and the log has not said under which key. In order of birth. */
  readonly nameless: Set<Actor>
  /** Dead processes whose parents, outside the log, reap them unseen. */
  readonly unreaped: Set<Proc>
  /** Waited for, while the log has not shown the ends of all their threads; with -qq it never does. */
  readonly late: Set<Proc>
  /** Inits that have ended and are held up until whoever is dead in their namespaces has been waited for. */
  readonly held: Set<Proc>
  /** By number in the log's namespace; the latest of `DEPARTED`. */
  readonly departed: NumberMap<Departed>
  /** Those in deeper namespaces than the log's own, by their names in findings. */
  readonly tasks: Map<number, Task>
  /** A task in the namespace of an inode number. */
  readonly namespaces: Map<number, Task>
  /** What the present act has changed. */
  changes: Change[]
  /** The deepest level that a task has been in. */
  deepest: number
  /** How far the library has gone on in the log's namespace, because keys told that others had taken numbers. */
  shifted: number
  ids: number
  processes: number
}

/** What findings know of number 1 before the log begins. */
export const TOP_ID = 0
export const TOP_STATE: TaskState = { state: 'S', ppid: 0, tgid: [1], pid: [1], pgid: [0], sid: [0] }

/**
 * Signals that the library itself sends (at the end of a parent or a session) and that must not act: whom they end, the
 * log says. SIGCHLD and those that stop are left alone.
 */
const HARMFUL: readonly number[] = Array.from({ length: NSIG }, (_, i) => i + 1).filter(
  (sig) => ![SIGKILL, SIGSTOP, SIGCHLD, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU].includes(sig),
)

const DEPARTED = 4096
/** So many processes that were waited for are kept until the log shows their ends. */
const LATE_KEPT = 4096
/** The largest number that the first traced program gets where its tracer is the namespace's init: strace needs some first. */
const OWNED_ROOT = 8

export function createWorld(origin: SpanOrigin, { pidMax, lookup = 'hash' }: ReplayOptions): World {
  const kernel = Kernel.boot({ pidMax: PID_MAX_LIMIT, lookup })
  for (const sig of HARMFUL) kernel.init.sigaction(sig, { handler: 'ign' })
  const top = kernel.init.clone({ flags: CLONE_NEWPID })
  if (pidMax !== undefined) top.sysctl('kernel.pid_max', pidMax)
  const ns = top.openNs('pid')
  kernel.init.setns(ns, CLONE_NEWPID)
  ns.close()
  return {
    origin,
    kernel,
    top,
    owned: false,
    topIsLogged: false,
    actors: new NumberMap(),
    procs: new NumberMap(),
    nameless: new Set(),
    unreaped: new Set(),
    late: new Set(),
    held: new Set(),
    departed: new NumberMap(),
    tasks: new Map(),
    namespaces: new Map(),
    changes: NO_CHANGES,
    level: top.level,
    deepest: top.level,
    shifted: 0,
    ids: TOP_ID,
    processes: 0,
  }
}

/** The tracer of an init lives as that init's child: `strace -D`. */
const TRACER_UNDER_INIT = 3

/**
 * The first task of the log. Number 1 is the init itself; a small number was started by the init, if it was started in the
 * log at all (`birth`).
 */
export function bearRoot(world: World, key: number, line: number, time: string, birth: boolean): Actor {
  const { kernel, top } = world
  world.owned = birth && key <= OWNED_ROOT
  world.topIsLogged = key === 1
  let task = top
  if (key === 1) top.clone({ setTid: [TRACER_UNDER_INIT] })
  else {
    top.sysctl('kernel.ns_last_pid', key - 1)
    task = (world.owned ? top : kernel.init).clone()
  }
  return join(world, task, undefined, key, line, time)
}

/** A task that was there before the log began: its parent is unknown, its number is what it is. */
export function bearForeign(world: World, key: number, line: number, time: string): Actor | undefined {
  try {
    const task = world.kernel.init.clone({ setTid: [key] })
    return join(world, task, undefined, key, line, time)
  } catch {
    return undefined
  }
}

/** Takes a new task of the library into the books. `parent`: the process of the log that it stems from. */
export function join(
  world: World,
  task: Task,
  from: Proc | undefined,
  key: number | undefined,
  line: number,
  time: string,
): Actor {
  const thread = task.leader !== task
  const id = task === world.top ? TOP_ID : ++world.ids
  if (task.level > world.level) world.tasks.set(id, task)
  if (task.level > world.deepest) world.deepest = task.level
  const proc = thread ? (procLedBy(world, task.leader) as Proc) : bearProc(world, task, from, id, line, time)
  const actor: Actor = {
    key: key ?? 0,
    id,
    task,
    proc,
    exiting: undefined,
    base: world.shifted,
    late: 0,
    below: 0,
    lastSignal: 0,
    signalLine: 0,
    left: 0,
    suspect: undefined,
    since: line,
    told: false,
    shown: false,
  }
  addActor(proc, actor)
  if (thread) proc.threaded = true
  else proc.key = actor.key
  if (key === undefined) world.nameless.add(actor)
  else world.actors.set(key, actor)
  if (thread) world.changes = added(world.changes, [id, stateOf(task, world.top) ?? null])
  else noteChange(world, proc)
  return actor
}

/** Nobody is ever put in: see `added`. */
const NO_ACTORS: Actor[] = []

export function addActor(proc: Proc, actor: Actor): undefined {
  proc.actors = added(proc.actors, actor)
}

/** Whoever goes through the list meanwhile meets those who were in it. */
export function removeActor(actor: Actor): undefined {
  const { proc } = actor
  const left = proc.actors.filter((other) => other !== actor)
  proc.actors = left.length > 0 ? left : NO_ACTORS
}

/** Most processes have none: this stands for all of them, and nothing is ever put in. */
const NO_PIDFDS: Map<number, Proc> = new Map()

/** A pidfd of `target` that `proc` holds. */
export function addPidfd(proc: Proc, fd: number, target: Proc): void {
  if (proc.pidfds === NO_PIDFDS) proc.pidfds = new Map()
  proc.pidfds.set(fd, target)
}

function bearProc(
  world: World,
  task: Task,
  from: Proc | undefined,
  id: number,
  line: number,
  time: string,
): Proc {
  const parentTask = task.parent
  const parent = parentTask === undefined ? undefined : procLedBy(world, parentTask)
  const proc: Proc = {
    id,
    task,
    parent,
    eldest: undefined,
    youngest: undefined,
    elder: undefined,
    younger: undefined,
    zombies: 0,
    actors: NO_ACTORS,
    command: from?.command ?? '',
    born: line,
    time: own(time),
    exiting: undefined,
    killed: false,
    stopped: false,
    stoppedBy: 0,
    dead: false,
    zombie: false,
    left: 0,
    gone: 0,
    senders: NO_SENDERS,
    sentAt: NOTHING_SENT,
    told: { line: 0 },
    ignored: false,
    quiet: false,
    notified: from === undefined ? 0 : line,
    firstEnd: undefined,
    killLine: 0,
    killedAt: 0,
    lostKill: 0,
    key: 0,
    old: from === undefined,
    pidfds: from === undefined || from.pidfds.size === 0 ? NO_PIDFDS : new Map(from.pidfds),
    deathSignal: 0,
    maker: undefined,
    formerParent: undefined,
    earlierParent: undefined,
    lostWait: false,
    guessed: false,
    threaded: false,
    status: -1,
    numbers: numbersFrom(task, 'tgid', 1),
    shown: undefined,
    foreignParent: undefined,
    foreign: from?.foreign ?? { pgid: undefined, sid: undefined },
    made: 0,
    moved: undefined,
    otherGroup: undefined,
  }
  if (parent !== undefined) addChild(parent, proc)
  world.procs.set(numberOf(proc), proc)
  world.processes++
  return proc
}

/** The log names a task that was nameless. */
export function nameActor(world: World, actor: Actor, key: number): Actor {
  world.nameless.delete(actor)
  for (const other of world.nameless)
    if (other.below === 0 && isMadeBefore(other, actor.proc.born)) other.below = key
  return giveKey(world, actor, key)
}

/** Whether a task was there before the call of this line, which has made another process, began. */
function isMadeBefore({ task, proc }: Actor, line: number): boolean {
  return task === proc.task && proc.made > 0 && proc.made < line
}

/** The key by which the log knows a task, if it has another one. */
export function giveKey(world: World, actor: Actor, key: number): Actor {
  if (world.actors.get(actor.key) === actor) world.actors.delete(actor.key)
  actor.key = key
  if (actor.task === actor.proc.task) actor.proc.key = key
  world.actors.set(key, actor)
  return actor
}

/** The log has shown the end of a task. */
export function dropActor(world: World, actor: Actor): void {
  removeActor(actor)
  if (actor.id !== actor.proc.id) world.tasks.delete(actor.id)
  world.nameless.delete(actor)
  if (world.actors.get(actor.key) === actor) world.actors.delete(actor.key)
  if (actor.proc.actors.length === 0) world.late.delete(actor.proc)
}

/** After something in the library has ended: takes over who is dead now, who has another parent, who is gone. */
export function takeOverEnd(world: World, proc: Proc): void {
  if (proc.dead || !hasEnded(proc)) {
    if (!proc.dead && proc.task.exiting) world.held.add(proc)
    return
  }
  proc.dead = true
  world.held.delete(proc)
  const wasInit = proc.numbers.at(-1) === 1
  for (const child of childrenOf(proc)) takeOverParent(world, child)
  if (proc.task.state === 'X') takeOverReap(world, proc)
  else {
    proc.zombie = true
    noteChange(world, proc)
    if (proc.parent === undefined) world.unreaped.add(proc)
    else proc.parent.zombies++
  }
  if (wasInit) for (const other of world.procs.values()) takeOverEnd(world, other)
}

function hasEnded(proc: Proc): boolean {
  for (const { task } of proc.actors) if (task.state !== 'Z' && task.state !== 'X') return false
  return proc.task.state === 'Z' || proc.task.state === 'X'
}

function takeOverParent(world: World, child: Proc): void {
  const parentTask = child.task.parent
  const parent = parentTask === undefined ? undefined : procLedBy(world, parentTask)
  if (child.parent !== parent) {
    removeChild(child)
    child.earlierParent = child.formerParent
    child.formerParent = child.parent
    if (child.zombie && child.parent !== undefined) child.parent.zombies--
    child.parent = parent
    if (parent !== undefined) addChild(parent, child)
    child.told = { line: 0 }
    if (child.zombie && parent !== undefined) parent.zombies++
  }
  if (child.task.state === 'X') {
    takeOverReap(world, child)
    return
  }
  if (child.dead && parent === undefined) world.unreaped.add(child)
  noteChange(world, child)
}

/** The ends of those that were waited for long ago will not be shown. Half of them at once: see `reapOldest`. */
function dropLate(world: World): void {
  for (const { actors } of world.late) {
    for (const actor of actors) dropActor(world, actor)
    if (world.late.size <= LATE_KEPT) return
  }
}

/** A process has been waited for: nothing of it is left in the library. */
export function takeOverReap(world: World, proc: Proc): void {
  if (proc.zombie && proc.parent !== undefined) proc.parent.zombies--
  proc.zombie = false
  proc.dead = true
  proc.formerParent = undefined
  proc.earlierParent = undefined
  removeChild(proc)
  world.unreaped.delete(proc)
  if (proc.actors.length > 0) world.late.add(proc)
  if (world.late.size > 2 * LATE_KEPT) dropLate(world)
  for (const init of world.held) if (init !== proc) takeOverEnd(world, init)
  const nr = numberOf(proc)
  if (world.procs.get(nr) !== proc) return
  world.procs.delete(nr)
  noteRelease(world, proc.id)
  world.tasks.delete(proc.id)
  const departed: Departed = {
    numbers: proc.numbers,
    parent: proc.parent,
    status: proc.status,
    id: proc.id,
    told: proc.told,
    sentAt: proc.sentAt,
    gone: proc.gone,
    line: 0,
  }
  world.departed.keep(nr, departed, DEPARTED)
}

/** A thread that is not the first one has executed a program: it leads its process. */
export function takeOverLead(world: World, { proc, task }: Actor): void {
  if (world.top === proc.task) world.top = task
  proc.task = task
}

/** A dead process whose parent is outside the log goes, as it long has or soon would. */
export function reapUnseen(world: World, proc: Proc): boolean {
  if (!world.unreaped.has(proc)) return false
  const { kernel, top } = world
  const parent = proc.task.parent === top ? top : kernel.init
  parent.waitpidSync(parent.pidOf(proc.task))
  takeOverReap(world, proc)
  return true
}

/** The process whose first thread this is. */
export function procLedBy({ procs, top }: World, task: Task): Proc | undefined {
  const proc = procs.get(top.pidOf(task))
  return proc?.task === task ? proc : undefined
}

/** The process as the log's readers are told of it. */
export function numberOf(proc: Proc): number {
  return proc.numbers[0] as number
}

export function noteChange(world: World, proc: Proc): void {
  const before = proc.shown ?? proc.parent?.shown
  proc.shown = stateOfLeader(proc.task, world.top, proc.numbers, before)
  world.changes = added(world.changes, [proc.id, proc.shown ?? null])
}

/** Nothing is left of a task. */
export function noteRelease(world: World, id: number): void {
  world.changes = added(world.changes, [id, null])
}

/** What has changed since this was last asked for. */
export function takeChanges(world: World): readonly Change[] {
  const { changes } = world
  world.changes = NO_CHANGES
  return changes
}

/** Nothing is ever put in: see `added`. */
const NO_CHANGES: Change[] = []
