/**
 * The mistakes of proof/mutants.ts that a torture run finds too, by what happens to happen: the others need the scheduler. The
 * table of docs/concurrency.md is written by `npm run torture -- --mutants --write`.
 */
import { MUTANTS, type Mutant } from '../mutants.ts'
import { buildTorture } from './build.ts'
import { type Launched, launch } from './launch.ts'

/** Found within a few seconds: CI runs these. */
export const QUICK: readonly string[] = [
  'lock-by-store',
  'bit-by-store',
  'no-gp',
  'no-call-rcu',
  'skip-reader',
  'double-free',
]
/** Found within a minute. */
export const SLOW: readonly string[] = ['one-gp', 'unlock-before-publish', 'note-late', 'no-undo']

/** A run with a mistake in the library, until it shows. */
export async function tortureMutant(name: string, seconds: number, workers = 3): Promise<Launched> {
  const args = ['--seconds', String(seconds), '--workers', String(workers), '--stop-when-wrong']
  return launch(await buildTorture(name), args, () => {})
}

export interface Kill {
  readonly name: string
  readonly launched: Launched
}

/** The table: each mutant, with how long it took and the first that was seen of it. */
export function renderKills(kills: readonly Kill[]): string {
  return [
    '| mutant | what is wrong | seconds | what is seen first |',
    '|---|---|---|---|',
    ...kills.map(({ name, launched: { seconds, problems } }) => {
      const { says } = MUTANTS.find((mutant) => mutant.name === name) as Mutant
      return `| \`${name}\` | ${says} | ${seconds.toFixed(1)} | ${firstLine(problems[0])} |`
    }),
  ].join('\n')
}

/** One line of a problem: that of a thrown error which says what it is. */
export function firstLine(problem = 'survives'): string {
  const lines = problem.split('\n').filter((line) => /\S/.test(line))
  const told = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0] ?? ''
  return told.replace(/^Error: /, '').replaceAll('|', '\\|')
}
