/**
 * Signals that are sent to this program are the command's too. A terminal, or a kill of the group, has sent it one
 * already: then it must not get a second.
 *
 * Invariant: a signal is passed on unless the command has taken one of that kind, or has one pending, between
 * `BEFORE_MS` before this program got it and `PATIENCE_MS` after.
 */
import { constants } from 'node:os'
import { pendingSignals } from '../trace/node/proc.ts'

const FORWARDED = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const
type Forwarded = (typeof FORWARDED)[number]

const PATIENCE_MS = 100
const BEFORE_MS = 250
const MARK = '--- SIG'
const LF = 10

export interface SignalForwarder {
  /** Lines of the log, to see in them what the command takes. */
  watch(lines: Buffer): void
  stop(): void
}

export function forwardSignals(pid: number): SignalForwarder {
  /** When the command took signals that nobody here has accounted for. */
  const taken = new Map<string, number[]>(FORWARDED.map((signal) => [signal, []]))

  function takesItself(signal: Forwarded, received: number): boolean {
    const times = (taken.get(signal) ?? []).filter((time) => time >= received - BEFORE_MS)
    const known = times.shift() !== undefined
    taken.set(signal, times)
    return known || ((pendingSignals(pid) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n
  }

  function receive(signal: Forwarded): void {
    const received = performance.now()
    setTimeout(() => {
      if (takesItself(signal, received)) return
      try {
        process.kill(pid, signal)
      } catch {
        // It has just ended.
      }
    }, PATIENCE_MS)
  }

  for (const signal of FORWARDED) process.on(signal, receive)
  return {
    watch(lines: Buffer): void {
      for (let at = lines.indexOf(MARK); at >= 0; at = lines.indexOf(MARK, at + 1)) {
        const times = taken.get(lines.toString('latin1', at + 4, lines.indexOf(' ', at + 4)))
        if (times === undefined) continue
        const lineStart = lines.lastIndexOf(LF, at) + 1
        if (Number.parseInt(lines.toString('latin1', lineStart, at), 10) !== pid) continue
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
