/** An input that cannot be replayed: what is wrong with it, and where. */

/** Thrown by the readers. `message` says what was expected; it names neither file nor line, whoever prints it does. */
export class TraceError extends Error {
  override readonly name: string = 'TraceError'
  /** Counted from 1; 0 where the trouble is with the input as a whole. */
  readonly line: number
  /** The file, and how far its replay had come, once that is known. */
  path?: string
  checked?: number
  matched?: number

  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

const SHOWN = 40

/** A value as JSON, cut to a length that fits a message. */
export function show(value: unknown): string {
  return value === undefined ? 'nothing' : clip(JSON.stringify(value))
}

/** A text, cut to a length that fits a message. */
export function clip(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
}
