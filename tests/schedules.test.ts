/*
 * The concurrent code in all orders of its steps, up to two choices that cost, and the mistakes that this must find. What
 * docs/concurrency.md says of it is what was run.
 *
 * Time is that of the CPU: how much else the machine does has no bearing.
 */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { bundle } from '../proof/bundle.ts'
import { Lab, type Outcome } from '../proof/explore.ts'
import { MUTANTS } from '../proof/mutants.ts'
import { replay } from '../proof/replay.ts'
import { type Killed, MUTANT_MS, render, replayOf, runMutant, runScenario, written } from '../proof/report.ts'
import { Pct, Random } from '../proof/strategies.ts'

const lab = new Lab(bundle())
const outcomes: Outcome[][] = []
const killed: Killed[] = []

describe('no schedule of a scenario goes wrong, and all are run', () => {
  for (const { name, says } of lab.scenarios) {
    it(`${name}: ${says}`, () => {
      const found = runScenario(lab, name)
      outcomes.push(found)
      for (const { failure, complete, model } of found) {
        assert.deepEqual(failure?.problems ?? [], [], model)
        assert.ok(complete)
      }
    })
  }
})

describe('a mistake in the code is found', () => {
  for (const mutant of MUTANTS) {
    it(`${mutant.name}: ${mutant.says}`, () => {
      const found = runMutant(mutant)
      killed.push(found)
      assert.ok(found.failure !== undefined, `survived ${found.runs} schedules`)
      assert.ok(found.cpuMs < MUTANT_MS, `after ${found.cpuMs} ms`)
    })
  }

  it('and shown again, step by step, by the schedule that is told', () => {
    for (const found of killed) {
      const { problems, lines } = replay(replayOf(found))
      assert.deepEqual(problems, found.failure?.problems, found.mutant.name)
      assert.match(lines.join('\n'), /src\/(lib|sync|mm|pid)\/\w+\.ts:\d+ /)
    }
  })

  it('but not by its schedule where the code is right', () => {
    for (const found of killed)
      assert.deepEqual(replay(replayOf(found).replace(found.mutant.name, '')).problems, [], found.mutant.name)
  })
})

describe('the scheduler', () => {
  it('finds a mistake at random too, and by priorities', () => {
    const mutant = new Lab(bundle(MUTANTS.find(({ name }) => name === 'no-seq')?.changes))
    const scenario = mutant.find('hash-grows')
    for (const strategy of [new Random(3000, 1), new Pct(3000, 1, 3)])
      assert.ok(mutant.explore(scenario, 'tso', strategy).failure !== undefined)
  })

  it('refuses a mutant that does not apply', () => {
    const change = { file: 'pid/pid.ts', find: 'no such line', replace: '' }
    assert.throws(() => bundle([change]), /pid\/pid\.ts: found 0 times/)
  })

  it('refuses a schedule that names nothing', () => {
    assert.throws(() => replay('lock-2/sc/nobody/'), /no mutant "nobody"/)
    assert.throws(() => replay('lock-2/sc//x1'), /is no step/)
    assert.throws(() => replay('lock-2'), /is no schedule/)
  })
})

after(() => {
  // Only where no test was left out by its name.
  if (outcomes.length === lab.scenarios.length && killed.length === MUTANTS.length)
    assert.equal(written('schedules'), render(lab, outcomes, killed), 'npm run schedules -- --write')
})
