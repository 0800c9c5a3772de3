/**
 * Workers that come and go: some are always at work, and again and again one is terminated wherever it is, or all but one at
 * a time. Those that follow are started ahead, so that what it takes to start a thread is not what sets the pace.
 */
import { Worker } from 'node:worker_threads'
import type { Kernel, Task } from 'pidns/shared'
import { findWorker } from '#internal/shared/mm/worker.js'
import { PLACES, type Tallies, type TortureJob, type Turn } from './job.ts'
import { clearStamps, noteProof, type Recovery, recoveryOf } from './recovery.ts'

/** A thread that is at work, or waits for its turn. */
interface Place {
  readonly place: number
  readonly worker: Worker
  /** It has loaded all that it needs. */
  readonly ready: Promise<void>
  readonly gone: Promise<void>
  /** The process under which it works. */
  parent: Task | undefined
}

export interface Storm {
  /** Terminates somebody. */
  strike(): void
  /** So many are at work. */
  readonly working: readonly unknown[]
  /** Milliseconds from terminate() to the exit event, of each that was terminated. */
  readonly proof: readonly number[]
  readonly recoveries: readonly Recovery[]
  /** Waits until all that were told to end have ended, and ends those that have had no turn. */
  end(): Promise<void>
}

/** The oldest is spared but once in so many times: code that has run for seconds is other code than that of the young ones. */
const OLDEST = 50
/** All but the oldest at a time, once in so many. */
const ALL = 8
/** Those that are about to join are not spared once in so many times. */
const JOINING = 16
/** So many wait for their turn. */
const SPARES = 4
/** After so long all must have ended that were told to. */
const END_MS = 20_000
/** Where a mistake was seen some may never end. */
const WRONG_END_MS = 1000
/** After so long what a dead worker left must be in order. */
const BURIED_MS = 20_000

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Begins with so many workers. `reap`: waits for dead processes. */
export function startStorm(
  kernel: Kernel,
  workers: number,
  tallies: Tallies,
  random: (below: number) => number,
  problems: string[],
  reap: () => void,
): Storm {
  const { words } = kernel.handle
  const spares: Place[] = []
  /** The oldest first. */
  const working: Place[] = []
  const used = new Set<number>()
  const proof: number[] = []
  const recoveries: Recovery[] = []
  const under = new Set<Promise<void>>()
  let seed = 1
  let ends = false

  const start = (): Place => {
    let place = 0
    while (used.has(place)) place = (place + 1) % PLACES
    used.add(place)
    Atomics.store(tallies.joined, place, 0)
    return startThread(kernel, tallies, place, problems)
  }
  const fill = (): void => {
    while (!ends && spares.length < SPARES) spares.push(start())
  }
  /** The next one's turn. */
  const next = async (): Promise<void> => {
    const spare = spares.shift() ?? start()
    await spare.ready
    const parent = kernel.init.fork()
    Atomics.store(tallies.owners, parent.pid, 1)
    spare.parent = parent
    seed += 1
    spare.worker.postMessage({ parent: parent.handle, seed } satisfies Turn)
    working.push(spare)
    fill()
  }
  const terminate = async (victim: Place): Promise<void> => {
    working.splice(working.indexOf(victim), 1)
    const asked = performance.now()
    await victim.worker.terminate()
    proof.push(performance.now() - asked)
    const follower = ends ? undefined : next()
    const nr = tallies.joined[victim.place] as number
    if (nr > 0) {
      // Else the others find out.
      if (random(4) !== 0) {
        noteProof(tallies.stamps, words, nr)
        kernel.workerEnded(nr)
      }
      await buried(nr)
    } else {
      // It had not joined, or not as far as that.
      victim.parent?.exit()
    }
    reap()
    used.delete(victim.place)
    await follower
  }
  const buried = async (nr: number): Promise<void> => {
    const last = Date.now() + BURIED_MS
    while (findWorker(words, nr) !== 0 && Date.now() < last) await rest(5)
    if (findWorker(words, nr) !== 0) problems.push(`what worker ${nr} left is not in order`)
    // Whoever did that may have been terminated before it was noted.
    const found = recoveryOf(tallies.stamps, nr)
    if (found !== undefined) recoveries.push(found)
    clearStamps(tallies.stamps, nr)
  }
  const keep = (task: Promise<void>): void => {
    const kept = task
      .catch((error) => void problems.push(String(error.stack)))
      .finally(() => void under.delete(kept))
    under.add(kept)
  }
  fill()
  for (let i = 0; i < workers; i++) keep(next())
  return {
    working,
    proof,
    recoveries,
    strike: () => {
      const [oldest, ...others] =
        random(JOINING) === 0 ? working : working.filter(({ place }) => tallies.joined[place] !== 0)
      if (oldest === undefined) return
      const all = random(ALL) === 0
      const one = others.length === 0 || random(OLDEST) === 0 ? oldest : others[random(others.length)]
      for (const victim of all && others.length > 0 ? others : [one as Place]) keep(terminate(victim))
    },
    end: async () => {
      ends = true
      const all = async (): Promise<void> => {
        while (under.size > 0) await Promise.all(under)
        await Promise.all(working.map(({ gone }) => gone))
      }
      const late = rest(problems.length > 0 ? WRONG_END_MS : END_MS).then(
        () => void problems.push('not all workers come to an end'),
      )
      await Promise.race([all(), late])
      await Promise.all(spares.map(({ worker }) => worker.terminate()))
    },
  }
}

function startThread(kernel: Kernel, tallies: Tallies, place: number, problems: string[]): Place {
  const job: TortureJob = { ...tallies, kernel: kernel.handle, place }
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: job })
  const ready = new Promise<void>((resolve) => {
    worker.on('message', (message) => {
      if (message === 'ready') resolve()
      else problems.push(String(message))
    })
  })
  worker.on('error', (error) => {
    problems.push(String(error.stack))
    Atomics.add(tallies.violations, 0, 1)
  })
  const gone = new Promise<void>((resolve) => worker.on('exit', () => resolve()))
  return { place, worker, ready, gone, parent: undefined }
}
