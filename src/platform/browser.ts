/** Browsers, their workers, and other runtimes of the Web's kind. */
import type { Platform } from './platform.ts'

export const platform: Platform = {
  defer: queueMicrotask,
  stayAlive: () => () => {},
  report: (error) =>
    setTimeout(() => {
      throw error
    }, 0),
}
