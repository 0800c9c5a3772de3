/** Runs a scenario through schedules, and tells the first that goes wrong. */
import type { Program } from './bundle.ts'
import { type Agent, Machine, type Room, type Step } from './machine.ts'
import type { Model } from './memory.ts'
import type { Scenario, World } from './scenarios/scenario.ts'
import { type Choice, choicesText, DepthFirst, type Strategy } from './strategies.ts'

export interface Failure {
  readonly problems: readonly string[]
  readonly choices: readonly Choice[]
  readonly steps: number
}

export interface Outcome {
  readonly scenario: string
  readonly model: Model
  /** Schedules that were run, those not counted that only taught which words are shared. */
  readonly runs: number
  /** All schedules of this kind were run. */
  readonly complete: boolean
  readonly longest: number
  readonly failure: Failure | undefined
  readonly cpuMs: number
}

/** A program, of which scenarios are run one after the other. */
export class Lab {
  readonly machine = new Machine()
  readonly scenarios: readonly Scenario[]
  readonly program: Program
  /** Ends that were found right: words that were written, who died, what was seen. */
  readonly #checked = new Set<string>()
  readonly #bases = new Map<string, { room: Room; base: unknown }>()

  constructor(program: Program) {
    this.program = program
    const { SCENARIOS, LOCK_WORDS } = program.load(this.machine)
    this.scenarios = SCENARIOS
    this.machine.locks = LOCK_WORDS
  }

  find(name: string): Scenario {
    const found = this.scenarios.find((scenario) => scenario.name === name)
    if (found === undefined) throw new Error(`there is no scenario "${name}"`)
    return found
  }

  /** Runs schedules until one fails, there are none left, or so much CPU time is used. */
  explore(scenario: Scenario, model: Model, strategy: Strategy, mostMs = Number.POSITIVE_INFINITY): Outcome {
    const { machine } = this
    const base = this.#setUp(scenario)
    this.#checked.clear()
    machine.model = model
    machine.allShared = false
    machine.explorer = strategy
    const began = cpuMs()
    let runs = 0
    let longest = 0
    let failure: Failure | undefined
    let complete = false
    for (;;) {
      machine.learnt = false
      const problems = this.#runOnce(scenario, base)
      runs += 1
      longest = Math.max(longest, machine.steps)
      if (problems.length > 0 && !machine.learnt)
        failure = { problems, choices: [...strategy.choices], steps: machine.steps }
      if (failure !== undefined) break
      if (machine.learnt) {
        // What was run before had no choice at the words that are shared, as is known now.
        strategy.restart()
        runs = 0
      } else if (!strategy.nextRun()) {
        complete = true
        break
      }
      if ((runs & 15) === 0 && cpuMs() - began > mostMs) break
    }
    return { scenario: scenario.name, model, runs, complete, longest, failure, cpuMs: cpuMs() - began }
  }

  /** Runs one schedule, and tells each step. */
  replay(
    scenario: Scenario,
    model: Model,
    strategy: Strategy,
    listener: (step: Step) => void,
  ): readonly string[] {
    const { machine } = this
    const base = this.#setUp(scenario)
    machine.model = model
    machine.allShared = true
    machine.explorer = strategy
    machine.listener = listener
    try {
      return this.#runOnce(scenario, base)
    } finally {
      machine.listener = undefined
    }
  }

  /** The words as the scenario begins; made once. */
  #setUp(scenario: Scenario): unknown {
    const { machine } = this
    const known = this.#bases.get(scenario.name)
    if (known !== undefined) {
      machine.enter(known.room)
      return known.base
    }
    machine.agent = undefined
    machine.agents = []
    const base = finish(scenario.setUp())
    this.#bases.set(scenario.name, { room: machine.room, base })
    return base
  }

  #runOnce(scenario: Scenario, base: unknown): readonly string[] {
    const { machine } = this
    machine.memory.begin(scenario.agents.length)
    machine.agent = undefined
    machine.steps = 0
    machine.clock = 0
    try {
      const world = finish(scenario.join(base, (nr) => machine.hasEnded(nr))) as World
      machine.agents = scenario.agents.map((run, nr) =>
        newAgent(nr, run, world, scenario.mayDie?.includes(nr) ?? false),
      )
      this.#runAgents()
      machine.agent = undefined
      for (const agent of machine.agents) machine.drainAll(agent)
      const dead = machine.agents.filter(({ status }) => status === 'dead').map(({ nr }) => nr)
      const end = `${machine.memory.fingerprint()} ${dead} ${JSON.stringify(world.seen)}`
      if (this.#checked.has(end)) return []
      const problems = finish(scenario.check(world, dead)) as readonly string[]
      if (problems.length === 0) this.#checked.add(end)
      return problems
    } catch (error) {
      return [error instanceof Error ? told(error) : String(error)]
    } finally {
      machine.memory.rewind()
    }
  }

  #runAgents(): void {
    const { machine } = this
    machine.agent = undefined
    for (let nr = machine.forced(); nr >= 0; ) {
      const agent = machine.agents[nr]
      machine.agent = agent
      if (agent.run.next().done === true) {
        agent.status = 'done'
        machine.next = machine.forced()
      }
      nr = machine.next
    }
  }
}

function newAgent(nr: number, run: (world: never) => void, world: unknown, mayDie: boolean): Agent {
  return {
    nr,
    run: run(world as never) as unknown as Iterator<unknown>,
    status: 'ready',
    at: 0,
    redo: () => undefined,
    buffer: [],
    site: -1,
    caller: -1,
    mayDie,
    held: 0,
  }
}

/** The result of a function that may have become a generator: nobody else runs. */
function finish(result: unknown): unknown {
  if (typeof result !== 'object' || result === null || !('next' in result)) return result
  for (;;) {
    const { done, value } = (result as Iterator<unknown>).next()
    if (done === true) return value
  }
}

export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Rising bounds, until a schedule fails. */
export function firstFailure(
  lab: Lab,
  scenario: Scenario,
  model: Model,
  most: number,
  mostMs: number,
): Outcome & { bound: number } {
  let cpu = 0
  for (let bound = 0; ; bound++) {
    const outcome = lab.explore(scenario, model, new DepthFirst(bound), mostMs - cpu)
    cpu += outcome.cpuMs
    if (outcome.failure !== undefined || bound === most || cpu > mostMs)
      return { ...outcome, bound, cpuMs: cpu }
  }
}

/** What `--replay` takes. */
export function replayString(
  scenario: string,
  model: Model,
  mutant: string,
  choices: readonly Choice[],
): string {
  return [scenario, model, mutant, choicesText(choices)].join('/')
}

/** What was thrown: a panic or a violation by its text, anything else with its place. */
function told(error: Error): string {
  return error instanceof TypeError || error instanceof ReferenceError
    ? (error.stack ?? error.message)
    : error.message
}
