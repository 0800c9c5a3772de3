/**
 * The dumb oracle: what Linux's processes are made of, as plain objects, arrays, Maps and Sets. Written from the
 * described behaviour of Linux for clarity alone; it knows nothing of the library and is nowhere near as fast.
 */

export interface Namespace {
  readonly level: number
  readonly parent: Namespace | undefined
  pidMax: number
  /** The number given out last; the next one tried is one above it. */
  last: number
  /** Whether it gives out numbers: not after its init has begun to end. */
  open: boolean
  /** The thread that adopts its orphans: of its init's process. */
  reaper: Thread | undefined
  /** Every number in use, and by whom. */
  readonly taken: Map<number, Name>
}

/** One identity (the kernel's struct pid): a number in each namespace, used by a thread, a group, a session. */
export interface Name {
  readonly ns: Namespace
  /** By level, the outermost first. */
  readonly numbers: readonly number[]
  thread: Thread | undefined
  /** Members of the group of this name, latest joined first; members of the session. */
  group: Process[]
  session: Process[]
}

/** Why a thread does not run. `woken`: it stands in the queue; `idle`: its owner has not asked anything of it. */
export type Rest =
  | 'running'
  | 'idle'
  | 'woken'
  | 'stopped'
  | 'children'
  | 'numbers'
  | 'threads'
  | 'leader'
  | 'dead'

export interface Thread {
  process: Process
  name: Name
  rest: Rest
  /** What it was in the middle of when it came to rest. */
  resume: Generator<Rest, unknown> | undefined
  /** A signal wants to be looked at. */
  alerted: boolean
  readonly pending: Set<number>
  exiting: boolean
  exitCode: number
  zombie: boolean
  gone: boolean
  deathSignal: number
  /** Where its children's numbers come from. */
  childNs: Namespace | undefined
  /** Processes that it made or adopted, in this order. */
  children: Process[]
}

/** A thread group. */
export interface Process {
  leader: Thread
  /** Those that still have a number, in order of creation. */
  threads: Thread[]
  parent: Thread | undefined
  group: Name
  session: Name
  leadsSession: boolean
  exitSignal: number
  /** How often it has executed a program, and how often its parent had when it was made. */
  execs: number
  parentExecs: number
  /** Whether it has executed a program since it was made. */
  executed: boolean
  /** Wait status of the whole group, once its end has begun. */
  dying: number | undefined
  /** The thread in execve that waits for others to end, how many (-1: the leader). */
  execing: Thread | undefined
  execAwaits: number
  unkillable: boolean
  readonly ignored: Set<number>
  childFlags: number
  readonly pending: Set<number>
  /** The thread that took a signal of the group last. */
  target: Thread
  /** A group stop: who still has to stop, whether all have, by which signal, and what waits want to know. */
  readonly stopsAwaited: Set<Thread>
  stopped: boolean
  stopSignal: number
  continued: boolean
  /** A stop or continuation that the parent has not been told of. */
  untold: boolean
  subreaper: boolean
  belowSubreaper: boolean
}

export interface OraclePidfd {
  readonly name: Name
  readonly flags: number
  open: boolean
}

export interface OracleNsFile {
  readonly ns: Namespace
  open: boolean
}

export interface Rules {
  /** The era whose answers are given: the bitmap allocator's, or today's. */
  readonly old: boolean
  readonly maxPids: number
  readonly maxNamespaces: number
  readonly reservedPids: number
  readonly pidMaxMin: number
  readonly pidMaxLimit: number
}

export interface World {
  readonly rules: Rules
  readonly rootNs: Namespace
  init: Process
  /** In order of creation. */
  processes: Process[]
  /** Who runs next. */
  queue: Thread[]
  readonly pidfds: OraclePidfd[]
  readonly nsFiles: OracleNsFile[]
}

export function newNamespace(parent: Namespace | undefined, pidMax: number): Namespace {
  const level = parent === undefined ? 0 : parent.level + 1
  return { level, parent, pidMax, last: 0, open: true, reaper: undefined, taken: new Map() }
}

/** A thread that belongs to no process yet. */
export function newThread(process: Process, name: Name, childNs: Namespace): Thread {
  return {
    process,
    name,
    rest: 'idle',
    resume: undefined,
    alerted: false,
    pending: new Set(),
    exiting: false,
    exitCode: 0,
    zombie: false,
    gone: false,
    deathSignal: 0,
    childNs,
    children: [],
  }
}

/** A process with one thread, its leader, that is nobody's child yet. */
export function newProcess(name: Name, childNs: Namespace, group: Name, session: Name): Process {
  const process = {
    threads: [],
    parent: undefined,
    group,
    session,
    leadsSession: false,
    exitSignal: 17,
    execs: 0,
    parentExecs: 0,
    executed: false,
    dying: undefined,
    execing: undefined,
    execAwaits: 0,
    unkillable: name.numbers.at(-1) === 1,
    ignored: new Set<number>(),
    childFlags: 0,
    pending: new Set<number>(),
    stopsAwaited: new Set<Thread>(),
    stopped: false,
    stopSignal: 0,
    continued: false,
    untold: false,
    subreaper: false,
    belowSubreaper: false,
  } as unknown as Process
  const leader = newThread(process, name, childNs)
  process.leader = leader
  process.target = leader
  process.threads = [leader]
  return process
}

/** The threads after `thread`, going round: all others of its process. */
export function othersFrom(thread: Thread): Thread[] {
  const { threads } = thread.process
  const at = threads.indexOf(thread)
  return [...threads.slice(at + 1), ...threads.slice(0, Math.max(at, 0))]
}

/** The first thread of the process that has not begun to end. */
export function aliveThread(process: Process): Thread | undefined {
  return process.threads.find((thread) => !thread.exiting)
}
