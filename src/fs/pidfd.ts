/**
 * Pidfds: open files that stand for the process (or thread) that was found when they were opened, for ever, reaped or
 * not, and never for a later one with the same number. Linux: kernel/pid.c (`pidfd_open`), fs/pidfs.c,
 * kernel/signal.c (`pidfd_send_signal`), kernel/nsproxy.c (`setns`).
 *
 * A pidfd is a record that holds one reference on a `struct pid`. Context: `current` calls.
 */
import { EBADF, EINVAL, ENOENT, ENOMEM, ESRCH } from '../abi/errno.ts'
import * as P from '../abi/pidfd.ts'
import { hweight32 } from '../lib/bits.ts'
import type { NsRef, PidfdRef, PidRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { kmemCacheFree, kmemCacheZalloc } from '../mm/slab.ts'
import { findGetPid, putPid } from '../pid/pid.ts'
import { pidnsIsAncestor } from '../pid/pid_namespace.ts'
import { pidTask } from '../pid/pid_task.ts'
import { taskActivePidNs } from '../pid/task_link.ts'
import { nsOfPid, pidNrNs, upidAt } from '../pid/upid.ts'
import { killPidInfoType } from '../task/kill.ts'
import { pidnsInstall } from '../task/nsproxy.ts'
import type { TaskTable } from '../task/table.ts'
import * as T from '../task/task.ts'

const SEND_SIGNAL_FLAGS = P.PIDFD_SIGNAL_THREAD | P.PIDFD_SIGNAL_THREAD_GROUP | P.PIDFD_SIGNAL_PROCESS_GROUP

/**
 * pidfd_open(2). Returns the pidfd, or -EINVAL: unknown flag, or `nr` is not positive; -ESRCH: no task has this number
 * as its own; -ENOENT: it is a thread's, and PIDFD_THREAD is not given; -ENOMEM.
 */
export function pidfdOpen(table: TaskTable, current: TaskRef, nr: number, flags: number): PidfdRef {
  if ((flags & ~(P.PIDFD_THREAD | P.PIDFD_NONBLOCK)) !== 0 || nr <= 0) return -EINVAL as PidfdRef
  const pid = findGetPid(table, current, nr)
  const error = openError(table, pid, flags)
  const file = error === 0 ? (kmemCacheZalloc(table, L.SLAB_PIDFD) as PidfdRef) : (0 as PidfdRef)
  if (file === 0) {
    putPid(table, pid)
    return (error === 0 ? -ENOMEM : error) as PidfdRef
  }
  table.words[file + L.PIDFD_PID] = pid
  table.words[file + L.PIDFD_FLAGS] = flags
  return file
}

/** Closes the pidfd. Linux: `pidfd_release`. */
export function pidfdRelease(table: TaskTable, file: PidfdRef): void {
  putPid(table, pidfdPid(table, file))
  kmemCacheFree(table, L.SLAB_PIDFD, file)
}

/** Whom the pidfd stands for. Linux: `pidfd_pid`. */
export function pidfdPid(table: TaskTable, file: PidfdRef): PidRef {
  return table.words[file + L.PIDFD_PID] as PidRef
}

/** The flags that it was opened with. */
export function pidfdFlags(table: TaskTable, file: PidfdRef): number {
  return table.words[file + L.PIDFD_FLAGS]
}

/**
 * poll(2) on the pidfd: POLLIN once the process is dead with all its threads (the thread, with PIDFD_THREAD), POLLHUP
 * besides once it is reaped. Linux: `pidfd_poll`.
 */
export function pidfdPoll(table: TaskTable, file: PidfdRef): number {
  const pid = pidfdPid(table, file)
  if (pidTask(table, pid, L.PIDTYPE_PID) === 0) return P.POLLIN | P.POLLHUP
  return pidEnded(table, pid) ? P.POLLIN : 0
}

/** Is the task of this number dead, with all its threads if it leads some, or gone? */
export function pidEnded(table: TaskTable, pid: PidRef): boolean {
  const task = pidTask(table, pid, L.PIDTYPE_PID)
  return task === 0 || (T.exitState(table, task) !== 0 && !T.delayGroupLeader(table, task))
}

/**
 * The lines about the process that fdinfo of the pidfd has in a procfs of `ns`: its numbers from there down, 0 where `ns`
 * does not see it, -1 once no task has the number as its own. Linux: `pidfd_show_fdinfo`.
 */
export function pidfdShowFdinfo(table: TaskTable, file: PidfdRef, ns: NsRef): string {
  const w = table.words
  const pid = pidfdPid(table, file)
  const nr = pidTask(table, pid, L.PIDTYPE_PID) === 0 ? -1 : pidNrNs(table, pid, ns)
  let text = `Pid:\t${nr}\nNSpid:\t${nr}`
  if (nr > 0) {
    for (let level = w[ns + L.NS_LEVEL] + 1; level <= w[pid + L.PID_LEVEL]; level++)
      text += `\t${w[upidAt(pid, level) + L.UPID_NR]}`
  }
  return `${text}\n`
}

/**
 * pidfd_send_signal(2): to the thread, its group, or the process group named after it, as `flags` say or else as the
 * pidfd was opened. `file` NULL: it is closed. Returns 0, or -EINVAL: unknown flag, more than one; -EBADF; -EINVAL: a
 * process that is not in the caller's namespace or below it; -ESRCH: nobody is left; -EINVAL: no such signal.
 */
export function pidfdSendSignal(
  table: TaskTable,
  current: TaskRef,
  file: PidfdRef,
  sig: number,
  flags: number,
): number {
  if ((flags & ~SEND_SIGNAL_FLAGS) !== 0 || hweight32(flags) > 1) return -EINVAL
  if (file === 0) return -EBADF
  const pid = pidfdPid(table, file)
  if (!pidnsIsAncestor(table, nsOfPid(table, pid), taskActivePidNs(table, current))) return -EINVAL
  const thread =
    flags === P.PIDFD_SIGNAL_THREAD || (flags === 0 && (pidfdFlags(table, file) & P.PIDFD_THREAD) !== 0)
  const type = thread
    ? L.PIDTYPE_PID
    : flags === P.PIDFD_SIGNAL_PROCESS_GROUP
      ? L.PIDTYPE_PGID
      : L.PIDTYPE_TGID
  return killPidInfoType(table, current, sig, pid, type)
}

/**
 * setns(2) through a pidfd with CLONE_NEWPID: later children go to the namespace that the process is in. Returns 0,
 * -ESRCH: it is dead; or -EINVAL as pidnsInstall.
 */
export function pidfdSetns(table: TaskTable, current: TaskRef, file: PidfdRef): number {
  const task = pidTask(table, pidfdPid(table, file), L.PIDTYPE_PID)
  if (task === 0 || (table.words[task + L.TASK_NS_FOR_CHILDREN] as NsRef) === 0) return -ESRCH
  return pidnsInstall(table, current, taskActivePidNs(table, task))
}

function openError(table: TaskTable, pid: PidRef, flags: number): number {
  const task = pidTask(table, pid, L.PIDTYPE_PID)
  if (task === 0) return -ESRCH
  return (flags & P.PIDFD_THREAD) === 0 && !T.threadGroupLeader(table, task) ? -ENOENT : 0
}
