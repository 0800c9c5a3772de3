/**
 * `npm run schedules`: all schedules of each scenario, up to a bound.
 *
 *      --bound N        at most N choices that cost (default 2; 3 takes long)
 *      --cpu SECONDS    so much CPU time for each scenario and model, at most
 *      --only WORD      scenarios whose name has it
 *      --random RUNS    so many random schedules of each instead; --pct RUNS: by priorities; --seed N
 *      --mutants        the mistakes that must be found; --mutant NAME: the scenarios on that one
 *      --replay STRING  one schedule, step by step
 *      --write          both tables into docs/concurrency.md; with --bound 3 that of three choices
 */
import { parseArgs } from 'node:util'
import { bundle } from './bundle.ts'
import { Lab, type Outcome, replayString } from './explore.ts'
import { findMutant, MUTANTS } from './mutants.ts'
import { replay } from './replay.ts'
import { CI_BOUND, CI_MODELS, type Killed, render, renderDeep, replayOf, runMutant, write } from './report.ts'
import { DepthFirst, Pct, Random, type Strategy } from './strategies.ts'

const { values } = parseArgs({
  options: {
    cpu: { type: 'string' },
    bound: { type: 'string', default: String(CI_BOUND) },
    only: { type: 'string', default: '' },
    random: { type: 'string' },
    pct: { type: 'string' },
    seed: { type: 'string', default: '1' },
    mutants: { type: 'boolean', default: false },
    mutant: { type: 'string', default: '' },
    replay: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})

const bound = Number(values.bound)
const seconds = values.cpu === undefined ? Number.POSITIVE_INFINITY : Number(values.cpu)

function strategy(): Strategy {
  const seed = Number(values.seed)
  if (values.random !== undefined) return new Random(Number(values.random), seed)
  if (values.pct !== undefined) return new Pct(Number(values.pct), seed, 3)
  return new DepthFirst(bound)
}

function tell(outcome: Outcome): void {
  const { scenario, model, runs, complete, longest, cpuMs, failure } = outcome
  const took = `${longest} steps, ${(cpuMs / 1000).toFixed(1)} s${complete ? '' : ', not all'}`
  console.log(`${scenario.padEnd(18)} ${model.padEnd(4)} ${String(runs).padStart(8)} schedules, ${took}`)
  if (failure === undefined) return
  process.exitCode = 1
  for (const problem of failure.problems) console.log(`  ${problem}`)
  const text = replayString(scenario, model, values.mutant, failure.choices)
  console.log(`  npm run schedules -- --replay ${text}`)
}

function runScenarios(lab: Lab): Outcome[][] {
  return lab.scenarios
    .filter(({ name }) => name.includes(values.only))
    .map((scenario) =>
      CI_MODELS.map((model) => {
        const outcome = lab.explore(scenario, model, strategy(), 1000 * seconds)
        tell(outcome)
        return outcome
      }),
    )
}

function runMutants(): Killed[] {
  return MUTANTS.map((mutant) => {
    const killed = runMutant(mutant)
    const { failure, bound, cpuMs } = killed
    if (failure === undefined) process.exitCode = 1
    const how =
      failure === undefined ? 'SURVIVES' : `bound ${bound}, ${failure.steps} steps, ${cpuMs.toFixed(0)} ms`
    console.log(`${mutant.name.padEnd(22)} ${how}`)
    if (failure !== undefined) console.log(`  ${failure.problems[0]}\n  --replay ${replayOf(killed)}`)
    return killed
  })
}

if (values.replay !== undefined) {
  const { lines, problems } = replay(values.replay)
  for (const line of lines) console.log(line)
  for (const problem of problems) console.log(problem)
  process.exitCode = problems.length > 0 ? 1 : 0
} else if (values.mutants && !values.write) {
  runMutants()
} else {
  const lab = new Lab(bundle(values.mutant === '' ? [] : findMutant(values.mutant).changes))
  const outcomes = runScenarios(lab)
  if (values.write && bound !== CI_BOUND) write('deep schedules', renderDeep(outcomes, bound, seconds))
  else if (values.write) write('schedules', render(lab, outcomes, runMutants()))
}
