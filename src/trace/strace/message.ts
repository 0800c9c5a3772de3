/** What strace itself says on its standard error. */

const MESSAGE =
  /strace: (?:Process (\d+)(?:<.*>)? (attached|detached)(?: \(.*\))?|Exit of unknown pid \d+ \w+|\[ Process PID=\d+ runs in .* mode\. \])$/

export interface Message {
  /** Where in the line it begins. */
  readonly at: number
  readonly attached: number | undefined
  readonly detached: number | undefined
}

/** The message that the line ends in. */
export function messageIn(text: string): Message | undefined {
  if (!text.includes('strace: ')) return undefined
  const found = MESSAGE.exec(text)
  if (found === null) return undefined
  const [, number, what] = found
  const pid = number === undefined ? undefined : Number(number)
  return {
    at: found.index,
    attached: what === 'attached' ? pid : undefined,
    detached: what === 'detached' ? pid : undefined,
  }
}
