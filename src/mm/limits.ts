/** The limits of a table, and what values they may take. */
import { BITS_PER_PAGE, PID_MAX_LIMIT, PID_MAX_MIN, RESERVED_PIDS } from '../abi/limits.ts'
import * as L from './layout.ts'

/** Limits of a table. The defaults are the kernel's; tests shrink them so that rare paths become common. */
export interface Limits {
  /** Whose answers, where kernels differ: the seeds' kernel's or today's. */
  era: '4.14' | 'latest'
  /** How a number is found: by the seeds' hash, or by the radix tree that took its place in Linux 4.15. */
  lookup: 'hash' | 'idr'
  /** Most tasks alive at a time: fork fails with EAGAIN beyond it. */
  maxPids: number
  /** Most PID namespaces below the initial one: unshare and clone fail with ENOSPC beyond it. */
  maxNamespaces: number
  /** Bits in a page of the pidmap: a power of two, 32 to 32768. */
  bitsPerPage: number
  /** One more than the largest number that pid_max may be set to; at most 128 pages. */
  pidMaxLimit: number
  /** Where a search goes on after pid_max. */
  reservedPids: number
  /** The smallest pid_max. */
  pidMaxMin: number
}

export const DEFAULT_LIMITS: Limits = {
  era: 'latest',
  lookup: 'hash',
  maxPids: 32768,
  maxNamespaces: 1024,
  bitsPerPage: BITS_PER_PAGE,
  pidMaxLimit: PID_MAX_LIMIT,
  reservedPids: RESERVED_PIDS,
  pidMaxMin: PID_MAX_MIN,
}

/** The limits asked for, the defaults elsewhere. Throws TypeError, RangeError naming the limit and its range. */
export function checkedLimits(options: Partial<Limits> & { pidMax?: number }): Limits {
  const limits = { ...DEFAULT_LIMITS }
  const take = (
    name: 'maxPids' | 'maxNamespaces' | 'bitsPerPage' | 'pidMaxLimit' | 'reservedPids' | 'pidMaxMin',
  ) => {
    limits[name] = options[name] ?? limits[name]
  }
  take('maxPids')
  take('maxNamespaces')
  take('bitsPerPage')
  take('pidMaxLimit')
  take('reservedPids')
  take('pidMaxMin')
  limits.era = options.era ?? limits.era
  if (limits.era !== 'latest' && limits.era !== '4.14') {
    throw new RangeError(`"era" expected 'latest' or '4.14', got ${String(limits.era)}`)
  }
  limits.lookup = options.lookup ?? limits.lookup
  if (limits.lookup !== 'hash' && limits.lookup !== 'idr') {
    throw new RangeError(`"lookup" expected 'hash' or 'idr', got ${String(limits.lookup)}`)
  }
  within('maxPids', limits.maxPids, 1, 4194304)
  within('maxNamespaces', limits.maxNamespaces, 0, 65536)
  within('bitsPerPage', limits.bitsPerPage, 32, 32768)
  if ((limits.bitsPerPage & (limits.bitsPerPage - 1)) !== 0) {
    throw new RangeError(`"bitsPerPage" expected a power of two, got ${limits.bitsPerPage}`)
  }
  const most = 32 * L.NS_FULL_PAGES_WORDS * limits.bitsPerPage
  within('pidMaxLimit', limits.pidMaxLimit, 3, Math.min(most, DEFAULT_LIMITS.pidMaxLimit))
  within('reservedPids', limits.reservedPids, 1, limits.pidMaxLimit - 2)
  within('pidMaxMin', limits.pidMaxMin, limits.reservedPids + 1, limits.pidMaxLimit)
  if (options.pidMax !== undefined) within('pidMax', options.pidMax, limits.pidMaxMin, limits.pidMaxLimit)
  return limits
}

function within(name: string, value: unknown, min: number, max: number): void {
  if (typeof value !== 'number') throw new TypeError(`"${name}" expected a number, got ${typeof value}`)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`"${name}" expected an integer from ${min} to ${max}, got ${value}`)
  }
}
