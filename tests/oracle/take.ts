/** Taking signals: what a thread does about them before it goes on in user space. */
import { endGroup } from './end.ts'
import { HARMLESS, isAbsolute, KILL, OWN_FAULTS, STOP, STOPS } from './linux.ts'
import { isOrphaned } from './orphans.ts'
import { beginStop, leaveStop, tellParentOfStop } from './stop.ts'
import type { Rest, Thread, World } from './world.ts'

/** Takes one signal after the other, and stops or ends if one says so. */
export function* takeSignals(w: World, thread: Thread): Generator<Rest, void> {
  const { process } = thread
  if (!thread.alerted) return
  for (;;) {
    if (process.untold) {
      process.untold = false
      tellParentOfStop(w, process)
      continue
    }
    if (process.dying !== undefined || process.execing !== undefined) {
      thread.pending.delete(KILL)
      yield* endGroup(w, thread, KILL)
      return
    }
    if (process.stopsAwaited.has(thread)) {
      yield* stop(w, thread)
      continue
    }
    const sig = nextSignal(thread)
    if (sig === undefined) return
    if (process.ignored.has(sig) || HARMLESS.has(sig)) continue
    if (process.unkillable && !isAbsolute(sig)) continue
    if (!STOPS.has(sig)) {
      yield* endGroup(w, thread, sig)
      return
    }
    if (sig === STOP || !isOrphaned(w, process.group)) beginStop(w, thread, sig)
  }
}

/** The lowest, but faults first; the thread's own before the group's. After the last one nothing alerts the thread. */
function nextSignal(thread: Thread): number | undefined {
  const { process } = thread
  const from = [thread.pending, process.pending].find((set) => set.size > 0)
  const sorted = [...(from ?? [])].sort((a, b) => a - b)
  const sig = sorted.find((s) => OWN_FAULTS.has(s)) ?? sorted[0]
  if (sig !== undefined) from?.delete(sig)
  thread.alerted = thread.pending.size + process.pending.size > 0 || process.stopsAwaited.has(thread)
  return sig
}

/** The thread takes its part in the stop, and rests until it is continued or killed. */
function* stop(w: World, thread: Thread): Generator<Rest, void> {
  const complete = leaveStop(thread)
  thread.rest = 'stopped'
  if (complete) tellParentOfStop(w, thread.process)
  yield 'stopped'
}
