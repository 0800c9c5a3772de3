/**
 * A worker of the part without processes: takes numbers of a bare table, looks them up and gives them back, beside others that do
 * the same without a lock around it all. None is terminated.
 */
import { parentPort, workerData } from 'node:worker_threads'
import * as P from 'pidns/shared/pid'
import * as L from '#internal/shared/mm/layout.js'
import { slotGeneration, slotLive } from '#internal/shared/mm/slab.js'
import { randomOf } from '../strategies.ts'
import { type BareJob, END, PIPE_WORDS } from './job.ts'

const job = workerData as BareJob
const random = randomOf(job.seed)
const table = P.joinPidTable(job.table)
const { words } = table
const numbers = job.owners.length
const pipe = new Array<number>(PIPE_WORDS).fill(0)
/** Problems that a worker tells of; they are counted all the same. */
const MANY = 5
let told = 0

function violation(text: string): void {
  Atomics.add(job.violations, 0, 1)
  told += 1
  if (told <= MANY) parentPort?.postMessage(text)
}

const nrOf = (pid: P.PidRef): number => P.pidNrNs(table, pid, job.ns)

/** A number in the namespace, or in the one inside it: there it has two. */
function take(): P.PidRef {
  const pid = P.allocPid(table, random(4) === 0 ? job.inner : job.ns)
  if (pid < 0) return 0 as P.PidRef
  const nr = nrOf(pid)
  if (Atomics.exchange(job.owners, nr, 1) !== 0) Atomics.add(job.duplicates, 0, 1)
  Atomics.add(job.writes, 0, 1)
  return pid
}

function give(pid: P.PidRef): void {
  Atomics.store(job.owners, nrOf(pid), 0)
  P.freePid(table, pid)
  Atomics.add(job.writes, 0, 1)
}

/** What is there is found. */
function findOwn(pid: P.PidRef): void {
  P.rcuReadLock(table)
  const nr = nrOf(pid)
  if (P.findPidNs(table, nr, job.ns) !== pid) violation(`number ${nr}, which is there, is not found`)
  P.rcuReadUnlock(table)
}

/** What is found is whole, stays what it is until the section ends, and beyond that with a reference. */
function findAny(): void {
  const nr = 1 + random(numbers - 1)
  let kept = 0 as P.PidRef
  P.rcuReadLock(table)
  const pid = P.findPidNs(table, nr, job.ns)
  if (pid !== 0) {
    const generation = slotGeneration(table, pid)
    const hold = random(64) === 0 ? 2000 : 1 + random(8)
    if (hold > 400) {
      P.rcuReadLock(table)
      P.rcuReadUnlock(table)
    }
    for (let i = 0; i < hold; i++)
      if (nrOf(pid) !== nr) {
        violation(`number ${nr} is another one's`)
        break
      }
    const later = slotGeneration(table, pid) - generation
    const taken = (words[pid + L.PID_COUNT] as number) > 0
    if (!taken) violation(`number ${nr} has no reference`)
    pipe[Math.min(later + (later === 0 ? 0 : 1), PIPE_WORDS - 1)] += 1
    if (taken && later === 0 && random(4) === 0) kept = P.getPid(table, pid)
  }
  P.rcuReadUnlock(table)
  if (kept === 0) return
  if (!slotLive(table, kept) || nrOf(kept) !== nr)
    violation(`number ${nr} was freed though it has a reference`)
  P.putPid(table, kept)
}

const own: P.PidRef[] = []
for (let n = 1; Atomics.load(job.order, 0) !== END; n++) {
  const pid = take()
  if (pid !== 0) own.push(pid)
  for (let i = 0; i < 8; i++) findAny()
  if (own.length > 0) findOwn(own[random(own.length)] as P.PidRef)
  const most = n % 512 < 256 ? 3 : job.most
  while (own.length > most) give(own.splice(random(own.length), 1)[0] as P.PidRef)
  if (n % 16 !== 0) continue
  Atomics.add(job.reads, 0, BigInt(9 * 16))
  for (let age = 0; age < PIPE_WORDS; age++) {
    Atomics.add(job.pipe, age, BigInt(pipe[age] as number))
    pipe[age] = 0
  }
  await new Promise((resolve) => setImmediate(resolve))
}
for (const pid of own) give(pid)
P.leavePidTable(table)
