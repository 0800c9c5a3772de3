/** The engine without a page: what its tests import. vite.engine.config.mjs makes a module of Node of it. */

import type { SpanStart } from '../../src/trace/acts.ts'
import type { LogItem, Start } from '../../src/trace/event.ts'
import { readParts } from '../../src/trace/log_parts.ts'
import { type LogStep, type Running, startRunning } from '../../src/trace/running.ts'
import { endTurn } from './platform.ts'

export { type Progress, readBytes } from './log.ts'
export { createStepper } from './stepper.ts'
export { tellStory } from './stories.ts'
export { STORIES } from './story_list.ts'

/** A log replayed once from its beginning, with nothing written down: `kernel.save()` after each of these steps. */
export async function replayStraight(
  bytes: AsyncIterable<Uint8Array>,
  lookup: 'hash' | 'idr',
  steps: ReadonlySet<number>,
): Promise<Map<number, Uint8Array>> {
  const saved = new Map<number, Uint8Array>()
  let running: Running | undefined
  let [step, lines] = [0, 0]
  const endStep = ({ kernel }: Running): void => {
    endTurn()
    if (steps.has(step)) saved.set(step, kernel.save())
    step++
  }
  const take = (item: LogItem): void => {
    if (running === undefined) running = startRunning(item as Start | SpanStart, { check: false, lookup })
    else running.take(item as LogStep)
    endStep(running)
  }
  for await (const part of readParts(bytes)) {
    part.play(take, () => false)
    lines = part.lines
  }
  if (running === undefined) return saved
  running.finish(lines)
  endStep(running)
  return saved
}
