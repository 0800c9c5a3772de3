/**
 * Reading a `struct pid`: its numbers, from its own namespace out to level 0. Linux: include/linux/pid.h.
 * Context: a read section or a reference; the words read here never change while the record lives.
 */

import type { NsRef, PidRef, UpidRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import type { PidTable } from './table.ts'

/** No `struct pid`. */
export const NULL_PID: PidRef = 0 as PidRef

/** The number of `pid` at a level: an element of `pid->numbers`. */
export function upidAt(pid: PidRef, level: number): UpidRef {
  return (pid + L.PID_NUMBERS + level * L.UPID_WORDS) as UpidRef
}

/** The `struct pid` of which `upid` is the number at `level`. Linux: `container_of(pnr, struct pid, numbers[level])`. */
export function containerOf(upid: UpidRef, level: number): PidRef {
  return (upid - level * L.UPID_WORDS - L.PID_NUMBERS) as PidRef
}

/** The number at level 0, 0 for NULL. Linux: `pid_nr`. */
export function pidNr(table: PidTable, pid: PidRef): number {
  return pid === 0 ? 0 : table.words[upidAt(pid, 0) + L.UPID_NR]
}

/** The number in `ns`; 0 for NULL and where `ns` does not see it. Linux: `pid_nr_ns`. */
export function pidNrNs(table: PidTable, pid: PidRef, ns: NsRef): number {
  const w = table.words
  if (pid === 0 || ns === 0) return 0
  const level = w[ns + L.NS_LEVEL]
  if (level > w[pid + L.PID_LEVEL]) return 0
  const upid = upidAt(pid, level)
  return w[upid + L.UPID_NS] === ns ? w[upid + L.UPID_NR] : 0
}

/** The innermost namespace, NULL for NULL. Linux: `ns_of_pid`. */
export function nsOfPid(table: PidTable, pid: PidRef): NsRef {
  if (pid === 0) return 0 as NsRef
  return table.words[upidAt(pid, table.words[pid + L.PID_LEVEL]) + L.UPID_NS] as NsRef
}

/** Is it number 1 in its own namespace? Linux: `is_child_reaper`. */
export function isChildReaper(table: PidTable, pid: PidRef): boolean {
  return table.words[upidAt(pid, table.words[pid + L.PID_LEVEL]) + L.UPID_NR] === 1
}
