/** docs/performance.md: the parts of it that are measured, between marks; what is said about them stays as it is. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Drawn, draw } from './curves.ts'
import type { Machine } from './machine.ts'
import type { Result } from './row.ts'
import { amount, goal, verdict } from './table.ts'

const FILE = fileURLToPath(new URL('../../docs/performance.md', import.meta.url))
const PICTURES = fileURLToPath(new URL('../../docs/performance', import.meta.url))

export async function writePerformance(
  machine: Machine,
  results: readonly Result[],
  curves: readonly Drawn[],
): Promise<void> {
  for (const curve of curves) await draw(curve, PICTURES)
  let text = readFileSync(FILE, 'utf8')
  text = between(text, 'machine', machineText(machine))
  text = between(text, 'table', table(results))
  text = between(text, 'curves', curves.map(curveText).join('\n\n'))
  writeFileSync(FILE, text)
}

/** The text with what stands between `<!-- name -->` and `<!-- /name -->` replaced. */
function between(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`docs/performance.md lacks ${begin} ... ${end}`)
  return `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`
}

function machineText({ cpu, cores, memoryGiB, os, node, v8, load, date }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB; ${os}; Node ${node} (V8 ${v8}); load average ${load} when the run began; ${date}.`
}

function table(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const peer = result.peerNs === null ? '' : `${result.peer}: ${amount(result.peerNs, result.unit)}`
    const ratio = result.ratio === null ? '' : result.ratio.toFixed(2)
    const noise = result.rounds > 1 ? `${Math.round(100 * result.noise)} %` : ''
    const cells = [`\`${result.id}\``, result.what, amount(result.ns, result.unit), peer, ratio, goal(result)]
    return `| ${[...cells, verdict(result), noise].join(' | ')} |`
  })
  const head = '| row | what | ours | against | ratio | target | | noise |\n|---|---|---|---|---|---|---|---|'
  return [head, ...rows].join('\n')
}

function curveText({ id, title, axis, points, lines }: Drawn): string {
  const head = `| ${axis} | ${lines.map(({ name }) => name).join(' | ')} |\n|---|${lines.map(() => '---').join('|')}|`
  const rows = points.map((at, i) => {
    const cells = lines.map(({ ns }) => amount(ns[i] ?? 0))
    return `| ${at.toLocaleString('en-US')} | ${cells.join(' | ')} |`
  })
  return `![${title}](performance/${id}.svg)\n\n${[head, ...rows].join('\n')}`
}
