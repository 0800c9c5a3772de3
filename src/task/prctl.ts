/**
 * prctl(2): what a process sets for itself that bears on the process tree. Linux: kernel/sys.c. Context: `current`
 * calls.
 */
import { EINVAL } from '../abi/errno.ts'
import {
  PR_GET_CHILD_SUBREAPER,
  PR_GET_PDEATHSIG,
  PR_SET_CHILD_SUBREAPER,
  PR_SET_PDEATHSIG,
} from '../abi/prctl.ts'
import type { SignalRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { taskPid } from '../pid/task_link.ts'
import { isChildReaper } from '../pid/upid.ts'
import { validSignal } from './signal_send.ts'
import type { TaskTable } from './table.ts'
import * as T from './task.ts'

/** The call itself. Returns the value asked for, or 0; -EINVAL: another option, or no such signal. */
export function prctl(table: TaskTable, current: TaskRef, option: number, arg: number): number {
  switch (option) {
    case PR_SET_CHILD_SUBREAPER:
      setChildSubreaper(table, current, arg !== 0)
      return 0
    case PR_GET_CHILD_SUBREAPER:
      return table.words[T.signalOf(table, current) + L.SIG_SUBREAPER] & L.SUBREAPER_IS
    case PR_SET_PDEATHSIG:
      return setPdeathSignal(table, current, arg)
    case PR_GET_PDEATHSIG:
      return table.words[current + L.TASK_PDEATH_SIGNAL]
    default:
      return -EINVAL
  }
}

/**
 * PR_SET_CHILD_SUBREAPER: orphans among the descendants come to this process. Present descendants learn of it too,
 * though not those below the init of a namespace.
 */
export function setChildSubreaper(table: TaskTable, current: TaskRef, on: boolean): void {
  const signal = T.signalOf(table, current)
  if (on) table.words[signal + L.SIG_SUBREAPER] |= L.SUBREAPER_IS
  else table.words[signal + L.SIG_SUBREAPER] &= ~L.SUBREAPER_IS
  if (on) propagate(table, signal)
}

/** PR_SET_PDEATHSIG: the signal that the calling thread gets when its parent thread ends; 0 none. Returns 0 or -EINVAL. */
export function setPdeathSignal(table: TaskTable, current: TaskRef, sig: number): number {
  if (!validSignal(sig)) return -EINVAL
  table.words[current + L.TASK_PDEATH_SIGNAL] = sig
  return 0
}

/** Linux: `propagate_has_child_subreaper` over `walk_process_tree`: who has the flag has passed it on already. */
function propagate(table: TaskTable, signal: SignalRef): void {
  for (let t = T.firstThread(table, signal); t !== 0; t = T.nextThread(table, t)) {
    for (let child = T.firstChild(table, t); child !== 0; child = T.nextSibling(table, t, child)) {
      const own = T.signalOf(table, child)
      if (
        (table.words[own + L.SIG_SUBREAPER] & L.SUBREAPER_HAS) !== 0 ||
        isChildReaper(table, taskPid(table, child))
      )
        continue
      table.words[own + L.SIG_SUBREAPER] |= L.SUBREAPER_HAS
      propagate(table, own)
    }
  }
}
