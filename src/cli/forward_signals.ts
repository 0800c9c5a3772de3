/**
 * Signals that are sent to this program are the command's too. A terminal, or a kill of the group, has sent it one
 * already: then it must not get a second.
 *
 * Invariant: a signal is passed on unless the command has taken one of that kind, or has one pending, between
 * `BEFORE_MS` before this program got it and `PATIENCE_MS` after, or the end of a stop in which it may be taking it.
 */
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { pendingSignals, readStat } from '../trace/node/proc.ts'

const FORWARDED = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const
type Forwarded = (typeof FORWARDED)[number]

const PATIENCE_MS = 100
const BEFORE_MS = 250
/** For a tracer that is slow to write down what the command takes: asked again every `PATIENCE_MS`, so often. */
const STOPS_MAX = 20
const TRACING_STOP = 't'
const MARK = '--- SIG'
const LF = 10

export interface SignalForwarder {
  /** The command runs. What came before goes to it now. */
  to(pid: number): void
  /** Lines of the log, to see in them what the command takes. */
  watch(lines: Buffer): void
  stop(): void
}

/** To be called before the command is run: whoever sees it run may send signals. */
export function forwardSignals(): SignalForwarder {
  /** When the command took signals that nobody here has accounted for. */
  const taken = new Map<string, number[]>(FORWARDED.map((signal) => [signal, []]))
  const early: Forwarded[] = []
  let pid: number | undefined

  function takesItself(signal: Forwarded, received: number): boolean {
    const times = (taken.get(signal) ?? []).filter((time) => time >= received - BEFORE_MS)
    const known = times.shift() !== undefined
    taken.set(signal, times)
    return known || ((pendingSignals(pid as number) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n
  }

  function pass(signal: Forwarded, received: number, stops: number): void {
    if (takesItself(signal, received)) return
    if (stops < STOPS_MAX && readStat(pid as number)?.state === TRACING_STOP) {
      setTimeout(pass, PATIENCE_MS, signal, received, stops + 1)
      return
    }
    try {
      process.kill(pid as number, signal)
    } catch {
      // It has just ended.
    }
  }

  function receive(signal: Forwarded): void {
    if (pid === undefined) early.push(signal)
    else setTimeout(pass, PATIENCE_MS, signal, performance.now(), 0)
  }

  for (const signal of FORWARDED) process.on(signal, receive)
  return {
    to(command: number): void {
      pid = command
      for (const signal of early.splice(0)) receive(signal)
    },
    watch(lines: Buffer): void {
      for (let at = lines.indexOf(MARK); at >= 0; at = lines.indexOf(MARK, at + 1)) {
        const times = taken.get(lines.toString('latin1', at + 4, lines.indexOf(' ', at + 4)))
        if (times === undefined) continue
        const lineStart = lines.lastIndexOf(LF, at) + 1
        const thread = Number.parseInt(lines.toString('latin1', lineStart, at), 10)
        if (thread !== pid && !existsSync(`/proc/${pid}/task/${thread}`)) continue
        times.push(performance.now())
        if (times.length > 64) times.shift()
      }
    },
    stop(): void {
      for (const signal of FORWARDED) process.off(signal, receive)
    },
  }
}

/** Those that would leave a core file of this program behind. */
const DUMPS_CORE: ReadonlySet<string> = new Set([
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGSEGV',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGSYS',
])

/** The first real-time signal. */
const SIGRT_0 = 32

/** Ends this program as the command ended: by the same signal, where that leaves nothing behind. */
export function endBy(signal: NodeJS.Signals | `SIGRT_${number}`): void {
  const nr = signalNumber(signal)
  if (DUMPS_CORE.has(signal)) process.exit(128 + nr)
  // Node ignores SIGPIPE; a listener that comes and goes makes it deadly again.
  if (signal === 'SIGPIPE') {
    const nothing = (): void => {}
    process.on(signal, nothing)
    process.off(signal, nothing)
  }
  process.kill(process.pid, nr)
  setTimeout(() => process.exit(128 + nr), 1000)
}

function signalNumber(signal: NodeJS.Signals | `SIGRT_${number}`): number {
  const realtime = /^SIGRT_(\d+)$/.exec(signal)
  return realtime === null ? constants.signals[signal as NodeJS.Signals] : SIGRT_0 + Number(realtime[1])
}
