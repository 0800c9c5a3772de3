/**
 * What a run has left behind, in text: a line that sums up, and a line for each process.
 *
 *   pidns run: 2 processes outlived the command; 41 called setsid and escaped the kill of group 12
 *     40 sleep 60 - started by 12 make test; since 17:53:03 (2.1 s)
 *     41 server - started by 39 sh start.sh, by 12 make test; since 17:53:04 (1.2 s); in a session of its own; …
 */
import type { Ancestor } from '../trace/index.ts'
import type { Paint } from './paint.ts'
import type { Outlived, RunReport, Zombie } from './run_report.ts'

const NUMBERS_SHOWN = 8
const COMMAND_WIDTH = 100

/** '' where there is nothing to tell. */
export function runText(report: RunReport, verbose: boolean, paint: Paint): string {
  const { outlived, zombies, trouble } = report
  const lines: string[] = []
  if (trouble !== null) lines.push(paint.red(`pidns run: ${trouble}`))
  if (outlived.length > 0 || zombies.length > 0) {
    lines.push(paint.bold(paint.yellow(`pidns run: ${summary(report)}`)))
    const now = Date.now()
    lines.push(...outlived.map((one) => `  ${outlivedText(one, now, paint)}`))
    for (const [parent, children] of byParent(zombies)) {
      lines.push(
        `  ${nameOf(parent)}${paint.dim(` - zombies ${numberList(children.map(({ pid }) => pid))}`)}`,
      )
    }
  } else if (verbose && trouble === null) lines.push(`pidns run: nothing was left`)
  if (verbose) lines.push(paint.dim(`pidns run: ${trust(report)}`))
  return lines.map((line) => `${line}\n`).join('')
}

function summary({ outlived, zombies }: RunReport): string {
  const parts: string[] = []
  if (outlived.length > 0)
    parts.push(`${counted(outlived.length, 'process', 'processes')} outlived the command`)
  for (const [group, all] of escapes(outlived)) {
    const called = all.every(({ left }) => left !== null)
    const how = called ? `called ${[...new Set(all.map(({ left }) => left))].sort().join(' or ')} and ` : ''
    parts.push(`${numberList(all.map(({ pid }) => pid))} ${how}escaped the kill of group ${group}`)
  }
  for (const [parent, children] of byParent(zombies)) {
    parts.push(`${parent.pid} never waited for ${counted(children.length, 'zombie', 'zombies')}`)
  }
  return parts.join('; ')
}

function outlivedText(
  { pid, numbers, command, descent, since, left, escaped, ended }: Outlived,
  now: number,
  paint: Paint,
): string {
  const parts: string[] = []
  if (descent.length > 0) parts.push(`started by ${descent.map(nameOf).join(', by ')}`)
  if (since !== null) parts.push(sinceText(since, now))
  if (numbers.length > 1) parts.push(`${numbers.at(-1)} in a PID namespace of its own`)
  if (left !== null)
    parts.push(left === 'setsid' ? 'in a session of its own' : 'in a process group of its own')
  if (escaped !== null) parts.push(escaped.text)
  if (ended !== null) parts.push(ended === 'nothing' ? 'could not be ended' : `ended by ${ended}`)
  return `${nameOf({ pid, command })}${paint.dim(parts.length === 0 ? '' : ` - ${parts.join('; ')}`)}`
}

function sinceText(since: string, now: number): string {
  const at = new Date(since)
  const seconds = Math.max(0, (now - at.getTime()) / 1000)
  return `since ${at.toTimeString().slice(0, 8)} (${seconds.toFixed(1)} s)`
}

function trust({ processes, lines, checked, matched, seconds }: RunReport): string {
  const what = [counted(processes, 'process', 'processes'), counted(lines, 'line', 'lines')].join(', ')
  return `${what} in ${seconds.toFixed(1)} s; ${counted(checked, 'result', 'results')} checked, ${matched} equal`
}

/** By the group whose kill missed them. */
function escapes(outlived: readonly Outlived[]): Map<number, Outlived[]> {
  const groups = new Map<number, Outlived[]>()
  for (const one of outlived) {
    if (one.escaped === null) continue
    groups.set(one.escaped.group, [...(groups.get(one.escaped.group) ?? []), one])
  }
  return groups
}

function byParent(zombies: readonly Zombie[]): Map<Ancestor, Zombie[]> {
  const parents = new Map<number, [Ancestor, Zombie[]]>()
  for (const zombie of zombies) {
    const [, children] = parents.get(zombie.parent.pid) ?? [zombie.parent, []]
    parents.set(zombie.parent.pid, [zombie.parent, [...children, zombie]])
  }
  return new Map(parents.values())
}

function nameOf({ pid, command }: Ancestor): string {
  const plain = command.replace(/\s+/g, ' ').trim()
  const short = plain.length <= COMMAND_WIDTH ? plain : `${plain.slice(0, COMMAND_WIDTH - 1)}…`
  return short === '' ? `${pid}` : `${pid} ${short}`
}

function numberList(all: readonly number[]): string {
  const shown = all.length <= NUMBERS_SHOWN ? all : all.slice(0, NUMBERS_SHOWN - 1)
  return `${shown.join(', ')}${shown.length < all.length ? ` and ${all.length - shown.length} more` : ''}`
}

function counted(n: number, one: string, many: string): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`
}
