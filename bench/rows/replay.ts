/** A million lines of strace through the command line. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Result } from '../row.ts'
import { writeStraceFile } from '../strace_log.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
/** The log is kept in out/, which git ignores: it takes seconds to make and does not change. */
const logOf = (lines: number): string => join(ROOT, 'out', `replay-${lines}.strace`)
const EVENTS_PER_SECOND = 500_000

interface Report {
  eventsPerSecond?: number
  checked?: number
  matched?: number
}

/** Replays a generated log `rounds` times. `ns`: for one event, as the command itself measures. */
export function replay(lines: number, rounds: number): Result {
  const file = logOf(lines)
  if (!existsSync(file)) {
    const folder = mkdtempSync(join(tmpdir(), 'pidns-bench-'))
    writeStraceFile(join(folder, 'log'), { lines })
    renameSync(join(folder, 'log'), file)
    rmSync(folder, { recursive: true })
  }
  const speeds = Array.from({ length: rounds }, () => eventsPerSecond(file)).sort((a, b) => a - b)
  const speed = speeds[Math.floor((speeds.length - 1) / 2)] ?? 0
  const spread = (speeds.at(-1) ?? 0) - (speeds[0] ?? 0)
  return {
    id: 'replay',
    what: `events of pidns replay, a strace log of ${lines.toLocaleString('en-US')} lines`,
    ns: speed === 0 ? 0 : 1e9 / speed,
    peer: null,
    peerNs: null,
    ratio: null,
    target: 1e9 / EVENTS_PER_SECOND,
    met: speed >= EVENTS_PER_SECOND,
    noise: speed === 0 ? 0 : spread / 2 / speed,
    rounds,
    thrownAway: 0,
  }
}

function eventsPerSecond(file: string): number {
  const args = [join(ROOT, 'dist/cli/main.js'), 'replay', '--json', '--no-check', file]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  })
  if (status !== 0) throw new Error(`replay: exit status ${status}: ${stderr.slice(0, 400)}`)
  const report = JSON.parse(stdout) as Report
  if (report.checked === 0 || report.checked !== report.matched) {
    throw new Error(`replay: ${report.matched} of ${report.checked} results are equal`)
  }
  return report.eventsPerSecond ?? 0
}
