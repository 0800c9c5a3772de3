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

const DOCUMENT = join(ROOT, 'docs/concurrency.md')
const BEGIN = '<!-- begin schedules -->\n'
const END = '\n<!-- end schedules -->'

/** What the document says now. */
export function written(): string {
  const text = readFileSync(DOCUMENT, 'utf8')
  return text.slice(text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END))
}

export function write(tables: string): void {
  const text = readFileSync(DOCUMENT, 'utf8')
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (from < 0 || to < 0) throw new Error('docs/concurrency.md has no place for the tables')
  writeFileSync(DOCUMENT, text.slice(0, from + BEGIN.length) + tables + text.slice(to))
}
