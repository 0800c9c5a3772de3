/**
 * A copy of a piece of a log. Engines make the parts of a string by reference: to keep a word of a line would be to keep
 * all the text that was read with it.
 */
export function own(text: string): string {
  return text.length < SHARED_FROM ? text : text.split('').join('')
}

/** Shorter parts are copied anyway (V8). */
const SHARED_FROM = 13
