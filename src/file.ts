/**
 * Open files of the facade: a pidfd, and a namespace's. Each stands for a record of the table, which holds a reference
 * until the file is closed.
 */
import { EBADF } from './abi/errno.ts'
import { KernelError } from './errors.ts'
import { nsRelease } from './fs/nsfs.ts'
import { pidfdPoll, pidfdRelease } from './fs/pidfd.ts'
import type { NsFileRef, PidfdRef } from './mm/layout.ts'
import { slotGeneration } from './mm/slab.ts'
import { handleOf, type Realm } from './realm.ts'

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
    return handleOf(this.#realm, this.open('handle'))
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
 * console.log(pidfd.poll() === POLLIN) // true
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

  protected override release(realm: Realm, ref: PidfdRef): void {
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
