/**
 * A log as `strace -f -ttt -o FILE` writes it when it is the init of a PID namespace: a shell, process 5, runs
 * pipelines as jobs of their own, some of which fork further, leave orphans or are killed; calls of different processes
 * interleave, and some are split in two lines.
 *
 *   node out/bench/strace_log.js FILE [LINES [SEED]]
 *
 * Numbers are given out as Linux does: the next free one above the last, cyclically, with groups keeping their number
 * taken. The shell ends, and with it the log, soon after LINES lines.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { type Random, randomFrom } from './random.ts'

export interface StraceLogOptions {
  lines: number
  seed?: number
  /** pid_max of the namespace: today's kernel gives a new one the largest there is. */
  pidMax?: number
}

/** Where a process stands between two of its lines: at rest, inside a call, or blocked in one. */
type Rest = 'ready' | 'open' | 'blocked'
type Script = Generator<Rest, void, undefined>

interface Process {
  readonly nr: number
  /** undefined: init, which waits for whatever it inherits and is not in the log. */
  parent: Process | undefined
  readonly children: Process[]
  group: number
  script: Script
  rest: Rest
  exiting: boolean
  cloning: boolean
  /** As wait4(2) shows it, once dead. */
  status: string | undefined
  /** Whose SIGCHLD has not been shown yet. */
  sigchld: Process | undefined
  /** It was sent SIGTERM by this number. */
  killer: number
}

interface World {
  readonly random: Random
  readonly write: (line: string) => void
  readonly pidMax: number
  readonly wanted: number
  lines: number
  microseconds: number
  lastPid: number
  /** The numbers of processes; and the members of each group, which keep its number taken too. */
  readonly taken: Set<number>
  readonly groups: Map<number, Process[]>
  readonly ready: Process[]
  /** Run before all others. */
  readonly urgent: Process[]
}

const TIDPTR = '0x7f4ce5ed0a10'
const FORK = 'clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD'
const STATUS_AT = '0x7ffdc995ce90'
const RESTORER = 'sa_mask=[], sa_flags=SA_RESTORER, sa_restorer=0x7f4ce5f0f050'
const PROGRAMS = ['grep', 'sort', 'sed', 'awk', 'cat', 'cc', 'make', 'node']
const SIGNALS = ['SIGINT', 'SIGQUIT', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGSEGV']
const MOST_JOBS = 12

/** Hands `write` the lines of a log, each with its line end. Returns how many there are. */
export function writeStraceLog(options: StraceLogOptions, write: (line: string) => void): number {
  const world: World = {
    random: randomFrom(options.seed ?? 1),
    write,
    pidMax: options.pidMax ?? 4194304,
    wanted: options.lines,
    lines: 0,
    microseconds: 1795323109_555025,
    lastPid: 4,
    taken: new Set(),
    groups: new Map(),
    ready: [],
    urgent: [],
  }
  spawn(world, undefined, 0, shell)
  for (;;) {
    const process = next(world)
    if (process === undefined) return world.lines
    step(world, process)
  }
}

// The world -----------------------------------------------------------------------------------------------------------

function next(world: World): Process | undefined {
  const urgent = world.urgent.shift()
  if (urgent !== undefined) return urgent
  const last = world.ready.length - 1
  if (last < 0) return undefined
  const i = world.random(last + 1)
  const process = world.ready[i] as Process
  world.ready[i] = world.ready[last] as Process
  world.ready.pop()
  return process
}

function step(world: World, me: Process): void {
  if (me.status !== undefined) return
  if (me.killer !== 0 && me.rest !== 'open' && !me.exiting) {
    if (me.rest === 'blocked')
      result(
        world,
        me,
        `<... wait4 resumed>${STATUS_AT}, 0, NULL)`,
        '? ERESTARTSYS (To be restarted if SA_RESTART is set)',
      )
    emit(world, me, `--- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=${me.killer}, si_uid=0} ---`)
    me.script = die(world, me, 'killed by SIGTERM', '[{WIFSIGNALED(s) && WTERMSIG(s) == SIGTERM}]')
    me.exiting = true
  }
  const { done, value } = me.script.next()
  if (done === true) return
  me.rest = value
  if (value !== 'blocked') world.ready.push(me)
}

function spawn(
  world: World,
  parent: Process | undefined,
  group: number,
  script: (world: World, me: Process) => Script,
): Process {
  const nr = takeNumber(world)
  const me: Process = {
    nr,
    parent,
    children: [],
    group,
    script: undefined as unknown as Script,
    rest: 'ready',
    exiting: false,
    cloning: false,
    status: undefined,
    sigchld: undefined,
    killer: 0,
  }
  me.script = script(world, me)
  joinGroup(world, me, group)
  parent?.children.push(me)
  world.ready.push(me)
  return me
}

function takeNumber(world: World): number {
  do {
    world.lastPid += 1
    if (world.lastPid >= world.pidMax) world.lastPid = 300
  } while (world.taken.has(world.lastPid) || world.groups.has(world.lastPid))
  world.taken.add(world.lastPid)
  return world.lastPid
}

function joinGroup(world: World, process: Process, group: number): void {
  process.group = group
  const members = world.groups.get(group)
  if (members === undefined) world.groups.set(group, [process])
  else members.push(process)
}

function leaveGroup(world: World, process: Process): void {
  const members = world.groups.get(process.group) ?? []
  members.splice(members.indexOf(process), 1)
  if (members.length === 0) world.groups.delete(process.group)
}

/** It has been waited for. */
function reaped(world: World, process: Process): void {
  world.taken.delete(process.nr)
  leaveGroup(world, process)
}

// Lines ---------------------------------------------------------------------------------------------------------------

function prefix(world: World, me: Process): string {
  world.microseconds += 10 + world.random(200)
  const seconds = Math.floor(world.microseconds / 1e6)
  return `${String(me.nr).padEnd(5)} ${seconds}.${String(world.microseconds % 1e6).padStart(6, '0')} `
}

function emit(world: World, me: Process, text: string): void {
  world.write(`${prefix(world, me)}${text}\n`)
  world.lines += 1
}

function result(world: World, me: Process, text: string, value: string | number): void {
  world.write(`${`${prefix(world, me)}${text} `.padEnd(40)}= ${value}\n`)
  world.lines += 1
}

/** A call: `before` is what strace prints on entry, `after` what it adds on return. In one line, or in two. */
function* call(
  world: World,
  me: Process,
  before: string,
  after: string,
  value: string | number,
  split = world.random(4) === 0,
): Script {
  if (split) {
    emit(world, me, `${before} <unfinished ...>`)
    yield 'open'
    result(world, me, `<... ${before.slice(0, before.indexOf('('))} resumed>${after})`, value)
  } else {
    result(world, me, `${before}${after})`, value)
  }
  yield 'ready'
}

function tellSigchld(world: World, me: Process): void {
  const from = me.sigchld
  if (from === undefined) return
  me.sigchld = undefined
  const killed = from.status?.includes('SIGTERM')
  const how = killed ? 'si_code=CLD_KILLED' : 'si_code=CLD_EXITED'
  const status = killed ? 'SIGTERM' : (from.status?.match(/== (\d+)/)?.[1] ?? '0')
  emit(
    world,
    me,
    `--- SIGCHLD {si_signo=SIGCHLD, ${how}, si_pid=${from.nr}, si_uid=0, si_status=${status}, si_utime=0, si_stime=0} ---`,
  )
}

// What processes do ---------------------------------------------------------------------------------------------------

function* shell(world: World, me: Process): Script {
  yield* start(world, me, 'bash')
  while (world.lines < world.wanted) {
    yield* job(world, me)
    while (me.children.length > MOST_JOBS) yield* wait(world, me)
  }
  while (me.children.length > 0) yield* wait(world, me)
  yield* exit(world, me, 0)
}

/** A pipeline in a group of its own, which the shell forms before its members go on. */
function* job(world: World, me: Process): Script {
  const members: Process[] = []
  let formed = false
  const size = 1 + world.random(3)
  for (let i = 0; i < size; i++) {
    const member = yield* fork(world, me, (_, child) => inJob(world, child, () => formed))
    members.push(member)
    const leader = members[0] as Process
    leaveGroup(world, member)
    joinGroup(world, member, leader.nr)
    yield* call(world, me, `setpgid(${member.nr}, ${leader.nr}`, '', 0, false)
  }
  formed = true
  const leader = members[0] as Process
  if (world.random(4) === 0) yield* call(world, me, `kill(${leader.nr}, 0`, '', 0, false)
  const group = world.groups.get(leader.nr) ?? []
  if (world.random(8) !== 0 || group.some(({ cloning }) => cloning)) return
  result(world, me, `kill(-${leader.nr}, SIGTERM)`, 0)
  for (const process of group.toReversed()) {
    if (process.exiting) continue
    process.killer = me.nr
    const i = world.ready.indexOf(process)
    if (i >= 0) world.ready.splice(i, 1)
    world.urgent.push(process)
  }
  yield 'ready'
}

function* inJob(world: World, me: Process, formed: () => boolean): Script {
  yield* call(world, me, 'getpid(', '', me.nr)
  while (!formed()) yield 'ready'
  yield* call(world, me, `setpgid(${me.nr}, ${me.group}`, '', 0, false)
  yield* program(world, me, 0)
}

function* program(world: World, me: Process, depth: number): Script {
  yield* start(world, me, PROGRAMS[world.random(PROGRAMS.length)] as string)
  const children = depth < 2 && world.random(4) === 0 ? 1 + world.random(3) : 0
  for (let i = 0; i < children; i++) yield* fork(world, me, (_, child) => program(world, child, depth + 1))
  if (world.random(8) !== 0) while (me.children.length > 0) yield* wait(world, me)
  yield* exit(world, me, world.random(8) === 0 ? 1 : 0)
}

/** execve, and what the C library and the program do first. */
function* start(world: World, me: Process, name: string): Script {
  yield* call(world, me, `execve("/usr/bin/${name}", ["${name}"], 0x555d477eaa50 /* 8 vars */`, '', 0)
  yield* call(world, me, `set_tid_address(${TIDPTR}`, '', me.nr)
  yield* call(
    world,
    me,
    'prlimit64(0, RLIMIT_STACK, NULL, ',
    '{rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}',
    0,
  )
  for (let i = world.random(3); i > 0; i--) {
    const sig = SIGNALS[world.random(SIGNALS.length)]
    const before = `rt_sigaction(${sig}, {sa_handler=SIG_DFL, ${RESTORER}}, `
    yield* call(world, me, before, '{sa_handler=SIG_DFL, sa_mask=[], sa_flags=0}, 8', 0)
  }
  yield* call(world, me, 'getpid(', '', me.nr)
}

function* fork(
  world: World,
  me: Process,
  script: (world: World, child: Process) => Script,
): Generator<Rest, Process, undefined> {
  me.cloning = true
  const split = world.random(3) === 0
  if (split) emit(world, me, `${FORK} <unfinished ...>`)
  const child = spawn(world, me, me.group, script)
  if (split) {
    yield 'open'
    result(world, me, `<... clone resumed>, child_tidptr=${TIDPTR})`, child.nr)
  } else {
    result(world, me, `${FORK}, child_tidptr=${TIDPTR})`, child.nr)
  }
  me.cloning = false
  yield 'ready'
  return child
}

function* wait(world: World, me: Process): Script {
  let dead = me.children.find(({ status }) => status !== undefined)
  if (dead !== undefined) {
    result(world, me, `wait4(-1, ${dead.status}, 0, NULL)`, dead.nr)
  } else {
    emit(world, me, 'wait4(-1,  <unfinished ...>')
    yield 'blocked'
    dead = me.children.find(({ status }) => status !== undefined) as Process
    result(world, me, `<... wait4 resumed>${dead.status}, 0, NULL)`, dead.nr)
  }
  me.children.splice(me.children.indexOf(dead), 1)
  reaped(world, dead)
  tellSigchld(world, me)
  yield 'ready'
}

function* exit(world: World, me: Process, code: number): Script {
  me.exiting = true
  yield* call(world, me, `exit_group(${code}`, '', '?')
  yield* die(world, me, `exited with ${code}`, `[{WIFEXITED(s) && WEXITSTATUS(s) == ${code}}]`)
}

/** The last line. Children go to init; a parent that waits goes on at once. */
function* die(world: World, me: Process, how: string, status: string): Script {
  yield 'ready'
  emit(world, me, `+++ ${how} +++`)
  me.status = status
  for (const child of me.children) {
    child.parent = undefined
    if (child.status !== undefined) reaped(world, child)
  }
  if (me.parent === undefined) {
    reaped(world, me)
    return
  }
  // One that comes while another one waits is dropped.
  me.parent.sigchld ??= me
  if (me.parent.rest === 'blocked') {
    me.parent.rest = 'open'
    world.urgent.push(me.parent)
  }
}

// The command ---------------------------------------------------------------------------------------------------------

/** Writes a log to a file. Returns how many lines it has. */
export function writeStraceFile(file: string, options: StraceLogOptions): number {
  const fd = openSync(file, 'w')
  let chunk = ''
  const lines = writeStraceLog(options, (line) => {
    chunk += line
    if (chunk.length < 1 << 20) return
    writeSync(fd, chunk)
    chunk = ''
  })
  writeSync(fd, chunk)
  closeSync(fd)
  return lines
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [file, lines = '1000000', seed = '1'] = process.argv.slice(2)
  if (file === undefined) {
    console.error('node out/bench/strace_log.js FILE [LINES [SEED]]')
    process.exitCode = 2
  } else {
    console.log(`${writeStraceFile(file, { lines: Number(lines), seed: Number(seed) })} lines`)
  }
}
