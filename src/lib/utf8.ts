/** UTF-8 between strings and bytes, as the Encoding Standard has it. The language has no TextEncoder of its own. */

const REPLACEMENT = 0xfffd

/** The first `max` bytes of the string's UTF-8, which may end inside a character, as the kernel cuts names. */
export function utf8Bytes(text: string, max: number): number[] {
  const bytes: number[] = []
  for (let i = 0; i < text.length && bytes.length < max; i++) {
    const point = text.codePointAt(i) as number
    if (point > 0xffff) i++
    const code = point >= 0xd800 && point < 0xe000 ? REPLACEMENT : point
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
  }
  return bytes.length > max ? bytes.slice(0, max) : bytes
}

/** The string of these bytes; what is not UTF-8, such as a character cut off at the end, becomes U+FFFD. */
export function utf8String(bytes: readonly number[]): string {
  let text = ''
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i] as number
    const more = lead < 0x80 ? 0 : lead < 0xc2 ? -1 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : -1
    let code = more > 0 ? lead & (0x3f >> more) : lead
    let taken = 1
    for (; taken <= more && continues(lead, taken, bytes[i + taken]); taken++) {
      code = (code << 6) | ((bytes[i + taken] as number) & 63)
    }
    text += String.fromCodePoint(taken === more + 1 ? code : REPLACEMENT)
    i += taken
  }
  return text
}

/**
 * Can `byte` be the one at `place` behind `lead`? Next to some leads the range is narrower, since overlong forms,
 * surrogates and what is above U+10FFFF are not UTF-8.
 */
function continues(lead: number, place: number, byte: number | undefined): boolean {
  const low = place > 1 ? 0x80 : lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const high = place > 1 ? 0xbf : lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  return byte !== undefined && byte >= low && byte <= high
}
