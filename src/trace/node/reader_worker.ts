/** Reads a log in a thread of its own: bytes come in, coded acts go out, a message for a message. See read_ahead.ts. */
import { parentPort } from 'node:worker_threads'
import { createActsEncoder } from '../acts_code.ts'
import { TraceError } from '../index.ts'
import { readParts } from '../log_parts.ts'
import type { Answer } from './read_ahead.ts'

const port = parentPort ?? (undefined as never)
const encoder = createActsEncoder()
let wake = (): void => {}
const chunks: (Uint8Array | null)[] = []
port.on('message', (chunk: Uint8Array | null) => {
  chunks.push(chunk)
  wake()
})

/** Each time it is asked for the next chunk, the one before has been read. */
async function* bytes(): AsyncGenerator<Uint8Array, void> {
  for (;;) {
    while (chunks.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    const chunk = chunks.shift()
    if (chunk === undefined || chunk === null) return
    yield chunk
    answer({ isLast: false })
  }
}

let format = ''
let lines = 0

function answer(rest: Pick<Answer, 'isLast' | 'trouble'>): undefined {
  const acts = encoder.take()
  const message: Answer = { acts, format, lines, ...rest }
  port.postMessage(message, [acts.numbers.buffer])
}

try {
  for await (const part of readParts(bytes())) {
    part.play(
      (item) => encoder.add(item),
      () => false,
    )
    format = part.format
    lines = part.lines
  }
  answer({ isLast: true })
} catch (error) {
  if (!(error instanceof TraceError)) throw error
  answer({ isLast: true, trouble: { line: error.line, message: error.message } })
}
port.close()
