/**
 * Who a task is: its numbers, state, kin and name. The system calls are in process.ts.
 */
import { ESRCH } from './abi/errno.ts'
import { TASK_COMM_LEN } from './abi/limits.ts'
import { KernelError, show } from './errors.ts'
import { utf8Bytes, utf8String } from './lib/utf8.ts'
import { lockMethods } from './locked.ts'
import type { NsRef, PidRef, TaskRef } from './mm/layout.ts'
import * as L from './mm/layout.ts'
import { slotGeneration } from './mm/slab.ts'
import { workerNr } from './mm/worker.ts'
import { taskPidNrNs } from './pid/pid_task.ts'
import { taskActivePidNs, taskLeader, taskPgrp, taskPid, taskSession, taskTgid } from './pid/task_link.ts'
import { pidNrNs, upidAt } from './pid/upid.ts'
import type { Task } from './process.ts'
import { handleOf, type Realm, taskOf } from './realm.ts'
import { claimTask } from './task/bury.ts'
import { getTaskComm, setTaskComm } from './task/comm.ts'
import { TASK_STOPPED, taskState } from './task/sched.ts'
import * as T from './task/task.ts'

/** A task's state, as the letters of /proc/PID/stat: alive and idle, stopped, zombie, gone. */
export type TaskState = 'S' | 'T' | 'Z' | 'X'

/** What {@link Task} tells of itself without a system call. */
export class TaskView {
  protected readonly realm: Realm
  protected readonly ref: TaskRef
  private readonly generation: number
  /** What the getters give after the end: noted when the task is released. */
  private lastPid = 0
  private lastTid = 0

  /** Made by the kernel: see {@link Kernel.init}, {@link Task.fork}, {@link Task.clone}. */
  constructor(realm: Realm, ref: TaskRef) {
    this.realm = realm
    this.ref = ref
    this.generation = slotGeneration(realm.table, ref)
  }

  /** Slot and generation: can be posted, and given to `kernel.task()`. */
  get handle(): number {
    return handleOf(this.ref, this.generation)
  }

  /** The number of its thread group as it sees itself (getpid(2)); after its end, the last one. */
  get pid(): number {
    if (this.held()) this.lastPid = this.nrIn(taskTgid(this.realm.table, this.ref))
    return this.lastPid
  }

  /** Its own number as it sees itself (gettid(2)); after its end, the last one. */
  get tid(): number {
    if (this.held()) this.lastTid = this.nrIn(taskPid(this.realm.table, this.ref))
    return this.lastTid
  }

  /** `S` alive, `T` stopped, `Z` dead and not waited for, `X` gone. */
  get state(): TaskState {
    if (!this.held()) return 'X'
    const table = this.realm.table
    if (T.exitState(table, this.ref) === T.EXIT_ZOMBIE) return 'Z'
    return taskState(table, this.ref) === TASK_STOPPED ? 'T' : 'S'
  }

  /** Past the point of no return, but held up in its exit: the init of a namespace that is not empty yet. */
  get exiting(): boolean {
    return this.state === 'S' && T.hasFlag(this.realm.table, this.ref, T.PF_EXITING)
  }

  /** How many namespaces its own one is below the initial one. */
  get level(): number {
    return this.held() ? this.realm.table.words[taskPid(this.realm.table, this.ref) + L.PID_LEVEL] : 0
  }

  /** The leader of its thread group: itself, if it has no other. */
  get leader(): Task {
    return this.held()
      ? taskOf(this.realm, taskLeader(this.realm.table, this.ref))
      : (this as unknown as Task)
  }

  /** The process that is its parent; undefined for kernel.init, and after its end. */
  get parent(): Task | undefined {
    if (!this.held()) return undefined
    const parent = T.realParent(this.realm.table, this.ref)
    return parent === 0 ? undefined : taskOf(this.realm, taskLeader(this.realm.table, parent))
  }

  /** Its process's number in each namespace, from level 0 inwards, as NStgid of /proc/PID/status; [] after its end. */
  get nstgid(): number[] {
    return this.numbers(taskTgid)
  }

  /** Its own number in each namespace, as NSpid. */
  get nspid(): number[] {
    return this.numbers(taskPid)
  }

  /** Its process group's number in each namespace, as NSpgid; 0 where the namespace does not see it. */
  get nspgid(): number[] {
    return this.numbers(taskPgrp)
  }

  /** Its session's number in each namespace, as NSsid; 0 where the namespace does not see it. */
  get nssid(): number[] {
    return this.numbers(taskSession)
  }

  /** The name, as in /proc/PID/comm: cut after 15 bytes, inherited by fork, set by execve. */
  get comm(): string {
    if (!this.held()) return ''
    return utf8String(getTaskComm(this.realm.table, this.ref))
  }

  set comm(name: string) {
    if (typeof name !== 'string') throw new TypeError(`"comm" expected a string, got ${show(name)}`)
    const ref = this.live('prctl')
    setTaskComm(this.realm.table, ref, utf8Bytes(name, TASK_COMM_LEN - 1))
  }

  /**
   * From now on the process belongs to this worker: it is killed when the worker ends without having disposed of its
   * kernel. Before, it belonged to the worker that made it. Only in `pidns/shared`. Throws ESRCH.
   */
  claim(): void {
    claimTask(this.realm.table, this.live('claim'), workerNr(this.realm.table))
  }

  /** The number of `other`'s process as this task sees it; 0 when it does not, or one of them is gone. */
  pidOf(other: Task): number {
    return this.numberOf(other, L.PIDTYPE_TGID)
  }

  /** The number of `other` itself as this task sees it; 0 when it does not, or one of them is gone. */
  tidOf(other: Task): number {
    return this.numberOf(other, L.PIDTYPE_PID)
  }

  /**
   * The record of a task of this realm that has its numbers, given as an argument called `name`. Throws ESRCH, and TypeError
   * for anything else.
   */
  static refOf(name: string, task: TaskView, realm: Realm, syscall: string): TaskRef {
    if (!(task instanceof TaskView)) throw new TypeError(`"${name}" expected a Task, got ${show(task)}`)
    if (realm.disposed || task.realm !== realm || !task.held()) throw new KernelError(ESRCH, syscall)
    return task.ref
  }

  /** The realm that the task belongs to, for those who look inside (inside.ts). */
  static realmOf(task: TaskView): Realm {
    return task.realm
  }

  /** Does the record still stand for this task, and does the task still have its numbers? */
  protected held(): boolean {
    const table = this.realm.table
    return slotGeneration(table, this.ref) === this.generation && taskPid(table, this.ref) !== 0
  }

  /** The record of a task that can call. Throws ESRCH. */
  protected live(syscall: string): TaskRef {
    if (this.realm.disposed || !this.held() || T.hasFlag(this.realm.table, this.ref, T.PF_EXITING)) {
      throw new KernelError(ESRCH, syscall)
    }
    return this.ref
  }

  protected nrIn(pid: PidRef): number {
    return pidNrNs(this.realm.table, pid, taskActivePidNs(this.realm.table, this.ref))
  }

  private numberOf(other: Task, type: number): number {
    if (!(other instanceof TaskView)) throw new TypeError(`"other" expected a Task, got ${show(other)}`)
    if (!this.held() || !other.held() || other.realm !== this.realm) return 0
    return taskPidNrNs(this.realm.table, other.ref, type, taskActivePidNs(this.realm.table, this.ref))
  }

  private numbers(which: (table: Realm['table'], task: TaskRef) => PidRef): number[] {
    if (!this.held()) return []
    const table = this.realm.table
    const numbers: number[] = []
    const own = taskPid(table, this.ref)
    const pid = which(table, this.ref)
    for (let level = 0; level <= table.words[own + L.PID_LEVEL]; level++) {
      const ns = table.words[upidAt(own, level) + L.UPID_NS] as NsRef
      numbers.push(pidNrNs(table, pid, ns))
    }
    return numbers
  }

  static {
    lockMethods(TaskView.prototype, (task) => task.realm, { free: ['handle'] })
    // How Node's console prints a Task: what tells one from another.
    Object.defineProperty(TaskView.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value: function (this: TaskView): unknown {
        const { pid, tid, state, level, comm } = this
        return { task: comm === '' ? pid : `${comm} ${pid}`, ...(tid === pid ? {} : { tid }), state, level }
      },
    })
  }
}
