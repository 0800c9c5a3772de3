/** Some text, as a string and as numbers: to look at these is several times as fast. */
export interface Characters {
  readonly text: string
  /** The character codes of `text`; for all that are not ASCII one that is not either. A newline ends them. */
  readonly codes: Uint8Array
}

const LF = 10
const ASCII_END = 128

export const NO_CHARACTERS: Characters = charactersOf('')

/** Of one line, without its newline. */
export function charactersOf(text: string): Characters {
  const codes = new Uint8Array(text.length + 1)
  fillCodes(codes, text)
  codes[text.length] = LF
  return { text, codes }
}

/** Of lines, each with its newline. */
export function codesOf(text: string): Uint8Array {
  const codes = new Uint8Array(text.length)
  fillCodes(codes, text)
  return codes
}

function fillCodes(codes: Uint8Array, text: string): undefined {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    codes[i] = code < ASCII_END ? code : ASCII_END
  }
}
