/** Writes down what was called, so that a failure can be repeated by hand. */
import type { Call, Outcome } from '../oracle/call.ts'
import type { Thread } from '../oracle/world.ts'
import type { Pair } from './real.ts'

export class Log {
  readonly #pair: Pair
  readonly #lines: string[] = []

  constructor(pair: Pair) {
    this.#pair = pair
  }

  begin(caller: Thread, call: Call): void {
    const { op, ...args } = call
    const known = [...this.#pair.tasks.keys()]
    const words = JSON.stringify(args, (key, value) => this.#short(key, value))
    this.#lines.push(`t${known.indexOf(caller)}.${op}(${words})`)
  }

  end(outcome: Outcome): void {
    const last = this.#lines.length - 1
    this.#lines[last] += ` -> ${JSON.stringify(outcome)}`
  }

  /** Tasks are t0, which is kernel.init, t1 and so on as they were made. */
  text(): string {
    return this.#lines.join('\n')
  }

  #short(_key: string, value: unknown): unknown {
    const { pidfds, nsFiles } = this.#pair
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const pidfd = [...pidfds.keys()].indexOf(value as never)
    if (pidfd >= 0) return `pidfd ${pidfd}`
    const file = [...nsFiles.keys()].indexOf(value as never)
    return file >= 0 ? `file ${file}` : value
  }
}
