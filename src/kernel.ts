/**
 * The facade: one kernel, its first process, and what looks at all of it from outside.
 */
import { platform } from '#platform'
import { ESRCH } from './abi/errno.ts'
import { int32, KernelError } from './errors.ts'
import { failNth, type Limits } from './mm/arena.ts'
import type { TaskRef } from './mm/layout.ts'
import * as L from './mm/layout.ts'
import { slabOwns, slotLive } from './mm/slab.ts'
import { taskPid } from './pid/task_link.ts'
import { Task } from './process.ts'
import { abortWaits, handleOf, type Realm, refOfHandle, resumeWaits, taskOf } from './realm.ts'
import { rcuBarrier } from './sync/rcu.ts'
import { bootTable } from './task/boot.ts'
import { checkTasks } from './task/check.ts'
import type { TaskTable } from './task/table.ts'
import * as T from './task/task.ts'

/** Options of {@link Kernel.boot}. The defaults are Linux's. */
export interface BootOptions extends Partial<Limits> {
  /** kernel.pid_max of the initial namespace: its numbers are below it. Default: 32768. */
  pidMax?: number
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
 * console.log(shell.pid, kernel.init.pidOf(shell)) // 2 3
 * kernel.init.kill(kernel.init.pidOf(box), SIGKILL)
 * console.log(shell.state) // X
 * console.log(await kernel.init.waitpid(-1)) // { pid: 2, status: 9, signal: 'SIGKILL' }
 * ```
 */
export class Kernel {
  readonly #realm: Realm
  /** PID 1 of the initial namespace. It leads session 1 and group 1, nothing kills it, and it never exits. */
  readonly init: Task

  private constructor(realm: Realm) {
    this.#realm = realm
    this.init = taskOf(realm, realm.table.words[L.H_INIT_TASK] as TaskRef)
  }

  /** A new kernel in this thread. Throws RangeError or TypeError for a limit out of range. */
  static boot(options: BootOptions = {}): Kernel {
    const realm: Realm = {
      table: undefined as unknown as TaskTable,
      tasks: new Map(),
      waits: new Map(),
      nsFiles: new Map(),
      disposed: false,
      newTask: (ref) => new Task(realm, ref),
    }
    realm.table = bootTable(
      { ...options, defer: (run) => platform.defer(run), report: (error) => platform.report(error) },
      {
        resumeWaits: (ref) => resumeWaits(realm, ref),
        abortWaits: (ref) => abortWaits(realm, ref),
        taskReleased: (ref) => {
          noteNumbers(realm.tasks.get(ref))
          realm.tasks.delete(ref)
        },
      },
    )
    return new Kernel(realm)
  }

  /**
   * The Task that a handle ({@link Task.handle}) names. Throws ESRCH: it is gone, or the handle never was one of this
   * kernel's.
   */
  task(handle: number): Task {
    if (typeof handle !== 'number') throw new TypeError(`"handle" expected a number, got ${typeof handle}`)
    const ref = refOfHandle(handle)
    const table = this.#realm.table
    const known = Number.isSafeInteger(handle) && handle > 0 && slabOwns(table, L.SLAB_TASK, ref)
    if (
      !known ||
      !slotLive(table, ref) ||
      handleOf(this.#realm, ref) !== handle ||
      taskPid(table, ref) === 0
    ) {
      throw new KernelError(ESRCH, 'task')
    }
    return taskOf(this.#realm, ref)
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
   * Walks every invariant of the table, in O(live tasks + touched pages), and returns what is violated: nothing, if
   * the library has no bug. Context: outside a call.
   */
  check(): string[] {
    const files = this.#realm.nsFiles
    const waits = [...this.#realm.waits.values()].flat().map((wait) => wait.wo.pid)
    return checkTasks(this.#realm.table, files, waits)
  }

  /**
   * The n-th allocation from now fails as if memory were exhausted; 0: none. For tests, as Linux's
   * /proc/self/fail-nth. Throws RangeError, TypeError.
   */
  failNth(n: number): void {
    failNth(this.#realm.table, Math.max(0, int32('n', n)))
  }

  /** Ends the kernel: pending waits are rejected with ESRCH, and every later call throws it. */
  dispose(): void {
    if (this.#realm.disposed) return
    for (const ref of [...this.#realm.waits.keys()]) abortWaits(this.#realm, ref)
    rcuBarrier(this.#realm.table)
    this.#realm.disposed = true
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

/** A Task object goes on telling the numbers that its task had last. */
function noteNumbers(task: Task | undefined): void {
  void task?.pid
  void task?.tid
}
