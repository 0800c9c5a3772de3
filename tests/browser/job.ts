/** What a page tells its workers, and they tell it. */
import type { KernelHandle } from 'pidns/shared'

export interface Job {
  readonly kernel: KernelHandle
  /** The process that the worker is. */
  readonly task: number
  /** Its word among `calls`, and whether it is to stop. */
  readonly place: number
  readonly calls: Int32Array
  readonly stop: Int32Array
  readonly act: 'family' | 'churn' | 'hang'
}

/** It has joined, with this number; `child` is a process that it has made. */
export interface Joined {
  readonly worker: number
  readonly child: number
}

/** It has done what it was to do; what was not as it should be. */
export interface Done {
  readonly problems: readonly string[]
}
