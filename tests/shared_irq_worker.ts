/** A worker of tests/shared_irq.test.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import { openWorld, play } from './shared_irq_tools.ts'

export interface IrqJob {
  readonly words: Int32Array
  readonly counts: Int32Array
  readonly gate: Int32Array
  readonly workers: number
  readonly rounds: number
}

const { words, counts, gate, workers, rounds } = workerData as IrqJob
const world = openWorld(counts, words)
if (Atomics.add(gate, 0, 1) + 1 === workers) Atomics.notify(gate, 0)
else while (Atomics.load(gate, 0) < workers) Atomics.wait(gate, 0, Atomics.load(gate, 0), 100)
await play(world, rounds)
// The turn has ended, and what this worker was in the way of has run, once a message to oneself comes.
setTimeout(() => parentPort?.postMessage(world.problems), 0)
