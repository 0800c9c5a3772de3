/**
 * A progress bar on stderr, for input that takes long. Shows nothing before `PATIENCE_MS`, and nothing at all where stderr
 * is not a terminal.
 */
import { clearLine, cursorTo } from 'node:readline'

export interface Progress {
  /** `position`: bytes read, of all the input. */
  show(name: string, position: number, events: number): void
  clear(): void
}

const PATIENCE_MS = 500
const PERIOD_MS = 100
const WIDTH = 24
const NAME_WIDTH = 32

/** `size` of all the input in bytes; undefined where nobody knows it, then there is no bar, only the counts. */
export function createProgress(size: number | undefined): Progress {
  const { stderr } = process
  const started = performance.now()
  let next = started + PATIENCE_MS
  let drawn = false
  return {
    show(name: string, position: number, events: number): void {
      const now = performance.now()
      if (!stderr.isTTY || now < next) return
      next = now + PERIOD_MS
      drawn = true
      const perSecond = Math.round((events * 1000) / (now - started))
      const counts = `${events.toLocaleString('en-US')} events, ${perSecond.toLocaleString('en-US')} a second`
      const text = `${bar(position, size)}${counts}  ${shorten(name)}`
      cursorTo(stderr, 0)
      stderr.write(text.slice(0, (stderr.columns || 80) - 1))
      clearLine(stderr, 1)
    },
    clear(): void {
      if (!drawn) return
      drawn = false
      cursorTo(stderr, 0)
      clearLine(stderr, 0)
    },
  }
}

function bar(position: number, size: number | undefined): string {
  if (size === undefined || size === 0) return ''
  const share = Math.min(position / size, 1)
  const full = Math.round(share * WIDTH)
  const percent = `${Math.floor(share * 100)}`.padStart(3)
  return `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${percent}%  `
}

function shorten(name: string): string {
  return name.length <= NAME_WIDTH ? name : `…${name.slice(1 - NAME_WIDTH)}`
}
