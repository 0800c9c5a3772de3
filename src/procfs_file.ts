/** What procfs tells of a file: its type, in a directory's listing; all its attributes, in a stat. As in node:fs. */
import { DIRECTORY, REGULAR, S_IFMT, SYMLINK } from './fs/procfs_entry.ts'

/** What sort of file it is. On procfs there are three. */
class FileType {
  readonly #type: number

  constructor(mode: number) {
    this.#type = mode & S_IFMT
  }

  isDirectory(): boolean {
    return this.#type === (DIRECTORY & S_IFMT)
  }

  isFile(): boolean {
    return this.#type === (REGULAR & S_IFMT)
  }

  isSymbolicLink(): boolean {
    return this.#type === (SYMLINK & S_IFMT)
  }

  /** Never, like the three that follow: they are here for programs written for node:fs. */
  isBlockDevice(): boolean {
    return false
  }

  isCharacterDevice(): boolean {
    return false
  }

  isFIFO(): boolean {
    return false
  }

  isSocket(): boolean {
    return false
  }
}

/**
 * An entry of a directory of procfs, as `fs.Dirent`: its name, its type, and the directory's path as it was given.
 *
 * @example
 * ```ts
 * import { Kernel } from 'pidns'
 * const kernel = Kernel.boot()
 * const entries = kernel.procfs(kernel.init).readdirSync('/', { withFileTypes: true })
 * console.log(entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)) // => [ '1' ]
 * ```
 */
export class ProcDirent extends FileType {
  readonly name: string
  readonly parentPath: string

  constructor(name: string, parentPath: string, mode: number) {
    super(mode)
    this.name = name
    this.parentPath = parentPath
  }
}

/** The one time that there is: the library has no clock. */
const EPOCH = 0

/**
 * Attributes of a file of procfs, as `fs.Stats`. `mode` is 0o40555, 0o100444 or 0o120777; `size` is 0, as for all files
 * that have no length until they are read; `ino` differs between any two files of a mount; all times are 0.
 *
 * @example
 * ```ts
 * import { Kernel } from 'pidns'
 * const kernel = Kernel.boot()
 * const stats = kernel.procfs(kernel.init).statSync('/1')
 * console.log(stats.isDirectory(), stats.mode.toString(8), stats.size) // => true 40555 0
 * ```
 */
export class ProcStats extends FileType {
  readonly dev = 0
  readonly mode: number
  readonly nlink: number
  readonly uid = 0
  readonly gid = 0
  readonly rdev = 0
  readonly ino: number
  readonly size = 0
  readonly blksize = 1024
  readonly blocks = 0
  readonly atimeMs: number = EPOCH
  readonly mtimeMs: number = EPOCH
  readonly ctimeMs: number = EPOCH
  readonly birthtimeMs: number = EPOCH
  readonly atime: Date = new Date(EPOCH)
  readonly mtime: Date = new Date(EPOCH)
  readonly ctime: Date = new Date(EPOCH)
  readonly birthtime: Date = new Date(EPOCH)

  constructor(mode: number, ino: number, nlink: number) {
    super(mode)
    this.mode = mode
    this.ino = ino
    this.nlink = nlink
  }
}
