/**
 * The facade: one kernel, its first process, and what looks at all of it from outside.
 */
import { platform } from '#platform'
import { EBADF, ENOSYS, ESRCH } from './abi/errno.ts'
import { deliverSignal, forgetDriver, runDue, runHandlers, tellDriver } from './driver.ts'
import { int32, KernelError, record, show } from './errors.ts'
import { NsFd, notifyPidfd, Pidfd } from './file.ts'
import { pidfdFlags } from './fs/pidfd.ts'
import { mountProc } from './fs/procfs.ts'
import { SHARED } from './lib/atomic.ts'
import { lockedSoon, lockMethods } from './locked.ts'
import { failNth } from './mm/arena.ts'
import { decodeImage, encodeImage } from './mm/image.ts'
import type { NsFileRef, PidfdRef, TaskRef } from './mm/layout.ts'
import * as L from './mm/layout.ts'
import type { Limits } from './mm/limits.ts'
import { createSlotMap, slotMapDelete, slotMapGet } from './mm/slot_map.ts'
import { workerNr } from './mm/worker.ts'
import type { Surroundings } from './pid/table.ts'
import { taskPid } from './pid/task_link.ts'
import { isKernels, wordsOfHandle } from './pid_workers.ts'
import { Task } from './process.ts'
import { Procfs } from './procfs.ts'
import { abortWaits, lookAgain, type Realm, refOfHandle, resumeWaits, taskOf, waitingFor } from './realm.ts'
import { listen, ring, stopListening } from './ring.ts'
import { rcuBarrier } from './sync/rcu.ts'
import { runWorkqueue } from './sync/workqueue.ts'
import { bootTable, joinTable, restoreTable, wordsToSave } from './task/boot.ts'
import { checkTasks } from './task/check.ts'
import type { TaskHooks, TaskTable } from './task/table.ts'
import * as T from './task/task.ts'
import { bury, callSoon, hasOthers, leaveKernel, share, tellEnded } from './workers.ts'

/** Options of {@link Kernel.boot}. The defaults are Linux's. */
export interface BootOptions extends Partial<Limits>, JoinOptions {
  /** kernel.pid_max of the initial namespace: its numbers are below it. Default: 32768. */
  pidMax?: number
}

/** What a worker may ask of its kernel. */
export interface JoinOptions {
  /**
   * `pidns/shared` only. Another worker keeps a read section of `pidns/shared/pid` open, so that what has ended cannot be
   * freed: that worker's number ({@link Kernel.worker}), and since how many milliseconds, a thousand at least. Called
   * once for each grace period that it holds up, outside every call. Nothing is freed earlier for it; memory may be exhausted.
   * Default: nobody is told. Linux: the stall warnings of RCU.
   */
  onStall?: (worker: number, ms: number) => void
}

/** Names a kernel to other workers: opaque, made to be posted. */
export interface KernelHandle {
  /** The table itself. */
  readonly words: Int32Array
}

/**
 * A kernel: a table of processes that starts with one, {@link Kernel.init}.
 *
 * @example
 * ```ts
 * import { CLONE_NEWPID, Kernel, SIGKILL } from 'pidns'
 * const kernel = Kernel.boot()
 * const box = kernel.init.clone({ flags: CLONE_NEWPID })
 * const shell = box.fork()
 * console.log(shell.pid, kernel.init.pidOf(shell)) // => 2 3
 * kernel.init.kill(kernel.init.pidOf(box), SIGKILL)
 * console.log(shell.state) // => X
 * console.log(await kernel.init.waitpid(-1)) // => { pid: 2, status: 9, signal: 'SIGKILL' }
 * ```
 */
export class Kernel {
  readonly #realm: Realm

  static {
    // The lock may be what the dead worker holds.
    lockMethods(Kernel.prototype, (kernel) => kernel.#realm, { free: ['worker', 'workerEnded'] })
  }

  private constructor(realm: Realm) {
    this.#realm = realm
  }

  /** PID 1 of the initial namespace. It leads session 1 and group 1, nothing kills it, and it never exits. */
  get init(): Task {
    return taskOf(this.#realm, this.#realm.table.words[L.H_INIT_TASK] as TaskRef)
  }

  /** A new kernel in this thread. Throws RangeError or TypeError for a limit out of range. */
  static boot(options: BootOptions = {}): Kernel {
    const { onStall, ...limits } = options
    return new Kernel(newRealm((hooks) => bootTable({ ...limits, ...surroundings(onStall) }, hooks)))
  }

  /**
   * The kernel of an image that {@link Kernel.save} made: the same processes with the same numbers and states, and
   * handles that name what they named. What lived in the realm of the saved one is not in it: waits, signal handlers
   * and drivers; a task whose exit a driver held back goes on with it.
   * Throws TypeError: not bytes; RangeError: not an image, damaged, or of another version; the message says which.
   */
  static restore(image: Uint8Array): Kernel {
    if (!(image instanceof Uint8Array))
      throw new TypeError(`"image" expected a Uint8Array, got ${show(image)}`)
    const words = decodeImage(image)
    if (typeof words === 'string') throw new RangeError(`"image" is not a saved kernel: ${words}`)
    const kernel = new Kernel(newRealm((hooks) => restoreTable(words, surroundings(), hooks)))
    const [problem] = kernel.check()
    if (problem !== undefined) throw new RangeError(`"image" is not a saved kernel: ${problem}`)
    return kernel
  }

  /**
   * What another worker needs to use this kernel too, to be posted to it and given to {@link Kernel.join}.
   * Throws ENOSYS: not a kernel of `pidns/shared`; EAGAIN: 64 workers use it.
   */
  get handle(): KernelHandle {
    const realm = this.#realm
    if (SHARED === 0) throw new KernelError(ENOSYS, 'handle')
    if (!realm.isShared) share(realm, 'handle')
    if (realm.waits.size + realm.polls.size > 0) listen(realm)
    return { words: realm.table.words }
  }

  /**
   * The kernel of a {@link Kernel.handle}, in this worker: the same processes, while the other workers go on using it.
   * Throws ENOSYS: this is not `pidns/shared`; EAGAIN: 64 workers use it; TypeError: not a handle; RangeError: of
   * another version.
   */
  static join(handle: KernelHandle, options: JoinOptions = {}): Kernel {
    if (SHARED === 0) throw new KernelError(ENOSYS, 'join')
    const words = wordsOfHandle(handle)
    if (!isKernels(words))
      throw new TypeError('"handle" expected what kernel.handle gave, got a bare table\'s')
    const { onStall } = record('options', options)
    const realm = newRealm((hooks) => joinTable(words, surroundings(onStall), hooks))
    share(realm, 'join')
    return new Kernel(realm)
  }

  /** This worker's number among those that use the kernel: see {@link Kernel.workerEnded}. */
  get worker(): number {
    return workerNr(this.#realm.table)
  }

  /**
   * Tells that the worker of this number ({@link Kernel.worker}) has ended: to be called on proof alone, such as the
   * `exit` event of a Worker. A call in which it died never was, and its processes are killed. On Linux the kernel finds out by
   * itself, within a moment.
   */
  workerEnded(worker: number): void {
    if (SHARED !== 0) tellEnded(this.#realm, int32('worker', worker))
  }

  /**
   * The kernel as an image: its table, from which {@link Kernel.restore} makes an equal one, here or elsewhere. Its
   * size is that of what is used, zeros left out. Context: outside a call.
   *
   * @example
   * ```ts
   * import { Kernel } from 'pidns'
   * const kernel = Kernel.boot()
   * const child = kernel.init.fork()
   * const copy = Kernel.restore(kernel.save())
   * child.exit(1)
   * console.log(child.state, copy.task(child.handle).state) // => Z S
   * ```
   */
  save(): Uint8Array {
    return encodeImage(wordsToSave(this.#realm.table, waitingFor(this.#realm)))
  }

  /**
   * The Task that a handle ({@link Task.handle}) names. Throws ESRCH: it is gone, or the handle never was one of this
   * kernel's.
   */
  task(handle: number): Task {
    const ref = refOfHandle(this.#realm, handle, L.SLAB_TASK) as TaskRef
    if (ref === 0 || taskPid(this.#realm.table, ref) === 0) throw new KernelError(ESRCH, 'task')
    return taskOf(this.#realm, ref)
  }

  /** The open pidfd that a handle ({@link Pidfd.handle}) names. Throws EBADF: it is closed, or was never one. */
  pidfd(handle: number): Pidfd {
    const ref = refOfHandle(this.#realm, handle, L.SLAB_PIDFD) as PidfdRef
    // A record with flags below 0 is a wait's, and no file.
    if (ref === 0 || pidfdFlags(this.#realm.table, ref) < 0) throw new KernelError(EBADF, 'pidfd')
    return new Pidfd(this.#realm, ref)
  }

  /** The open namespace file that a handle ({@link NsFd.handle}) names. Throws EBADF: it is closed, or was never one. */
  nsFd(handle: number): NsFd {
    const ref = refOfHandle(this.#realm, handle, L.SLAB_NSFILE) as NsFileRef
    if (ref === 0) throw new KernelError(EBADF, 'nsFd')
    return new NsFd(this.#realm, ref)
  }

  /** Every task that has a number, zombies included: processes in order of creation, each followed by its threads. */
  tasks(): Task[] {
    const table = this.#realm.table
    const tasks: Task[] = []
    for (let p = T.firstProcess(table); p !== 0; p = T.nextProcess(table, p)) {
      const signal = T.signalOf(table, p)
      for (let t = T.firstThread(table, signal); t !== 0; t = T.nextThread(table, t))
        tasks.push(taskOf(this.#realm, t))
    }
    return tasks
  }

  /**
   * Mounts procfs: the processes of the namespace that `viewer` is in, as files, under the numbers that they have there.
   * Its self and thread-self are `options.reader`, or else the viewer. A mount needs no unmount: it keeps nothing alive,
   * and when the namespace ends it shows no processes any more.
   * Throws ESRCH: `viewer` or the reader is gone. Source: proc(5), pid_namespaces(7).
   *
   * @example
   * ```ts
   * import { CLONE_NEWPID, Kernel } from 'pidns'
   * const kernel = Kernel.boot()
   * const box = kernel.init.clone({ flags: CLONE_NEWPID })
   * const shell = box.fork()
   * console.log(kernel.procfs(kernel.init).readdirSync('/')) // => [ 'self', 'thread-self', '1', '2', '3' ]
   * console.log(kernel.procfs(box).readdirSync('/')) // => [ 'self', 'thread-self', '1', '2' ]
   * console.log(kernel.procfs(box, { reader: shell }).readlinkSync('/self')) // => 2
   * ```
   */
  procfs(viewer: Task, options: { readonly reader?: Task } = {}): Procfs {
    const mounter = Task.refOf('viewer', viewer, this.#realm, 'mount')
    const { reader } = record('options', options)
    const current = reader === undefined ? mounter : Task.refOf('reader', reader, this.#realm, 'mount')
    return new Procfs(this.#realm, mountProc(this.#realm.table, mounter, current))
  }

  /**
   * Walks every invariant of the table, in O(live tasks + touched pages), and returns what is violated: nothing, if
   * the library has no bug. Context: outside a call.
   */
  check(): string[] {
    // Another worker may have queued what it has not come to yet.
    if (SHARED !== 0 && this.#realm.isShared) runWorkqueue(this.#realm.table)
    return checkTasks(this.#realm.table, waitingFor(this.#realm))
  }

  /**
   * The n-th allocation from now fails as if memory were exhausted; 0: none. For tests, as Linux's
   * /proc/self/fail-nth. Throws RangeError, TypeError.
   */
  failNth(n: number): void {
    failNth(this.#realm.table, Math.max(0, int32('n', n)))
  }

  /**
   * Ends the kernel: pending waits are rejected with ESRCH, and every later call throws it. In `pidns/shared` only this
   * worker's: the processes live on, without this worker's handlers (those signals have their default again) and drivers.
   */
  dispose(): void {
    if (this.#realm.disposed) return
    stopListening(this.#realm)
    for (const ref of [...this.#realm.waits.keys()]) abortWaits(this.#realm, ref)
    for (const polls of this.#realm.polls.values())
      for (const poll of polls) poll.settle(new KernelError(EBADF, 'poll'))
    if (SHARED !== 0) leaveKernel(this.#realm)
    rcuBarrier(this.#realm.table)
    this.#realm.disposed = true
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

function surroundings(onStall: JoinOptions['onStall'] = () => {}): Surroundings {
  if (typeof onStall !== 'function')
    throw new TypeError(`"onStall" expected a function, got ${show(onStall)}`)
  return {
    defer: (run: () => void): void => platform.defer(run),
    report: (error: unknown): void => platform.report(error),
    onStall,
  }
}

function newRealm(makeTable: (hooks: Omit<TaskHooks, 'wakeUpProcess'>) => TaskTable): Realm {
  const realm: Realm = {
    table: undefined as unknown as TaskTable,
    tasks: createSlotMap(),
    waits: new Map(),
    polls: new Map(),
    drivers: new Map(),
    functions: new Map(),
    lastFunction: 0,
    mostFunctions: 64,
    frames: new Map(),
    disposed: false,
    calls: 0,
    irq: true,
    isShared: false,
    stopListening: undefined,
    hearing: false,
    hearingDue: false,
    callSoon: () => callSoon(realm),
    runDue: () => runDue(realm),
    stopWatching: () => {},
    hasOthers: () => hasOthers(realm),
    letNameGo: () => {},
    looks: 0,
    calling: false,
    bury: () => bury(realm),
    lookAgain: () => void lockedSoon(realm, () => lookAgain(realm)).catch(() => {}),
    stayAlive: () => platform.stayAlive(),
    newTask: (ref) => {
      const task = new Task(realm, ref)
      // Another worker may see to its end, and tell nobody.
      if (SHARED !== 0) noteNumbers(task)
      return task
    },
  }
  realm.table = makeTable({
    resumeWaits: (ref) => {
      resumeWaits(realm, ref)
      ring(realm)
    },
    abortWaits: (ref) => {
      abortWaits(realm, ref)
      ring(realm)
    },
    notifyPidfd: (pid) => {
      notifyPidfd(realm, pid)
      ring(realm)
    },
    deliverSignal: (ref, sig) => deliverSignal(realm, ref, sig),
    runHandlers: (ref) => runHandlers(realm, ref),
    tellDriver: (ref, sig) => tellDriver(realm, ref, sig),
    taskReleased: (ref) => {
      noteNumbers(slotMapGet(realm.tasks, ref))
      forgetDriver(realm, ref)
      slotMapDelete(realm.tasks, ref)
    },
  })
  return realm
}

/** A Task object goes on telling the numbers that its task had last. */
function noteNumbers(task: Task | undefined): void {
  void task?.pid
  void task?.tid
}
