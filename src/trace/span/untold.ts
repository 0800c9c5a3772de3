/**
 * Waits in a log of ftrace, which tells neither a status nor what waitid(2) wrote into memory.
 */

import { P_ALL, P_PID, WCONTINUED, WNOHANG, WNOWAIT, WSTOPPED } from '../../abi/index.ts'
import type { SpanCall } from '../acts.ts'
import { reapUntold } from './exits.ts'
import { childrenOf } from './kin.ts'
import { forceEnd } from './order.ts'
import type { Outer } from './outer.ts'
import { count, SKIPPED, type SpanReplay, skip } from './replay.ts'
import type { Actor, Proc } from './world.ts'

type Waitid = Extract<SpanCall, { op: 'waitid' }>

/** Why a wait may have found a task that is not its child; undefined: it may not. */
export function strangeChild(
  { older, tracers, ended }: Outer,
  { proc }: Actor,
  found: Proc | undefined,
  seen: number,
  options: number,
): string | undefined {
  if (tracers.has(proc)) return SKIPPED.traced
  if (!older.has(proc)) return undefined
  // It has been dead since before the log; or whose child it is has not been shown.
  if (found === undefined) return seen > 0 ? undefined : SKIPPED.older
  // Threads from before the log stand here as processes.
  const { parent } = found
  if (!found.dead && !ended.has(found)) {
    // It has stopped, or goes on; or it has been a zombie since before the log.
    const may = (options & (WSTOPPED | WCONTINUED)) !== 0 || !found.actors.some((it) => it.shown)
    return may && older.has(found) && parent === undefined && seen <= 0 ? SKIPPED.older : undefined
  }
  if (parent === undefined) return SKIPPED.older
  return seen <= 0 && older.has(parent) ? SKIPPED.older : undefined
}

/** Children whose parent was not told of their end have gone by themselves. */
export function reapSilent(replay: SpanReplay, proc: Proc, line: number): boolean {
  const { outer } = replay
  if (outer === undefined) return false
  let moved = false
  for (const child of childrenOf(proc)) {
    if (!child.dead) forceEnd(replay, child, line)
    if (child.dead && reapUntold(replay, outer, child, line)) moved = true
  }
  return moved
}

/** waitid(2) says 0 whether it found a child or not, and whom is not told. `seen`: whom it would find. */
export function settleWaitid(
  replay: SpanReplay,
  outer: Outer,
  { proc }: Actor,
  call: Waitid,
  seen: number,
): number | undefined {
  const { idtype, id, options } = call
  const waits = (options & WNOHANG) === 0
  if (idtype === P_PID && waits) return id
  if (idtype === P_PID && seen === id) return id
  if ((options & WNOWAIT) === 0) outer.reapers.add(proc)
  if (idtype === P_ALL && waits && seen > 0) count(replay, true)
  else skip(replay, SKIPPED.memory)
  return undefined
}
