/**
 * `pidns replay`: replays each file, prints what was found, and turns it into an exit status.
 *
 * Invariant: results go to stdout, trouble to stderr; a file that cannot be read to its end is told of, and the others are
 * still replayed.
 */
import { type LogResult, sumUp, TraceError } from '../trace/index.ts'
import { replayParts } from '../trace/log.ts'
import { sizeOfInput } from '../trace/node/input.ts'
import { openLog } from '../trace/node/read_ahead.ts'
import { inlineLess } from './inline_less.ts'
import { paintFor } from './paint.ts'
import { fileText, nameOf, verdictText } from './print.ts'
import { createProgress } from './progress.ts'

export interface ReplayFlags {
  readonly json?: boolean
  readonly all?: boolean
  readonly check: boolean
  readonly pidMax?: number
  readonly waits: boolean
}

const EQUAL = 0
const DIFFERENT = 1
const UNUSABLE = 2

export async function replayFiles(paths: readonly string[], flags: ReplayFlags): Promise<number> {
  const paint = paintFor(process.stdout, process.env)
  const options = { paint, all: flags.all === true, several: paths.length > 1 }
  const results: LogResult[] = []
  const started = performance.now()
  const meter = await createMeter(paths)
  for (const path of paths) {
    try {
      const result = await replayFile(path, flags, meter)
      results.push(result)
      if (!flags.json) await print(`${fileText(result, options)}\n`)
    } catch (error) {
      if (!(error instanceof TraceError)) throw error
      console.error(troubleText(path, error))
    }
  }
  const seconds = Math.round(performance.now() - started) / 1000
  const report = sumUp(
    results.map((result) => result.report),
    seconds,
  )
  const unusable = paths.length - results.length
  if (flags.json) await print(`${JSON.stringify(report, null, 2)}\n`)
  else if (results.length > 0) await print(`${verdictText(report, unusable, paint)}\n`)
  if (unusable > 0) return UNUSABLE
  return report.checked === report.matched ? EQUAL : DIFFERENT
}

async function replayFile(
  path: string,
  { check, pidMax, waits }: ReplayFlags,
  meter: Meter,
): Promise<LogResult> {
  const log = await openLog(path)
  try {
    const onProgress = (events: number): void => {
      inlineLess()
      meter.show(path, log.position(), events)
    }
    return await replayParts(path, log.parts, { check, pidMax, waits, onProgress })
  } catch (error) {
    // Damage to packed data explains whatever the reader stumbled over, and is told instead.
    if (error instanceof TraceError && error.line > 0) await log.finish()
    throw error
  } finally {
    meter.next()
    log.close()
  }
}

/** Progress over all files of a run, fed from each in turn. */
interface Meter {
  /** `position` and `events` in the present file. */
  show(path: string, position: number, events: number): void
  next(): void
}

async function createMeter(paths: readonly string[]): Promise<Meter> {
  const sizes = await Promise.all(paths.map(sizeOfInput))
  const known = sizes.every((size) => size !== undefined)
  const progress = createProgress(known ? sizes.reduce((sum, size) => sum + size, 0) : undefined)
  let [bytesBefore, eventsBefore, bytes, events] = [0, 0, 0, 0]
  return {
    show(path: string, position: number, present: number): void {
      bytes = position
      events = present
      progress.show(nameOf(path), bytesBefore + bytes, eventsBefore + events)
    },
    next(): void {
      bytesBefore += bytes
      eventsBefore += events
      bytes = 0
      events = 0
      progress.clear()
    },
  }
}

function troubleText(path: string, { line, message, checked, matched }: TraceError): string {
  const place = line === 0 ? nameOf(path) : `${nameOf(path)}:${line}`
  if (checked === undefined || matched === undefined) return `pidns replay: ${place}: ${message}`
  const results =
    checked === matched
      ? `${checked} results, all equal`
      : `${checked} results, ${checked - matched} different`
  return `pidns replay: ${place}: ${message} (before that: ${results})`
}

/** Waits where a reader is slow, so that text does not pile up. */
async function print(text: string): Promise<void> {
  if (process.stdout.write(text)) return
  await new Promise((resolve) => process.stdout.once('drain', resolve))
}
