/** Browsers, their workers, and other runtimes of the Web's kind. */
import type { Platform } from './platform.ts'
import { webLocks } from './web_locks.ts'

export const platform: Platform = {
  defer: (run) => queueMicrotask(run),
  stayAlive: () => () => {},
  thread: () => ({ id: 0, started: 0 }),
  hasEnded: () => undefined,
  ...webLocks,
  every: (ms, run) => {
    const timer = setInterval(run, ms)
    return () => clearInterval(timer)
  },
  report: (error) =>
    setTimeout(() => {
      throw error
    }, 0),
}
