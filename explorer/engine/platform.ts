/**
 * The surroundings of the page's kernels. The end of a turn comes when the page says so, after each step: the same steps
 * give the same table, to the word.
 */
import type { Platform } from '../../src/platform/platform.ts'

const deferred: (() => void)[] = []

/** The present step is over: what was put off until now is done. */
export function endTurn(): void {
  for (let run = deferred.shift(); run !== undefined; run = deferred.shift()) run()
}

export const platform: Platform = {
  defer: (run) => void deferred.push(run),
  stayAlive: () => () => {},
  thread: () => ({ id: 0, started: 0 }),
  hasEnded: () => undefined,
  holdName: () => () => {},
  isNameFree: () => Promise.resolve(false),
  every: () => () => {},
  report: () => {},
}
