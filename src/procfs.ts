/** procfs with the functions of node:fs, so that a virtual file system can mount it. */
import { ENOENT, ESRCH } from './abi/errno.ts'
import { KernelError, show } from './errors.ts'
import { procGetattr, procLookup, procOpendir, procRead, procReaddir, procReadlink } from './fs/procfs.ts'
import type { DirContext, ProcFile, ProcMount } from './fs/procfs_entry.ts'
import { latin1Bytes } from './lib/latin1.ts'
import { utf8String } from './lib/utf8.ts'
import { lockedSoon, lockMethods } from './locked.ts'
import { ProcDir } from './procfs_dir.ts'
import { ProcDirent, ProcStats } from './procfs_file.ts'
import type { Realm } from './realm.ts'

/** The only encoding; `null`, or none, asks for bytes. */
type Encoding = 'utf8' | 'utf-8'

/** Options of {@link Procfs.readdirSync}. */
export interface ReaddirOptions {
  readonly encoding?: Encoding | null
  /** Entries with their types, rather than names. Default: false. */
  readonly withFileTypes?: boolean
}

/** Options of {@link Procfs.statSync} and {@link Procfs.lstatSync}. */
export interface StatOptions {
  /** Whether to throw, rather than return undefined, where there is no such file. Default: true. */
  readonly throwIfNoEntry?: boolean
}

interface ReadFileOptions {
  readonly encoding?: Encoding | null
}

/** The functions of {@link Procfs} as promises, as in node:fs/promises. What those throw, these reject with. */
export interface ProcfsPromises {
  readdir(
    path: string,
    options?: (ReaddirOptions & { withFileTypes?: false }) | Encoding | null,
  ): Promise<string[]>
  readdir(path: string, options: ReaddirOptions & { withFileTypes: true }): Promise<ProcDirent[]>
  readFile(path: string, options?: { encoding?: null } | null): Promise<Uint8Array>
  readFile(path: string, options: { encoding: Encoding } | Encoding): Promise<string>
  stat(path: string): Promise<ProcStats>
  lstat(path: string): Promise<ProcStats>
  readlink(path: string): Promise<string>
}

/**
 * A mount of procfs, made by {@link Kernel.procfs}: the processes of one namespace as files, to be read only. Paths
 * begin at the root of the mount.
 *
 * | path | |
 * |---|---|
 * | `/self`, `/thread-self` | links to the reader's directory and to its thread's |
 * | `/N` | a process, or a thread by its number, which is not listed |
 * | `/N/status`, `stat`, `comm`, `cmdline` | its numbers, state and name, as proc(5) has them |
 * | `/N/task/T` | a thread of it; there also `children`, the numbers of that thread's |
 * | `/N/ns/pid`, `pid_for_children` | links that name namespaces |
 * | `/sys/kernel/pid_max`, `ns_last_pid` | of the reader's namespace; `/sys` is not listed |
 *
 * Functions throw KernelError with `code`, `syscall` and `path` as Node's own: ENOENT: no such file, or the task is gone,
 * or a link that leads nowhere for this reader; ENOTDIR: what is no directory is used as one; ESRCH: the kernel is
 * disposed. TypeError: an argument of another type.
 *
 * @example
 * ```ts
 * import { Kernel, SIGSTOP } from 'pidns'
 * const kernel = Kernel.boot()
 * const child = kernel.init.fork()
 * child.comm = 'worker'
 * kernel.init.kill(child.pid, SIGSTOP)
 * const proc = kernel.procfs(kernel.init)
 * console.log(proc.readFileSync('/2/stat', 'utf8').slice(0, 12)) // => 2 (worker) T
 * console.log(await proc.promises.readdir('/2/task')) // => [ '2' ]
 * ```
 */
export class Procfs {
  readonly #realm: Realm
  readonly #mount: ProcMount
  /** The same functions as promises. */
  readonly promises: ProcfsPromises

  /** Made by {@link Kernel.procfs}. */
  constructor(realm: Realm, mount: ProcMount) {
    this.#realm = realm
    this.#mount = mount
    this.promises = {
      readdir: (path: string, options?: unknown) =>
        lockedSoon(realm, () => this.readdirSync(path, options as never) as never),
      readFile: (path: string, options?: unknown) =>
        lockedSoon(realm, () => this.readFileSync(path, options as never) as never),
      stat: (path) => lockedSoon(realm, () => this.statSync(path)),
      lstat: (path) => lockedSoon(realm, () => this.lstatSync(path)),
      readlink: (path) => lockedSoon(realm, () => this.readlinkSync(path)),
    }
  }

  /**
   * The names in a directory: at the root self, thread-self, then the numbers of processes, rising, zombies included. With
   * `withFileTypes` each is a {@link ProcDirent}. Throws ENOENT, ENOTDIR. Source: readdir(3), proc(5).
   *
   * @example
   * ```ts
   * import { Kernel } from 'pidns'
   * const kernel = Kernel.boot()
   * console.log(kernel.procfs(kernel.init).readdirSync('/')) // => [ 'self', 'thread-self', '1' ]
   * ```
   */
  readdirSync(
    path: string,
    options?: (ReaddirOptions & { withFileTypes?: false }) | Encoding | null,
  ): string[]
  readdirSync(path: string, options: ReaddirOptions & { withFileTypes: true }): ProcDirent[]
  readdirSync(path: string, options?: ReaddirOptions | Encoding | null): string[] | ProcDirent[] {
    encodingOf(options)
    const context = this.#opendir(path, 'scandir')
    if (typeof options === 'object' && options?.withFileTypes === true) {
      const entries: ProcDirent[] = []
      while (procReaddir(this.#mount, context)) entries.push(new ProcDirent(context.name, path, context.mode))
      return entries
    }
    const names: string[] = []
    while (procReaddir(this.#mount, context)) names.push(context.name)
    return names
  }

  /**
   * A directory to be read entry by entry, while processes come and go. Throws ENOENT, ENOTDIR. Source: opendir(3).
   *
   * @example
   * ```ts
   * import { Kernel } from 'pidns'
   * const kernel = Kernel.boot()
   * const dir = kernel.procfs(kernel.init).opendirSync('/1/ns')
   * console.log(Array.from(dir, (entry) => entry.name)) // => [ 'pid', 'pid_for_children' ]
   * ```
   */
  opendirSync(path: string): ProcDir {
    return new ProcDir(this.#realm, this.#mount, this.#opendir(path, 'opendir'), path)
  }

  /**
   * A whole file: bytes, or with 'utf8' a string, in which what is not UTF-8 is U+FFFD. Throws ENOENT, ENOTDIR; EISDIR;
   * EINVAL: a namespace; ESRCH: a sysctl, and the reader is gone. Source: proc(5).
   *
   * @example
   * ```ts
   * import { Kernel } from 'pidns'
   * const kernel = Kernel.boot()
   * const text = kernel.procfs(kernel.init).readFileSync('/sys/kernel/pid_max', 'utf8')
   * console.log(JSON.stringify(text)) // => "32768\n"
   * ```
   */
  readFileSync(path: string, options?: { encoding?: null } | null): Uint8Array
  readFileSync(path: string, options: { encoding: Encoding } | Encoding): string
  readFileSync(path: string, options?: ReadFileOptions | Encoding | null): Uint8Array | string {
    const asText = encodingOf(options)
    const text = procRead(this.#mount, this.#file(path, true, 'open'))
    if (typeof text === 'number') throw new KernelError(text, 'read')
    const bytes = latin1Bytes(text)
    if (!asText) return Uint8Array.from(bytes)
    return bytes.some((byte) => byte > 0x7f) ? utf8String(bytes) : text
  }

  /**
   * The attributes of a file, of the one that a link leads to. Throws ENOENT (or, with `throwIfNoEntry: false`, returns
   * undefined), ENOTDIR. Source: stat(2).
   *
   * @example
   * ```ts
   * import { Kernel } from 'pidns'
   * const kernel = Kernel.boot()
   * const proc = kernel.procfs(kernel.init)
   * console.log(proc.statSync('/self').isDirectory(), proc.lstatSync('/self').isSymbolicLink()) // => true true
   * console.log(proc.statSync('/4', { throwIfNoEntry: false })) // => undefined
   * ```
   */
  statSync(path: string, options?: StatOptions & { throwIfNoEntry?: true }): ProcStats
  statSync(path: string, options: StatOptions): ProcStats | undefined
  statSync(path: string, options?: StatOptions): ProcStats | undefined {
    return this.#stat(path, true, 'stat', options)
  }

  /** As {@link Procfs.statSync}, of a link itself. Source: lstat(2). */
  lstatSync(path: string, options?: StatOptions & { throwIfNoEntry?: true }): ProcStats
  lstatSync(path: string, options: StatOptions): ProcStats | undefined
  lstatSync(path: string, options?: StatOptions): ProcStats | undefined {
    return this.#stat(path, false, 'lstat', options)
  }

  /**
   * What a link says: `N`, `N/task/T` or `pid:[INODE]`. Throws EINVAL: no link; ENOENT: no such link, or it leads
   * nowhere: the namespace does not see the reader, the children's namespace has no init yet, the task exits.
   * Source: readlink(2), proc_self(5), namespaces(7).
   *
   * @example
   * ```ts
   * import { Kernel } from 'pidns'
   * const kernel = Kernel.boot()
   * const proc = kernel.procfs(kernel.init)
   * console.log(proc.readlinkSync('/thread-self'), proc.readlinkSync('/1/ns/pid')) // => 1/task/1 pid:[4026531836]
   * ```
   */
  readlinkSync(path: string, options?: { encoding?: Encoding | null } | Encoding | null): string {
    encodingOf(options)
    const text = procReadlink(this.#mount, this.#file(path, false, 'readlink'))
    if (typeof text === 'number') throw new KernelError(text, 'readlink', path)
    return text
  }

  /**
   * Whether there is such a file, through links. Never throws. Source: access(2).
   *
   * @example
   * ```ts
   * import { Kernel } from 'pidns'
   * const kernel = Kernel.boot()
   * const proc = kernel.procfs(kernel.init)
   * console.log(proc.existsSync('/1'), proc.existsSync('/01')) // => true false
   * ```
   */
  existsSync(path: string): boolean {
    if (this.#realm.disposed || typeof path !== 'string') return false
    return typeof procLookup(this.#mount, path, true) !== 'number'
  }

  #lookup(path: string, follow: boolean, syscall: string): ProcFile | number {
    if (typeof path !== 'string') throw new TypeError(`"path" expected a string, got ${show(path)}`)
    if (this.#realm.disposed) throw new KernelError(ESRCH, syscall, path)
    return procLookup(this.#mount, path, follow)
  }

  #file(path: string, follow: boolean, syscall: string): ProcFile {
    const file = this.#lookup(path, follow, syscall)
    if (typeof file === 'number') throw new KernelError(file, syscall, path)
    return file
  }

  #opendir(path: string, syscall: string): DirContext {
    const context = procOpendir(this.#file(path, true, syscall))
    if (typeof context === 'number') throw new KernelError(context, syscall, path)
    return context
  }

  #stat(path: string, follow: boolean, syscall: string, options?: StatOptions): ProcStats | undefined {
    const file = this.#lookup(path, follow, syscall)
    if (file === -ENOENT && options?.throwIfNoEntry === false) return undefined
    if (typeof file === 'number') throw new KernelError(file, syscall, path)
    const { mode, ino, nlink } = procGetattr(this.#mount, file)
    return new ProcStats(mode, ino, nlink)
  }

  static {
    lockMethods(Procfs.prototype, (procfs) => procfs.#realm)
  }
}

/** Whether text is asked for. */
function encodingOf(options: unknown): boolean {
  const encoding =
    typeof options === 'object' ? (options as ReadFileOptions | null)?.encoding : (options as Encoding)
  if (encoding === undefined || encoding === null) return false
  if (encoding !== 'utf8' && encoding !== 'utf-8') {
    throw new TypeError(`"encoding" expected 'utf8', got ${show(encoding)}`)
  }
  return true
}
