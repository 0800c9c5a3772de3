/** What the page calls things: namespaces by the order in which they were made, processes by their numbers. */

import type { NsRef, PidRef, TaskRef } from '../../src/mm/layout.ts'
import * as L from '../../src/mm/layout.ts'
import type { PidTable } from '../../src/pid/table.ts'
import { taskPid } from '../../src/pid/task_link.ts'
import { upidAt } from '../../src/pid/upid.ts'

const FIRST_INUM = 0xf0000000

/** The level that counts as outermost: a log knows nothing of the one above its own. */
let outermost = 0

export function setOutermost(level: number): void {
  outermost = level
}

/** `N0` is the outermost namespace, `N1` the next that was made. By the number of its inode, which is never given twice. */
export function nsName(inum: number): string {
  const nr = (inum < FIRST_INUM ? 0 : inum - FIRST_INUM + 1) - outermost
  return nr < 0 ? 'outside' : `N${nr}`
}

export function nsNameOf(table: PidTable, ns: NsRef): string {
  return ns === 0 ? 'NULL' : nsName(table.words[ns + L.NS_INUM] >>> 0)
}

/** `[17 5 1]`: its numbers, outermost first. */
export function numbersOf(table: PidTable, pid: PidRef): number[] {
  const w = table.words
  const numbers: number[] = []
  for (let level = outermost; level <= w[pid + L.PID_LEVEL]; level++)
    numbers.push(w[upidAt(pid, level) + L.UPID_NR])
  return numbers
}

export function pidName(table: PidTable, pid: PidRef): string {
  if (pid === 0) return 'NULL'
  const level = table.words[pid + L.PID_LEVEL]
  if (level < 0 || level > 32) return `pid@${pid}`
  return `pid[${numbersOf(table, pid).join(' ')}]`
}

export function taskName(table: PidTable, task: TaskRef): string {
  if (task === 0) return 'NULL'
  const pid = taskPid(table, task)
  return pid === 0 ? `task@${task}` : `task[${numbersOf(table, pid).join(' ')}]`
}
