/** A worker of tests/shared_pid.test.ts: joins a table, and does there what its job says. */
import { parentPort, workerData } from 'node:worker_threads'
import * as P from 'pidns/shared/pid'

export interface PidJob {
  readonly kind: 'churn' | 'hold' | 'end'
  readonly table: P.PidTableHandle
  readonly ns: P.NsRef
  /** churn: how often. */
  readonly rounds: number
  /** hold: a number; 1 in the gate once it is found, 2 when it may be let go. */
  readonly nr: number
  readonly gate: Int32Array
}

const job = workerData as PidJob
const table = P.joinPidTable(job.table)

/** Takes, looks up and gives back numbers; returns those that it has at the end. */
function churn(): number[] {
  const own: P.PidRef[] = []
  for (let i = 0; i < job.rounds; i++) {
    const pid = P.allocPid(table, job.ns)
    if (pid < 0) throw new Error(`allocPid: ${pid}`)
    own.push(pid)
    P.rcuReadLock(table)
    if (P.findPidNs(table, P.pidNr(table, pid), job.ns) !== pid) throw new Error('another one was found')
    P.rcuReadUnlock(table)
    if (own.length > 8) P.freePid(table, own.splice(i % own.length, 1)[0] as P.PidRef)
  }
  return own.map((pid) => P.pidNr(table, pid))
}

/** Keeps a section open until it is told to close it; returns the number as it read it last. */
function hold(): number {
  P.rcuReadLock(table)
  const pid = P.findPidNs(table, job.nr, job.ns)
  Atomics.store(job.gate, 0, 1)
  Atomics.notify(job.gate, 0)
  Atomics.wait(job.gate, 0, 1)
  const nr = pid === 0 ? 0 : P.pidNr(table, pid)
  P.rcuReadUnlock(table)
  return nr
}

const worker = P.pidTableWorker(table)
const result = job.kind === 'churn' ? churn() : job.kind === 'hold' ? hold() : 0
if (job.kind !== 'end') P.leavePidTable(table)
parentPort?.postMessage({ worker, result })
