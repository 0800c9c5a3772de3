/** One worker of a team (together.ts): keeps to its processor, and does its work when it is told to. */
import { execFileSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { cpuNs, fresh } from './measure.ts'
import type { Order, WorkerData, WorkerReport } from './together.ts'
import { GO, RUNNING, WAITING } from './together.ts'
import { WORKS, type Work } from './works.ts'

const { kind, data, processor, gate } = workerData as WorkerData
const CHUNK = 256

/** This thread, and no other of the process. False: the surroundings have no such thing. */
function pin(): boolean {
  try {
    const thread = readlinkSync('/proc/thread-self').split('/').at(-1) as string
    execFileSync('taskset', ['-p', '-c', String(processor), thread], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const pinned = pin()
const work = WORKS[kind] as unknown as Work<unknown>
const state = await work.setup(data as never)

async function timed(run: () => Promise<number>): Promise<WorkerReport> {
  const cpu = cpuNs()
  const start = process.hrtime.bigint()
  const done = await run()
  const elapsed = Number(process.hrtime.bigint() - start)
  return { done, elapsed, onCpu: elapsed === 0 ? 1 : (cpuNs() - cpu) / elapsed }
}

/** All who work in the foreground begin at once. */
function passGate(team: number): void {
  Atomics.add(gate, WAITING, 1)
  while (Atomics.load(gate, WAITING) < team);
}

async function foreground({ n, warmUps, team }: Order): Promise<WorkerReport> {
  const loop = fresh(work.loop)
  for (let i = 0; i < warmUps; i++) await loop(state, Math.ceil(n / 2))
  passGate(team)
  return timed(async () => {
    await loop(state, n)
    return n
  })
}

/** Works until the others are done. */
function background(): Promise<WorkerReport> {
  const loop = fresh(work.loop)
  return timed(async () => {
    let done = 0
    for (; Atomics.load(gate, GO) === 1; done += CHUNK) {
      void loop(state, CHUNK)
      if (done === 0) Atomics.add(gate, RUNNING, 1)
    }
    return done
  })
}

parentPort?.on('message', async (order: Order) => {
  parentPort?.postMessage(await (order.n === 0 ? background() : foreground(order)))
})
parentPort?.postMessage(pinned)
