/** Strings that have a character for each byte. */

/** The bytes of such a string. */
export function latin1Bytes(text: string): number[] {
  const bytes: number[] = []
  for (let i = 0; i < text.length; i++) bytes.push(text.charCodeAt(i))
  return bytes
}

/** The string of these bytes. */
export function latin1String(bytes: readonly number[]): string {
  return String.fromCharCode(...bytes)
}
