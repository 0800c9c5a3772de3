/**
 * `pidns`: Linux's processes, exactly, in one thread. Start with {@link Kernel.boot}.
 */
export * from './abi/index.ts'
export { KernelError } from './errors.ts'
export { type BootOptions, Kernel } from './kernel.ts'
export type { Limits } from './mm/arena.ts'
export { NsFd, Pidfd } from './pidfd.ts'
export {
  type CloneArgs,
  type SigInfo,
  type SysctlName,
  Task,
  type TaskState,
  type WaitResult,
} from './process.ts'
export type { AbortSignalLike } from './realm.ts'
