/**
 * The state of a table as the page draws it: namespaces, and rows of processes in the order in which they are drawn,
 * each namespace an area within the one above it. Plain data: arrays of numbers, so that ten thousand cost little to send.
 */
import { utf8String } from '../../src/lib/utf8.ts'
import type { NsRef, TaskRef } from '../../src/mm/layout.ts'
import * as L from '../../src/mm/layout.ts'
import { forEachSlot } from '../../src/mm/slab.ts'
import type { PidTable } from '../../src/pid/table.ts'
import { taskActivePidNs, taskPgrp, taskPid, taskSession } from '../../src/pid/task_link.ts'
import { pidNrNs, upidAt } from '../../src/pid/upid.ts'
import { getTaskComm } from '../../src/task/comm.ts'
import { TASK_STOPPED, taskState } from '../../src/task/sched.ts'
import * as T from '../../src/task/task.ts'

export interface NsView {
  readonly inum: number
  readonly level: number
  readonly parent: number
  readonly lastPid: number
  readonly pidMax: number
  readonly hashed: number
  /** Numbers are given out. False: it is dying or dead. */
  readonly adding: boolean
  /** The number of its init there; 0: it has none. */
  readonly reaper: number
  readonly processes: number
}

/** Kinds of rows. */
export const ROW_PROCESS = 0
export const ROW_THREAD = 1
export const ROW_NS = 2
export const ROW_NS_END = 3

/** Words of a row. */
export const R_KIND = 0
/** How deep in its area's tree. */
export const R_DEPTH = 1
/** Which of the namespaces. */
export const R_NS = 2
/** How many areas enclose it. */
export const R_AREAS = 3
export const R_FLAGS = 4
/** Where its numbers begin, and how many there are. */
export const R_NUMBERS = 5
export const R_LEVELS = 6
/** The record of its `struct pid`: names it within one state. */
export const R_PID = 7
export const R_TASK = 8
/** Its parent's number as its own namespace sees it; 0: not there. */
export const R_PPID = 9
export const R_PGID = 10
export const R_SID = 11
/** Place among its siblings, and how many they are. */
export const R_POS = 12
export const R_SIZE = 13
/** Which of the names. */
export const R_COMM = 14
export const ROW_WORDS = 15

export const F_ZOMBIE = 1
export const F_STOPPED = 2
export const F_EXITING = 4
export const F_INIT = 8
export const F_SUBREAPER = 16
export const F_CHANGED = 32
export const F_NEW = 64
/** Its parent is in another namespace, and it is no init. */
export const F_INJECTED = 128

export interface Snapshot {
  readonly namespaces: readonly NsView[]
  readonly rows: Int32Array
  readonly numbers: Int32Array
  /** Names, each once. */
  readonly comms: readonly string[]
  readonly processes: number
  readonly zombies: number
}

interface Process {
  readonly task: TaskRef
  readonly ns: NsRef
  /** Most have none: then this is shared. */
  children: Process[]
  /** Namespaces whose inits are its children. */
  areas: NsRef[]
}

const NONE: never[] = []

function added<T>(list: T[], one: T): T[] {
  if (list === NONE) return [one]
  list.push(one)
  return list
}

interface Area {
  readonly ns: NsRef
  readonly index: number
  readonly roots: Process[]
  readonly areas: NsRef[]
  processes: number
}

/** What a task was before the last step, to tell what it changed. */
export type Before = ReadonlyMap<number, number>

const ADDING = 1 << 31

/** `level`: the outermost that is shown. */
export function takeSnapshot(table: PidTable, level: number, before: Before | undefined): Snapshot {
  const areas = findAreas(table, level)
  const processes = findProcesses(table, areas)
  placeAreas(table, areas, processes, level)
  return draw(table, areas, before)
}

/** What is looked at to tell whether a step has changed a task: a few words, as one number. */
export function noteTasks(table: PidTable): Map<number, number> {
  const notes = new Map<number, number>()
  for (let p = T.firstProcess(table); p !== 0; p = T.nextProcess(table, p)) {
    for (let t = T.firstThread(table, T.signalOf(table, p)); t !== 0; t = T.nextThread(table, t))
      notes.set(taskPid(table, t), noteOf(table, t))
  }
  return notes
}

function noteOf(table: PidTable, task: TaskRef): number {
  const w = table.words
  let note = w[task + L.TASK_REAL_PARENT]
  const mix = (word: number): void => void (note = Math.imul(note ^ word, 0x9e3779b1) ^ (note >>> 15))
  mix(w[task + L.TASK_EXIT_STATE])
  mix(w[task + L.TASK_STATE] === TASK_STOPPED ? 1 : 0)
  mix(w[task + L.TASK_FLAGS] & T.PF_EXITING)
  mix(w[task + L.TASK_NS_FOR_CHILDREN])
  for (let i = 0; i < L.PIDTYPE_MAX; i++) mix(w[task + L.TASK_LINKS + i * L.LINK_WORDS + L.LINK_PID])
  mix(w[T.signalOf(table, task) + L.SIG_SUBREAPER] & L.SUBREAPER_IS)
  for (let i = 0; i < L.TASK_COMM_WORDS; i++) mix(w[task + L.TASK_COMM + i])
  return note
}

function findAreas(table: PidTable, level: number): Map<NsRef, Area> {
  const w = table.words
  const found: NsRef[] = []
  forEachSlot(table, L.SLAB_NS, (ns) => {
    if (w[ns + L.NS_LEVEL] >= level) found.push(ns as NsRef)
  })
  found.sort(
    (a, b) => w[a + L.NS_LEVEL] - w[b + L.NS_LEVEL] || (w[a + L.NS_INUM] >>> 0) - (w[b + L.NS_INUM] >>> 0),
  )
  return new Map(found.map((ns, index) => [ns, { ns, index, roots: [], areas: [], processes: 0 }]))
}

function findProcesses(table: PidTable, areas: Map<NsRef, Area>): Map<TaskRef, Process> {
  const processes = new Map<TaskRef, Process>()
  for (let p = T.firstProcess(table); p !== 0; p = T.nextProcess(table, p)) {
    if (taskPid(table, p) === 0) continue
    const ns = taskActivePidNs(table, p)
    if (areas.has(ns)) processes.set(p, { task: p, ns, children: NONE, areas: NONE })
  }
  for (const process of processes.values()) {
    const area = areas.get(process.ns) as Area
    area.processes++
    const parent = parentOf(table, processes, process)
    if (parent?.ns === process.ns) parent.children = added(parent.children, process)
    else area.roots.push(process)
  }
  return processes
}

function parentOf(table: PidTable, processes: Map<TaskRef, Process>, { task }: Process): Process | undefined {
  const parent = T.realParent(table, task)
  return parent === 0 ? undefined : processes.get(table.words[parent + L.TASK_LEADER] as TaskRef)
}

/** An area lies below the process that is its init's parent, or at the end of the area around it. */
function placeAreas(
  table: PidTable,
  areas: Map<NsRef, Area>,
  processes: Map<TaskRef, Process>,
  level: number,
): void {
  const w = table.words
  for (const { ns } of areas.values()) {
    if (w[ns + L.NS_LEVEL] === level) continue
    const outer = areas.get(w[ns + L.NS_PARENT] as NsRef)
    const reaper = w[ns + L.NS_CHILD_REAPER] as TaskRef
    const init = reaper === 0 ? undefined : processes.get(w[reaper + L.TASK_LEADER] as TaskRef)
    const parent = init === undefined ? undefined : parentOf(table, processes, init)
    if (parent !== undefined && parent.ns === outer?.ns) parent.areas = added(parent.areas, ns)
    else outer?.areas.push(ns)
  }
}

interface Drawing {
  rows: Int32Array
  count: number
  numbers: number[]
  readonly comms: string[]
  /** By name: its place among them. */
  readonly places: Map<string, number>
  /** Whose name was the last, and its place: the next one often has the same. */
  named: TaskRef
  place: number
  zombies: number
}

/** Draws with a stack of its own: a chain of forks may be deep. */
function draw(table: PidTable, areas: Map<NsRef, Area>, before: Before | undefined): Snapshot {
  const drawing: Drawing = {
    rows: new Int32Array(ROW_WORDS * 256),
    count: 0,
    numbers: [],
    comms: [''],
    places: new Map([['', 0]]),
    named: 0 as TaskRef,
    place: 0,
    zombies: 0,
  }
  type Todo = {
    process?: Process
    area?: Area
    end?: Area
    depth: number
    nested: number
    pos: number
    size: number
  }
  const stack: Todo[] = []
  const pushAll = (
    list: readonly Process[],
    inner: readonly NsRef[],
    depth: number,
    nested: number,
  ): void => {
    const size = list.length + inner.length
    for (let i = inner.length - 1; i >= 0; i--)
      stack.push({
        area: areas.get(inner[i] as NsRef) as Area,
        depth,
        nested,
        pos: list.length + i + 1,
        size,
      })
    for (let i = list.length - 1; i >= 0; i--)
      stack.push({ process: list[i] as Process, depth, nested, pos: i + 1, size })
  }
  const outermost = [...areas.values()].filter(({ ns }) => !areas.has(table.words[ns + L.NS_PARENT] as NsRef))
  for (const area of outermost.reverse()) stack.push({ area, depth: 0, nested: 0, pos: 1, size: 1 })
  for (let todo = stack.pop(); todo !== undefined; todo = stack.pop()) {
    const { process, area, end, depth, nested, pos, size } = todo
    if (area !== undefined) {
      addRow(drawing, [ROW_NS, depth, area.index, nested + 1, 0, 0, 0, 0, 0, 0, 0, 0, pos, size, 0])
      stack.push({ end: area, depth, nested: nested + 1, pos: 0, size: 0 })
      pushAll(area.roots, area.areas, depth + 1, nested + 1)
    } else if (end !== undefined) {
      addRow(drawing, [ROW_NS_END, depth, end.index, nested, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    } else if (process !== undefined) {
      const index = (areas.get(process.ns) as Area).index
      addProcess(table, drawing, process, [depth, index, nested, pos, size], before)
      pushAll(process.children, process.areas, depth + 1, nested)
    }
  }
  return {
    namespaces: [...areas.values()].map((area) => viewOf(table, area)),
    rows: drawing.rows.slice(0, drawing.count * ROW_WORDS),
    numbers: Int32Array.from(drawing.numbers),
    comms: drawing.comms,
    processes: [...areas.values()].reduce((sum, { processes }) => sum + processes, 0),
    zombies: drawing.zombies,
  }
}

function addRow(drawing: Drawing, words: readonly number[]): void {
  if ((drawing.count + 1) * ROW_WORDS > drawing.rows.length) {
    const rows = new Int32Array(drawing.rows.length * 2)
    rows.set(drawing.rows)
    drawing.rows = rows
  }
  drawing.rows.set(words, drawing.count++ * ROW_WORDS)
}

function placeOfComm(table: PidTable, drawing: Drawing, task: TaskRef): number {
  const w = table.words
  const { named } = drawing
  drawing.named = task
  let isSame = named !== 0
  for (let i = 0; isSame && i < L.TASK_COMM_WORDS; i++)
    isSame = w[named + L.TASK_COMM + i] === w[task + L.TASK_COMM + i]
  if (isSame) return drawing.place
  const comm = utf8String(getTaskComm(table, task))
  let place = drawing.places.get(comm)
  if (place === undefined) {
    place = drawing.comms.push(comm) - 1
    drawing.places.set(comm, place)
  }
  return (drawing.place = place)
}

type Place = readonly [depth: number, ns: number, nested: number, pos: number, size: number]

function addProcess(
  table: PidTable,
  drawing: Drawing,
  { task: leader }: Process,
  place: Place,
  before: Before | undefined,
): void {
  const [depth, ns, nested, pos, size] = place
  const signal = T.signalOf(table, leader)
  addTask(table, drawing, leader, [ROW_PROCESS, depth, ns, nested], pos, size, before)
  for (let t = T.firstThread(table, signal); t !== 0; t = T.nextThread(table, t))
    if (t !== leader) addTask(table, drawing, t, [ROW_THREAD, depth + 1, ns, nested], 0, 0, before)
}

function addTask(
  table: PidTable,
  drawing: Drawing,
  task: TaskRef,
  head: readonly number[],
  pos: number,
  size: number,
  before: Before | undefined,
): void {
  const w = table.words
  const pid = taskPid(table, task)
  const ns = taskActivePidNs(table, task)
  const levels = w[pid + L.PID_LEVEL] + 1
  const flags = flagsOf(table, task, before)
  if (head[0] === ROW_PROCESS && (flags & F_ZOMBIE) !== 0) drawing.zombies++
  const parent = T.realParent(table, task)
  const ppid = parent === 0 ? 0 : pidNrNs(table, taskPid(table, w[parent + L.TASK_LEADER] as TaskRef), ns)
  const groups = [pidNrNs(table, taskPgrp(table, task), ns), pidNrNs(table, taskSession(table, task), ns)]
  const at = drawing.numbers.length
  for (let level = 0; level < levels; level++) drawing.numbers.push(w[upidAt(pid, level) + L.UPID_NR])
  const comm = placeOfComm(table, drawing, task)
  addRow(drawing, [...head, flags, at, levels, pid, task, ppid, ...groups, pos, size, comm])
}

function flagsOf(table: PidTable, task: TaskRef, before: Before | undefined): number {
  const w = table.words
  const pid = taskPid(table, task)
  let flags = 0
  if (T.exitState(table, task) !== 0) flags |= F_ZOMBIE
  else if (T.hasFlag(table, task, T.PF_EXITING)) flags |= F_EXITING
  if (taskState(table, task) === TASK_STOPPED) flags |= F_STOPPED
  if (w[upidAt(pid, w[pid + L.PID_LEVEL]) + L.UPID_NR] === 1) flags |= F_INIT
  if ((w[T.signalOf(table, task) + L.SIG_SUBREAPER] & L.SUBREAPER_IS) !== 0) flags |= F_SUBREAPER
  const parent = T.realParent(table, task)
  const outside =
    parent !== 0 &&
    taskPid(table, parent) !== 0 &&
    taskActivePidNs(table, parent) !== taskActivePidNs(table, task)
  if (outside && (flags & F_INIT) === 0) flags |= F_INJECTED
  const was = before?.get(pid)
  if (before !== undefined && was === undefined) flags |= F_NEW
  else if (was !== undefined && was !== noteOf(table, task)) flags |= F_CHANGED
  return flags
}

function viewOf(table: PidTable, { ns, processes }: Area): NsView {
  const w = table.words
  const parent = w[ns + L.NS_PARENT]
  const reaper = w[ns + L.NS_CHILD_REAPER] as TaskRef
  const pid = reaper === 0 ? 0 : taskPid(table, reaper)
  const hashed = w[ns + L.NS_NR_HASHED]
  return {
    inum: w[ns + L.NS_INUM] >>> 0,
    level: w[ns + L.NS_LEVEL],
    parent: parent === 0 ? 0 : w[parent + L.NS_INUM] >>> 0,
    lastPid: w[ns + L.NS_LAST_PID],
    pidMax: w[ns + L.NS_PID_MAX],
    hashed: hashed & ~ADDING,
    adding: (hashed & ADDING) !== 0,
    reaper: pid === 0 ? 0 : pidNrNs(table, pid, ns),
    processes,
  }
}
