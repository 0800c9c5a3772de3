/** Results as lines of text. */
import type { Result } from './row.ts'

/** A time or a size in at most four digits. */
export function amount(value: number, unit = 'ns'): string {
  if (unit === 'bytes') return `${Math.round(value).toLocaleString('en-US')} B`
  if (unit === '/s') return `${(value / 1e6).toFixed(value >= 1e7 ? 1 : 2)} M/s`
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} ms`
  if (value >= 1e4) return `${(value / 1e3).toFixed(1)} us`
  return `${value >= 100 ? Math.round(value) : value.toFixed(1)} ns`
}

/** What must be reached, in the row's own terms. */
export function goal({ target, ratio, unit }: Result): string {
  if (target === null) return ''
  if (unit === '/s') return `>= ${target}`
  return ratio === null ? `<= ${amount(target, unit)}` : `<= ${target}`
}

export function verdict({ met }: Result): string {
  return met === null ? '' : met ? 'met' : 'MISSED'
}

export function heading(): string {
  return columns('row', 'ours', 'peer', 'ratio', 'target', '', 'noise', 'against')
}

export function line(result: Result): string {
  return columns(
    result.id,
    amount(result.ns, result.unit),
    result.peerNs === null ? '' : amount(result.peerNs, result.unit),
    result.ratio === null ? '' : result.ratio.toFixed(3),
    goal(result),
    verdict(result),
    result.rounds > 1 ? `${(100 * result.noise).toFixed(0)} %` : '',
    result.peer ?? '',
  )
}

function columns(id: string, ours: string, peer: string, ratio: string, ...rest: string[]): string {
  const [target = '', met = '', noise = '', against = ''] = rest
  const numbers = [ours.padStart(10), peer.padStart(10), ratio.padStart(7), target.padStart(11)]
  return `${id.padEnd(17)}${numbers.join(' ')}  ${met.padEnd(6)} ${noise.padStart(5)}  ${against}`.trimEnd()
}
