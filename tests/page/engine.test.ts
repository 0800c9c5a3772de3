/* The engine behind the page, without a browser: wherever it goes, the state is the one that a straight replay has there. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { Kernel } from 'pidns'
import { bytesOf, type Engine, loadEngine, type ReadOptions, read, type Stepper } from './engine.ts'
import { randomFrom } from './random.ts'

const LOGS = [
  'examples/leaks.strace',
  'examples/ns.jsonl',
  'examples/basic.jsonl',
  'tests/data/traces/d08-zombies-groupkill.strace.gz',
  'tests/data/traces/d07-nested-ns.strace.gz',
  'tests/data/traces/groupkill-ns.ftrace.gz',
  'tests/data/recordings/all-1001-400.jsonl.gz',
  'tests/data/recordings/threads-1001-400.jsonl.gz',
]
/** So that even short logs are copied often, and copies go again. */
const SPACING = { interval: 60, mostBytes: 800_000 }

describe('the engine of the page', () => {
  let engine: Engine
  before(async () => {
    engine = await loadEngine()
  })

  for (const lookup of ['hash', 'idr'] as const) {
    for (const path of LOGS) {
      it(`${path}, ${lookup}: random places have the words of a straight replay`, async () => {
        await goesAround(engine, path, { lookup, spacing: SPACING })
      })
    }
  }

  it('each story looks the same wherever one comes from', () => {
    for (const { id } of engine.STORIES) {
      const { recorded } = engine.tellStory(id, 'hash')
      const onward = engine.createStepper(recorded)
      const seen = Array.from({ length: recorded.steps + 1 }, (_, step) => lookAt(onward, step))
      const around = engine.createStepper(recorded)
      const random = randomFrom(recorded.steps)
      for (let i = 0; i < 30; i++) {
        const step = random(recorded.steps + 1)
        assert.deepEqual(lookAt(around, step), seen[step], `${id}, step ${step}`)
      }
    }
  })

  async function goesAround(engine: Engine, path: string, options: ReadOptions): Promise<void> {
    const recorded = await read(engine, path, options)
    assert.ok(recorded.checkpoints.length > 3, `${recorded.checkpoints.length} copies`)
    assert.ok(sizeOf(recorded) <= SPACING.mostBytes)
    const random = randomFrom(recorded.steps)
    const places = Array.from({ length: 40 }, () => random(recorded.steps + 1))
    places.push(0, recorded.steps, recorded.steps - 1, 1, 0)
    const straight = await engine.replayStraight(bytesOf(path), options.lookup, new Set(places))
    const stepper = engine.createStepper(recorded)
    for (const step of places) {
      stepper.seek(step)
      assert.ok(Buffer.compare(stepper.save(), straight.get(step) ?? Buffer.of()) === 0, `step ${step}`)
    }
    const kernel = Kernel.restore(stepper.save())
    assert.deepEqual(kernel.check(), [])
  }
})

function lookAt(stepper: Stepper, step: number): unknown {
  stepper.seek(step)
  const snapshot = stepper.snapshot()
  const maps = snapshot.namespaces.map(({ inum }) => stepper.map(inum))
  return { snapshot, maps, hash: stepper.hash(-1), cpu: stepper.cpu(), trace: stepper.trace }
}

function sizeOf({ checkpoints }: { checkpoints: readonly { words: Int32Array }[] }): number {
  return checkpoints.reduce((sum, { words }) => sum + words.byteLength, 0)
}
