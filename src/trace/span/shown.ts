/**
 * Takes the acts that only ftrace makes, one by one; and for all its acts, what holds of none of strace's.
 */
import type { BirthAct, ExitsAct, FreedAct, SeenAct, SentAct, Span, ToldAct } from '../acts.ts'
import { compareTold, performBirth, refute } from './birth.ts'
import { processOf } from './calls.ts'
import { isToldChoice, judgeByBirth, judgeByChild, judgeByResult } from './choice.ts'
import { forgetExitSignal } from './exit_signal.ts'
import { beginExit, noteFreed, noteSent, type Target } from './exits.ts'
import { meetOlder, type Outer } from './outer.ts'
import { SKIPPED, type SpanReplay, skip } from './replay.ts'
import { judgeThread, noteStray } from './strays.ts'
import { judge, tellingOf } from './view.ts'
import type { Actor } from './world.ts'

export type ShownAct = SeenAct | BirthAct | ToldAct | ExitsAct | SentAct | FreedAct

/** Finds the task of a number. */
type Find = (key: number, line: number, time: string) => Actor

export function performShown(replay: SpanReplay, outer: Outer, act: ShownAct, find: Find): void {
  const { line, time } = act
  switch (act.kind) {
    case 'seen':
      if (!replay.world.actors.has(act.by)) meetUnborn(replay, outer, act)
      break
    case 'birth':
      performBirth(replay, outer, find(act.by, line, time), act)
      break
    case 'told': {
      const actor = find(act.by, line, time)
      judgeByBirth(replay, outer, actor, isToldChoice(outer, line) ? 0 : act.value)
      judge(replay, outer, actor.proc, act.value, () => compareTold(replay, outer, actor, act))
      break
    }
    case 'exits':
      beginExit(replay, outer, find(act.by, line, time), act)
      break
    case 'sent':
      noteSent(replay, outer, findTarget(replay, outer, act), act)
      break
    case 'freed':
      noteFreed(replay, outer, act)
  }
}

/** Whoever is sent a signal does nothing by that: who has stopped, has still, and who is dead. */
function findTarget(replay: SpanReplay, outer: Outer, { to, line, time, comm }: SentAct): Target {
  const { world } = replay
  const known = world.actors.get(to)
  const dead = known === undefined ? processOf(world, to) : undefined
  if (dead?.dead) return { proc: dead, task: dead.task }
  const actor = known ?? meetUnborn(replay, outer, { by: to, line, time, comm, tgid: 0 })
  outer.unproven.delete(actor)
  return actor
}

/** Who stands behind a number that no birth has made: somebody older, or one whose birth has another number by mistake. */
export function meetUnborn(replay: SpanReplay, outer: Outer, act: Omit<SeenAct, 'kind'>): Actor {
  const guess = outer.holes.get(act.by)
  outer.holes.delete(act.by)
  if (guess?.made !== undefined && outer.unproven.has(guess.made) && !guess.act.choosable)
    refute(replay, outer, guess)
  return meetOlder(replay, outer, act)
}

/** Compares what came of a call, as far as the caller's numbers are known. */
export function compareSpan(
  replay: SpanReplay,
  outer: Outer,
  actor: Actor,
  span: Span,
  run: () => void,
): void {
  const { call, outcome } = span
  if (call.op === 'clone' && call.flags === -1) {
    skip(replay, SKIPPED.memory)
    return
  }
  if (judgeThread(replay, outer, actor, span)) return
  noteStray(outer, actor, span)
  const { counts } = replay
  const wrong = counts.checked - counts.matched
  const telling = tellingOf(span)
  if (outer.chosen.length > 0 && judgeByChild(replay, outer, actor, span)) return
  judge(replay, outer, actor.proc, telling, run)
  if (outer.chosen.length > 0 && telling !== undefined && outcome?.kind !== 'lost')
    judgeByResult(replay, outer, actor, telling, counts.checked - counts.matched === wrong)
  if (call.op === 'unshare' || call.op === 'setns') outer.shown.unshares = true
  if (call.op === 'execve' && outcome?.kind === 'returned') forgetExitSignal(outer, actor.proc)
  if (call.op === 'setns') outer.shown.setns = true
  if (call.op === 'prctl') outer.shown.prctls = true
  if (call.op === 'setns' && outcome?.kind === 'returned') outer.strayed.add(actor.proc)
}

/** A thread that was not the first one has executed a program: the others have ended. */
export function forgetExits(outer: Outer, actor: Actor): void {
  for (const other of actor.proc.actors) {
    outer.pending.delete(other)
    other.exiting = undefined
  }
  outer.ended.delete(actor.proc)
}
