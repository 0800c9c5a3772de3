/**
 * Every invariant of the task room, on top of those of the pid room. Context: as pid/check.ts.
 */

import type { PidRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { forEachSlot, slabLive, slotLive } from '../mm/slab.ts'
import { checkPids, countNsRefs, nsName } from '../pid/check.ts'
import { nextPidTask, pidTask } from '../pid/pid_task.ts'
import { taskActivePidNs, taskLeader, taskPid, taskPidPtr } from '../pid/task_link.ts'
import { upidAt } from '../pid/upid.ts'
import { hlistHashed } from '../sync/hlist.ts'
import { driverWorker, dueOf, forEachDue } from './due.ts'
import {
  TASK_DEAD,
  TASK_HELD,
  TASK_IDLE,
  TASK_STOPPED,
  TASK_ZAP_CHILDREN,
  TASK_ZAP_PIDS,
  taskState,
} from './sched.ts'
import { sighandOf } from './sighand.ts'
import { sigisempty } from './sigset.ts'
import type { TaskTable } from './table.ts'
import * as T from './task.ts'

/** The violations found, none if the table is sound. `waits`: a `struct pid` for each wait that holds one. */
export function checkTasks(table: TaskTable, waits: readonly PidRef[]): string[] {
  const problems = checkPids(table)
  const nsRefs = countNsRefs(table)
  const pidRefs = new Map<number, number>()
  forEachSlot(table, L.SLAB_NSFILE, (file) => {
    const ns = table.words[file + L.NSFILE_NS]
    nsRefs.set(ns, (nsRefs.get(ns) ?? 0) + 1)
  })
  for (const pid of waits) pidRefs.set(pid, (pidRefs.get(pid) ?? 0) + 1)
  forEachSlot(table, L.SLAB_PIDFD, (file) => {
    const pid = table.words[file + L.PIDFD_PID]
    pidRefs.set(pid, (pidRefs.get(pid) ?? 0) + 1)
  })
  checkProcesses(table, nsRefs, problems)
  checkNsRefs(table, nsRefs, problems)
  checkPidRefs(table, pidRefs, problems)
  checkSighands(table, problems)
  checkDue(table, problems)
  if (table.words[L.H_RUN_FIRST] !== 0) problems.push('the run queue is not empty')
  if (table.words[L.H_DEAD] !== 0) problems.push('dead tasks wait for their release')
  return problems
}

/** Who stands on which list, as the lists have it: they are walked once, however long. */
interface Lists {
  /** By task and type (task * PIDTYPE_MAX + type): the `struct pid` whose list it is on. */
  readonly carried: ReadonlyMap<number, PidRef>
  /** By task: whose child it is. */
  readonly parents: ReadonlyMap<TaskRef, TaskRef>
}

function checkProcesses(table: TaskTable, nsRefs: Map<number, number>, problems: string[]): void {
  const w = table.words
  const lists = walkLists(table)
  let threads = 0
  for (let p = T.firstProcess(table); p !== 0; p = T.nextProcess(table, p)) {
    const signal = T.signalOf(table, p)
    let inGroup = 0
    for (let t = T.firstThread(table, signal); t !== 0; t = T.nextThread(table, t)) {
      inGroup += 1
      checkTask(table, p, t, lists, problems)
      const ns = w[t + L.TASK_NS_FOR_CHILDREN]
      if (ns !== 0) nsRefs.set(ns, (nsRefs.get(ns) ?? 0) + 1)
    }
    if (inGroup !== w[signal + L.SIG_NR_THREADS]) {
      problems.push(`${name(table, p)}: ${inGroup} threads, ${w[signal + L.SIG_NR_THREADS]} counted`)
    }
    threads += inGroup
  }
  if (threads !== w[L.H_THREADS]) problems.push(`${threads} tasks, ${w[L.H_THREADS]} counted`)
}

function checkTask(table: TaskTable, leader: TaskRef, task: TaskRef, lists: Lists, problems: string[]): void {
  const w = table.words
  const who = name(table, task)
  if (taskLeader(table, task) !== leader) problems.push(`${who} is in a list of another leader's threads`)
  if (T.threadGroupLeader(table, task) !== (task === leader))
    problems.push(`${who}: exit signal and role disagree`)
  checkState(table, task, who, problems)
  for (let type = 0; type < L.PIDTYPE_MAX; type++) {
    const pid = taskPidPtr(table, task, type)
    const attached = type === L.PIDTYPE_PID || task === leader
    if (attached && lists.carried.get(task * L.PIDTYPE_MAX + type) !== pid)
      problems.push(`${who} is not on its list of type ${type}`)
    if (!attached && pid !== 0) problems.push(`${who} is a thread but has a link of type ${type}`)
  }
  const parent = T.realParent(table, task)
  if (task === leader && parent !== 0 && lists.parents.get(task) !== parent)
    problems.push(`${who} is not its parent's child`)
  if (parent !== w[leader + L.TASK_REAL_PARENT]) problems.push(`${who} has another parent than its leader`)
  for (let child = T.firstChild(table, task); child !== 0; child = T.nextSibling(table, task, child)) {
    if (T.realParent(table, child) !== task)
      problems.push(`${name(table, child)} is a child of ${who} but does not know`)
  }
}

function checkState(table: TaskTable, task: TaskRef, who: string, problems: string[]): void {
  const state = taskState(table, task)
  const exitState = T.exitState(table, task)
  const exiting = T.hasFlag(table, task, T.PF_EXITING)
  const resting = state === TASK_IDLE || state === TASK_STOPPED
  const heldUp = state === TASK_ZAP_CHILDREN || state === TASK_ZAP_PIDS || state === TASK_HELD
  const sound =
    (resting && exitState === 0 && !exiting) ||
    (heldUp && exitState === 0 && exiting) ||
    (state === TASK_DEAD && exitState === T.EXIT_ZOMBIE && exiting)
  if (!sound) problems.push(`${who}: state ${state} with exit state ${exitState}`)
  if (T.hasFlag(table, task, T.PF_QUEUED)) problems.push(`${who} is marked as queued`)
  if (T.hasFlag(table, task, T.PF_DRIVEN) !== (driverWorker(table, task) !== 0))
    problems.push(`${who}: whether it has a driver, and in which worker, disagree`)
  if (exiting !== (table.words[task + L.TASK_NS_FOR_CHILDREN] === 0)) {
    problems.push(`${who}: its namespace for children was ${exiting ? 'not ' : ''}given back`)
  }
}

/** A record of functions counts the processes that have it. */
function checkSighands(table: TaskTable, problems: string[]): void {
  const w = table.words
  const processes = new Map<number, number>()
  for (let p = T.firstProcess(table); p !== 0; p = T.nextProcess(table, p)) {
    const hand = sighandOf(table, T.signalOf(table, p))
    processes.set(hand, (processes.get(hand) ?? 0) + 1)
  }
  forEachSlot(table, L.SLAB_SIGHAND, (hand) => {
    const found = processes.get(hand) ?? 0
    if (w[hand + L.HAND_COUNT] !== found)
      problems.push(`functions of ${found} processes: count is ${w[hand + L.HAND_COUNT]}`)
  })
}

/** Who has a record of what is due has a reason for it, and is on the list if somebody is to be told or called. */
function checkDue(table: TaskTable, problems: string[]): void {
  const w = table.words
  const listed = new Set<number>()
  forEachDue(table, (task) => void listed.add(dueOf(table, task)))
  forEachSlot(table, L.SLAB_DUE, (due) => {
    const task = w[due + L.DUE_TASK] as TaskRef
    const released = taskPid(table, task) === 0
    const hasDriver = w[due + L.DUE_DRIVER] !== 0
    const isDue = !sigisempty(w, due + L.DUE_CALLS) || w[due + L.DUE_TELL] !== 0 || (hasDriver && released)
    const who = released ? 'a released task' : name(table, task)
    if (!slotLive(table, task) || dueOf(table, task) !== due)
      problems.push(`what is due to ${who} is not its own`)
    if (isDue !== listed.has(due)) problems.push(`${who} is ${isDue ? 'not ' : ''}listed as due`)
    if (!isDue && !hasDriver) problems.push(`nothing is due to ${who}, but there is a record of it`)
  })
  if (listed.size > slabLive(table, L.SLAB_DUE)) problems.push('what is listed as due is free')
}

function checkNsRefs(table: TaskTable, known: Map<number, number>, problems: string[]): void {
  forEachSlot(table, L.SLAB_NS, (ns) => {
    if (ns === table.words[L.H_INIT_NS]) return
    const count = table.words[ns + L.NS_COUNT]
    const refs = known.get(ns) ?? 0
    if (count !== refs) problems.push(`${nsName(table, ns)}: count is ${count}, ${refs} references`)
  })
}

/** A struct pid holds one reference until its grace period is over, and one for each pidfd and wait. */
function checkPidRefs(table: TaskTable, known: Map<number, number>, problems: string[]): void {
  const w = table.words
  for (let level = 0; level < L.SLAB_NS; level++) {
    forEachSlot(table, L.SLAB_PID + level, (slot) => {
      const pid = slot as PidRef
      const others = known.get(pid) ?? 0
      const own = w[pid + L.PID_COUNT] - others
      const hashed = hlistHashed(w, upidAt(pid, 0) + L.UPID_CHAIN)
      if (own !== 1 && (hashed || own !== 0)) {
        problems.push(
          `struct pid of number ${w[upidAt(pid, 0) + L.UPID_NR]}: count ${w[pid + L.PID_COUNT]}, ${others} known`,
        )
      }
    })
  }
}

function walkLists(table: TaskTable): Lists {
  const carried = new Map<number, PidRef>()
  const parents = new Map<TaskRef, TaskRef>()
  for (let level = 0; level < L.SLAB_NS; level++) {
    forEachSlot(table, L.SLAB_PID + level, (slot) => {
      const pid = slot as PidRef
      for (let type = 0; type < L.PIDTYPE_MAX; type++) {
        for (let t = pidTask(table, pid, type); t !== 0; t = nextPidTask(table, t, type))
          carried.set(t * L.PIDTYPE_MAX + type, pid)
      }
    })
  }
  for (let p = T.firstProcess(table); p !== 0; p = T.nextProcess(table, p)) {
    for (let t = T.firstThread(table, T.signalOf(table, p)); t !== 0; t = T.nextThread(table, t)) {
      for (let c = T.firstChild(table, t); c !== 0; c = T.nextSibling(table, t, c)) parents.set(c, t)
    }
  }
  return { carried, parents }
}

function name(table: TaskTable, task: TaskRef): string {
  const pid = taskPid(table, task)
  const ns = taskActivePidNs(table, task)
  return `task ${table.words[upidAt(pid, table.words[pid + L.PID_LEVEL]) + L.UPID_NR]} of ${nsName(table, ns)}`
}
