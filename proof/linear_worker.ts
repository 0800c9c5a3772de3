/** A worker of tests/torture.test.ts: takes, gives back and looks up numbers, and tells when it did what. */
import { parentPort, workerData } from 'node:worker_threads'
import type { NsRef, PidRef } from '#internal/shared/mm/layout.js'
import { addWorker } from '#internal/shared/mm/worker.js'
import { allocPid, findPidNs, freePid } from '#internal/shared/pid/pid.js'
import { tableOver } from '#internal/shared/pid/table.js'
import { pidNr } from '#internal/shared/pid/upid.js'
import { rcuReadLock, rcuReadUnlock } from '#internal/shared/sync/rcu.js'
import { ALLOC, FOUND, FREE, MISSED } from './linear.ts'
import { randomOf } from './strategies.ts'

export interface LinearJob {
  readonly words: Int32Array
  readonly ns: number
  readonly numbers: number
  readonly seed: number
  readonly rounds: number
  /** The ticket that all draw from; how many workers are ready; how many there are. */
  readonly ticket: Int32Array
  readonly workers: number
}

const job = workerData as LinearJob
const { ticket } = job
const ns = job.ns as NsRef
const random = randomOf(job.seed)
const table = tableOver(job.words, {})
addWorker(table, { id: 0, started: 0 }, () => undefined)
/** Number, what was done, ticket before, ticket after. */
const acts: [nr: number, kind: number, begin: number, end: number][] = []
const draw = (): number => Atomics.add(ticket, 0, 1)

const own: PidRef[] = []
function round(): void {
  if (own.length < 6) {
    const begin = draw()
    const pid = allocPid(table, ns)
    if (pid > 0) {
      acts.push([pidNr(table, pid), ALLOC, begin, draw()])
      own.push(pid)
    }
  }
  for (let i = 0; i < 4; i++) {
    const nr = 1 + random(job.numbers - 1)
    const begin = draw()
    rcuReadLock(table)
    const found = findPidNs(table, nr, ns) !== 0
    rcuReadUnlock(table)
    acts.push([nr, found ? FOUND : MISSED, begin, draw()])
  }
  if (own.length < 1 + random(6)) return
  const pid = own.splice(random(own.length), 1)[0] as PidRef
  const nr = pidNr(table, pid)
  const begin = draw()
  freePid(table, pid)
  acts.push([nr, FREE, begin, draw()])
}

Atomics.add(ticket, 1, 1)
Atomics.notify(ticket, 1)
for (let here = Atomics.load(ticket, 1); here < job.workers; here = Atomics.load(ticket, 1))
  Atomics.wait(ticket, 1, here)
for (let n = 0; n < job.rounds; n++) {
  round()
  if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
}
parentPort?.postMessage(acts)
