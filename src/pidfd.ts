/** Open files of the facade: a pidfd, and a namespace file. Both hold a reference until they are closed. */
import { EBADF } from './abi/errno.ts'
import { KernelError } from './errors.ts'
import { pidfdPoll, pidfdRelease } from './fs/pidfd.ts'
import type { NsRef, PidfdRef } from './mm/layout.ts'
import { putPidNs } from './pid/pid_ns_ref.ts'
import type { Realm } from './realm.ts'

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
 * console.log(pidfd.poll() === POLLIN) // => true - dead, and not yet waited for
 * ```
 */
export class Pidfd {
  readonly #realm: Realm
  #ref: PidfdRef

  /** Made by {@link Task.pidfdOpen}. */
  constructor(realm: Realm, ref: PidfdRef) {
    this.#realm = realm
    this.#ref = ref
  }

  /**
   * poll(2): POLLIN once the process is dead with all its threads, POLLIN | POLLHUP once it is reaped, else 0.
   * Throws EBADF when closed.
   */
  poll(): number {
    return pidfdPoll(this.#realm.table, Pidfd.refOf(this, this.#realm, 'poll'))
  }

  /** Gives the reference back; closing twice does nothing. */
  close(): void {
    if (this.#ref !== 0 && !this.#realm.disposed) pidfdRelease(this.#realm.table, this.#ref)
    this.#ref = 0 as PidfdRef
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** The record of an open pidfd of this realm. Throws EBADF. */
  static refOf(file: Pidfd, realm: Realm, syscall: string): PidfdRef {
    if (file.#ref === 0 || file.#realm !== realm) throw new KernelError(EBADF, syscall)
    return file.#ref
  }
}

/** An open /proc/PID/ns/pid or pid_for_children: keeps its namespace. Close it, or declare it with `using`. */
export class NsFd {
  readonly #realm: Realm
  #ref: NsRef

  /** Made by {@link Task.openNs}, which passes its reference on. */
  constructor(realm: Realm, ref: NsRef) {
    this.#realm = realm
    this.#ref = ref
    realm.nsFiles.set(ref, (realm.nsFiles.get(ref) ?? 0) + 1)
  }

  /** Gives the reference back; closing twice does nothing. */
  close(): void {
    const ref = this.#ref
    this.#ref = 0 as NsRef
    if (ref === 0 || this.#realm.disposed) return
    const others = (this.#realm.nsFiles.get(ref) ?? 1) - 1
    if (others > 0) this.#realm.nsFiles.set(ref, others)
    else this.#realm.nsFiles.delete(ref)
    putPidNs(this.#realm.table, ref)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** The namespace of an open file of this realm. Throws EBADF. */
  static refOf(file: NsFd, realm: Realm, syscall: string): NsRef {
    if (file.#ref === 0 || file.#realm !== realm) throw new KernelError(EBADF, syscall)
    return file.#ref
  }
}
