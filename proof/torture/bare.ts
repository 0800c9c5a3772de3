/** The part of a torture run without processes: the functions of `pidns/shared/pid` at the same time, with no lock around them. */
import { Worker } from 'node:worker_threads'
import * as P from 'pidns/shared/pid'
import { type BareJob, END, shared, type Tallies } from './job.ts'

/** So few that all are taken now and then: words fill up, and pages. */
const NUMBERS = 128
/** A worker has so many at most. */
const MOST = 40
const LATE_MS = 20_000

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Goes on until `done`, and returns what is wrong. */
export async function bare(workers: number, tallies: Tallies, done: () => boolean): Promise<string[]> {
  const problems: string[] = []
  const table = P.createPidTable({
    pidMax: NUMBERS,
    pidMaxLimit: 2 * NUMBERS,
    bitsPerPage: 32,
    reservedPids: 4,
    pidMaxMin: 5,
    maxPids: 4 * NUMBERS,
    maxNamespaces: 2,
  })
  const ns = P.initPidNs(table)
  const init = P.allocPid(table, ns)
  const inner = P.createPidNamespace(table, ns) as P.NsRef
  const innerInit = P.allocPid(table, inner)
  const order = new Int32Array(shared(4))
  const owners = new Int32Array(shared(4 * 2 * NUMBERS))
  for (const pid of [init, innerInit]) owners[P.pidNr(table, pid)] = 1
  const job: Omit<BareJob, 'seed'> = {
    ...tallies,
    order,
    owners,
    table: P.sharePidTable(table),
    ns,
    inner,
    most: MOST,
  }
  const all = Array.from({ length: workers }, (_, i) => start({ ...job, seed: i + 1 }, problems))
  while (!done() && problems.length === 0) await rest(50)
  Atomics.store(order, 0, END)
  // Who has seen a mistake may not come to an end.
  if (problems.length > 0) return problems
  const late = rest(LATE_MS).then(
    () => void problems.push('not all workers of the bare table come to an end'),
  )
  await Promise.race([Promise.all(all), late])
  if (!P.rcuBarrier(table)) problems.push('callbacks of the bare table do not run')
  problems.push(...P.checkPids(table))
  for (let nr = 1; nr < NUMBERS; nr++)
    if ((P.findPidNs(table, nr, ns) !== 0) !== (owners[nr] === 1)) problems.push(`number ${nr} is lost`)
  return problems
}

function start(workerData: BareJob, problems: string[]): Promise<void> {
  const worker = new Worker(new URL('./bare_worker.js', import.meta.url), { workerData })
  worker.on('message', (message) => problems.push(String(message)))
  worker.on('error', (error) => {
    problems.push(String(error.stack))
    Atomics.add(workerData.violations, 0, 1)
  })
  return new Promise((resolve) => worker.on('exit', () => resolve()))
}
