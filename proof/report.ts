/** The tables of docs/concurrency.md that tell what was run: written by `npm run schedules -- --write`, checked by a test. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundle } from './bundle.ts'
import { firstFailure, Lab, type Outcome, replayString } from './explore.ts'
import type { Model } from './memory.ts'
import type { Mutant } from './mutants.ts'
import { ROOT } from './sources.ts'
import { DepthFirst } from './strategies.ts'

/** Choices that cost, in each schedule of CI. */
export const CI_BOUND = 2
export const CI_MODELS: readonly Model[] = ['tso', 'js']
/** CPU time in which a mutant must be found. */
export const MUTANT_MS = 1000
/** The largest bound that is tried for one. */
const MUTANT_BOUND = 3

export interface Killed extends Outcome {
  readonly mutant: Mutant
  readonly bound: number
}

/** All schedules of a scenario, in each model. */
export function runScenario(lab: Lab, name: string, bound: number = CI_BOUND): Outcome[] {
  return CI_MODELS.map((model) => lab.explore(lab.find(name), model, new DepthFirst(bound)))
}

/** The first schedule in which the mutant's mistake shows. */
export function runMutant(mutant: Mutant): Killed {
  const lab = new Lab(bundle(mutant.changes))
  return {
    mutant,
    ...firstFailure(lab, lab.find(mutant.scenario), mutant.model, MUTANT_BOUND, 3 * MUTANT_MS),
  }
}

export function replayOf({ mutant, failure, model, scenario }: Killed): string {
  return replayString(scenario, model, mutant.name, failure?.choices ?? [])
}

/** The two tables. */
export function render(
  lab: Lab,
  outcomes: readonly (readonly Outcome[])[],
  killed: readonly Killed[],
): string {
  const scenarios = outcomes.map(([tso, js]) => {
    const { name, says } = lab.find(tso.scenario)
    return `| \`${name}\` | ${says} | ${tso.runs} | ${js.runs} | ${Math.max(tso.longest, js.longest)} |`
  })
  const mutants = killed.map((kill) => {
    const { mutant, bound, failure } = kill
    return `| \`${mutant.name}\` | ${mutant.says} | ${bound} | ${failure?.steps ?? 'none'} | \`${replayOf(kill)}\` |`
  })
  return [
    `| scenario | what is shown | schedules, tso | js | longest, steps |`,
    '|---|---|---|---|---|',
    ...scenarios,
    '',
    `| mutant | what is wrong | choices | steps | the first schedule that shows it |`,
    '|---|---|---|---|---|',
    ...mutants,
  ].join('\n')
}

/** What was run with more choices than CI allows, each scenario and model for so many seconds of CPU time at most. */
export function renderDeep(
  outcomes: readonly (readonly Outcome[])[],
  bound: number,
  seconds: number,
): string {
  const told = ({ runs, complete }: Outcome): string => (complete ? String(runs) : `more than ${runs}`)
  return [
    `| scenario, ${bound} choices, ${seconds} s of CPU time each | schedules, tso | js |`,
    '|---|---|---|',
    ...outcomes.map(([tso, js]) => `| \`${tso.scenario}\` | ${told(tso)} | ${told(js)} |`),
  ].join('\n')
}

const DOCUMENT = join(ROOT, 'docs/concurrency.md')

/** A part of the document that a tool writes. */
export type Part = 'schedules' | 'deep schedules' | 'torture'

function placeOf(text: string, part: Part): { from: number; to: number } {
  const begin = `<!-- begin ${part} -->\n`
  const from = text.indexOf(begin) + begin.length
  const to = text.indexOf(`\n<!-- end ${part} -->`, from - 1)
  if (from < begin.length || to < 0) throw new Error(`docs/concurrency.md has no place for ${part}`)
  return { from, to }
}

/** What the document says now. */
export function written(part: Part): string {
  const text = readFileSync(DOCUMENT, 'utf8')
  const { from, to } = placeOf(text, part)
  return text.slice(from, to)
}

export function write(part: Part, tables: string): void {
  const text = readFileSync(DOCUMENT, 'utf8')
  const { from, to } = placeOf(text, part)
  writeFileSync(DOCUMENT, text.slice(0, from) + tables + text.slice(to))
}
