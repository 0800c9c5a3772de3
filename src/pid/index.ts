/**
 * `pidns/pid`: the kernel's own functions on a bare table, for those who want numbers and namespaces without
 * processes. Errors are the kernel's: a negative number, `-ENOMEM`. Records are {@link PidRef}, {@link NsRef},
 * {@link TaskRef}; 0 is NULL.
 *
 * Contexts are the kernel's too: what a lookup returns is good inside a read section ({@link rcuReadLock}), or while
 * a reference is held ({@link getPid}).
 */
export {
  BITS_PER_PAGE,
  BITS_PER_PAGE_MASK,
  MAX_PID_NS_LEVEL,
  PID_MAX_DEFAULT,
  PID_MAX_LIMIT,
  PIDMAP_ENTRIES,
  PIDNS_HASH_ADDING,
  RESERVED_PIDS,
} from '../abi/limits.ts'
export { failNth } from '../mm/arena.ts'
export {
  type MountRef,
  type NsRef,
  PIDTYPE_MAX,
  PIDTYPE_PGID,
  PIDTYPE_PID,
  PIDTYPE_SID,
  PIDTYPE_TGID,
  type PidRef,
  type TaskRef,
  type UpidRef,
} from '../mm/layout.ts'
export type { Limits } from '../mm/limits.ts'
export {
  type Cpu,
  type IrqFlags,
  localIrqDisable,
  localIrqEnable,
  localIrqRestore,
  localIrqSave,
  raiseIrq,
} from '../sync/cpu.ts'
export { callRcu, rcuBarrier, rcuReadLock, rcuReadUnlock, synchronizeRcu } from '../sync/rcu.ts'
export {
  spinLock,
  spinLockIrq,
  spinLockIrqSave,
  spinUnlock,
  spinUnlockIrq,
  spinUnlockIrqRestore,
} from '../sync/spinlock.ts'
export { checkPids } from './check.ts'
export {
  allocPid,
  delayedPutPid,
  disablePidAllocation,
  findGePid,
  findGetPid,
  findPidNs,
  findVpid,
  freePid,
  getPid,
  pidVnr,
  putPid,
} from './pid.ts'
export { pidHashfn, pidHashHead } from './pid_hash.ts'
export {
  copyPidNs,
  createPidCachep,
  createPidNamespace,
  pidnsIsAncestor,
  procCleanupWork,
  setChildReaper,
} from './pid_namespace.ts'
export { getPidNs, putPidNs } from './pid_ns_ref.ts'
export {
  allocTaskStruct,
  attachPid,
  changePid,
  detachPid,
  findTaskByPid,
  findTaskByPidNs,
  findTaskByPidTypeNs,
  findTaskByVpid,
  freeTaskStruct,
  getTaskPid,
  initTaskPid,
  nextPidTask,
  pidTask,
  taskPidNrNs,
  transferPid,
} from './pid_task.ts'
export {
  allocPidmap,
  allocPidmapAt,
  freePidmap,
  mkPid,
  nextPidmap,
  pidBefore,
  pidmapEntry,
  setLastPid,
} from './pidmap.ts'
export { kernMount, kernUnmount, pidNsPrepareProc, pidNsReleaseProc } from './proc_mount.ts'
export { createPidTable, initPidNs, type PidHooks, type PidTable, type PidTableOptions } from './table.ts'
export {
  type PidType,
  taskActivePidNs,
  taskLeader,
  taskPgrp,
  taskPid,
  taskSession,
  taskTgid,
} from './task_link.ts'
export { containerOf, isChildReaper, nsOfPid, pidNr, pidNrNs, upidAt } from './upid.ts'
