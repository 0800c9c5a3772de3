/**
 * The replay of a run's log while it is written: a little behind it.
 *
 * Where nobody is left when the command has ended there is nothing to tell, and the replay need not catch up; for a short
 * log it is not even loaded. To load it and to warm it up takes longer than many a suite.
 */
import type { LogResult, TraceError } from '../trace/index.ts'

export interface Replayed {
  /** undefined: the replay was not needed, or has failed. */
  readonly result: LogResult | undefined
  /** Why it has failed. */
  readonly trouble: string | null
}

/**
 * `behind`: bytes. `isNeeded`: asked when the log is over; whether there is anything to tell. Reads `lines` to their end,
 * whatever happens.
 */
export async function replayBehind(
  lines: AsyncGenerator<Buffer, void>,
  behind: number,
  isNeeded: () => boolean,
): Promise<Replayed> {
  const late = delayed(lines, behind, isNeeded)
  const first = await late.next()
  if (first.done === true && !isNeeded()) return { result: undefined, trouble: null }
  try {
    // The command may replace what is loaded here: it may be the one that installs it.
    const { inlineLess } = await import('./inline_less.ts')
    const { replayLog } = await import('../trace/index.ts')
    inlineLess()
    const result = await replayLog('log', joined(first, late), { check: false, waits: false })
    return { result: isNeeded() ? result : undefined, trouble: null }
  } catch (error) {
    for await (const _ of lines);
    if (!isNeeded()) return { result: undefined, trouble: null }
    return { result: undefined, trouble: `the log could not be followed: ${reasonOf(error as Error)}` }
  }
}

function reasonOf(error: Error): string {
  if (error.name === 'TraceError') return `line ${(error as TraceError).line}: ${error.message}`
  const isGone = 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
  return isGone
    ? `the command has removed files of pidns: ${error.message}`
    : `internal error: ${error.stack}`
}

/** The last `behind` bytes only if they are needed. */
async function* delayed(
  lines: AsyncGenerator<Buffer, void>,
  behind: number,
  isNeeded: () => boolean,
): AsyncGenerator<Buffer, void> {
  const kept: Buffer[] = []
  let size = 0
  // Not for await: who ends this ends not `lines`.
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    kept.push(next.value)
    size += next.value.length
    while (size > behind) {
      const chunk = kept.shift() as Buffer
      size -= chunk.length
      yield chunk
    }
  }
  if (!isNeeded()) return
  for (const chunk of kept) {
    yield chunk
    // Timers shall have their turn: the tracer writes on, and somebody must read it.
    await new Promise(setImmediate)
  }
}

async function* joined(
  first: IteratorResult<Buffer, void>,
  others: AsyncGenerator<Buffer, void>,
): AsyncGenerator<Buffer, void> {
  if (first.done !== true) yield first.value
  yield* others
}
