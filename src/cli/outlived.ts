/**
 * Who still runs after a command has ended, and how to end it.
 *
 * Invariant: one of the command's is whoever is traced by the tracer of this run; a number alone proves nothing. Its
 * start time tells it from a later one of the same number. Nobody else is ever sent a signal.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { isRunning, readStat, tracedBy, tracerOf } from '../trace/node/proc.ts'

export interface Running {
  readonly pid: number
  readonly startTime: string
}

/** What ended it; 'nothing': it runs on; 'itself': it had ended before. */
export type Fate = 'SIGTERM' | 'SIGKILL' | 'itself' | 'nothing'

const POLL_MS = 10
/** After SIGKILL only a disk can hold somebody up. */
const LAST_WAIT_MS = 5000

/** Whoever `tracer` traces, and who runs. 0: nobody does. */
export function runningUnder(tracer: number): Running[] {
  if (tracer === 0) return []
  return tracedBy(tracer).flatMap((pid) => {
    const stat = readStat(pid)
    return stat !== undefined && isRunning(stat) ? [{ pid, startTime: stat.startTime }] : []
  })
}

/**
 * SIGTERM for everybody, and whoever they start meanwhile; SIGKILL for those that are there after `grace` ms. Says by
 * number what it took; 'nothing': it did not end.
 */
export async function endAll(tracer: number, grace: number): Promise<Map<number, Fate>> {
  const fates = new Map<number, Fate>()
  const asked = new Set<string>()
  const started = performance.now()
  for (;;) {
    const running = runningUnder(tracer)
    const waited = performance.now() - started
    if (running.length === 0) return fates
    if (waited > grace + LAST_WAIT_MS) {
      for (const { pid } of running) fates.set(pid, 'nothing')
      return fates
    }
    for (const one of running) {
      const signal = waited < grace ? 'SIGTERM' : 'SIGKILL'
      const key = `${one.pid} ${one.startTime} ${signal}`
      if (!asked.has(key) && send(one, signal, tracer)) fates.set(one.pid, signal)
      asked.add(key)
    }
    await sleep(POLL_MS)
  }
}

function send({ pid, startTime }: Running, signal: 'SIGTERM' | 'SIGKILL', tracer: number): boolean {
  if (readStat(pid)?.startTime !== startTime || tracerOf(pid) !== tracer) return false
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}
