/** The torture run itself: lets workers come and go, and looks at what is left. */
import { Kernel, KernelError, P_ALL, type Task, WEXITED, WNOHANG, WNOWAIT } from 'pidns/shared'
import * as L from '#internal/shared/mm/layout.js'
import { randomOf } from '../strategies.ts'
import { bare } from './bare.ts'
import { END, PIPE_WORDS, PLACES, REST, shared, type Tallies } from './job.ts'
import { newStamps, noteBurials, noteProofs } from './recovery.ts'
import { startStorm } from './storm.ts'

export interface TortureResult {
  readonly reads: number
  readonly writes: number
  readonly gracePeriods: number
  readonly terminations: number
  /** So many of them were inside a call. */
  readonly insideCall: number
  /** By the age of what a reader held when its section ended: findable, out of sight, freed, used again. */
  readonly pipe: readonly number[]
  readonly lostPids: number
  readonly duplicatePids: number
  readonly violations: number
  /** From the first proof that anybody had to a lock that the dead one does not hold: 0 where it did not. */
  readonly recoveryMsP99: number
  /** The same of those that were inside a call, and until all that any of them left was in order. */
  readonly insideMsP99: number
  readonly orderMsP99: number
  /** From terminate() to the exit event. */
  readonly proofMsP99: number
}

/** Numbers: few, so that they come round often. */
const NUMBERS = 700
/** So many are terminated in a second, if threads can be started as fast. */
const STRIKES = 12
/** After so many the whole table is looked at, between two calls. */
const CHECKED = 8
/** Who has fallen behind rests less. */
const SHORT_MS = 30
/** The first part of the time is for a bare table: but not more than so much of it. */
const BARE_PART = 6
const BARE_MOST_MS = 10_000
/** The counter of grace periods begins so many moves before it wraps. */
const MOVES = 200

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export interface TortureOptions {
  readonly seconds: number
  readonly workers: number
  /** Nothing more is done once anything is found wrong. */
  readonly stopWhenWrong: boolean
  /** Told how far it is. */
  readonly say: (text: string) => void
}

export async function torture({
  seconds,
  workers,
  stopWhenWrong,
  say,
}: TortureOptions): Promise<{ result: TortureResult; problems: string[] }> {
  const kernel = Kernel.boot({ pidMax: NUMBERS, maxPids: NUMBERS })
  const { words } = kernel.handle
  const free = freeNumbers(kernel.init)
  // After the largest number it goes on at 300.
  const numbers = freeNumbers(kernel.init)
  words[L.H_RCU_GP] = (2 ** 31 - 2 * MOVES) | 0
  const tallies = newTallies()
  const problems: string[] = []
  const random = randomOf(0x5eed + seconds)
  const counter = countMoves(words)
  const ends = Date.now() + seconds * 1000
  const bareEnds = Date.now() + Math.min(BARE_MOST_MS, (seconds * 1000) / BARE_PART)
  problems.push(...(await bare(workers, tallies, () => Date.now() > bareEnds)))
  noteProofs(kernel.handle, tallies.stamps)
  noteBurials(kernel, tallies.stamps)
  const storm = startStorm(kernel, workers, tallies, random, problems, () => reap(kernel.init, tallies))
  const begins = Date.now()
  const isWrong = (): boolean => problems.length > 0 || hasCounted(tallies)
  for (let n = 1; Date.now() < ends && !(stopWhenWrong && isWrong()); n++) {
    const isLate = ((Date.now() - begins) * STRIKES) / 1000 > storm.proof.length
    await rest(random(isLate ? SHORT_MS : 2000 / STRIKES))
    counter.look()
    if (storm.working.length === workers) storm.strike()
    if (n % CHECKED === 0) problems.push(...kernel.check())
    if (n % 40 === 0) await pause(tallies, 20)
    if (n % 100 === 0)
      say(`${storm.proof.length} terminations, ${tallies.reads[0]} reads, ${tallies.writes[0]} writes`)
  }
  Atomics.store(tallies.order, 0, END)
  await storm.end()
  counter.look()
  for (const child of kernel.tasks().slice(1)) if (child.state === 'S') child.exit()
  reap(kernel.init, tallies)
  problems.push(...kernel.check())
  const recoveries = storm.recoveries
  const result: TortureResult = {
    reads: Number(tallies.reads[0]),
    writes: Number(tallies.writes[0]),
    gracePeriods: counter.moves(),
    terminations: storm.proof.length,
    insideCall: recoveries.filter(({ inside }) => inside).length,
    pipe: Array.from({ length: PIPE_WORDS }, (_, age) => Number(tallies.pipe[age])),
    lostPids: numbers - freeNumbers(kernel.init),
    duplicatePids: tallies.duplicates[0] as number,
    violations: (tallies.violations[0] as number) + kernel.check().length,
    recoveryMsP99: p99(recoveries.map(({ inside, had }) => (inside ? had : 0))),
    insideMsP99: p99(recoveries.filter(({ inside }) => inside).map(({ had }) => had)),
    orderMsP99: p99(recoveries.map(({ buried }) => buried)),
    proofMsP99: p99(storm.proof),
  }
  kernel.dispose()
  return { result, problems: [...problems, ...wrongIn(result, free)] }
}

function newTallies(): Tallies {
  return {
    reads: new BigInt64Array(shared(8)),
    writes: new Int32Array(shared(4)),
    pipe: new BigInt64Array(shared(8 * PIPE_WORDS)),
    duplicates: new Int32Array(shared(4)),
    violations: new Int32Array(shared(4)),
    order: new Int32Array(shared(4)),
    owners: new Int32Array(shared(4 * NUMBERS)),
    joined: new Int32Array(shared(4 * PLACES)),
    stamps: newStamps(),
  }
}

/** Has anything been counted that must not be? */
function hasCounted({ duplicates, violations, pipe }: Tallies): boolean {
  return duplicates[0] !== 0 || violations[0] !== 0 || pipe.subarray(2).some((count) => count !== 0n)
}

function wrongIn(result: TortureResult, free: number): string[] {
  const problems: string[] = []
  if (result.pipe.slice(2).some((count) => count !== 0))
    problems.push(`freed under its reader: ${result.pipe}`)
  if (result.lostPids !== 0) problems.push(`${result.lostPids} of ${free} numbers are lost`)
  if (result.duplicatePids !== 0) problems.push(`${result.duplicatePids} numbers were given out twice`)
  if (result.violations !== 0) problems.push(`${result.violations} violations`)
  // A run in which nothing happened shows nothing.
  for (const name of ['reads', 'writes', 'gracePeriods', 'terminations'] as const)
    if (result[name] === 0) problems.push(`no ${name}`)
  if (result.pipe[0] === 0) problems.push('nothing was found')
  return problems
}

/** The workers rest, and go on. */
async function pause({ order }: Tallies, ms: number): Promise<void> {
  Atomics.compareExchange(order, 0, 0, REST)
  await rest(ms)
  Atomics.compareExchange(order, 0, REST, 0)
}

/** Waits for all that are dead. A number is told to be free before it is. */
function reap(task: Task, { owners }: Tallies): void {
  try {
    for (;;) {
      const found = task.waitidSync(P_ALL, 0, WEXITED | WNOHANG | WNOWAIT)
      if (found === null) return
      Atomics.store(owners, found.si_pid, 0)
      task.waitpidSync(found.si_pid)
    }
  } catch (error) {
    if (!(error instanceof KernelError) || error.code !== 'ECHILD') throw error
  }
}

/** How many processes can be made until there is no number left. */
function freeNumbers(task: Task): number {
  const made: Task[] = []
  try {
    for (;;) made.push(task.fork())
  } catch (error) {
    if (!(error instanceof KernelError) || error.code !== 'EAGAIN') throw error
  }
  for (const child of made) child.exit()
  for (const _ of made) task.waitpidSync()
  return made.length
}

/** Counts how far the counter of grace periods goes, over its wrap. */
function countMoves(words: Int32Array): { look: () => void; moves: () => number } {
  let last = Atomics.load(words, L.H_RCU_GP)
  let sum = 0
  return {
    look: () => {
      const now = Atomics.load(words, L.H_RCU_GP)
      sum += ((now - last) | 0) / 2
      last = now
    },
    moves: () => sum,
  }
}

function p99(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round((sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0) * 1000) / 1000
}
