/**
 * `pidns`: Linux's processes, exactly, in one thread. Start with {@link Kernel.boot}.
 */
export * from './abi/index.ts'
export type { DriverControl, SignalHandler, TaskDriver } from './driver.ts'
export { KernelError } from './errors.ts'
export { NsFd, Pidfd } from './file.ts'
export { type BootOptions, type JoinOptions, Kernel, type KernelHandle } from './kernel.ts'
export type { Limits } from './mm/limits.ts'
export { type AbortOption, type CloneArgs, type SysctlName, Task } from './process.ts'
export { Procfs, type ProcfsPromises, type ReaddirOptions, type StatOptions } from './procfs.ts'
export type { ProcDir } from './procfs_dir.ts'
export type { ProcDirent, ProcStats } from './procfs_file.ts'
export type { AbortSignalLike } from './realm.ts'
export { type SigAction, TaskSignals } from './task_signals.ts'
export { type TaskState, TaskView } from './task_view.ts'
export type { SigInfo, WaitResult } from './wait_result.ts'
