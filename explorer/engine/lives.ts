/**
 * Who had which numbers, from when to when, and what became of him: told by the library while a log is read. A *life* is
 * that of one `struct pid`: from alloc_pid to free_pid.
 */

import type { NsRef, PidRef, TaskRef } from '../../src/mm/layout.ts'
import * as L from '../../src/mm/layout.ts'
import { pidTask } from '../../src/pid/pid_task.ts'
import type { PidTable } from '../../src/pid/table.ts'
import { taskPid } from '../../src/pid/task_link.ts'
import { upidAt } from '../../src/pid/upid.ts'
import { firstChild, nextSibling, realParent } from '../../src/task/task.ts'

/** What happened in a step, as bits: for the timeline. */
export const FORK = 1
export const EXIT = 2
export const SIGNAL = 4

export const ENDED = 0
export const REAPED = 1
export const ADOPTED = 2
export const SIGNALLED = 3
/** Something that happened in a life: `other` is a life, an exit code or a signal. */
export interface Happening {
  readonly step: number
  readonly kind: number
  readonly other: number
}

export interface Life {
  /** The record: another life may have it later. */
  readonly pid: number
  readonly id: number
  /** Level and number from the outermost namespace inwards. */
  readonly numbers: readonly { readonly ns: number; readonly nr: number }[]
  readonly born: number
  /** The step that freed the numbers; -1: none yet. */
  gone: number
  parent: number
  readonly happenings: Happening[]
}

export interface Lives {
  readonly all: Life[]
  /** By `struct pid`: whose it is now. */
  readonly now: Map<number, Life>
}

export function createLives(): Lives {
  return { all: [], now: new Map() }
}

/** Those that are there before the first step. */
export function adoptLiving(lives: Lives, table: PidTable, pid: PidRef): void {
  bear(lives, table, pid, 0)
}

export function bear(lives: Lives, table: PidTable, pid: PidRef, step: number): Life {
  const w = table.words
  const numbers: { ns: number; nr: number }[] = []
  for (let level = 0; level <= w[pid + L.PID_LEVEL]; level++) {
    const upid = upidAt(pid, level)
    numbers.push({ ns: inum(table, w[upid + L.UPID_NS] as NsRef), nr: w[upid + L.UPID_NR] })
  }
  const life: Life = { pid, id: lives.all.length, numbers, born: step, gone: -1, parent: -1, happenings: [] }
  lives.all.push(life)
  lives.now.set(pid, life)
  return life
}

/** The parent of whoever was born in this step and still lives. */
export function nameParent(lives: Lives, table: PidTable, pid: PidRef, life: Life): void {
  const task = pidTask(table, pid, L.PIDTYPE_PID)
  if (task === 0) return
  life.parent =
    lifeOfTask(lives, table, realParent(table, table.words[task + L.TASK_LEADER] as TaskRef))?.id ?? -1
}

export function lifeOfTask(lives: Lives, table: PidTable, task: TaskRef): Life | undefined {
  if (task === 0) return undefined
  const pid = taskPid(table, table.words[task + L.TASK_LEADER] as TaskRef)
  return lives.now.get(pid === 0 ? taskPid(table, task) : pid)
}

export function childrenOf(table: PidTable, father: TaskRef): TaskRef[] {
  const children: TaskRef[] = []
  for (let p = firstChild(table, father); p !== 0; p = nextSibling(table, father, p)) children.push(p)
  return children
}

/** Number of a namespace's inode, which is never given twice: names it for good. */
export function inum(table: PidTable, ns: NsRef): number {
  return table.words[ns + L.NS_INUM] >>> 0
}
