/**
 * What a replayer of logs may do to a kernel and a program may not: look ahead, and let come about what a log says has.
 * Not exported from the package.
 *
 * Context: outside a call, as the methods of Task.
 */
import type { NsRef, PidRef, TaskRef } from './mm/layout.ts'
import * as L from './mm/layout.ts'
import { findVpid } from './pid/pid.ts'
import { changePid, findTaskByVpid, nextPidTask, pidTask } from './pid/pid_task.ts'
import { isPidTaken, peekPidmap } from './pid/pidmap.ts'
import type { PidTable } from './pid/table.ts'
import { taskActivePidNs, taskPgrp, taskPid, taskSession, taskTgid } from './pid/task_link.ts'
import { pidNrNs, upidAt } from './pid/upid.ts'
import { Task } from './process.ts'
import { enter, leave, taskOf } from './realm.ts'
import { doExit, doGroupExit } from './task/exit.ts'
import { testSetpgid } from './task/session.ts'
import { sigKernelIgnore, sigKernelStop } from './task/signal_send.ts'

/** Whether a signal ends whoever has no handler for it. 0 is none. */
export function isDeadly(sig: number): boolean {
  return sig > 0 && !sigKernelIgnore(sig) && !sigKernelStop(sig)
}

/** The number that the next task made in the namespace of `task` would get there, or -errno. */
export function peekNumber(task: Task): number {
  const { table } = Task.realmOf(task)
  const ref = Task.refOf('task', task, Task.realmOf(task), 'peek')
  return peekPidmap(table, taskActivePidNs(table, ref))
}

/** What stands for the namespace of `task`, as long as that lasts. */
export function activeNs(task: Task): number {
  const realm = Task.realmOf(task)
  return taskActivePidNs(realm.table, Task.refOf('task', task, realm, 'peek'))
}

/** Whether `nr` is taken in the namespace of `task`: by a task, or as the number of a group or session alone. */
export function isNumberTaken(task: Task, nr: number): boolean {
  const { table } = Task.realmOf(task)
  const ref = Task.refOf('task', task, Task.realmOf(task), 'peek')
  return nr > 0 && nr < table.words[L.H_PID_MAX_LIMIT] && isPidTaken(table, taskActivePidNs(table, ref), nr)
}

/** Whether the children of `task` enter the namespace of `other`. */
export function bearsInto(task: Task, other: Task): boolean {
  const realm = Task.realmOf(task)
  const { table } = realm
  const ns = table.words[Task.refOf('task', task, realm, 'peek') + L.TASK_NS_FOR_CHILDREN]
  return ns !== 0 && ns === taskActivePidNs(table, Task.refOf('other', other, realm, 'peek'))
}

/** The task that `viewer` knows under `nr`, zombies included. */
export function findTask(viewer: Task, nr: number): Task | undefined {
  if (nr <= 0) return undefined
  const realm = Task.realmOf(viewer)
  const found = findTaskByVpid(realm.table, Task.refOf('viewer', viewer, realm, 'find'), nr)
  return found === 0 ? undefined : taskOf(realm, found)
}

/** What setpgid(2) of `task` would return. Changes nothing. */
export function peekSetpgid(task: Task, pid: number, pgid: number): number {
  const realm = Task.realmOf(task)
  return testSetpgid(realm.table, Task.refOf('task', task, realm, 'setpgid'), pid, pgid)
}

/** The processes, zombies included, of the group that has the number `nr` for `viewer`. 0: its own. */
export function groupMembers(viewer: Task, nr: number): Task[] {
  const realm = Task.realmOf(viewer)
  const { table } = realm
  const ref = Task.refOf('viewer', viewer, realm, 'find')
  const group = nr === 0 ? taskPgrp(table, ref) : findVpid(table, ref, nr)
  const members: Task[] = []
  for (let p = pidTask(table, group, L.PIDTYPE_PGID); p !== 0; p = nextPidTask(table, p, L.PIDTYPE_PGID))
    members.push(taskOf(realm, p))
  return members
}

/** Moves the process of `task` to the group that has the number `nr` for `viewer`, without asking. False: there is none. */
export function moveToGroup(viewer: Task, task: Task, nr: number): boolean {
  const realm = Task.realmOf(task)
  const { table } = realm
  const group = findVpid(table, Task.refOf('viewer', viewer, realm, 'setpgid'), nr)
  if (pidTask(table, group, L.PIDTYPE_PGID) === 0) return false
  changePid(table, Task.refOf('task', task, realm, 'setpgid'), L.PIDTYPE_PGID, group)
  return true
}

type Numbers = 'pid' | 'tgid' | 'pgid' | 'sid'

function pidOfKind(table: PidTable, task: TaskRef, kind: Numbers): PidRef {
  switch (kind) {
    case 'pid':
      return taskPid(table, task)
    case 'tgid':
      return taskTgid(table, task)
    case 'pgid':
      return taskPgrp(table, task)
    case 'sid':
      return taskSession(table, task)
  }
}

/** The task's numbers of this kind in its namespaces, from level `from` (which it has) inwards; 0 where one is not visible. */
export function numbersFrom(task: Task, kind: Numbers, from: number): number[] {
  const { table } = Task.realmOf(task)
  const ref = Task.refOf('task', task, Task.realmOf(task), 'status')
  const own = taskPid(table, ref)
  const pid = pidOfKind(table, ref, kind)
  // Most tasks have one; an array that begins with it is as small as can be.
  const numbers = [pidNrNs(table, pid, table.words[upidAt(own, from) + L.UPID_NS] as NsRef)]
  for (let level = from + 1; level <= table.words[own + L.PID_LEVEL]; level++)
    numbers.push(pidNrNs(table, pid, table.words[upidAt(own, level) + L.UPID_NS] as NsRef))
  return numbers
}

/** The number of `task`, or of its process, group or session, in its ancestor namespace of `level`; 0: it has none there. */
export function numberAt(task: Task, kind: Numbers, level: number): number {
  const { table } = Task.realmOf(task)
  const ref = Task.refOf('task', task, Task.realmOf(task), 'status')
  const ns = table.words[upidAt(taskPid(table, ref), level) + L.UPID_NS] as NsRef
  return pidNrNs(table, pidOfKind(table, ref, kind), ns)
}

/** Whether {@link numbersFrom} would give these. */
export function hasNumbers(task: Task, kind: Numbers, from: number, expected: readonly number[]): boolean {
  const { table } = Task.realmOf(task)
  const ref = Task.refOf('task', task, Task.realmOf(task), 'status')
  const own = taskPid(table, ref)
  const pid = pidOfKind(table, ref, kind)
  if (table.words[own + L.PID_LEVEL] - from + 1 !== expected.length) return false
  for (let i = 0; i < expected.length; i++) {
    const ns = table.words[upidAt(own, from + i) + L.UPID_NS] as NsRef
    if (pidNrNs(table, pid, ns) !== expected[i]) return false
  }
  return true
}

/** Gives `task` another exit signal than it was made with; 0: none. */
export function setExitSignal(task: Task, sig: number): void {
  const { table } = Task.realmOf(task)
  const ref = Task.refOf('task', task, Task.realmOf(task), 'status')
  table.words[ref + L.TASK_EXIT_SIGNAL] = sig
}

/** Ends the process of `task` with a status as wait4(2) shows it, as if by a signal or exit_group(2). */
export function endProcess(task: Task, status: number): void {
  const realm = Task.realmOf(task)
  const ref = Task.refOf('task', task, realm, 'exit_group')
  const irq = enter(realm, ref)
  doGroupExit(realm.table, ref, status)
  leave(realm, ref, irq, 0, 'exit_group')
}

/** Ends `task` alone; the last thread ends its process. */
export function endThread(task: Task, status: number): void {
  const realm = Task.realmOf(task)
  const ref = Task.refOf('task', task, realm, 'exit')
  const irq = enter(realm, ref)
  doExit(realm.table, ref, status)
  leave(realm, ref, irq, 0, 'exit')
}
