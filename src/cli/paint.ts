/** Colours for a terminal: only there, and not where NO_COLOR asks for none (no-color.org). */

export type Paint = Readonly<
  Record<'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', (text: string) => string>
>

/** Escape codes (ECMA-48 SGR) that turn each on and off. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const

export function paintFor(stream: { readonly isTTY?: boolean }, env: Readonly<NodeJS.ProcessEnv>): Paint {
  const wanted = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
  const brush = ([on, off]: readonly [number, number]) => {
    return (text: string): string => (wanted ? `\u001b[${on}m${text}\u001b[${off}m` : text)
  }
  return {
    bold: brush(CODES.bold),
    dim: brush(CODES.dim),
    red: brush(CODES.red),
    green: brush(CODES.green),
    yellow: brush(CODES.yellow),
    cyan: brush(CODES.cyan),
  }
}
