/** Ways to choose schedules. */
import { DIE, DRAIN, type Explorer, FORCED, GO_ON, type Kind, POINT, SEE } from './machine.ts'

/** A choice other than the first option, as a replay names it: what kind, at which step, which option. */
export interface Choice {
  readonly kind: Kind
  readonly step: number
  readonly option: number
}

export interface Strategy extends Explorer {
  /** What was chosen in this run. */
  readonly choices: Choice[]
  /** Prepares the next run; false: there is none. */
  nextRun(): boolean
  /** Begins anew. */
  restart(): void
}

interface Decision {
  chosen: number
  readonly count: number
  readonly free: number
}

/** All schedules with at most `bound` choices that cost, depth first. */
export class DepthFirst implements Strategy {
  readonly choices: Choice[] = []
  readonly #path: Decision[] = []
  readonly #bound: number
  #at = 0
  #cost = 0

  constructor(bound: number) {
    this.#bound = bound
  }

  choose(kind: Kind, step: number, options: readonly number[], free: number): number {
    const spent = this.#cost >= this.#bound
    const count = spent ? Math.min(free, options.length) : options.length
    if (count <= 1) return 0
    let decision = this.#path[this.#at]
    if (decision === undefined) {
      decision = { chosen: 0, count, free }
      this.#path.push(decision)
    }
    this.#at += 1
    if (decision.chosen >= free) this.#cost += 1
    if (decision.chosen > 0) this.choices.push({ kind, step, option: options[decision.chosen] })
    return decision.chosen
  }

  nextRun(): boolean {
    while (this.#path.length > 0) {
      const last = this.#path[this.#path.length - 1]
      if (last.chosen + 1 < last.count) {
        last.chosen += 1
        this.#begin()
        return true
      }
      this.#path.pop()
    }
    return false
  }

  restart(): void {
    this.#path.length = 0
    this.#begin()
  }

  #begin(): void {
    this.#at = 0
    this.#cost = 0
    this.choices.length = 0
  }
}

/** Numbers that look random, from 0 to below `below`. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed | 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

abstract class Sampled implements Strategy {
  readonly choices: Choice[] = []
  protected readonly random: (below: number) => number
  readonly #runs: number
  #run = 0

  constructor(runs: number, seed: number) {
    this.random = randomOf(seed)
    this.#runs = runs
  }

  abstract pick(kind: Kind, options: readonly number[], step: number): number

  choose(kind: Kind, step: number, options: readonly number[]): number {
    const chosen = this.pick(kind, options, step)
    if (chosen > 0) this.choices.push({ kind, step, option: options[chosen] })
    return chosen
  }

  nextRun(): boolean {
    this.choices.length = 0
    this.#run += 1
    return this.#run < this.#runs
  }

  restart(): void {
    this.choices.length = 0
  }
}

/** At each step another option with a probability of one in eight. */
export class Random extends Sampled {
  pick(kind: Kind, options: readonly number[]): number {
    if (kind !== FORCED && this.random(8) !== 0) return 0
    return this.random(options.length)
  }
}

/** Probabilistic concurrency testing: the agent of the highest priority runs, and at so many steps the first falls behind. */
export class Pct extends Sampled {
  readonly #depth: number
  #priorities: number[] = []
  #changes: number[] = []
  #longest = 100
  #current = 0

  constructor(runs: number, seed: number, depth: number) {
    super(runs, seed)
    this.#depth = depth
    this.#prepare()
  }

  pick(kind: Kind, options: readonly number[], step: number): number {
    this.#longest = Math.max(this.#longest, step)
    if (kind === SEE) return this.random(4) === 0 ? this.random(options.length) : 0
    if (kind !== POINT && kind !== FORCED) return this.random(options.length)
    while (this.#changes.length > 0 && step >= this.#changes[0]) {
      this.#changes.shift()
      this.#priorities[this.#current] = this.#changes.length - this.#depth
    }
    if (kind === POINT && this.random(50) === 0) {
      const odd = options.findIndex((option) => option === DIE || option <= DRAIN)
      if (odd > 0) return odd
    }
    let best = 0
    for (let i = 0; i < options.length; i++) {
      if (options[i] < 0 && options[i] !== GO_ON) continue
      if (this.#of(options[i]) > this.#of(options[best])) best = i
    }
    if (options[best] >= 0) this.#current = options[best]
    return best
  }

  override nextRun(): boolean {
    this.#prepare()
    return super.nextRun()
  }

  #of(option: number): number {
    return this.#priorities[option === GO_ON ? this.#current : option] ?? 0
  }

  #prepare(): void {
    this.#priorities = [0, 1, 2, 3].map(() => 1 + this.random(1000))
    this.#changes = Array.from({ length: this.#depth - 1 }, () => this.random(this.#longest)).sort(
      (a, b) => a - b,
    )
  }
}

/** One schedule: these choices, and the first option elsewhere. */
export class Replay implements Strategy {
  readonly choices: Choice[]

  constructor(choices: readonly Choice[]) {
    this.choices = [...choices]
  }

  choose(kind: Kind, step: number, options: readonly number[]): number {
    const choice = this.choices.find((known) => known.kind === kind && known.step === step)
    return choice === undefined ? 0 : Math.max(0, options.indexOf(choice.option))
  }

  nextRun(): boolean {
    return false
  }

  restart(): void {}
}

/** As text: `p12.1 k12.9`. */
export function choicesText(choices: readonly Choice[]): string {
  return choices.map(({ kind, step, option }) => `${kind}${step}.${option}`).join('_')
}

export function choicesOf(text: string): Choice[] {
  return text
    .split('_')
    .filter((part) => part !== '')
    .map((part) => {
      const [, kind, step, option] = /^([pfks])(\d+)\.(-?\d+)$/.exec(part) ?? []
      if (kind === undefined) throw new Error(`"${part}" is no step of a schedule`)
      return { kind: kind as Kind, step: Number(step), option: Number(option) }
    })
}
