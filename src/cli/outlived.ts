/**
 * Who still runs after a command has ended, and how to end it.
 *
 * Invariant: one of the command's is whoever is traced by the tracer of this run; a number alone proves nothing. Its
 * start time tells it from a later one of the same number. Nobody else is ever sent a signal.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { allPids, commandOf, isRunning, readStat, tracerOf } from '../trace/node/proc.ts'

export interface Running {
  readonly pid: number
  readonly startTime: string
}

/** Who is there at one moment. */
export interface Present {
  /** Their command lines, by number. */
  readonly running: ReadonlyMap<number, string>
  /** The numbers of their parents, by number: of all zombies there are. */
  readonly zombies: ReadonlyMap<number, number>
}

/** What ended it; 'nothing': it runs on; 'itself': it had ended before. */
export type Fate = 'SIGTERM' | 'SIGKILL' | 'itself' | 'nothing'

const POLL_MS = 10
/** After SIGKILL only a disk can hold somebody up. */
const LAST_WAIT_MS = 5000

/** Of whomever `tracer` traces. 0: nobody does. */
export function presentUnder(tracer: number): Present {
  const running = new Map(runningUnder(tracer).map(({ pid }) => [pid, commandOf(pid)]))
  const zombies = new Map<number, number>()
  for (const pid of running.size > 0 ? allPids() : []) {
    const stat = readStat(pid)
    if (stat?.state === 'Z') zombies.set(pid, stat.ppid)
  }
  return { running, zombies }
}

/** Whoever `tracer` traces, and who runs. */
function runningUnder(tracer: number): Running[] {
  if (tracer === 0) return []
  return allPids().flatMap((pid) => {
    if (tracerOf(pid) !== tracer) return []
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
