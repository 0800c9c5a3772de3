/**
 * The machine's processes, as /proc shows them now. Whoever is asked for may be gone: that is an answer, not an error.
 *
 * Invariant: a number names a process only together with its start time; without it, it may name the next one.
 */
import { readdirSync, readFileSync } from 'node:fs'

export interface ProcStat {
  /** R, S, D, T, t, Z and the like. */
  readonly state: string
  readonly ppid: number
  /** In ticks since boot. */
  readonly startTime: string
  readonly threads: number
}

/** undefined: there is no such process. */
export function readStat(pid: number): ProcStat | undefined {
  const text = read(pid, 'stat')
  if (text === undefined) return undefined
  // The name before it may hold blanks and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return {
    state: fields[0] ?? '',
    ppid: Number(fields[1]),
    startTime: fields[19] ?? '',
    threads: Number(fields[17]),
  }
}

/** Whether the process still runs: of a zombie nothing does, unless threads outlive its first one. */
export function isRunning({ state, threads }: ProcStat): boolean {
  return (state !== 'Z' && state !== 'X') || threads > 1
}

/** The number of whoever traces the process; 0: nobody, or it is gone. */
export function tracerOf(pid: number): number {
  return Number(/^TracerPid:\s*(\d+)/m.exec(read(pid, 'status') ?? '')?.[1] ?? 0)
}

/** The numbers of all processes. */
export function allPids(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
}

/** The arguments joined by blanks; '' where there are none. */
export function commandOf(pid: number): string {
  return (read(pid, 'cmdline') ?? '').replace(/\0$/, '').replaceAll('\0', ' ')
}

/** Signals that have been sent to the process as a whole, and that it has not taken yet, as bits. */
export function pendingSignals(pid: number): bigint {
  return BigInt(`0x${/^ShdPnd:\s*([0-9a-f]+)/m.exec(read(pid, 'status') ?? '')?.[1] ?? '0'}`)
}

function read(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return undefined
  }
}
