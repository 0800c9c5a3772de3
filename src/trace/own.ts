/**
 * A copy of a piece of a log. Engines make the parts of a string by reference: to keep a word of a line would be to keep
 * all the text that was read with it. Shorter parts are copied (V8), so it is put together of such.
 */
export function own(text: string): string {
  if (text.length <= COPIED) return text
  let copy = ''
  for (let i = 0; i < text.length; i += COPIED) copy += text.slice(i, i + COPIED)
  return copy
}

const COPIED = 12
