/**
 * A progress bar on stderr, for long input on a terminal. Shows nothing before `PATIENCE_MS`, and nothing at all where
 * stderr is not a terminal.
 */
import { clearLine, cursorTo } from 'node:readline'

export interface Progress {
  /** `position`: bytes read of the input. */
  show(position: number, events: number): void
  clear(): void
}

const PATIENCE_MS = 500
const PERIOD_MS = 100
const WIDTH = 24
const NAME_WIDTH = 32

/** `size` of the input in bytes; undefined where nobody knows it, then only the events are counted. */
export function createProgress(name: string, size: number | undefined): Progress {
  const { stderr } = process
  const started = performance.now()
  let next = started + PATIENCE_MS
  let drawn = false
  return {
    show(position: number, events: number): void {
      const now = performance.now()
      if (!stderr.isTTY || now < next) return
      next = now + PERIOD_MS
      drawn = true
      const perSecond = Math.round((events * 1000) / (now - started))
      const text = `${shorten(name)} ${bar(position, size)}${number(events)} events, ${number(perSecond)} a second`
      cursorTo(stderr, 0)
      stderr.write(text.slice(0, (stderr.columns || 80) - 1))
      clearLine(stderr, 1)
    },
    clear(): void {
      if (!drawn) return
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

function number(n: number): string {
  return n.toLocaleString('en-US')
}
