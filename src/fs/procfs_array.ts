/**
 * The texts about one task: status, stat, comm, cmdline, children. Linux: fs/proc/array.c, fs/proc/base.c.
 *
 * All numbers are the mount's namespace's; 0 stands for whom it does not see. What is not modelled (memory, times,
 * users, capabilities) has no line in status and is 0 in stat. A text has a character for each byte, since a name need
 * not be UTF-8.
 */
import { ESRCH } from '../abi/errno.ts'
import { latin1String } from '../lib/latin1.ts'
import type { NsRef, PidRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { taskPidNrNs } from '../pid/pid_task.ts'
import { taskPgrp, taskPid, taskSession, taskTgid } from '../pid/task_link.ts'
import { pidNrNs, upidAt } from '../pid/upid.ts'
import { getTaskComm } from '../task/comm.ts'
import { TASK_STOPPED, taskState } from '../task/sched.ts'
import type { TaskTable } from '../task/table.ts'
import * as T from '../task/task.ts'
import { getProcTask, type ProcFile, type ProcMount, procPidNs } from './procfs_entry.ts'

/** The flags of stat that are the kernel's own. */
const SHOWN_FLAGS = T.PF_EXITING | T.PF_FORKNOEXEC

/** /proc/PID/status. Linux: `proc_pid_status`. */
export function showStatus(mount: ProcMount, file: ProcFile): string | number {
  const { table } = mount
  const task = getProcTask(mount, file)
  if (task === 0) return -ESRCH
  const ns = procPidNs(mount)
  const w = table.words
  const signal = T.signalOf(table, task)
  return [
    `Name:\t${escapedComm(table, task)}`,
    `State:\t${stateOf(table, task)}`,
    `Tgid:\t${taskPidNrNs(table, task, L.PIDTYPE_TGID, ns)}`,
    'Ngid:\t0',
    `Pid:\t${taskPidNrNs(table, task, L.PIDTYPE_PID, ns)}`,
    `PPid:\t${ppidOf(table, task, ns)}`,
    'TracerPid:\t0',
    `NStgid:${numbersOf(table, task, taskTgid(table, task), ns)}`,
    `NSpid:${numbersOf(table, task, taskPid(table, task), ns)}`,
    `NSpgid:${numbersOf(table, task, taskPgrp(table, task), ns)}`,
    `NSsid:${numbersOf(table, task, taskSession(table, task), ns)}`,
    `Threads:\t${w[signal + L.SIG_NR_THREADS]}`,
    `SigPnd:\t${sigsetOf(table, task + L.TASK_PENDING)}`,
    `ShdPnd:\t${sigsetOf(table, signal + L.SIG_SHARED_PENDING)}`,
    `SigBlk:\t${sigsetOf(table, task + L.TASK_BLOCKED)}`,
    `SigIgn:\t${sigsetOf(table, signal + L.SIG_IGNORED)}`,
    `SigCgt:\t${sigsetOf(table, signal + L.SIG_CAUGHT)}`,
    '',
  ].join('\n')
}

/** /proc/PID/stat: the task's numbers and the exit code of its process. Linux: `proc_tgid_stat`. */
export function showTgidStat(mount: ProcMount, file: ProcFile): string | number {
  return showStat(mount, file, true)
}

/** /proc/PID/task/TID/stat: the thread's alone. Linux: `proc_tid_stat`. */
export function showTidStat(mount: ProcMount, file: ProcFile): string | number {
  return showStat(mount, file, false)
}

/** /proc/PID/comm: the name as it is, and a line feed. */
export function showComm(mount: ProcMount, file: ProcFile): string | number {
  const task = getProcTask(mount, file)
  return task === 0 ? -ESRCH : `${commOf(mount.table, task)}\n`
}

/**
 * /proc/PID/cmdline: empty from the moment the task begins to exit. Arguments are not modelled: before that the name
 * stands for the only one, with its closing zero.
 */
export function showCmdline(mount: ProcMount, file: ProcFile): string | number {
  const task = getProcTask(mount, file)
  if (task === 0) return -ESRCH
  return T.hasFlag(mount.table, task, T.PF_EXITING) ? '' : `${commOf(mount.table, task)}\0`
}

/** /proc/PID/task/TID/children: the children of this thread, zombies included, each with a blank behind it. */
export function showChildren(mount: ProcMount, file: ProcFile): string | number {
  const { table } = mount
  const parent = getProcTask(mount, file)
  if (parent === 0) return -ESRCH
  const ns = procPidNs(mount)
  let text = ''
  for (let child = T.firstChild(table, parent); child !== 0; child = T.nextSibling(table, parent, child)) {
    text += `${taskPidNrNs(table, child, L.PIDTYPE_PID, ns)} `
  }
  return text
}

/** The fields are those of proc_pid_stat(5), counted from 1. Linux: `do_task_stat`. */
function showStat(mount: ProcMount, file: ProcFile, whole: boolean): string | number {
  const { table } = mount
  const task = getProcTask(mount, file)
  if (task === 0) return -ESRCH
  const ns = procPidNs(mount)
  const w = table.words
  const signal = T.signalOf(table, task)
  const group = whole && (w[signal + L.SIG_FLAGS] & (T.SIGNAL_GROUP_EXIT | T.SIGNAL_STOP_STOPPED)) !== 0
  const fields = [
    taskPidNrNs(table, task, L.PIDTYPE_PID, ns),
    `(${commOf(table, task)})`,
    stateOf(table, task)[0],
    ppidOf(table, task, ns),
    taskPidNrNs(table, task, L.PIDTYPE_PGID, ns),
    taskPidNrNs(table, task, L.PIDTYPE_SID, ns),
    0, // tty_nr: no terminals
    -1, // tpgid
    w[task + L.TASK_FLAGS] & SHOWN_FLAGS,
    '0 0 0 0 0 0 0 0 0 0', // 10 to 19: faults, times, priorities
    w[signal + L.SIG_NR_THREADS],
    '0 0 0 0 0 0 0 0 0 0', // 21 to 30: start time, memory
    firstSignals(table, task + L.TASK_PENDING),
    firstSignals(table, task + L.TASK_BLOCKED),
    firstSignals(table, signal + L.SIG_IGNORED),
    firstSignals(table, signal + L.SIG_CAUGHT),
    '0 0 0', // 35 to 37: where it waits, swapped pages
    w[task + L.TASK_EXIT_SIGNAL],
    '0 0 0 0 0 0 0 0 0 0 0 0 0', // 39 to 51: processor, policy, memory
    group ? w[signal + L.SIG_GROUP_EXIT_CODE] : w[task + L.TASK_EXIT_CODE],
  ]
  return `${fields.join(' ')}\n`
}

function commOf(table: TaskTable, task: TaskRef): string {
  return latin1String(getTaskComm(table, task))
}

/** The name on one line. Linux: `proc_task_name`. */
function escapedComm(table: TaskTable, task: TaskRef): string {
  return commOf(table, task).replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

/** The letter and the word. A task that rests is asleep, also while it reads. Linux: `get_task_state`. */
function stateOf(table: TaskTable, task: TaskRef): string {
  if (T.exitState(table, task) !== 0) return 'Z (zombie)'
  return taskState(table, task) === TASK_STOPPED ? 'T (stopped)' : 'S (sleeping)'
}

function ppidOf(table: TaskTable, task: TaskRef, ns: NsRef): number {
  const parent = T.realParent(table, task)
  return parent === 0 ? 0 : taskPidNrNs(table, parent, L.PIDTYPE_TGID, ns)
}

/** The numbers of `pid` from the mount's level down to the task's own, a tab before each. */
function numbersOf(table: TaskTable, task: TaskRef, pid: PidRef, ns: NsRef): string {
  const w = table.words
  const own = taskPid(table, task)
  let text = ''
  for (let level = w[ns + L.NS_LEVEL]; level <= w[own + L.PID_LEVEL]; level++) {
    text += `\t${pidNrNs(table, pid, w[upidAt(own, level) + L.UPID_NS] as NsRef)}`
  }
  return text
}

/** A set of signals as 16 hexadecimal digits, number 1 lowest. Linux: `render_sigset_t`. */
function sigsetOf(table: TaskTable, set: number): string {
  return hex32(table.words[set + 1]) + hex32(table.words[set])
}

function hex32(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}

/** Signals 1 to 31 of a set, as one number. */
function firstSignals(table: TaskTable, set: number): number {
  return table.words[set] & 0x7fffffff
}
