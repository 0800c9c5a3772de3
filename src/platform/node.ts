/** Node.js. */
import { readFileSync } from 'node:fs'
import type { Platform } from './platform.ts'
import { webLocks } from './web_locks.ts'

/** Thread and start time of a line of /proc; undefined: no such thread, or it is ending. Source: proc(5), stat. */
function readStat(path: string): { id: number; started: number; state: string } | undefined {
  let line: string
  try {
    line = readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
  // The name, in brackets, may hold anything.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return {
    id: Number.parseInt(line, 10),
    started: Number(fields[19]) & 0x7fffffff,
    state: fields[0] as string,
  }
}

const NO_THREAD = { id: 0, started: 0 }
const own = readStat('/proc/thread-self/stat') ?? NO_THREAD

export const platform: Platform = {
  defer: queueMicrotask,
  stayAlive: () => {
    const timer = setInterval(() => {}, 2 ** 30)
    return () => clearInterval(timer)
  },
  thread: () => own,
  hasEnded: ({ id, started }) => {
    const now = readStat(`/proc/self/task/${id}/stat`)
    const isOther = started >= 0 && now?.started !== started
    return now === undefined || isOther || now.state === 'X' || now.state === 'Z'
  },
  ...webLocks,
  every: (ms, run) => {
    const timer = setInterval(run, ms)
    timer.unref()
    return () => clearInterval(timer)
  },
  report: (error) =>
    setImmediate(() => {
      throw error
    }),
}
