/** A directory of procfs that is being read. */
import { EBADF, EINVAL } from './abi/errno.ts'
import { KernelError } from './errors.ts'
import { procReaddir } from './fs/procfs.ts'
import type { DirContext, ProcMount } from './fs/procfs_entry.ts'
import { lockMethods } from './locked.ts'
import { ProcDirent } from './procfs_file.ts'
import type { Realm } from './realm.ts'

/**
 * A directory that is read entry by entry, as `fs.Dir`, while processes come and go: what is gone when its turn comes
 * is passed over, all else is shown once. Only in a task directory, as on Linux, other threads may be passed over too
 * when the one at which to go on is gone. It holds no reference, so that closing it is a matter of form.
 *
 * @example
 * ```ts
 * import { Kernel, SIGKILL } from 'pidns'
 * const kernel = Kernel.boot()
 * for (let i = 0; i < 3; i++) kernel.init.fork()
 * const dir = kernel.procfs(kernel.init).opendirSync('/')
 * dir.seek(258 + 2)
 * console.log(dir.readSync()?.name) // => 2
 * kernel.init.kill(3, SIGKILL)
 * kernel.init.waitpidSync(3)
 * console.log(dir.readSync()?.name, dir.tell()) // => 4 263
 * console.log(dir.readSync()) // => null
 * ```
 */
export class ProcDir {
  readonly #realm: Realm
  readonly #mount: ProcMount
  readonly #context: DirContext
  #open = true
  /** The path that it was opened by. */
  readonly path: string

  /** Made by {@link Procfs.opendirSync}. */
  constructor(realm: Realm, mount: ProcMount, context: DirContext, path: string) {
    this.#realm = realm
    this.#mount = mount
    this.#context = context
    this.path = path
  }

  /**
   * The next entry, null at the end, and once the process that the directory belongs to is reaped. Throws EBADF: closed.
   * Source: readdir(3).
   */
  readSync(): ProcDirent | null {
    const context = this.#live('scandir')
    if (!procReaddir(this.#mount, context)) return null
    return new ProcDirent(context.name, this.path, context.mode)
  }

  /**
   * Where the next {@link ProcDir.readSync} goes on: at the root, the process with number n is at n + 258. Throws
   * EBADF: closed. Source: telldir(3).
   */
  tell(): number {
    return this.#live('lseek').pos
  }

  /**
   * Goes on at an offset that {@link ProcDir.tell} gave, or with n + 258 at the first process from number n on. Throws
   * EBADF: closed; EINVAL: negative. TypeError, RangeError: not a safe integer. Source: seekdir(3).
   */
  seek(offset: number): void {
    const context = this.#live('lseek')
    if (typeof offset !== 'number') throw new TypeError(`"offset" expected a number, got ${typeof offset}`)
    if (!Number.isSafeInteger(offset)) throw new RangeError(`"offset" expected an integer, got ${offset}`)
    if (offset < 0) throw new KernelError(EINVAL, 'lseek', this.path)
    context.pos = offset
    context.nextTid = 0
  }

  /** Closes it; closing twice does nothing. */
  closeSync(): void {
    this.#open = false
  }

  [Symbol.dispose](): void {
    this.closeSync()
  }

  /** The entries from here on. */
  *[Symbol.iterator](): Generator<ProcDirent, void, undefined> {
    for (let entry = this.readSync(); entry !== null; entry = this.readSync()) yield entry
  }

  #live(syscall: string): DirContext {
    if (!this.#open || this.#realm.disposed) throw new KernelError(EBADF, syscall, this.path)
    return this.#context
  }

  static {
    lockMethods(ProcDir.prototype, (dir) => dir.#realm)
  }
}
