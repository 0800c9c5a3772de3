/**
 * New tasks. Linux: kernel/fork.c (`copy_process`, `clone3`).
 */
import * as C from '../abi/clone.ts'
import { EAGAIN, EINVAL, ENOMEM } from '../abi/errno.ts'
import { MAX_PID_NS_LEVEL } from '../abi/limits.ts'
import { SHARED } from '../lib/atomic.ts'
import { initListHead, listAddTail } from '../lib/list.ts'
import type { NsRef, PidRef, SignalRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { kmemCacheFree, kmemCacheZalloc } from '../mm/slab.ts'
import { workerNr } from '../mm/worker.ts'
import { allocPid } from '../pid/pid.ts'
import { copyPidNs, setChildReaper } from '../pid/pid_namespace.ts'
import { putPidNs } from '../pid/pid_ns_ref.ts'
import { allocTaskStruct, attachPid, freeTaskStruct, initTaskPid } from '../pid/pid_task.ts'
import { taskActivePidNs, taskPgrp, taskSession } from '../pid/task_link.ts'
import { isChildReaper } from '../pid/upid.ts'
import { refcountInc, refcountSet } from '../sync/refcount.ts'
import { TASK_IDLE } from './sched.ts'
import { putSighand, shareSighand } from './sighand.ts'
import { validSignal } from './signal_send.ts'
import { sigcopyset } from './sigset.ts'
import type { TaskTable } from './table.ts'
import * as T from './task.ts'

/** exit_signal of a thread: it tells nobody of its end. */
const NO_EXIT_SIGNAL = -1

/** Flags that clone3(2) refuses: the low byte belongs to clone(2)'s exit signal (but 0x80 is CLONE_NEWTIME). */
const CLONE3_REFUSED = 0x7f
const CLONE_DETACHED = 0x400000

/**
 * A new task, child of `current` (or with CLONE_PARENT or CLONE_THREAD its sibling), that has all its numbers and is
 * in every list. It rests until a signal or its owner wants it.
 *
 * Context: `current` runs. Returns the task, or, tested in this order:
 * -EINVAL: a flag or exit signal that clone3 refuses; CLONE_THREAD or CLONE_PARENT with an exit signal; CLONE_THREAD
 * without CLONE_SIGHAND, CLONE_SIGHAND without CLONE_VM; CLONE_PARENT by a namespace's init; CLONE_THREAD with
 * CLONE_NEWPID, or after unshare or setns of the PID namespace; -EAGAIN: as many tasks as allowed; -ENOMEM; the errors
 * of copyPidNs, then of allocPid. Linux: `copy_process`.
 */
export function copyProcess(
  table: TaskTable,
  current: TaskRef,
  flags: number,
  exitSignal: number,
  setTid: readonly number[],
): TaskRef {
  const w = table.words
  const invalid = cloneArgsInvalid(table, current, flags, exitSignal, setTid)
  if (invalid) return -EINVAL as TaskRef
  if (w[L.H_THREADS] >= w[L.H_MAX_PIDS]) return -EAGAIN as TaskRef

  const thread = (flags & C.CLONE_THREAD) !== 0
  const task = allocTaskStruct(table)
  if (task === 0) return -ENOMEM as TaskRef
  const signal = thread ? T.signalOf(table, current) : copySignal(table, current)
  if (signal === 0) return undoFork(table, task, 0 as SignalRef, 0 as NsRef, -ENOMEM)
  const ns = copyPidNs(table, flags, current, w[current + L.TASK_NS_FOR_CHILDREN] as NsRef)
  if (ns < 0) return undoFork(table, task, thread ? (0 as SignalRef) : signal, 0 as NsRef, ns)
  const pid = allocPid(table, ns, setTid)
  if (pid < 0) return undoFork(table, task, thread ? (0 as SignalRef) : signal, ns, pid)

  w[task + L.TASK_SIGNAL] = signal
  w[task + L.TASK_NS_FOR_CHILDREN] = ns
  w[task + L.TASK_FLAGS] = T.PF_FORKNOEXEC
  w[task + L.TASK_STATE] = TASK_IDLE
  w[task + L.TASK_SELF_EXEC_ID] = w[current + L.TASK_SELF_EXEC_ID]
  sigcopyset(w, current + L.TASK_BLOCKED, task + L.TASK_BLOCKED)
  for (let i = 0; i < L.TASK_COMM_WORDS; i++) w[task + L.TASK_COMM + i] = w[current + L.TASK_COMM + i]
  setParent(table, current, task, flags, exitSignal)
  initListHead(w, task + L.TASK_CHILDREN)
  initListHead(w, task + L.TASK_SIBLING)
  initListHead(w, task + L.TASK_TASKS)
  initTaskPid(table, task, L.PIDTYPE_PID, pid)
  if (thread) joinThreadGroup(table, current, task)
  else linkProcess(table, current, task, pid)
  attachPid(table, task, L.PIDTYPE_PID)
  w[L.H_THREADS] += 1
  return task
}

/**
 * The first process of all, number 1 at level 0, child of nobody; as every init does early, it has called setsid(2).
 * Returns 0 when memory is exhausted.
 */
export function createInitTask(table: TaskTable): TaskRef {
  const w = table.words
  const ns = w[L.H_INIT_NS] as NsRef
  const task = allocTaskStruct(table)
  const signal = kmemCacheZalloc(table, L.SLAB_SIGNAL) as SignalRef
  const pid = allocPid(table, ns)
  if (task === 0 || signal === 0 || pid < 0) return 0 as TaskRef
  initSignal(table, signal)
  w[signal + L.SIG_LEADER] = 1
  w[task + L.TASK_SIGNAL] = signal
  w[task + L.TASK_NS_FOR_CHILDREN] = ns
  w[task + L.TASK_STATE] = TASK_IDLE
  initListHead(w, task + L.TASK_CHILDREN)
  initListHead(w, task + L.TASK_SIBLING)
  initTaskPid(table, task, L.PIDTYPE_PID, pid)
  w[L.H_INIT_TASK] = task
  linkLeader(table, task, pid, pid, pid)
  attachPid(table, task, L.PIDTYPE_PID)
  w[L.H_THREADS] += 1
  return task
}

function cloneArgsInvalid(
  table: TaskTable,
  current: TaskRef,
  flags: number,
  exitSignal: number,
  setTid: readonly number[],
): boolean {
  const has = (flag: number): boolean => (flags & flag) !== 0
  if (!validSignal(exitSignal) || setTid.length > MAX_PID_NS_LEVEL || has(CLONE3_REFUSED | CLONE_DETACHED))
    return true
  if (has(C.CLONE_THREAD | C.CLONE_PARENT) && exitSignal !== 0) return true
  if (has(C.CLONE_NEWNS) && has(C.CLONE_FS)) return true
  if (has(C.CLONE_NEWUSER) && has(C.CLONE_FS)) return true
  if (has(C.CLONE_THREAD) && !has(C.CLONE_SIGHAND)) return true
  if (has(C.CLONE_SIGHAND) && !has(C.CLONE_VM)) return true
  const w = table.words
  const unkillable = (w[T.signalOf(table, current) + L.SIG_FLAGS] & T.SIGNAL_UNKILLABLE) !== 0
  if (has(C.CLONE_PARENT) && unkillable) return true
  if (!has(C.CLONE_THREAD)) return false
  return (
    has(C.CLONE_NEWUSER | C.CLONE_NEWPID) ||
    w[current + L.TASK_NS_FOR_CHILDREN] !== taskActivePidNs(table, current)
  )
}

/** What a new process shares with nobody yet: dispositions are inherited, nothing else. Linux: `copy_signal`. */
function copySignal(table: TaskTable, current: TaskRef): SignalRef {
  const w = table.words
  const signal = kmemCacheZalloc(table, L.SLAB_SIGNAL) as SignalRef
  if (signal === 0) return signal
  const from = T.signalOf(table, current)
  initSignal(table, signal)
  sigcopyset(w, from + L.SIG_IGNORED, signal + L.SIG_IGNORED)
  sigcopyset(w, from + L.SIG_CAUGHT, signal + L.SIG_CAUGHT)
  w[signal + L.SIG_CHLD_FLAGS] = w[from + L.SIG_CHLD_FLAGS]
  if (w[from + L.SIG_SIGHAND] !== 0) shareSighand(table, from, signal)
  return signal
}

function initSignal(table: TaskTable, signal: SignalRef): void {
  const w = table.words
  refcountSet(w, signal + L.SIG_COUNT, 1)
  initListHead(w, signal + L.SIG_THREADS)
  w[signal + L.SIG_NR_THREADS] = 1
  w[signal + L.SIG_LIVE] = 1
}

function setParent(
  table: TaskTable,
  current: TaskRef,
  task: TaskRef,
  flags: number,
  exitSignal: number,
): void {
  const w = table.words
  if ((flags & (C.CLONE_PARENT | C.CLONE_THREAD)) === 0) {
    w[task + L.TASK_REAL_PARENT] = current
    w[task + L.TASK_PARENT_EXEC_ID] = w[current + L.TASK_SELF_EXEC_ID]
    w[task + L.TASK_EXIT_SIGNAL] = exitSignal
    return
  }
  const leader = w[current + L.TASK_LEADER]
  w[task + L.TASK_REAL_PARENT] = w[current + L.TASK_REAL_PARENT]
  w[task + L.TASK_PARENT_EXEC_ID] = w[current + L.TASK_PARENT_EXEC_ID]
  w[task + L.TASK_EXIT_SIGNAL] =
    (flags & C.CLONE_THREAD) !== 0 ? NO_EXIT_SIGNAL : w[leader + L.TASK_EXIT_SIGNAL]
}

/** A process of its own: leader, member of its creator's group and session, child of its parent. */
function linkProcess(table: TaskTable, current: TaskRef, task: TaskRef, pid: PidRef): void {
  const w = table.words
  const signal = T.signalOf(table, task)
  const parent = T.realParent(table, task)
  const up = T.signalOf(table, parent)
  w[signal + L.SIG_SUBREAPER] = w[up + L.SIG_SUBREAPER] === 0 ? 0 : L.SUBREAPER_HAS
  if (SHARED !== 0) w[pid + L.PID_WORKER] = workerNr(table)
  listAddTail(w, task + L.TASK_SIBLING, parent + L.TASK_CHILDREN)
  linkLeader(table, task, pid, taskPgrp(table, current), taskSession(table, current))
}

/** The leader of a new thread group; number 1 becomes its namespace's reaper, and unkillable from inside. */
function linkLeader(table: TaskTable, task: TaskRef, pid: PidRef, pgrp: PidRef, session: PidRef): void {
  const w = table.words
  const signal = T.signalOf(table, task)
  if (isChildReaper(table, pid)) {
    setChildReaper(table, taskActivePidNs(table, task), task)
    w[signal + L.SIG_FLAGS] |= T.SIGNAL_UNKILLABLE
  }
  w[signal + L.SIG_CURR_TARGET] = task
  listAddTail(w, task + L.TASK_THREAD_NODE, signal + L.SIG_THREADS)
  listAddTail(w, task + L.TASK_TASKS, L.H_TASKS)
  initTaskPid(table, task, L.PIDTYPE_PGID, pgrp)
  initTaskPid(table, task, L.PIDTYPE_SID, session)
  attachPid(table, task, L.PIDTYPE_PGID)
  attachPid(table, task, L.PIDTYPE_SID)
}

function joinThreadGroup(table: TaskTable, current: TaskRef, task: TaskRef): void {
  const w = table.words
  const signal = T.signalOf(table, current)
  w[task + L.TASK_LEADER] = w[current + L.TASK_LEADER]
  refcountInc(w, signal + L.SIG_COUNT)
  w[signal + L.SIG_NR_THREADS] += 1
  w[signal + L.SIG_LIVE] += 1
  listAddTail(w, task + L.TASK_THREAD_NODE, signal + L.SIG_THREADS)
}

/** Undoes a fork that failed, in reverse; 0 stands for what it had not come to. */
function undoFork(table: TaskTable, task: TaskRef, signal: SignalRef, ns: NsRef, error: number): TaskRef {
  if (ns !== 0) putPidNs(table, ns)
  if (signal !== 0) {
    putSighand(table, signal)
    kmemCacheFree(table, L.SLAB_SIGNAL, signal)
  }
  freeTaskStruct(table, task)
  return error as TaskRef
}
