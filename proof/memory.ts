/**
 * What a read of shared memory may see: three models.
 *
 *      sc    every write is seen by all at once
 *      tso   plain writes wait in a buffer of their agent's, in order; Atomics that write empty it. As x86
 *      js    a plain read may see any write that JavaScript's memory model does not hide from it: one is hidden where another,
 *            later one happens before the read. Atomics make an order between who writes and who reads what was written
 *
 * Differs from the letter of the model: no read sees a write that is performed only later (no load buffering); an Atomics read
 * sees nothing older than the last Atomics write of the word; a read-modify-write sees the newest.
 */
export type Model = 'sc' | 'tso' | 'js'

export interface Write {
  readonly value: number
  /** Who wrote it, -1: it was there; and that agent's time. */
  readonly agent: number
  readonly time: number
  readonly atomic: boolean
  /** What the writer knew of: a time of each agent. */
  readonly clock: readonly number[]
  /** The step at which it was written. */
  readonly step: number
}

/** Writes of a word that are remembered. */
const MOST = 8

export class Memory {
  words: Int32Array = new Int32Array(0)
  /** Writes that are to be taken back: word, value before. */
  readonly #undo: number[] = []
  readonly #histories = new Map<number, Write[]>()
  clocks: number[][] = []

  /** Writes for everybody. */
  write(at: number, value: number): void {
    this.#undo.push(at, this.words[at])
    this.words[at] = value
  }

  /** Takes back all since {@link begin}. */
  rewind(): void {
    const undo = this.#undo
    for (let i = undo.length - 2; i >= 0; i -= 2) this.words[undo[i]] = undo[i + 1]
    undo.length = 0
  }

  /** A number for what was written since {@link begin}: the same words, the same number. */
  fingerprint(): number {
    const undo = this.#undo
    let [sum, product] = [0, 1]
    const seen = new Set<number>()
    for (let i = 0; i < undo.length; i += 2) {
      const at = undo[i]
      if (seen.has(at)) continue
      seen.add(at)
      let mixed = Math.imul(at ^ 0x2545f491, 0x9e3779b1) ^ Math.imul(this.words[at] + 0x7f4a7c15, 0x85ebca6b)
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d)
      mixed ^= mixed >>> 13
      // Words that hold what they held at first count for nothing, in whatever order they were written.
      sum = (sum + mixed) | 0
      product = Math.imul(product, mixed | 1)
    }
    return (sum >>> 0) * 2 ** 20 + (product >>> 12)
  }

  begin(agents: number): void {
    this.#undo.length = 0
    this.#histories.clear()
    this.clocks = Array.from({ length: agents }, () => new Array<number>(agents).fill(0))
  }

  /** js: notes a write. */
  record(at: number, value: number, agent: number, atomic: boolean, step: number): void {
    const history = this.#historyOf(at)
    const clock = this.clocks[agent]
    clock[agent] += 1
    history.push({ value, agent, time: clock[agent], atomic, clock: [...clock], step })
    if (history.length > MOST) history.shift()
    this.write(at, value)
  }

  /** js: the writes that `agent` may see in the word, the newest first. */
  visible(at: number, agent: number, atomic: boolean): Write[] {
    const history = this.#historyOf(at)
    const clock = this.clocks[agent]
    const first = atomic
      ? Math.max(
          0,
          history.findLastIndex((write) => write.atomic),
        )
      : 0
    const found: Write[] = []
    for (let i = history.length - 1; i >= first; i--) {
      const old = history[i]
      const hidden = history
        .slice(i + 1)
        .some((write) => write.agent >= 0 && knows(write.clock, old) && knows(clock, write))
      if (!hidden) found.push(old)
    }
    return found
  }

  /** js: an Atomics read that saw an Atomics write knows what its writer knew. */
  join(agent: number, write: Write): void {
    if (!write.atomic || write.agent < 0) return
    const clock = this.clocks[agent]
    for (let i = 0; i < clock.length; i++) clock[i] = Math.max(clock[i], write.clock[i])
  }

  /** js: `agent` has proof that `dead` has ended, and sees all that it did. */
  joinAll(agent: number, dead: number): void {
    const clock = this.clocks[agent]
    for (let i = 0; i < clock.length; i++) clock[i] = Math.max(clock[i], this.clocks[dead][i])
  }

  #historyOf(at: number): Write[] {
    let history = this.#histories.get(at)
    if (history === undefined) {
      const clock = this.clocks.map(() => 0)
      history = [{ value: this.words[at], agent: -1, time: 0, atomic: false, clock, step: -1 }]
      this.#histories.set(at, history)
    }
    return history
  }
}

/** Does whoever has this clock know of the write? */
function knows(clock: readonly number[], write: Write): boolean {
  return write.agent < 0 || clock[write.agent] >= write.time
}
