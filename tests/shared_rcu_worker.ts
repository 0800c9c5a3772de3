/** A reader of tests/shared_rcu.test.ts: looks numbers up while others free and make them, and reports what went wrong. */
import { parentPort, workerData } from 'node:worker_threads'
import * as P from 'pidns/shared/pid'
import * as L from '#internal/shared/mm/layout.js'
import { slotGeneration, slotLive } from '#internal/shared/mm/slab.js'

export interface ReadJob {
  kind: 'read' | 'hold'
  table: P.PidTableHandle
  ns: number
  numbers: number
  turns: number
  seed: number
  /** hold: 1 once a pid is found, 2 when it may be let go. */
  gate: Int32Array
}

export interface ReadReport {
  /** Lookups that found something, and references taken. */
  found: number
  held: number
  problems: string[]
}

const job = workerData as ReadJob
const ns = job.ns as P.NsRef
const table = P.joinPidTable(job.table)
const report: ReadReport = { found: 0, held: 0, problems: [] }
const problem = (text: string): void => void (report.problems.length < 10 && report.problems.push(text))

let seed = job.seed
function random(below: number): number {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
  return Math.floor((seed / 0x80000000) * below)
}

/** In a section: the same record, whose words were there before it was found, as long as the section is open. */
function look(): P.PidRef {
  const nr = 1 + random(job.numbers)
  const pid = random(8) === 0 ? P.findGePid(table, nr, ns) : P.findPidNs(table, nr, ns)
  if (pid === 0) return pid
  report.found += 1
  const generation = slotGeneration(table, pid)
  const own = P.pidNr(table, pid)
  if (own < nr || P.nsOfPid(table, pid) !== ns) problem(`${own} found for ${nr}`)
  for (let i = random(30); i > 0; i--) P.findPidNs(table, 1 + random(job.numbers), ns)
  if (!slotLive(table, pid) || slotGeneration(table, pid) !== generation)
    problem(`${own} freed under its reader`)
  if (P.pidNr(table, pid) !== own) problem(`${own} became ${P.pidNr(table, pid)} under its reader`)
  return pid
}

/** With a reference it stays after the section. */
function hold(pid: P.PidRef): void {
  const nr = P.pidNr(table, pid)
  report.held += 1
  for (let i = 0; i < 20; i++) {
    P.rcuReadLock(table)
    look()
    P.rcuReadUnlock(table)
  }
  if (!slotLive(table, pid) || P.pidNr(table, pid) !== nr) problem(`${nr} freed though referred to`)
  P.putPid(table, pid)
}

function turn(): void {
  for (let i = 0; i < 200; i++) {
    P.rcuReadLock(table)
    const pid = look()
    const holds = i % 16 === 0 && P.getPid(table, pid) !== 0
    P.rcuReadUnlock(table)
    if (holds) hold(pid)
  }
}

async function read(): Promise<void> {
  for (let i = 0; i < job.turns; i++) {
    turn()
    await undefined
  }
}

/** Finds number 2, says so, and reads it again when it is told that it has been freed. */
function keep(): void {
  P.rcuReadLock(table)
  const pid = P.findPidNs(table, 2, ns)
  report.found = pid
  Atomics.store(job.gate, 0, 1)
  Atomics.notify(job.gate, 0)
  Atomics.wait(job.gate, 0, 1)
  if (P.findPidNs(table, 2, ns) !== 0) problem('it can still be found')
  if (P.pidNr(table, pid) !== 2 || !slotLive(table, pid)) problem('it was freed under its reader')
  if ((table.words[pid + L.PID_COUNT] as number) < 1) problem('it has no reference')
  P.rcuReadUnlock(table)
}

if (job.kind === 'read') await read()
else keep()
// The turn has ended once a message to oneself comes.
setTimeout(() => parentPort?.postMessage(report), 0)
