/** A replay's result in text. The data are made elsewhere; here they are only laid out. */
import {
  type Difference,
  FINDING_KINDS,
  type FileReport,
  type Finding,
  type LogResult,
  type Report,
  type TrailStep,
} from '../trace/index.ts'
import type { Paint } from './paint.ts'
import { treeLines } from './print_tree.ts'

const FINDINGS_PER_KIND = 4
const DIFFERENCES = 10
const COMMAND_WIDTH = 40

export interface PrintOptions {
  /** Everything, however long. */
  readonly all: boolean
  readonly paint: Paint
  /** Whether other files are printed too. */
  readonly several: boolean
}

/** One file: its tree, its findings, its differences, and where it is one of several its verdict. */
export function fileText({ report, trail, tree }: LogResult, options: PrintOptions): string {
  const { paint, all } = options
  const { path, format, lines, events, processes, skipped } = report
  const title = `${paint.bold(nameOf(path))}: ${format}, ${counted(lines, 'line')}, ${counted(events, 'event')}, ${counted(processes, 'process')}`
  return [
    title,
    '',
    ...(tree === undefined ? [] : treeLines(tree, all, paint)),
    '',
    ...findingLines(report.findings, options),
    ...Object.entries(skipped).map(([reason, n]) => `${paint.yellow('skipped')}  ${number(n)}: ${reason}`),
    ...differenceLines(report, trail, options),
    ...(options.several ? [verdict(report), ''] : []),
  ].join('\n')
}

/** The last line: what was checked, and how fast. `unusable`: how many files could not be read to their end. */
export function verdictText(report: Report, unusable: number, paint: Paint): string {
  const equal = report.checked === report.matched && unusable === 0
  const line = verdict(report)
  const speed = `${counted(sumOf(report, 'events'), 'event')}, ${number(report.eventsPerSecond)} a second`
  const files = unusable === 0 ? '' : `; ${counted(unusable, 'file')} unusable`
  return `${paint.bold(equal ? paint.green(line) : paint.red(line))}${files}${paint.dim(` (${speed})`)}`
}

export function nameOf(path: string): string {
  return path === '-' ? 'standard input' : path
}

function verdict({ checked, matched }: { readonly checked: number; readonly matched: number }): string {
  const differ = checked === matched ? '' : `, ${number(checked - matched)} different`
  return `${counted(checked, 'result')} checked, ${number(matched)} equal${differ}`
}

function sumOf({ files }: Report, field: 'events'): number {
  return files.reduce((sum, file) => sum + file[field], 0)
}

function findingLines(findings: readonly Finding[], { all, paint }: PrintOptions): string[] {
  const lines: string[] = []
  for (const kind of FINDING_KINDS) {
    const found = findings.filter((finding) => finding.kind === kind)
    if (found.length === 0) continue
    const shown = all || found.length <= FINDINGS_PER_KIND ? found : found.slice(0, FINDINGS_PER_KIND - 1)
    lines.push(`${paint.yellow(kind)}  ${number(found.length)}`)
    for (const finding of shown) lines.push(...findingText(finding, all, paint))
    if (shown.length < found.length)
      lines.push(paint.dim(`  … and ${number(found.length - shown.length)} more (--all shows them)`))
  }
  return lines.length === 0 ? [] : [...lines, '']
}

/** The finding, and below it, where the log tells, who made it. */
function findingText(finding: Finding, all: boolean, paint: Paint): string[] {
  const { pid, line, text, time, nspid, command, descent } = finding
  if (line === 0) return [`  ${text}`]
  const inside = nspid === undefined || nspid.length < 2 ? '' : ` [${nspid.join(' ')}]`
  const program = command === undefined ? '' : ` (${clip(command, all)})`
  const place = paint.dim(`line ${line}:`)
  const made =
    descent === undefined || descent.length === 0
      ? ''
      : `made by ${descent.map((it) => clip(it, all)).join(' > ')}`
  const below = [time === undefined ? '' : `at ${time}`, made].filter((word) => word !== '').join(', ')
  return [
    `  ${place} ${pid}${inside}${program} ${text}`,
    ...(below === '' ? [] : [paint.dim(`    ${below}`)]),
  ]
}

function clip(text: string, all: boolean): string {
  return all || text.length <= COMMAND_WIDTH ? text : `${text.slice(0, COMMAND_WIDTH - 1)}…`
}

function differenceLines(
  { differences, checked, matched }: FileReport,
  trail: readonly TrailStep[],
  { all, paint }: PrintOptions,
): string[] {
  const [first, ...others] = differences
  if (first === undefined) return []
  const shown = all ? others : others.slice(0, DIFFERENCES - 1)
  const lines = [
    paint.red(`${number(checked - matched)} of ${counted(checked, 'result')} differ; the first:`),
    ...differenceText(first),
    '  what led to it:',
    ...trail.map(({ line, text }) => `    ${paint.dim(`line ${line}:`)} ${text}`),
  ]
  if (shown.length > 0) lines.push('then:', ...shown.flatMap(differenceText))
  if (shown.length < others.length) lines.push(paint.dim('  … and more (--all shows up to 100)'))
  return [...lines, '']
}

function differenceText({ line, what, expected, actual }: Difference): string[] {
  return [`  line ${line}: ${what}`, `    expected ${expected}`, `    actual   ${actual}`]
}

function counted(n: number, noun: string): string {
  const plural = noun === 'process' ? 'processes' : `${noun}s`
  return `${number(n)} ${n === 1 ? noun : plural}`
}

function number(n: number): string {
  return n.toLocaleString('en-US')
}
