/** Group stops: begun by one thread that took a stop signal, complete when each thread has stopped or ended. */
import { CHLD, KILL } from './linux.ts'
import { alert, send, wakeParent } from './send.ts'
import type { Process, Thread, World } from './world.ts'
import { othersFrom } from './world.ts'

/** All threads of the process are to stop. */
export function beginStop(w: World, thread: Thread, sig: number): void {
  const { process } = thread
  if (!process.stopped) process.stopSignal = sig
  process.stopsAwaited.clear()
  for (const other of [thread, ...othersFrom(thread)]) {
    if (other.rest === 'stopped' || other.exiting || other.pending.has(KILL)) continue
    process.stopsAwaited.add(other)
    if (other !== thread) alert(w, other, false)
  }
}

/** The thread stops or ends: true if the stop of the group is complete with it. */
export function leaveStop(thread: Thread): boolean {
  const { process } = thread
  if (!process.stopsAwaited.delete(thread) || process.stopsAwaited.size > 0 || process.stopped) return false
  process.stopped = true
  process.continued = false
  process.untold = false
  return true
}

/** A stop is complete, or over. */
export function tellParentOfStop(w: World, process: Process): void {
  if (process.parent === undefined) return
  const to = process.parent.process
  if ((to.childFlags & 1) === 0) send(w, CHLD, process.parent, { to: 'group', forced: false })
  wakeParent(w, to)
}
