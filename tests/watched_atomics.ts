/**
 * Lets tests watch words through a Proxy on the shared build too: Atomics takes real typed arrays only, so that for a
 * Proxy each operation is done here by reads and writes, which it sees.
 */
import { isProxy } from 'node:util/types'

const modify =
  (change: (old: number, value: number) => number) =>
  (words: Int32Array, at: number, value: number): number => {
    const old = words[at] as number
    words[at] = change(old, value)
    return old
  }

const ON_PROXY = {
  load: (words: Int32Array, at: number) => words[at],
  store: modify((_, value) => value),
  add: modify((old, value) => old + value),
  or: modify((old, value) => old | value),
  and: modify((old, value) => old & value),
  compareExchange: (words: Int32Array, at: number, expected: number, replacement: number) => {
    const old = words[at]
    if (old === expected) words[at] = replacement
    return old
  },
}

for (const [name, onProxy] of Object.entries(ON_PROXY)) {
  const atomics = Atomics as unknown as Record<string, (...args: unknown[]) => unknown>
  const real = atomics[name] as (...args: unknown[]) => unknown
  atomics[name] = (...args) => (isProxy(args[0]) ? (onProxy as typeof real)(...args) : real(...args))
}
