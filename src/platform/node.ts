/** Node.js. */
import type { Platform } from './platform.ts'

export const platform: Platform = {
  defer: queueMicrotask,
  stayAlive: () => {
    const timer = setInterval(() => {}, 2 ** 30)
    return () => clearInterval(timer)
  },
  report: (error) =>
    setImmediate(() => {
      throw error
    }),
}
