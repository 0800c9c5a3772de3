/** The formats of logs, and how each is recognised: by what its first line holds, never by the file's name. */
import type { LogItem, LogReader } from './event.ts'
import { createFtraceReader, isFtrace } from './ftrace/ftrace.ts'
import { createRecordingReader } from './recording/recording.ts'
import { createStraceReader, isBare, isStrace } from './strace/strace.ts'
import { show, TraceError } from './trace_error.ts'

export interface Format {
  readonly name: string
  recognises(firstLine: string): boolean
  /** Whether somebody else than the writer of such a log has put bytes into its lines: any, also what is no text. */
  holdsBytes?(firstLine: string): boolean
  open(emit: (item: LogItem) => void): LogReader
}

const BYTE_ORDER_MARK = '\uFEFF'
const CR = '\r'

const FORMATS: readonly Format[] = [
  { name: 'recording', recognises: (line) => line.startsWith('{'), open: createRecordingReader },
  { name: 'strace', recognises: isStrace, open: createStraceReader, holdsBytes: isBare },
  // The kernel prints names of tasks as they are.
  { name: 'ftrace', recognises: isFtrace, open: createFtraceReader, holdsBytes: () => true },
]

/** Whether the lines of such a log may hold what is no text. None do where the first ends in CR LF: that is another mistake. */
export function holdsBytes(firstLine: string): boolean {
  if (firstLine.endsWith(CR)) return false
  return FORMATS.find((format) => format.recognises(firstLine))?.holdsBytes?.(firstLine) === true
}

export function recogniseFormat(firstLine: string): Format {
  const format = FORMATS.find((candidate) => candidate.recognises(firstLine))
  if (format !== undefined) return format
  if (firstLine.startsWith(BYTE_ORDER_MARK)) {
    throw new TraceError(1, 'a byte order mark: expected UTF-8 without one')
  }
  throw new TraceError(
    1,
    `expected the header of a recording, {"recorder":…, a line of strace or of ftrace, got ${show(firstLine)}`,
  )
}
