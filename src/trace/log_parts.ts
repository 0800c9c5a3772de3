/**
 * A log as a sequence of parts, each some of its lines: where reading ends and replaying begins. Reading may be done
 * by another thread (acts_code.ts): the parts are the same.
 */
import type { Characters } from './characters.ts'
import type { LogItem, LogReader } from './event.ts'
import { holdsBytes, recogniseFormat } from './format.ts'
import { splitLines } from './lines.ts'

/** To be played before the next one is asked for. */
export interface LogPart {
  /**
   * Gives out what these lines tell, in order, until `enough`; then no part follows but the last one. Throws TraceError
   * where a line is wrong.
   */
  play(take: (item: LogItem) => void, enough: () => boolean): undefined
  /** Known once it has been played. */
  readonly format: string
  /** How many lines have been read, up to its end. Known once it has been played. */
  readonly lines: number
}

/** Reads bytes as they come. The last part is what readers held back. */
export async function* readParts(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<LogPart, void> {
  let reader: LogReader | undefined
  let format = ''
  let lines = 0
  let stopped = false
  let emit: (item: LogItem) => void = () => {}

  function open(firstLine: string): LogReader {
    const recognised = recogniseFormat(firstLine)
    format = recognised.name
    return recognised.open((item) => emit(item))
  }

  function read(batch: Characters, from: number, end: number): undefined {
    lines++
    reader ??= open(batch.text.slice(from, end))
    if (reader.lineAmong === undefined) reader.line(batch.text.slice(from, end), lines)
    else reader.lineAmong(batch, from, end, lines)
  }

  const part = (play: LogPart['play']): LogPart => ({
    play,
    get format() {
      return format
    },
    get lines() {
      return lines
    },
  })

  for await (const batch of splitLines(bytes, undefined, holdsBytes)) {
    yield part((take, enough) => {
      emit = take
      const { newlines } = batch
      let from = 0
      for (let i = 0; i < newlines.length; i++) {
        const end = newlines[i] as number
        read(batch, from, end)
        stopped = enough()
        if (stopped) return
        from = end + 1
      }
    })
    if (stopped) break
  }
  yield part((take) => {
    emit = take
    reader?.finish(lines)
  })
}
