/** From drawn numbers to a call that means something in the present state of the world. */
import type { Call } from '../oracle/call.ts'
import { CLONE, INT_MIN, PTHREAD, W } from '../oracle/linux.ts'
import { numberIn, pidMaxOf } from '../oracle/names.ts'
import { allThreads } from '../oracle/oracle.ts'
import type { OracleNsFile, OraclePidfd, Thread, World } from '../oracle/world.ts'

/** Numbers drawn at random for one step: which operation, by whom, and what its arguments are chosen by. */
export type Draw = readonly [op: number, by: number, a: number, b: number, c: number]

/** How often each operation is chosen. */
export type Mix = Readonly<Partial<Record<Operation, number>>>

type Builder = (w: World, caller: Thread, a: number, b: number, c: number) => Call | undefined

const SIGNALS = [9, 15, 19, 18, 20, 1, 17, 10, 0, 64, 3, 11, 21, 2, 77, -1, 28]
const EXIT_SIGNALS = [17, 17, 17, 0, 10, 1, 9, 19, 18, 64, 77]
const WAIT_OPTIONS = [0, 0, 2, 8, 10, W.ALL, W.CLONE, W.NOTHREAD, W.ALL | W.NOTHREAD, W.ALL | 10, 4, 16]
const WAITID_OPTIONS = [
  W.EXITED,
  W.EXITED | W.NOWAIT,
  W.EXITED | W.STOPPED | W.CONTINUED,
  W.STOPPED,
  W.CONTINUED,
  W.STOPPED | W.NOWAIT,
  W.CONTINUED | W.NOWAIT | W.ALL,
  W.EXITED | W.ALL,
  W.EXITED | W.CLONE,
  0,
  W.EXITED | 64,
]
const BAD_CLONES = [
  CLONE.THREAD,
  CLONE.THREAD | CLONE.SIGHAND,
  CLONE.SIGHAND,
  CLONE.NEWNS | CLONE.FS,
  CLONE.NEWUSER | CLONE.FS,
  1,
  CLONE.DETACHED,
  PTHREAD | CLONE.NEWPID,
  PTHREAD | CLONE.NEWUSER,
]

const BUILDERS = {
  fork: (_w, _t, a) => ({ op: 'clone', flags: 0, exitSignal: a % 4 === 0 ? pick(EXIT_SIGNALS, a >> 2) : 17 }),
  newpid: (_w, _t, a) => ({
    op: 'clone',
    flags: CLONE.NEWPID,
    exitSignal: a % 4 === 0 ? pick(EXIT_SIGNALS, a >> 2) : 17,
  }),
  sibling: (_w, _t, a) => ({
    op: 'clone',
    flags: CLONE.PARENT | (a % 3 === 0 ? CLONE.NEWPID : 0),
    exitSignal: a % 8 === 7 ? 17 : 0,
  }),
  thread: (_w, t, a) =>
    t.rest === 'stopped' ? undefined : { op: 'clone', flags: PTHREAD, exitSignal: a % 16 === 15 ? 17 : 0 },
  setTid: (w, t, a, b, c) => ({
    op: 'clone',
    flags: [0, CLONE.NEWPID, PTHREAD, 0][a % 4] as number,
    exitSignal: a % 4 === 2 ? 0 : 17,
    setTid: askedNumbers(w, t, b, c),
  }),
  badClone: (_w, _t, a) => ({ op: 'clone', flags: pick(BAD_CLONES, a), exitSignal: 0 }),
  exit: (_w, _t, a) => ({ op: 'exit', code: a % 300 }),
  exitThread: (_w, _t, a) => ({ op: 'exitThread', code: a % 300 }),
  execve: (_w, t) => (t.rest === 'stopped' ? undefined : { op: 'execve' }),
  kill: (w, t, a, b) => ({ op: 'kill', pid: somePid(w, t, a), sig: pick(SIGNALS, b) }),
  killAll: (_w, _t, a, b) => ({ op: 'kill', pid: a % 2 === 0 ? 0 : -1, sig: pick(SIGNALS, b) }),
  tgkill: (w, t, a, b, c) => {
    const to = pick(allThreads(w), a)
    const tid = c % 8 === 7 ? somePid(w, t, c >> 3) : numberIn(to.name, t.name.ns)
    return { op: 'tgkill', tgid: numberIn(to.process.leader.name, t.name.ns), tid, sig: pick(SIGNALS, b) }
  },
  waitpid: (w, t, a, b) => ({
    op: 'waitpid',
    pid: a % 3 === 0 ? somePid(w, t, b) : -1,
    options: pick(WAIT_OPTIONS, b >> 4) | (b % 8 === 0 ? 0 : W.NOHANG),
  }),
  waitid: (w, t, a, b, c) => {
    const idtype = a % 8 === 7 ? 4 : a % 3
    const options = pick(WAITID_OPTIONS, c) | (c % 8 === 0 ? 0 : W.NOHANG)
    return { op: 'waitid', idtype, id: somePid(w, t, b), options }
  },
  waitidPidfd: (w, _t, a, b) => {
    const id = some(w.pidfds, a)
    return id && { op: 'waitid', idtype: 3, id, options: pick(WAITID_OPTIONS, b >> 1) | (b & 1) }
  },
  getters: (w, t, a, b) => {
    if (a % 2 === 0) return { op: a % 4 === 0 ? 'getpgid' : 'getsid', pid: somePid(w, t, b) }
    return { op: pick(['getpid', 'gettid', 'getppid'] as const, b) }
  },
  setpgid: (w, t, a, b, c) => ({
    op: 'setpgid',
    pid: c % 3 === 0 ? 0 : somePid(w, t, a),
    pgid: c % 4 === 1 ? 0 : somePid(w, t, b),
  }),
  setsid: () => ({ op: 'setsid' }),
  subreaper: (_w, _t, a) => ({
    op: 'prctl',
    option: a % 8 === 0 ? 37 : 36,
    arg: a % 4 === 1 ? 0 : (a >> 3) % 3,
  }),
  pdeathsig: (_w, _t, a) => ({ op: 'prctl', option: a % 8 === 0 ? 2 : 1, arg: pick(SIGNALS, a >> 3) }),
  badPrctl: () => ({ op: 'prctl', option: 4, arg: 0 }),
  sigaction: (_w, _t, a, b) => ({
    op: 'sigaction',
    sig: a % 2 === 0 ? 17 : pick(SIGNALS, a >> 1),
    handler: b % 2 === 0 ? 'ign' : 'dfl',
    flags: (b >> 1) % 4,
  }),
  unshare: (_w, _t, a) => ({
    op: 'unshare',
    flags: a % 8 === 7 ? pick([0x10000, 0x800, 1, 0], a >> 3) : CLONE.NEWPID,
  }),
  openNs: (_w, _t, a) => ({ op: 'openNs', link: a % 2 === 0 ? 'pid' : 'pid_for_children' }),
  setns: (w, _t, a, b) => {
    const file = some(w.nsFiles, a)
    return file && { op: 'setns', file, nstype: pick([CLONE.NEWPID, CLONE.NEWPID, 0, CLONE.NEWNS], b) }
  },
  setnsPidfd: (w, _t, a, b) => {
    const file = some(w.pidfds, a)
    return file && { op: 'setns', file, nstype: b % 8 === 7 ? 0 : CLONE.NEWPID }
  },
  lastPid: (w, t, a, b) => {
    if (a % 3 === 0) return { op: 'sysctl', name: 'kernel.ns_last_pid' }
    return { op: 'sysctl', name: 'kernel.ns_last_pid', value: someLimit(w, t, b) }
  },
  pidMax: (w, t, a, b) => {
    if (a % 3 === 0) return { op: 'sysctl', name: 'kernel.pid_max' }
    return { op: 'sysctl', name: 'kernel.pid_max', value: someLimit(w, t, b) }
  },
  pidfdOpen: (w, t, a, b) => ({
    op: 'pidfdOpen',
    pid: somePid(w, t, a),
    flags: pick([0, 128, 2048, 0, 128 | 2048, 1], b),
  }),
  pidfdSend: (w, _t, a, b, c) => {
    const pidfd = some(w.pidfds, a)
    return (
      pidfd && { op: 'pidfdSendSignal', pidfd, sig: pick(SIGNALS, b), flags: pick([0, 0, 1, 2, 4, 3, 8], c) }
    )
  },
  poll: (w, _t, a) => {
    const pidfd = some(w.pidfds, a)
    return pidfd && { op: 'poll', pidfd }
  },
  close: (w, _t, a) => {
    const file = some<OracleNsFile | OraclePidfd>(
      [...w.nsFiles, ...w.pidfds].filter(({ open }) => open),
      a,
    )
    return file && { op: 'close', file }
  },
} as const satisfies Record<string, Builder>

export type Operation = keyof typeof BUILDERS

/** The operations of a mix, each as often as its weight. */
export function spread(mix: Mix): Operation[] {
  return Object.entries(mix).flatMap(([name, weight]) => Array<Operation>(weight).fill(name as Operation))
}

/** Who calls, and what; undefined when this cannot be asked now. `all`: every task there ever was. */
export function choose(
  w: World,
  all: readonly Thread[],
  operations: readonly Operation[],
  [op, by, a, b, c]: Draw,
): { caller: Thread; call: Call } | undefined {
  const living = allThreads(w).filter((thread) => !thread.exiting)
  const idle = living.filter((thread) => thread.rest === 'idle')
  // Mostly somebody who could really call; now and then a stopped, a dying or a dead one.
  const from = by % 16 === 15 ? all : by % 8 === 7 ? living : idle
  const caller = pick(from, by >> 4)
  const call = (BUILDERS[pick(operations, op)] as Builder)(w, caller, a, b, c)
  return call && { caller, call }
}

function pick<T>(from: readonly T[], n: number): T {
  return from[n % from.length] as T
}

/** One of the files, the latest the likeliest. */
function some<T>(from: readonly T[], n: number): T | undefined {
  return from.length === 0 ? undefined : from[from.length - 1 - (n % Math.min(from.length, 8))]
}

/** A number that may mean somebody to the caller: a task, a group, everybody, nobody. */
function somePid(w: World, caller: Thread, n: number): number {
  const { ns } = caller.name
  const thread = pick(allThreads(w), n >> 4)
  const group = numberIn(thread.process.group, ns)
  const child = pick(
    caller.process.threads.flatMap(({ children }) => children),
    n >> 4,
  )
  switch (n % 16) {
    case 0:
      return 0
    case 1:
    case 2:
      return -group
    case 3:
      return group
    case 4:
    case 5:
    case 6:
    case 7:
      return child === undefined ? 1 : numberIn(child.leader.name, ns)
    case 8:
      return (n >> 4) % 20
    case 9:
      return pick([-1, INT_MIN, -5, 4194304, 2147483647, -2147483647], n >> 4)
    default:
      return numberIn(thread.name, ns)
  }
}

function askedNumbers(w: World, caller: Thread, b: number, c: number): number[] {
  const length = b % 16 === 15 ? 33 : b % (caller.name.ns.level + 3)
  return Array.from({ length }, (_, i) => {
    const n = (c >> i) % 8
    if (n < 3) return 1 + ((c >> (i + 3)) % 20)
    return n === 7 ? someLimit(w, caller, c >> i) : n === 6 ? 0 : n === 5 ? 1 : 2 + ((b + i) % 9)
  })
}

/** A number at one of the edges that the allocator knows. */
function someLimit(w: World, caller: Thread, n: number): number {
  const { ns } = caller.name
  const { reservedPids, pidMaxMin, pidMaxLimit } = w.rules
  const pidMax = pidMaxOf(w, ns)
  const edges = [0, 1, reservedPids, pidMaxMin, ns.last, pidMax, pidMaxMin + 8, 7]
  const edge = pick(edges, n)
  return Math.min(edge > 70_000 ? pidMaxMin : edge, pidMaxLimit) + ((n >> 3) % 4) - 1
}
