/**
 * `pidns/shared/pid`: the functions of `pidns/pid` on a table in shared memory, which several workers use at the same
 * time: {@link sharePidTable} in the one that made it, {@link joinPidTable} in each other.
 */
export * from './pid/index.ts'
export {
  type JoinPidTableOptions,
  joinPidTable,
  leavePidTable,
  type PidTableHandle,
  pidTableWorker,
  pidTableWorkerEnded,
  sharePidTable,
} from './pid_workers.ts'
