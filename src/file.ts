/**
 * Open files of the facade: a pidfd, and a namespace's. Each stands for a record of the table, which holds a reference
 * until the file is closed.
 */
import { EBADF } from './abi/errno.ts'
import { KernelError } from './errors.ts'
import { nsRelease } from './fs/nsfs.ts'
import { pidEnded, pidfdPid, pidfdPoll, pidfdRelease, pidfdShowFdinfo } from './fs/pidfd.ts'
import { lockMethods } from './locked.ts'
import type { NsFileRef, PidfdRef, PidRef } from './mm/layout.ts'
import { slotGeneration } from './mm/slab.ts'
import { taskActivePidNs } from './pid/task_link.ts'
import type { Task } from './process.ts'
import { handleOf, listenWhileWaiting, type PendingPoll, type Realm } from './realm.ts'
import { listen } from './ring.ts'
import { TaskView } from './task_view.ts'

/** What the two kinds have in common. */
abstract class File<Ref extends number> {
  readonly #realm: Realm
  readonly #ref: Ref
  readonly #generation: number

  constructor(realm: Realm, ref: Ref) {
    this.#realm = realm
    this.#ref = ref
    this.#generation = slotGeneration(realm.table, ref)
  }

  /** Slot and generation: names the file in this kernel, and in one restored from its image. */
  get handle(): number {
    return handleOf(this.open('handle'), this.#generation)
  }

  /** Gives the reference back; closing twice does nothing. */
  close(): void {
    if (this.#isOpen()) this.release(this.#realm, this.#ref)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  protected abstract release(realm: Realm, ref: Ref): void

  /** The record. Throws EBADF once closed. */
  protected open(syscall: string): Ref {
    if (!this.#isOpen()) throw new KernelError(EBADF, syscall)
    return this.#ref
  }

  /** The record; NULL once closed, and for a file of another kernel than `realm`'s. */
  protected find(realm: Realm): Ref {
    return (realm === this.#realm && this.#isOpen() ? this.#ref : 0) as Ref
  }

  protected get realm(): Realm {
    return this.#realm
  }

  #isOpen(): boolean {
    return !this.#realm.disposed && slotGeneration(this.#realm.table, this.#ref) === this.#generation
  }

  static {
    lockMethods(File.prototype, (file: File<number>) => file.#realm)
  }
}

/**
 * An open pidfd (pidfd_open(2)): stands for the process or thread that was found when it was opened, and never for a
 * later one with the same number. Close it, or declare it with `using`.
 *
 * @example
 * ```ts
 * import { Kernel, POLLIN, SIGKILL } from 'pidns'
 * const init = Kernel.boot().init
 * const child = init.fork()
 * using pidfd = init.pidfdOpen(child.pid)
 * init.pidfdSendSignal(pidfd, SIGKILL)
 * console.log(pidfd.poll() === POLLIN) // => true
 * ```
 */
export class Pidfd extends File<PidfdRef> {
  /**
   * poll(2): POLLIN once the process is dead with all its threads, POLLIN | POLLHUP once it is reaped, else 0.
   * Throws EBADF when closed.
   */
  poll(): number {
    return pidfdPoll(this.realm.table, this.open('poll'))
  }

  /**
   * What /proc/PID/fdinfo/FD says of the pidfd, in the procfs of the namespace that `viewer` is in: two lines, `Pid:` with
   * the number there, and `NSpid:` with that and those in the namespaces below, down to the process's own, a tab before
   * each. Both are 0 where that namespace does not see the process, and -1 once it is reaped.
   * Throws EBADF: closed; ESRCH: `viewer` is gone. Source: pidfd_open(2), fs/pidfs.c.
   *
   * @example
   * ```ts
   * import { CLONE_NEWPID, Kernel, SIGKILL } from 'pidns'
   * const init = Kernel.boot().init
   * const box = init.clone({ flags: CLONE_NEWPID })
   * const pidfd = init.pidfdOpen(init.pidOf(box))
   * console.log(JSON.stringify(pidfd.fdinfo(init))) // => "Pid:\t2\nNSpid:\t2\t1\n"
   * init.kill(2, SIGKILL)
   * init.waitpidSync(2)
   * console.log(JSON.stringify(pidfd.fdinfo(init))) // => "Pid:\t-1\nNSpid:\t-1\n"
   * ```
   */
  fdinfo(viewer: Task): string {
    const file = this.open('read')
    const task = TaskView.refOf('viewer', viewer, this.realm, 'read')
    return pidfdShowFdinfo(this.realm.table, file, taskActivePidNs(this.realm.table, task))
  }

  /**
   * Resolves with what {@link Pidfd.poll} says once the process (the thread, with PIDFD_THREAD) has ended; at once, if
   * it has. Rejects with EBADF when the pidfd is closed before.
   */
  async ended(): Promise<number> {
    const now = this.poll()
    if (now !== 0) return now
    const { realm } = this
    const pid = pidfdPid(realm.table, this.open('poll'))
    await new Promise<void>((resolve, reject) => {
      const poll: PendingPoll = { settle: (error) => (error === undefined ? resolve() : reject(error)) }
      this.#polls.push(poll)
      const polls = realm.polls.get(pid)
      if (polls === undefined) realm.polls.set(pid, [poll])
      else polls.push(poll)
      listen(realm)
    })
    return this.poll()
  }

  readonly #polls: PendingPoll[] = []

  protected override release(realm: Realm, ref: PidfdRef): void {
    const pid = pidfdPid(realm.table, ref)
    const others = (realm.polls.get(pid) ?? []).filter((poll) => !this.#polls.includes(poll))
    if (others.length > 0) realm.polls.set(pid, others)
    else realm.polls.delete(pid)
    listenWhileWaiting(realm)
    for (const poll of this.#polls) poll.settle(new KernelError(EBADF, 'poll'))
    pidfdRelease(realm.table, ref)
  }

  /**
   * The record of an open pidfd of this realm, NULL of a closed one: each call looks at other things before it says
   * EBADF. Throws TypeError for anything else.
   */
  static refOf(file: Pidfd, realm: Realm): PidfdRef {
    if (!(file instanceof Pidfd)) throw new TypeError(`"pidfd" expected a Pidfd, got ${typeof file}`)
    return file.find(realm)
  }

  static {
    lockMethods(Pidfd.prototype, (file) => file.realm, { promises: ['ended'] })
  }
}

/** What a pidfd stands for may have ended: whoever polls it looks again. */
export function notifyPidfd(realm: Realm, pid: PidRef): void {
  if (realm.polls.size === 0) return
  const polls = realm.polls.get(pid)
  if (polls === undefined || !pidEnded(realm.table, pid)) return
  realm.polls.delete(pid)
  listenWhileWaiting(realm)
  for (const poll of polls) poll.settle()
}

/** An open /proc/PID/ns/pid or pid_for_children ({@link Task.openNs}): keeps its namespace. Close it, or use `using`. */
export class NsFd extends File<NsFileRef> {
  protected override release(realm: Realm, ref: NsFileRef): void {
    nsRelease(realm.table, ref)
  }

  /** The record of an open file of this realm, NULL of a closed one. Throws TypeError for anything else. */
  static refOf(file: NsFd, realm: Realm): NsFileRef {
    if (!(file instanceof NsFd)) throw new TypeError(`"fd" expected an NsFd or a Pidfd, got ${typeof file}`)
    return file.find(realm)
  }
}
