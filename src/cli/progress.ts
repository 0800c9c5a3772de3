/**
 * A progress bar on stderr, for input that takes long: drawn by cli-progress, and only on a terminal, and only after
 * `PATIENCE_MS`.
 */
import cliProgress from 'cli-progress'

export interface Progress {
  /** `position`: bytes read, of all the input. */
  show(name: string, position: number, events: number): void
  clear(): void
}

const PATIENCE_MS = 500
const NAME_WIDTH = 32

/** `size` of all the input in bytes; undefined where nobody knows it, then there is no bar, only the counts. */
export function createProgress(size: number | undefined): Progress {
  const { stderr } = process
  const started = performance.now()
  const counts = '{events} events, {perSecond} a second  {name}'
  const bar = new cliProgress.SingleBar(
    {
      format: size === undefined ? counts : `{bar} {percentage}%  ${counts}`,
      barsize: 24,
      stream: stderr,
      clearOnComplete: true,
      hideCursor: true,
      linewrap: false,
    },
    cliProgress.Presets.shades_classic,
  )
  return {
    show(name: string, position: number, events: number): void {
      const elapsed = performance.now() - started
      if (!stderr.isTTY || elapsed < PATIENCE_MS) return
      const perSecond = Math.round((events * 1000) / elapsed).toLocaleString('en-US')
      const payload = { name: shorten(name), events: events.toLocaleString('en-US'), perSecond }
      if (bar.isActive) bar.update(Math.min(position, size ?? position), payload)
      else bar.start(size ?? 0, position, payload)
    },
    clear(): void {
      if (bar.isActive) bar.stop()
    },
  }
}

function shorten(name: string): string {
  return name.length <= NAME_WIDTH ? name : `…${name.slice(1 - NAME_WIDTH)}`
}
