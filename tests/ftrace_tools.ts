/** What the tests of ftrace's logs share: lines as the kernel prints them, acts, replays. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { type LogOptions, type LogResult, replayLog } from 'pidns/trace'
import type { Act, SpanStart } from '#internal/trace/acts.js'
import { createFtraceReader } from '#internal/trace/ftrace/ftrace.js'
import { bytesOf } from './trace_tools.ts'

export const HEADER = '# tracer: nop'

/** The acts of a log, its start left out. */
export function actsOf(lines: readonly string[]): Act[] {
  const acts: Act[] = []
  const reader = createFtraceReader((act: SpanStart | Act) => {
    if (act.kind !== 'start') acts.push(structuredClone(act))
  })
  for (const [at, text] of lines.entries()) reader.line(text, at + 1)
  reader.finish(lines.length)
  return acts
}

export function replayText(lines: readonly string[], options: LogOptions = {}): Promise<LogResult> {
  return replayLog('test.ftrace', bytesOf(lines.map((line) => `${line}\n`).join('')), options)
}

/** The lines of tests/data/traces/NAME.ftrace.gz. */
export function loadTrace(name: string): string[] {
  const file = new URL(`../../tests/data/traces/${name}.ftrace.gz`, import.meta.url)
  return gunzipSync(readFileSync(file)).toString().split('\n').slice(0, -1)
}

/** A line of `pid` at so many microseconds, on CPU 0. */
export function row(us: number, pid: number, event: string, comm = 'bash'): string {
  const name = `${comm.padStart(16)}-${`${pid}`.padEnd(7)}`
  return `${name} [000] ..... ${`5225.${`${us}`.padStart(6, '0')}`.padStart(12)}: ${event}`
}

/** Both events of a birth. */
export function birth(us: number, pid: number, child: number, flags = '1200000'): string[] {
  return [
    row(us, pid, `task_newtask: pid=${child} comm=bash clone_flags=${flags} oom_score_adj=0`),
    fork(us + 5, pid, child),
  ]
}

/** sched_process_fork alone. */
export function fork(us: number, pid: number, child: number): string {
  return row(us, pid, `sched_process_fork: comm=bash pid=${pid} child_comm=bash child_pid=${child}`)
}

export function exit(us: number, pid: number, last = true): string {
  return row(us, pid, `sched_process_exit: comm=bash pid=${pid} prio=120 group_dead=${last}`)
}

/** SIGCHLD to the parent. */
export function notice(us: number, pid: number, parent: number, code = 1): string {
  return row(us, pid, `signal_generate: sig=17 errno=0 code=${code} comm=bash pid=${parent} grp=1 res=0`)
}

/** Both lines of a call. */
export function call(us: number, pid: number, text: string, result: string): string[] {
  return [row(us, pid, text), row(us + 5, pid, `${text.slice(0, text.indexOf('('))} -> ${result}`)]
}
