/**
 * Rows about workers that use one table at the same time. Each worker keeps to a processor of its own. In a round those in
 * the foreground do their work `n` times, all beginning at once, while those beside them work without a break; sides take
 * turns as in measure.ts. A round in which one of them was not on its processor is thrown away and done again.
 */
import { readFileSync } from 'node:fs'
import type { TransferListItem } from 'node:worker_threads'
import { Worker } from 'node:worker_threads'
import { type Effort, type Measured, MOST_TRIES, middle, ON_CPU } from './measure.ts'
import type { Kind } from './works.ts'

export interface Member {
  readonly kind: Kind
  /** What the worker is given, and what of it moves there. */
  readonly data: unknown
  readonly transfer?: readonly TransferListItem[]
}

/** One of the two things that a row compares. */
export interface Team {
  readonly name: string
  /** Makes what they work on, and says who they are. */
  setup(): Promise<Members> | Members
}

export interface Members {
  readonly foreground: readonly Member[]
  readonly beside?: readonly Member[]
  /** They wait for each other, so that none is always on its processor; those beside do nothing of their own. */
  readonly sleeps?: boolean
}

/** Words of the gate. */
export const GO = 0
export const WAITING = 1
export const RUNNING = 2

export interface WorkerData {
  readonly kind: Kind
  readonly data: unknown
  readonly processor: number
  readonly gate: Int32Array
}

/** n 0: until {@link GO} is 0. */
export interface Order {
  readonly n: number
  readonly warmUps: number
  readonly team: number
}

export interface WorkerReport {
  readonly done: number
  readonly elapsed: number
  readonly onCpu: number
}

interface Runner {
  readonly members: Members
  readonly foreground: readonly Worker[]
  readonly beside: readonly Worker[]
  readonly gate: Int32Array
  n: number
  readonly times: number[]
  thrownAway: number
}

/** Measures the teams in turns: nanoseconds for one time, of all workers in the foreground together. */
export async function measureTogether(teams: readonly Team[], effort: Effort): Promise<Measured[]> {
  const runners: Runner[] = []
  for (const team of teams) runners.push(await startTeam(team))
  try {
    for (const runner of runners) await timesForRound(runner, effort)
    for (let round = 0; round < effort.rounds; round++)
      for (const runner of runners) await runRound(runner, effort)
  } finally {
    for (const { foreground, beside } of runners)
      for (const worker of [...foreground, ...beside]) await worker.terminate()
  }
  return runners.map(({ times, thrownAway }) => ({ ...middle(times), rounds: times.length, thrownAway }))
}

async function startTeam(team: Team): Promise<Runner> {
  const members = await team.setup()
  const gate = new Int32Array(new SharedArrayBuffer(12))
  const processors = ownProcessors()
  let next = 0
  const startOne = async ({ kind, data, transfer = [] }: Member): Promise<Worker> => {
    const processor = processors[next++ % processors.length] ?? 0
    const workerData: WorkerData = { kind, data, processor, gate }
    const worker = new Worker(new URL('./together_worker.js', import.meta.url), {
      workerData,
      transferList: [...transfer],
    })
    await answerOf(worker)
    return worker
  }
  const foreground: Worker[] = []
  for (const member of members.foreground) foreground.push(await startOne(member))
  const beside: Worker[] = []
  for (const member of members.beside ?? []) beside.push(await startOne(member))
  return { members, foreground, beside, gate, n: 0, times: [], thrownAway: 0 }
}

function answerOf<Answer>(worker: Worker): Promise<Answer> {
  return new Promise((resolve, reject) => {
    worker.once('message', (answer) => {
      worker.off('error', reject)
      resolve(answer as Answer)
    })
    worker.once('error', reject)
  })
}

/** How often each must do its work for a round to last long enough. */
async function timesForRound(runner: Runner, { roundMs }: Effort): Promise<void> {
  for (runner.n = 64; ; runner.n *= 2) {
    const { elapsed } = await runOnce(runner, 0)
    if (elapsed >= roundMs * 1e6) return
  }
}

async function runRound(runner: Runner, effort: Effort): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { ns, onCpu } = await runOnce(runner, effort.rounds === 1 ? 0 : 2)
    if (onCpu >= ON_CPU || attempt === MOST_TRIES || effort.rounds === 1 || runner.members.sleeps === true) {
      runner.times.push(ns)
      return
    }
    runner.thrownAway += 1
  }
}

interface Round {
  readonly ns: number
  /** Of the slowest. */
  readonly elapsed: number
  /** Of whoever was off it most. */
  readonly onCpu: number
}

async function runOnce(runner: Runner, warmUps: number): Promise<Round> {
  const { foreground, gate, members, n } = runner
  const beside = members.sleeps === true ? [] : runner.beside
  gate.fill(0)
  Atomics.store(gate, GO, 1)
  const others = beside.map((worker) => ordered(worker, { n: 0, warmUps: 0, team: 0 }))
  while (Atomics.load(gate, RUNNING) < beside.length) await new Promise((resolve) => setTimeout(resolve, 1))
  const order = { n, warmUps, team: foreground.length }
  const reports = await Promise.all(foreground.map((worker) => ordered(worker, order)))
  Atomics.store(gate, GO, 0)
  const all = [...reports, ...(await Promise.all(others))]
  const rate = reports.reduce((sum, { done, elapsed }) => sum + done / elapsed, 0)
  return {
    ns: 1 / rate,
    elapsed: Math.max(...reports.map(({ elapsed }) => elapsed)),
    onCpu: Math.min(...all.map(({ onCpu }) => onCpu)),
  }
}

function ordered(worker: Worker, order: Order): Promise<WorkerReport> {
  const report = answerOf<WorkerReport>(worker)
  worker.postMessage(order)
  return report
}

/** The processors that this process may use. */
function ownProcessors(): number[] {
  let list = '0'
  try {
    list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? list
  } catch {
    // Nobody keeps to any.
  }
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}
