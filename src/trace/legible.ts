/**
 * In a log that strace wrote to its standard error stands what the programs print there, too: colours, lines that end in
 * CR LF, lines that are written over. Those characters are none of strace's, which escapes them.
 *
 * Invariant: other logs pass as they are, and so does a log whose first line has such characters.
 */

const TAB = 9
const LF = 10
const DEL = 127
const FIRST_PRINTABLE = 32
const QUESTION = 63
/** More than the first line of strace has before its bracket. */
const HEAD = 256
/** With no number in front, or one in brackets. */
const BARE = /^(?:\[pid +\d+\] |strace: |[a-z_]\w*\()/

/** The same, with a question mark for each control character where programs may have printed it. */
export async function* legible(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bare: boolean | undefined
  for await (const chunk of source) {
    if (chunk.length > 0) bare ??= isBare(chunk)
    yield bare === true ? replaced(chunk) : chunk
  }
}

function isBare(chunk: Uint8Array): boolean {
  const head = String.fromCharCode(...chunk.subarray(0, HEAD))
  if (!BARE.test(head)) return false
  const end = chunk.indexOf(LF)
  const first = end < 0 ? chunk : chunk.subarray(0, end)
  return !first.some(isControl)
}

function replaced(chunk: Uint8Array): Uint8Array {
  const first = chunk.findIndex(isControl)
  if (first < 0) return chunk
  const copy = chunk.slice()
  for (let i = first; i < copy.length; i++) if (isControl(copy[i] as number)) copy[i] = QUESTION
  return copy
}

function isControl(byte: number): boolean {
  return (byte < FIRST_PRINTABLE && byte !== TAB && byte !== LF) || byte === DEL
}
