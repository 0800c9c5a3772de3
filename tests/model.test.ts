/*
 * The whole Task API against the oracle: random sequences of calls on both, everything compared after each.
 *
 * PIDNS_MODEL_RUNS sets how many sequences each mix gets. PIDNS_MODEL_SEED says which: 1, so that a run can be repeated,
 * or `random`; with PIDNS_MODEL_PATH it repeats a failure as its report says.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { choose, type Draw, type Mix, type Operation, spread } from './model/choose.ts'
import { Log } from './model/log.ts'
import { bootPair, type Setup, step } from './model/real.ts'

const { PIDNS_MODEL_RUNS: runs = 30, PIDNS_MODEL_SEED: seed = 1, PIDNS_MODEL_PATH: path } = process.env
const parameters: fc.Parameters<[Draw[]]> = {
  numRuns: Number(runs),
  ...(seed === 'random' ? {} : { seed: Number(seed) }),
  ...(path === undefined ? {} : { path }),
}

const BASIC: Mix = {
  fork: 20,
  exit: 6,
  kill: 10,
  killAll: 2,
  waitpid: 14,
  waitid: 6,
  getters: 3,
  setpgid: 8,
  setsid: 4,
  subreaper: 3,
  pdeathsig: 2,
  sigaction: 4,
  sibling: 2,
  execve: 2,
  badClone: 1,
  badPrctl: 1,
}
const JOBS: Mix = {
  fork: 14,
  setpgid: 14,
  setsid: 4,
  kill: 24,
  killAll: 3,
  exit: 8,
  waitid: 12,
  waitpid: 6,
  sigaction: 3,
}
const SPACES: Mix = {
  ...BASIC,
  newpid: 10,
  setTid: 8,
  unshare: 4,
  openNs: 4,
  setns: 5,
  setnsPidfd: 2,
  lastPid: 4,
  pidMax: 2,
  pidfdOpen: 5,
  pidfdSend: 3,
  poll: 2,
  waitidPidfd: 2,
  close: 2,
}
const THREADS: Mix = {
  ...BASIC,
  thread: 16,
  exitThread: 8,
  execve: 6,
  tgkill: 8,
  pidfdOpen: 3,
  poll: 2,
  pidfdSend: 2,
}
const ALL: Mix = { ...SPACES, thread: 12, exitThread: 6, execve: 5, tgkill: 6 }

const KERNEL: Setup = { pidMax: 310, maxPids: 60, maxNamespaces: 12 }
const SHRUNK: Setup = {
  pidMax: 20,
  maxPids: 14,
  maxNamespaces: 4,
  bitsPerPage: 32,
  reservedPids: 8,
  pidMaxMin: 9,
  pidMaxLimit: 96,
}
const SEEDS: Setup = { ...SHRUNK, era: '4.14' }
const ROOMY: Setup = { pidMax: 4194304, maxPids: 120, maxNamespaces: 60 }

function sequences(operations: number): fc.Arbitrary<Draw[]> {
  const draw = fc.tuple(
    fc.nat(operations - 1),
    fc.nat(0xffff),
    fc.nat(0xffff),
    fc.nat(0xffff),
    fc.nat(0xffff),
  )
  return fc.array(draw, { minLength: 1, maxLength: 100, size: 'max' })
}

async function perform(
  setup: Setup,
  operations: readonly Operation[],
  sequence: readonly Draw[],
): Promise<void> {
  const pair = bootPair(setup)
  const log = new Log(pair)
  for (const draw of sequence) {
    // Sometimes the turn ends, and what waits for a grace period goes.
    if (draw[4] % 16 === 0) await undefined
    const chosen = choose(pair.w, [...pair.tasks.keys()], operations, draw)
    if (chosen === undefined) continue
    log.begin(chosen.caller, chosen.call)
    try {
      log.end(step(pair, chosen.caller, chosen.call))
    } catch (error) {
      throw new Error(`${log.text()}\n\n${error instanceof Error ? firstLines(error) : error}`)
    }
  }
  pair.kernel.dispose()
  await undefined
}

/** The message, and where in the comparison it was found. */
function firstLines({ stack = '' }: Error): string {
  return stack.slice(0, stack.indexOf('    at step'))
}

const MIXES = { basic: BASIC, jobs: JOBS, spaces: SPACES, threads: THREADS, all: ALL }
const SETUPS = {
  'kernel limits': KERNEL,
  'shrunk limits': SHRUNK,
  'the seeds era': SEEDS,
  'much room': ROOMY,
  'numbers in a radix tree, shrunk limits': { ...SHRUNK, lookup: 'idr' as const },
  'numbers in a radix tree, much room': { ...ROOMY, lookup: 'idr' as const },
}

for (const [where, setup] of Object.entries(SETUPS)) {
  describe(`the library and the oracle agree after every call (${where})`, () => {
    for (const [name, mix] of Object.entries(MIXES)) {
      it(`in mix ${name}`, async () => {
        const operations = spread(mix)
        const property = fc.asyncProperty(sequences(operations.length), (sequence) =>
          perform(setup, operations, sequence),
        )
        const { failed, seed, counterexamplePath, errorInstance } = await fc.check(property, parameters)
        if (!failed) return
        const repeat = `PIDNS_MODEL_SEED=${seed} PIDNS_MODEL_PATH=${counterexamplePath}`
        assert.fail(`${repeat}\n\n${errorInstance instanceof Error ? errorInstance.message : errorInstance}`)
      })
    }
  })
}
