/** UTF-8 between strings and bytes. The language has no TextEncoder of its own. */

/** The first `max` bytes of the string's UTF-8, which may end inside a character, as the kernel cuts names. */
export function utf8Bytes(text: string, max: number): number[] {
  const bytes: number[] = []
  for (const char of text) {
    const code = char.codePointAt(0) as number
    if (code < 0x80) bytes.push(code)
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63))
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
    else
      bytes.push(
        0xf0 | (code >> 18),
        0x80 | ((code >> 12) & 63),
        0x80 | ((code >> 6) & 63),
        0x80 | (code & 63),
      )
    if (bytes.length >= max) break
  }
  return bytes.slice(0, max)
}

/** The string of these bytes; what is not UTF-8, such as a character cut off at the end, becomes U+FFFD. */
export function utf8String(bytes: readonly number[]): string {
  let text = ''
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i] as number
    const more = lead < 0x80 ? 0 : lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : -1
    const tail = bytes.slice(i + 1, i + 1 + Math.max(more, 0))
    if (more < 0 || tail.length < more || tail.some((byte) => (byte & 0xc0) !== 0x80)) {
      text += '\ufffd'
      i += 1 + (more < 0 ? 0 : tail.length)
      continue
    }
    text += String.fromCodePoint(
      tail.reduce(
        (code, byte) => (code << 6) | (byte & 63),
        lead & (0xff >> (more + 1 + (more > 0 ? 1 : 0))),
      ),
    )
    i += 1 + more
  }
  return text
}
