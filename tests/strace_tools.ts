/** What the tests of the reader of strace's logs share. */
import type { Act, Span, SpanOutcome, SpanStart } from '#internal/trace/acts.js'
import { createStraceReader } from '#internal/trace/strace/strace.js'

/** The acts of a log, its start left out. An act is copied when it comes: later lines may add to it. */
export function actsOf(lines: readonly string[]): Act[] {
  const acts: Act[] = []
  const reader = createStraceReader((act: SpanStart | Act) => {
    if (act.kind !== 'start') acts.push(structuredClone(act))
  })
  for (const [at, text] of lines.entries()) reader.line(text, at + 1)
  reader.finish(lines.length)
  return acts
}

/** The calls, once each, as they are when all is known of them. */
export function callsOf(lines: readonly string[]): Span[] {
  return actsOf(lines).flatMap((act) => (act.kind === 'call' || act.kind === 'leave' ? [act.span] : []))
}

/** An act in few words, for tests of who did what in which line: `enter 5 wait4 1`. */
export function brief(act: Act): string {
  if (act.kind === 'call' || act.kind === 'leave' || act.kind === 'enter') {
    const { by, call, line, last, outcome } = act.span
    const what = outcome?.kind === 'returned' ? outcome.value : (outcome?.kind ?? 'unknown')
    return `${act.kind} ${by} ${call.op} ${line === last ? line : `${line}-${last}`} ${what}`
  }
  return `${act.kind} ${act.by} ${act.line}`
}

export function returned(
  value: number,
  rest: Partial<Extract<SpanOutcome, { kind: 'returned' }>> = {},
): SpanOutcome {
  const nothing = { outer: undefined, status: undefined, info: undefined, fd: undefined }
  return { kind: 'returned', value, ...nothing, ...rest }
}
