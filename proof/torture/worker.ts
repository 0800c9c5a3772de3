/**
 * A worker of the torture run: waits for its turn, then makes, finds, kills and reaps processes until it is told to end, or terminated; between
 * its calls it reads the table in sections, without a lock, and tells how old what it holds was when a section ended.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { CLONE_NEWPID, Kernel, SIGKILL, type Task } from 'pidns/shared'
import * as L from '#internal/shared/mm/layout.js'
import { slotGeneration } from '#internal/shared/mm/slab.js'
import { findPidNs } from '#internal/shared/pid/pid.js'
import { initPidNs } from '#internal/shared/pid/table.js'
import { upidAt } from '#internal/shared/pid/upid.js'
import { Task as InternalTask } from '#internal/shared/process.js'
import { hlistHashed } from '#internal/shared/sync/hlist.js'
import { rcuReadLock, rcuReadUnlock } from '#internal/shared/sync/rcu.js'
import { randomOf } from '../strategies.ts'
import { END, PIPE_WORDS, REST, type TortureJob, type Turn } from './job.ts'
import { noteBurials, noteProofs } from './recovery.ts'

const job = workerData as TortureJob
// All is loaded: whoever is terminated is followed at once.
parentPort?.postMessage('ready')
const turn = await new Promise<Turn>((resolve) => parentPort?.once('message', resolve))
const random = randomOf(turn.seed)
noteProofs(job.kernel, job.stamps)
const kernel = Kernel.join(job.kernel)
Atomics.store(job.joined, job.place, kernel.worker)
noteBurials(kernel, job.stamps)
const parent = kernel.task(turn.parent)
const { table } = InternalTask.realmOf(kernel.init as never)
const words = table.words
const ns = initPidNs(table)
const numbers = job.owners.length
/** So many numbers were given out not long ago. */
const RECENT = 64
/** Lookups between two calls: one worker in three is rather a reader. */
const READS = turn.seed % 3 === 0 ? 1000 : 60

function violation(text: string): void {
  Atomics.add(job.violations, 0, 1)
  parentPort?.postMessage(text)
}

const pipe = new Array<number>(PIPE_WORDS).fill(0)

/** One section: looks a number up, holds what it found for a while, and looks how old that is. */
function read(nr: number, hold: number): void {
  rcuReadLock(table)
  const pid = findPidNs(table, nr, ns)
  if (pid !== 0) {
    const generation = slotGeneration(table, pid)
    const upid = upidAt(pid, 0)
    // Sections inside sections must not end it.
    if (hold > 400) rcuReadLock(table)
    let sum = 0
    for (let i = 0; i < hold; i++) sum += Atomics.load(words, upid + L.UPID_NR)
    if (hold > 400) rcuReadUnlock(table)
    const later = slotGeneration(table, pid) - generation
    if (sum !== hold * nr || words[upid + L.UPID_NS] !== ns) violation(`number ${nr} is another one's`)
    if ((words[pid + L.PID_COUNT] as number) < 1) violation(`number ${nr} has no reference`)
    const age =
      later === 0 ? (hlistHashed(words, upid + L.UPID_CHAIN) ? 0 : 1) : Math.min(later + 1, PIPE_WORDS - 1)
    pipe[age] = (pipe[age] as number) + 1
  }
  rcuReadUnlock(table)
}

/** Any number; or one that was given out a moment ago. */
function someNumber(): number {
  if (random(2) === 0) return 1 + random(numbers - 1)
  const nr = Atomics.load(words, ns + L.NS_LAST_PID) - random(RECENT)
  return nr > 0 ? nr : nr + numbers - 1
}

/** How long it holds what it found, in looks at it. */
function someTime(): number {
  const kind = random(2048)
  return kind === 0 ? 20_000 : kind < 32 ? 1000 : 1 + random(8)
}

function readMany(count: number): void {
  for (let i = 0; i < count; i++) read(someNumber(), someTime())
  Atomics.add(job.reads, 0, BigInt(count))
  for (let age = 0; age < PIPE_WORDS; age++) {
    Atomics.add(job.pipe, age, BigInt(pipe[age] as number))
    pipe[age] = 0
  }
}

/** A new child, whose number nobody else has. */
function make(flags: number): Task {
  const child = parent.clone({ flags })
  if (Atomics.exchange(job.owners, kernel.init.pidOf(child), 1) !== 0) Atomics.add(job.duplicates, 0, 1)
  Atomics.add(job.writes, 0, 1)
  return child
}

/** Ends a child and waits for it; its number is its own until then. */
function end(child: Task, kill: boolean): void {
  const nr = kernel.init.pidOf(child)
  const own = parent.pidOf(child)
  if (kernel.init.getpgid(nr) !== parent.getpgid()) violation(`number ${nr} is in another group`)
  if (kill) parent.kill(own, SIGKILL)
  else child.exit(nr & 0xff)
  Atomics.store(job.owners, nr, 0)
  const found = parent.waitpidSync(own)
  const status = kill ? SIGKILL : (nr & 0xff) << 8
  if (found?.pid !== own || found.status !== status) violation(`number ${nr}: ${JSON.stringify(found)}`)
  Atomics.add(job.writes, 0, 1)
}

/** Many at once: callbacks gather faster than they are run. */
function flood(): void {
  const children: Task[] = []
  for (let i = 0; i < 40; i++) children.push(make(0))
  for (const child of children) end(child, true)
}

function round(n: number, alive: Task[]): void {
  readMany(READS)
  alive.push(make(n % 5 === 0 ? CLONE_NEWPID : 0))
  if (alive.length >= 6) end(alive.splice(random(alive.length), 1)[0] as Task, n % 2 === 0)
  if (n % 200 === 100) flood()
}

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

parent.claim()
const alive: Task[] = []
for (let n = 1; Atomics.load(job.order, 0) !== END; n++) {
  if (Atomics.load(job.order, 0) === REST) await rest(5)
  else round(n, alive)
  // The turn ends: it goes offline.
  if (n % 4 === 0) await new Promise((resolve) => setImmediate(resolve))
}
for (const child of alive) end(child, true)
kernel.dispose()
