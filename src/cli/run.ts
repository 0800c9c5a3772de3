/**
 * `pidns run`: runs a command under strace, follows the log on the library while it is written, and says at the
 * command's end what it has left behind.
 *
 * Invariant: the command's streams, terminal, signals and exit status are its own. Whatever goes wrong here in the
 * meantime is told at its end, on stderr.
 */
import { once } from 'node:events'
import { openSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import type { FailKind } from './fail_kinds.ts'
import { findCommand } from './find_command.ts'
import { endBy, forwardSignals } from './forward_signals.ts'
import { endAll } from './outlived.ts'
import { paintFor } from './paint.ts'
import { runText } from './print_run.ts'
import { type Ended, type Followed, follow } from './run_follow.ts'
import { figures, outlivedOf, type RunReport, zombiesOf } from './run_report.ts'
import { saveLog } from './save_log.ts'
import { spawnTraced, type Traced } from './strace.ts'

export interface RunFlags {
  readonly failOn?: readonly FailKind[]
  readonly kill?: boolean
  /** Seconds. */
  readonly killAfter: number
  readonly wait: number
  /** Paths of files. */
  readonly save?: string
  readonly output?: string
  readonly json?: boolean
  readonly verbose?: boolean
}

const FOUND = 1
const UNUSABLE = 2
const STDERR = 2

const NO_STRACE =
  'strace was not found. To get it: apt-get install strace (Debian, Ubuntu), dnf install strace (Fedora, RHEL), apk add strace (Alpine), pacman -S strace (Arch)'
const NOT_PERMITTED =
  'tracing is not permitted here. A container needs --cap-add=SYS_PTRACE; nothing can be traced that is traced already, as under a debugger; /proc/sys/kernel/yama/ptrace_scope may be 2 or 3'
const TOO_OLD = 'this needs strace 5.9 or newer'

/** Ends this program. */
export async function runCommand(command: readonly string[], flags: RunFlags): Promise<void> {
  const name = command[0] as string
  if (process.platform !== 'linux')
    refuse('this needs Linux: elsewhere there is no ptrace(2) as strace uses it')
  const found = findCommand(name, process.env.PATH)
  if (typeof found !== 'string') return refuse(`${name}: ${found.why}`, found.status)
  const strace = findCommand('strace', process.env.PATH)
  if (typeof strace !== 'string') return refuse(NO_STRACE)
  // A shell that executes it shall not take its name for an option.
  const words = name.startsWith('-') ? [found, ...command.slice(1)] : command
  const forwarder = forwardSignals()
  // What was seen, even after a clean run.
  const isTold = flags.json === true || flags.verbose === true
  const { output, saved, traced } = begin(strace, words, isTold, flags)
  if (traced.child.pid === undefined) {
    const [error] = (await once(traced.child, 'error')) as [Error]
    return refuse(error.message)
  }
  forwarder.to(traced.child.pid)
  const followed = await follow(traced, forwarder, { wait: flags.wait * 1000, saved, always: isTold })
  const { ended } = followed
  if (ended === undefined) return refuse(whyNot(traced.complaints()))
  const report = await judge(command, ended, followed, traced, flags)
  write(output, textOf(report, output, flags))
  leave(ended, report, flags.failOn ?? [])
}

/** Files first: where they cannot be made, the command shall not have been run. */
function begin(strace: string, command: readonly string[], isTold: boolean, { output, save }: RunFlags) {
  try {
    const fd = output === undefined ? STDERR : openSync(output, 'w')
    const saved = save === undefined ? undefined : saveLog(save)
    return { output: fd, saved, traced: spawnTraced(strace, command, isTold || save !== undefined) }
  } catch (error) {
    return refuse((error as Error).message)
  }
}

async function judge(
  command: readonly string[],
  ended: Ended,
  { result, present, trouble }: Followed,
  traced: Traced,
  { kill, killAfter }: RunFlags,
): Promise<RunReport> {
  const left = result?.left ?? { processes: [], zombies: [] }
  const outlived = outlivedOf(left, present)
  const zombies = zombiesOf(left, present)
  const fates = kill ? await endAll(traced.tracer(), killAfter * 1000) : undefined
  return {
    command,
    ...ended,
    outlived: outlived.map((one) => ({ ...one, ended: (fates && (fates.get(one.pid) ?? 'itself')) ?? null })),
    zombies,
    escaped: outlived.filter(({ escaped }) => escaped !== null).map(({ pid }) => pid),
    ...figures(result),
    trouble,
  }
}

function textOf(report: RunReport, fd: number, { json, verbose }: RunFlags): string {
  if (json) return `${JSON.stringify(report)}\n`
  return runText(report, verbose === true, paintFor({ isTTY: isatty(fd) }, process.env))
}

function leave({ status, signal }: Ended, report: RunReport, failOn: readonly FailKind[]): void {
  if (signal !== null) {
    endBy(signal)
    return
  }
  if (status !== 0) process.exit(status ?? UNUSABLE)
  const found = { outlived: report.outlived, zombie: report.zombies, escaped: report.escaped }
  if (failOn.some((kind) => found[kind].length > 0)) process.exit(FOUND)
  process.exit(failOn.length > 0 && report.trouble !== null ? UNUSABLE : 0)
}

function whyNot(complaints: string): string {
  const hint = /not permitted|EPERM|Permission denied/.test(complaints) ? NOT_PERMITTED : ''
  const age = /unrecognized option|invalid|Try 'strace/.test(complaints) ? TOO_OLD : ''
  const said = complaints.trimEnd()
  return `the command was not run: ${[hint || age || 'strace failed', said].join('\n')}`
}

function refuse(message: string, status: number = UNUSABLE): never {
  write(STDERR, `pidns run: ${message}\n`)
  process.exit(status)
}

/** At once, and whole: nothing is left to be written when this program ends. */
function write(fd: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at)
    } catch (error) {
      // A terminal that is gone, a reader that has left: there is nobody to be told.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
    }
  }
}
