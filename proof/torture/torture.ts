/** The torture run itself: starts workers, ends them, and looks at what is left. */
import { Worker } from 'node:worker_threads'
import { Kernel, KernelError, P_ALL, type Task, WEXITED, WNOHANG, WNOWAIT } from 'pidns/shared'
import * as L from '#internal/shared/mm/layout.js'
import { randomOf } from '../strategies.ts'
import { END, newTallies, PIPE_WORDS, REST, type Tallies, type TortureJob } from './job.ts'

export interface TortureResult {
  readonly reads: number
  readonly writes: number
  readonly gracePeriods: number
  readonly terminations: number
  /** By the age of what a reader held when its section ended: findable, out of sight, freed, used again. */
  readonly pipe: readonly number[]
  readonly lostPids: number
  readonly duplicatePids: number
  readonly violations: number
  readonly recoveryMsP99: number
  readonly proofMsP99: number
}

interface Running {
  readonly worker: Worker
  /** Its number in the kernel, once it has joined. */
  readonly nr: Promise<number>
  readonly gone: Promise<void>
}

/** Numbers: few, so that they come round often. */
const NUMBERS = 700
/** How long a worker lives, at most: some are never warm, some read millions. */
const LIVES_MS = [160, 600, 4000]
/** The counter of grace periods begins so many moves before it wraps. */
const MOVES = 200

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export async function torture(
  seconds: number,
  workers: number,
  say: (text: string) => void,
): Promise<{ result: TortureResult; problems: string[] }> {
  const kernel = Kernel.boot({ pidMax: NUMBERS, maxPids: NUMBERS })
  const { words } = kernel.handle
  const free = freeNumbers(kernel.init)
  // After the largest number it goes on at 300.
  const numbers = freeNumbers(kernel.init)
  words[L.H_RCU_GP] = (2 ** 31 - 2 * MOVES) | 0
  const tallies = newTallies(NUMBERS)
  const problems: string[] = []
  const random = randomOf(0x5eed + seconds)
  let seed = 1
  const counter = countMoves(words)
  const proof: number[] = []
  const recovery: number[] = []
  const ends = Date.now() + seconds * 1000
  /** One worker after the other: each is terminated at a random moment, but the last, which ends by itself. */
  const lane = async (_: unknown, nr: number): Promise<void> => {
    for (;;) {
      const running = startWorker(kernel, tallies, ++seed, problems)
      await running.nr
      await rest(random(LIVES_MS[nr % LIVES_MS.length] as number))
      counter.look()
      if (Date.now() > ends) return void (await stop(running, tallies))
      await terminate(kernel, running, proof, recovery)
      reap(kernel.init, tallies)
      if (proof.length % 40 === 0) await pause(tallies, 20)
      if (proof.length % 50 === 0)
        say(`${proof.length} terminations, ${tallies.reads[0]} reads, ${tallies.writes[0]} writes`)
    }
  }
  await Promise.all(Array.from({ length: workers }, lane))
  for (const child of kernel.tasks().slice(1)) if (child.state === 'S') child.exit()
  reap(kernel.init, tallies)
  problems.push(...kernel.check())
  const result: TortureResult = {
    reads: Number(tallies.reads[0]),
    writes: Number(tallies.writes[0]),
    gracePeriods: counter.moves(),
    terminations: proof.length,
    pipe: Array.from({ length: PIPE_WORDS }, (_, age) => Number(tallies.pipe[age])),
    lostPids: numbers - freeNumbers(kernel.init),
    duplicatePids: tallies.duplicates[0] as number,
    violations: (tallies.violations[0] as number) + kernel.check().length,
    recoveryMsP99: p99(recovery),
    proofMsP99: p99(proof),
  }
  kernel.dispose()
  return { result, problems: [...problems, ...wrongIn(result, free)] }
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

function startWorker(kernel: Kernel, tallies: Tallies, seed: number, problems: string[]): Running {
  const parent = kernel.init.fork()
  Atomics.store(tallies.owners, parent.pid, 1)
  const job: TortureJob = { ...tallies, kernel: kernel.handle, parent: parent.handle, seed }
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: job })
  const nr = new Promise<number>((resolve) => {
    worker.on('message', (message) => {
      if (typeof message === 'number') resolve(message)
      else problems.push(String(message))
    })
  })
  worker.on('error', (error) => {
    problems.push(String(error.stack))
    Atomics.add(tallies.violations, 0, 1)
  })
  return { worker, nr, gone: new Promise((resolve) => worker.on('exit', () => resolve())) }
}

/** Ends a worker wherever it is; how long until that is known, and from there until a call has been made. */
async function terminate(
  kernel: Kernel,
  victim: Running,
  proof: number[],
  recovery: number[],
): Promise<void> {
  const nr = await victim.nr
  const asked = performance.now()
  await victim.worker.terminate()
  const known = performance.now()
  kernel.workerEnded(nr)
  recovery.push(performance.now() - known)
  proof.push(known - asked)
}

/** A worker ends by itself; so does any other that looks. */
async function stop({ gone }: Running, { order }: Tallies): Promise<void> {
  Atomics.store(order, 0, END)
  await gone
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

function p99(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round((sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0) * 1000) / 1000
}
