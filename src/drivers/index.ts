/** `pidns/drivers`: what can stand behind a task. */
export { type ChildProcessLike, childProcessDriver } from './child_process.ts'
export type { ExitReport, RealDriver } from './real_driver.ts'
export { type WorkerLike, workerDriver } from './worker.ts'
