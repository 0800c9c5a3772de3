/** Node.js. */
import type { Platform } from './platform.ts'

export const platform: Platform = {
  defer: queueMicrotask,
  report: (error) =>
    setImmediate(() => {
      throw error
    }),
}
