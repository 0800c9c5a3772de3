/** How errors leave the library. Inside, they are the kernel's negative numbers. */
import { errnoName, errnoText } from './abi/errno.ts'

/**
 * A system call failed as Linux would have it fail. Looks like Node's own errors: `code` is the name, `errno` the
 * negated number, `syscall` the call, `path` what it was about, where it was about a path.
 *
 * @example
 * ```ts
 * import { Kernel, KernelError } from 'pidns'
 * try {
 *   Kernel.boot().init.kill(4000, 15)
 * } catch (error) {
 *   if (error instanceof KernelError) console.log(error.code, error.syscall) // => ESRCH kill
 * }
 * ```
 */
export class KernelError extends Error {
  override readonly name = 'KernelError'
  /** The error's name: `'ESRCH'`. */
  readonly code: string
  /** The error's number, negated: -3. */
  readonly errno: number
  /** The system call that failed: `'kill'`. */
  readonly syscall: string
  /** The path that the call was given; absent where it was given none. */
  declare readonly path?: string

  constructor(errno: number, syscall: string, path?: string) {
    const number = Math.abs(errno)
    super(`${errnoName(number)}: ${errnoText(number)}, ${syscall}${path === undefined ? '' : ` '${path}'`}`)
    this.code = errnoName(number)
    this.errno = -number
    this.syscall = syscall
    if (path !== undefined) this.path = path
  }
}

/** `value` if it is an int32, as C's `int` arguments are. Throws TypeError, RangeError. */
export function int32(name: string, value: unknown): number {
  if (typeof value === 'number' && (value | 0) === value) return value
  return integer(name, value, -0x80000000, 0x7fffffff, 'a 32-bit integer')
}

/** `value` as a word of flags: an int32 or a uint32. Throws TypeError, RangeError. */
export function flags32(name: string, value: unknown): number {
  if (typeof value === 'number' && (value | 0) === value) return value
  return integer(name, value, -0x80000000, 0xffffffff, 'a 32-bit integer') | 0
}

function integer(name: string, value: unknown, min: number, max: number, expected: string): number {
  if (typeof value !== 'number') throw new TypeError(`"${name}" expected ${expected}, got ${show(value)}`)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`"${name}" expected ${expected}, got ${value}`)
  }
  return value
}

/** `value` if it is an object that is no array. Throws TypeError. */
export function record<T extends object>(name: string, value: T): T {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new TypeError(`"${name}" expected an object, got ${show(value)}`)
  }
  return value
}

/** A value of the wrong type, as an error message names it. */
export function show(value: unknown): string {
  if (value === null) return 'null'
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : typeof value
}
