/**
 * How a row is measured. Both sides of it run in one process that measures nothing else, in turns: a round of ours, a
 * round of the peer's, so that whatever the machine does meanwhile happens to both. Each round makes its loop anew from
 * its text, so that no side profits or suffers from what V8 learnt of another loop; it is warmed up, then timed. A
 * round for which the thread was not on a CPU is thrown away and done again.
 */
import { readFileSync } from 'node:fs'

/** One of the two things that a row compares. */
export interface Side<State = never> {
  readonly name: string
  /** What the loop works on. Called once, or before each round where `again` is set. */
  setup(): State | Promise<State>
  /** Does the thing `n` times, and returns something that depends on all of it. Uses nothing but its arguments. */
  readonly loop: (state: State, n: number) => number
  /** Gives back what a round took. */
  cleanup?(state: State): void | Promise<void>
  readonly again?: boolean
  /** Most times in one round. */
  readonly most?: number
}

export interface Measured {
  /** Median over the rounds, for one time. */
  readonly ns: number
  /** Half the distance between the quartiles, as a part of the median. */
  readonly noise: number
  readonly rounds: number
  /** Rounds thrown away because the thread was off the CPU. */
  readonly thrownAway: number
}

export interface Effort {
  readonly rounds: number
  readonly roundMs: number
}

export const FULL: Effort = { rounds: 15, roundMs: 30 }
/** Shows that everything runs; says nothing about time. */
export const SHORT: Effort = { rounds: 1, roundMs: 0.1 }

/** Part of a round that the thread must have been on a CPU. */
export const ON_CPU = 0.97
export const MOST_TRIES = 4

interface Runner {
  side: Side<unknown>
  state: unknown
  n: number
  readonly times: number[]
  thrownAway: number
}

/** Measures the sides in turns. */
export async function measure(sides: readonly Side[], effort: Effort): Promise<Measured[]> {
  const runners: Runner[] = []
  for (const side of sides as unknown as readonly Side<unknown>[]) {
    const state = side.again === true ? undefined : await side.setup()
    runners.push({ side, state, n: side.most ?? 0, times: [], thrownAway: 0 })
  }
  for (const runner of runners) if (runner.n === 0) runner.n = timesForRound(runner, effort)
  for (let round = 0; round < effort.rounds; round++) {
    for (const runner of runners) await runRound(runner, effort)
  }
  return runners.map(({ times, thrownAway }) => ({ ...middle(times), rounds: times.length, thrownAway }))
}

/** How often the loop must run to last for a round. */
function timesForRound({ side, state }: Runner, { roundMs }: Effort): number {
  for (let n = 64; ; n *= 2) {
    const { elapsed } = timed(() => keep(side.loop(state, n)))
    if (elapsed >= roundMs * 1e6) return n
  }
}

async function runRound(runner: Runner, effort: Effort): Promise<void> {
  const { side, n } = runner
  const warmUps = effort.rounds === 1 ? 0 : 2
  for (let attempt = 1; ; attempt++) {
    const loop = fresh(side.loop)
    for (let i = 0; i < warmUps; i++) await runOnce(runner, loop, Math.ceil(n / 2))
    const { elapsed, onCpu } = await runOnce(runner, loop, n)
    if (onCpu >= ON_CPU || attempt === MOST_TRIES || effort.rounds === 1) {
      runner.times.push(elapsed / n)
      return
    }
    runner.thrownAway += 1
  }
}

async function runOnce(runner: Runner, loop: Side<unknown>['loop'], n: number): Promise<Timed> {
  const { side } = runner
  if (side.again !== true) return timed(() => keep(loop(runner.state, n)))
  const state = await side.setup()
  const result = timed(() => keep(loop(state, n)))
  await side.cleanup?.(state)
  return result
}

/** The function, compiled anew from its text: it shares nothing with the one given. */
export function fresh<F>(f: F): F {
  return new Function(`return ${String(f)}`)() as F
}

interface Timed {
  readonly elapsed: number
  readonly onCpu: number
}

function timed(run: () => void): Timed {
  const cpu = cpuNs()
  const start = process.hrtime.bigint()
  run()
  const elapsed = Number(process.hrtime.bigint() - start)
  return { elapsed, onCpu: elapsed === 0 ? 1 : (cpuNs() - cpu) / elapsed }
}

/** Time that this thread has been on a CPU. */
export function cpuNs(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0])
  } catch {
    const { user, system } = process.cpuUsage()
    return (user + system) * 1000
  }
}

let sink = 0
/** Nothing that was computed may be left out. */
function keep(value: number): void {
  sink ^= value
  if (sink === 0x7fffffff) console.error('')
}

/** Their median, and half the distance between the quartiles as a part of it. */
export function middle(times: readonly number[]): { ns: number; noise: number } {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))] ?? 0
  const ns = at(0.5)
  return { ns, noise: (at(0.75) - at(0.25)) / 2 / ns }
}
