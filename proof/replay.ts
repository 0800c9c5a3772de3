/** A schedule, step by step, with the lines of the sources. */
import { bundle } from './bundle.ts'
import { Lab } from './explore.ts'
import type { Step } from './machine.ts'
import type { Model } from './memory.ts'
import { findMutant } from './mutants.ts'
import { choicesOf, Replay } from './strategies.ts'

export interface Replayed {
  readonly lines: readonly string[]
  readonly problems: readonly string[]
}

/** Performs what {@link replayString} names. Throws where it names nothing that is there. */
export function replay(text: string): Replayed {
  const [name, model, mutant, choices] = text.split('/')
  if (name === undefined || choices === undefined || !/^(sc|tso|js)$/.test(model ?? ''))
    throw new Error(`"${text}" is no schedule: SCENARIO/MODEL/MUTANT/CHOICES was expected`)
  const lab = new Lab(bundle(mutant === '' ? [] : findMutant(mutant ?? '').changes))
  const lines: string[] = []
  const listener = ({ agent, step, site, what }: Step): void => {
    const { file, line, text: source } = lab.program.sites.get(site) ?? { file: '?', line: 0, text: '' }
    const column = '  '.repeat(agent * 2)
    lines.push(
      `${String(step).padStart(4)}  ${column}agent ${agent}  ${what.padEnd(40)}  ${file}:${line}  ${source}`,
    )
  }
  const problems = lab.replay(lab.find(name), model as Model, new Replay(choicesOf(choices)), listener)
  return { lines, problems }
}
