/** What the tests of the trace room share: recordings from disk and from the pen, and replays of them. */
import { readFileSync } from 'node:fs'
import { type LogOptions, type LogResult, replayLog } from 'pidns/trace'

export const DATA = ['basic-310', 'basic-32768', 'ns-310', 'ns-32768'] as const

const folder = new URL('../../tests/data/', import.meta.url)

/** The lines of tests/data/NAME.jsonl. */
export function loadLines(name: string): string[] {
  return readFileSync(new URL(`${name}.jsonl`, folder), 'utf8')
    .split('\n')
    .slice(0, -1)
}

export async function* bytesOf(text: string | Uint8Array, chunk = 65536): AsyncGenerator<Uint8Array> {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk)
}

export function replayLines(lines: readonly string[], options: LogOptions = {}): Promise<LogResult> {
  return replayLog('test.jsonl', bytesOf(lines.map((line) => `${line}\n`).join('')), options)
}

type Json = Record<string, unknown>

/** What a task shows: `see('Z', 1, 2)` is zombie 2, child of 1, in group and session 1. */
export function see(
  state: string,
  ppid: number,
  pid: number | number[],
  pgid: number | number[] = 1,
  sid = pgid,
): Json {
  const numbers = [pid].flat()
  const list = (value: number | number[]): number[] =>
    [value].flat().concat(Array(Math.max(0, numbers.length - [value].flat().length)).fill(0))
  return { state, ppid, tgid: numbers, pid: numbers, pgid: list(pgid), sid: list(sid) }
}

/** A recording with these steps; who is left at the end is drawn from them. */
export function recording(steps: readonly Json[], header: Json = {}): string[] {
  const left: Record<string, unknown> = {}
  for (const { changed } of steps) {
    for (const [slot, state] of Object.entries((changed ?? {}) as Json)) {
      if (state === null) delete left[slot]
      else left[slot] = state
    }
  }
  const last = steps.length - 1
  const head = {
    recorder: 'hand',
    version: 2,
    seed: 1,
    steps: last,
    mix: 'all',
    pid_max: 400,
    slots: 8,
    ...header,
  }
  const body = steps.map((step, i) => ({ step: i, ...step, changed: step.changed ?? {} }))
  return [head, ...body, { end: true, steps: last, slots: left }].map((line) => JSON.stringify(line))
}

/** A fork by slot `by` into slot `made`. */
export function fork(by: number, made: number, ret: number, state: Json, flags = ''): Json {
  return { op: 'fork', by, new: made, flags, exit_signal: 17, ret, changed: { [made]: state } }
}
