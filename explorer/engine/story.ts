/** How a story is told: a script that does something to a kernel, beat by beat, and says what there is to see. */
import { Kernel } from '../../src/index.ts'
import type { BootOptions } from '../../src/kernel.ts'
import type * as pid from '../../src/pid/index.ts'
import type { Beat } from './protocol.ts'
import type { Recorded } from './recorded.ts'
import { callPid } from './recorder.ts'
import { startRecording, tableOf } from './recording.ts'

export interface Stage {
  readonly kernel: Kernel
  /** The initial namespace, as src/pid/ knows it. */
  readonly ns: number
  /** A function of src/pid/, on the kernel's own table. */
  call(name: keyof typeof pid, ...args: number[]): number
}

/** What is told after what was done since the last beat. */
export type Told = Omit<Beat, 'step'>

export interface Story {
  readonly id: string
  readonly options?: BootOptions
  readonly script: (stage: Stage) => Generator<Told, void>
}

export interface ToldStory {
  readonly recorded: Recorded
  readonly beats: readonly Beat[]
}

export function tell(story: Story, name: string, lookup: 'hash' | 'idr'): ToldStory {
  const kernel = Kernel.boot({ maxPids: 1024, maxNamespaces: 64, lookup, ...story.options })
  const table = tableOf(kernel)
  const recording = startRecording(kernel)
  const stage: Stage = {
    kernel,
    ns: table.words[INIT_NS],
    call: (name, ...args) => callPid(table, name, args),
  }
  const beats: Beat[] = []
  for (const told of story.script(stage)) {
    if (beats.length > 0) recording.step(0)
    beats.push({ ...told, step: recording.steps })
  }
  const text = (): string => ''
  const recorded = recording.end({ name, format: 'story', lines: 0, level: 0, text }, undefined)
  return { recorded, beats }
}

/** H_INIT_NS of src/mm/layout.ts. */
const INIT_NS = 14
