/**
 * The machine on which the rewritten sources run: agents that share words, of which one runs at a time. At each access to
 * a word that several agents touch, whoever explores ({@link Explorer}) may let another one in, keep plain writes back, or
 * let a read see an older value; where nothing may differ nothing is asked.
 */
import { Memory, type Model, type Write } from './memory.ts'

/** What may be chosen at a step; the first option is what happens if nothing is asked. */
export const POINT = 'p' // go on; or let an agent in, let a write of another out, die
export const FORCED = 'f' // who runs, where the agent cannot
export const KEEP = 'k' // all plain writes go out; or those from one on stay in the buffer
export const SEE = 's' // the newest value; or an older one
export type Kind = typeof POINT | typeof FORCED | typeof KEEP | typeof SEE

/** Options are numbers: an agent, a step; these are told apart by their sign or size. */
export const GO_ON = -1
export const DIE = -2
/** Let the oldest write of agent n out: DRAIN - n. */
export const DRAIN = -10

export interface Explorer {
  /** Which of the options, by its place. The first `free` cost nothing. */
  choose(kind: Kind, step: number, options: readonly number[], free: number): number
}

type Status = 'ready' | 'asleep' | 'done' | 'dead'

export interface Agent {
  readonly nr: number
  run: Iterator<unknown>
  status: Status
  /** Where it sleeps. */
  at: number
  redo: () => unknown
  /** Plain writes that others do not see yet. */
  readonly buffer: { at: number; value: number; step: number }[]
  /** Where in the sources it is; and where it called lib/atomic. */
  site: number
  caller: number
  mayDie: boolean
  /** Locks that it holds, a bit each. */
  held: number
}

const SHARED = 1
const RACY = 2

/** One step, for whoever listens. */
export interface Step {
  readonly agent: number
  readonly step: number
  readonly site: number
  readonly what: string
}

/** The words, and what is known of each. */
export interface Room {
  readonly words: Int32Array
  /**
   * SHARED: several agents touch the word, and one of them writes it. RACY: and there is no lock that each of them holds;
   * at other words nobody needs to be let in, for whoever came would find the lock taken, or does not care.
   */
  readonly shared: Uint8Array
  /** Who reads it, a bit each, and who writes it. */
  readonly touched: Uint8Array
  /** Locks that all who touched it have held, a bit each. */
  readonly guards: Uint8Array
}

function roomOf(count: number): Room {
  return {
    words: new Int32Array(count),
    shared: new Uint8Array(count),
    touched: new Uint8Array(count),
    guards: new Uint8Array(count).fill(255),
  }
}

export class Violation extends Error {}

const MOST_STEPS = 20_000

export class Machine {
  readonly STOP: unknown = Symbol('stop')
  readonly memory = new Memory()
  model: Model = 'sc'
  explorer: Explorer = { choose: () => 0 }
  listener: ((step: Step) => void) | undefined
  agents: Agent[] = []
  /** Who runs; undefined: the scene is set, or checked. */
  agent: Agent | undefined
  next = 0
  steps = 0
  room: Room = roomOf(0)
  /** Words that are locks: 0, or who holds it. */
  locks: readonly number[] = []
  /** More has turned out about a word. */
  learnt = false
  allShared = false

  createWords(count: number): Int32Array {
    this.enter(roomOf(count))
    return this.memory.words
  }

  /** The words of another scenario. */
  enter(room: Room): void {
    this.room = room
    this.memory.words = room.words
  }

  /** Notes where in the sources the next operation of lib/atomic comes from. */
  from<T>(site: number, value: T): T {
    if (this.agent !== undefined) this.agent.caller = site
    return value
  }

  rd(at: number, site: number): unknown {
    const { agent } = this
    if (agent === undefined) return this.memory.words[at]
    return this.#perform(agent, at, site, () => this.#read(agent, at, false))
  }

  wr(at: number, value: number, site: number): unknown {
    const { agent } = this
    if (agent === undefined) return this.#writeAlone(at, value)
    return this.#perform(agent, at, site, () => {
      this.#write(agent, at, value | 0)
      this.#tell(agent, () => `[${at}] = ${value | 0}`)
      return value
    })
  }

  atomic(name: string, site: number, at = 0, a = 0, b = 0): unknown {
    const { agent } = this
    if (agent === undefined) return this.#atomicAlone(name, at, a, b)
    if (name === 'pause') return this.#pause(agent)
    return this.#perform(agent, at, site, () => {
      switch (name) {
        case 'load':
          return this.#read(agent, at, true)
        case 'wait':
          return this.#wait(agent, at, a)
        case 'notify':
          return this.#wake(agent, at, a)
        default:
          return this.#modify(agent, name, at, a, b)
      }
    })
  }

  /** What the agent was stopped before, or its result where it slept. */
  redo(): unknown {
    return (this.agent as Agent).redo()
  }

  /** Time goes on by a millisecond whenever somebody looks: the same schedule, the same times. */
  clock = 0
  readonly Date = {
    now: (): number => {
      this.clock += 1
      return this.clock
    },
  }

  /** Calls of functions that only the run knows. */
  readonly any = function* (result: unknown): Generator<unknown, unknown> {
    const isRun = typeof result === 'object' && result !== null && 'next' in result && 'throw' in result
    return isRun ? yield* result as Generator<unknown, unknown> : result
  }

  /** Many words at once: one step. */
  readonly fill = ((machine: Machine) =>
    function* (value: number, from: number, to: number, site: number): Generator<unknown, void> {
      if (machine.#fill(value, from, to, site) !== machine.STOP) return
      yield
      machine.redo()
    })(this)

  /** Has the agent ended? For the function that the library asks. */
  hasEnded(nr: number): boolean {
    const dead = this.agents[nr].status === 'dead'
    if (dead && this.agent !== undefined && this.model === 'js') this.memory.joinAll(this.agent.nr, nr)
    return dead
  }

  /** The agent cannot go on: who does? -1: nobody. */
  forced(): number {
    const options: number[] = []
    const from = this.agent?.nr ?? -1
    for (let i = 1; i <= this.agents.length; i++) {
      const nr = (from + i) % this.agents.length
      if (this.agents[nr].status === 'ready' && nr !== from) options.push(nr)
    }
    if (this.agent?.status === 'ready' && options.length === 0) return from
    if (options.length === 0)
      for (const { nr, status } of this.agents) if (status === 'asleep') options.push(nr)
    if (options.length === 0) return -1
    const nr = options.length === 1 ? options[0] : options[this.#choose(FORCED, options, options.length)]
    this.#leave(nr)
    // Nobody can wake it: its time is up.
    const chosen = this.agents[nr]
    if (chosen.status === 'asleep') {
      if (this.agents.every(({ status }) => status !== 'dead'))
        throw new Violation('it sleeps, and nobody wakes it')
      chosen.status = 'ready'
      chosen.redo = () => 'timed-out'
    }
    return nr
  }

  /** All plain writes of the agent reach the others. */
  drainAll(agent: Agent): void {
    while (agent.buffer.length > 0) this.#drain(agent)
  }

  #perform(agent: Agent, at: number, site: number, run: () => unknown): unknown {
    this.steps += 1
    if (this.steps > MOST_STEPS) throw new Violation(`it has not ended after ${MOST_STEPS} steps`)
    agent.site = site >= 0 ? site : agent.caller
    if ((this.#isRacy(at) || (agent.mayDie && this.room.shared[at] === SHARED)) && this.#point(agent, at)) {
      agent.redo = run
      return this.STOP
    }
    return run()
  }

  /** Before an access: true where the agent must stop. */
  #point(agent: Agent, at: number): boolean {
    for (;;) {
      const options = [GO_ON]
      if (this.#isRacy(at)) {
        for (const other of this.agents)
          if (other !== agent && other.status === 'ready') options.push(other.nr)
        for (const other of this.agents)
          if (other !== agent && other.buffer.length > 0) options.push(DRAIN - other.nr)
      }
      if (agent.mayDie && this.agents.every(({ status }) => status !== 'dead')) options.push(DIE)
      if (options.length === 1) return false
      const option = options[this.#choose(POINT, options, 1)]
      if (option === GO_ON) return false
      if (option <= DRAIN) {
        this.#drain(this.agents[DRAIN - option])
        continue
      }
      if (option === DIE) {
        agent.status = 'dead'
        this.drainAll(agent)
        this.#tell(agent, () => 'dies')
        this.next = this.forced()
      } else {
        this.#leave(option)
        this.next = option
      }
      return true
    }
  }

  /** Which of its plain writes does the agent that stops keep back? */
  #leave(to: number): void {
    const { agent } = this
    if (agent === undefined || agent.buffer.length === 0 || to === agent.nr) return
    const options = [GO_ON]
    for (const { at, step } of agent.buffer)
      if (this.#isRacy(at) && options.at(-1) !== step) options.push(step)
    const option = options.length === 1 ? GO_ON : options[this.#choose(KEEP, options, 1)]
    while (agent.buffer.length > 0 && agent.buffer[0].step !== option) this.#drain(agent)
  }

  #choose(kind: Kind, options: readonly number[], free: number): number {
    return this.explorer.choose(kind, this.steps, options, free)
  }

  #drain(agent: Agent): void {
    const { at, value } = agent.buffer.shift() as { at: number; value: number }
    this.memory.write(at, value)
  }

  #fill(value: number, from: number, to: number, site: number): unknown {
    const { agent } = this
    if (agent === undefined) for (let at = from; at < to; at++) this.#writeAlone(at, value)
    if (agent === undefined) return undefined
    let first = from
    while (first < to - 1 && !this.#isRacy(first)) first++
    return this.#perform(agent, first, site, () => {
      for (let at = from; at < to; at++) this.#write(agent, at, value)
      this.#tell(agent, () => `[${from} .. ${to - 1}] = ${value}`)
      return undefined
    })
  }

  #write(agent: Agent, at: number, value: number): void {
    this.#touch(at, agent, true)
    const { model, steps: step } = this
    if (model === 'tso' && this.#isShared(at)) agent.buffer.push({ at, value, step })
    else if (model === 'js' && this.#isShared(at)) this.memory.record(at, value, agent.nr, false, step)
    else this.memory.write(at, value)
  }

  #read(agent: Agent, at: number, atomic: boolean): number {
    this.#touch(at, agent, false)
    const value = this.#valueFor(agent, at, atomic)
    this.#tell(agent, () => `${value} = [${at}]${atomic ? ' (Atomics)' : ''}`)
    return value
  }

  #valueFor(agent: Agent, at: number, atomic: boolean): number {
    if (this.model === 'tso') {
      for (let i = agent.buffer.length - 1; i >= 0; i--)
        if (agent.buffer[i].at === at) return agent.buffer[i].value
    } else if (this.model === 'js' && this.#isShared(at)) {
      const writes = this.memory.visible(at, agent.nr, atomic)
      const steps = writes.map(({ step }) => step)
      const seen = writes[writes.length === 1 ? 0 : this.#choose(SEE, steps, 1)] as Write
      if (atomic) this.memory.join(agent.nr, seen)
      return seen.value
    }
    return this.memory.words[at]
  }

  #modify(agent: Agent, name: string, at: number, a: number, b: number): number {
    this.drainAll(agent)
    this.#touch(at, agent, true)
    const old = this.memory.words[at]
    const value = changed(name, old, a, b)
    if (this.model === 'js' && this.#isShared(at)) {
      if (name !== 'store') this.memory.join(agent.nr, this.memory.visible(at, agent.nr, true)[0])
      if (name !== 'compareExchange' || old === a) this.memory.record(at, value, agent.nr, true, this.steps)
    } else {
      this.memory.write(at, value)
    }
    this.#noteLock(agent, at, old, value)
    this.#tell(agent, () => `Atomics.${name} [${at}]: ${old} -> ${value}`)
    return old
  }

  #wait(agent: Agent, at: number, value: number): unknown {
    this.drainAll(agent)
    this.#touch(at, agent, false)
    if (this.memory.words[at] !== value) return 'not-equal'
    agent.status = 'asleep'
    agent.at = at
    agent.redo = () => 'ok'
    this.#tell(agent, () => `sleeps at [${at}]`)
    this.next = this.forced()
    return this.STOP
  }

  #wake(agent: Agent, at: number, count: number): number {
    this.drainAll(agent)
    this.#touch(at, agent, false)
    const woken = this.agents.filter((other) => other.status === 'asleep' && other.at === at).slice(0, count)
    for (const other of woken) other.status = 'ready'
    this.#tell(agent, () => `wakes ${woken.length} at [${at}]`)
    return woken.length
  }

  /** Who waits lets the others run: for nothing. */
  #pause(agent: Agent): unknown {
    this.next = this.forced()
    if (this.next === agent.nr) return undefined
    agent.redo = () => undefined
    return this.STOP
  }

  #writeAlone(at: number, value: number): number {
    this.memory.write(at, value)
    return value
  }

  #atomicAlone(name: string, at: number, a: number, b: number): unknown {
    const old = this.memory.words[at]
    if (name === 'wait' && this.locks.includes(at)) throw new Violation('a lock is held where nobody runs')
    if (name === 'wait') return 'timed-out'
    if (name !== 'load' && name !== 'notify' && name !== 'pause')
      this.memory.write(at, changed(name, old, a, b))
    return old
  }

  #isRacy(at: number): boolean {
    return this.room.shared[at] === RACY || this.allShared
  }

  #isShared(at: number): boolean {
    return this.room.shared[at] >= SHARED || this.allShared
  }

  /** Learns which words are shared. */
  #touch(at: number, agent: Agent, writes: boolean): void {
    const bit = (writes ? 16 : 1) << agent.nr
    const seen = this.room.touched[at]
    const guards = this.room.guards[at] & agent.held
    if ((seen & bit) !== 0 && guards === this.room.guards[at]) return
    const now = seen | bit
    this.room.touched[at] = now
    this.room.guards[at] = guards
    const who = (now & 15) | (now >> 4)
    const is = now >> 4 === 0 || (who & (who - 1)) === 0 ? 0 : guards === 0 ? RACY : SHARED
    if (is > this.room.shared[at]) {
      this.room.shared[at] = is
      this.learnt = true
    }
  }

  /** A lock was taken, or given back: bit 0 of its word says only that somebody sleeps. */
  #noteLock(agent: Agent, at: number, old: number, value: number): void {
    const bit = 1 << this.locks.indexOf(at)
    if (!this.locks.includes(at) || (old & ~1) === (value & ~1)) return
    for (const other of this.agents) other.held &= ~bit
    if ((value & ~1) !== 0) agent.held |= bit
  }

  #tell(agent: Agent, what: () => string): void {
    this.listener?.({ agent: agent.nr, step: this.steps, site: agent.site, what: what() })
  }
}

function changed(name: string, old: number, a: number, b: number): number {
  switch (name) {
    case 'store':
    case 'exchange':
      return a | 0
    case 'add':
      return (old + a) | 0
    case 'sub':
      return (old - a) | 0
    case 'or':
      return old | a
    case 'and':
      return old & a
    case 'compareExchange':
      return old === a ? b | 0 : old
    default:
      throw new Error(`Atomics.${name} is not known here`)
  }
}
