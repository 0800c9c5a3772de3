/** The numbers that a caller of clone3 asked for (set_tid), from the innermost namespace outwards. */
import { CLONE_NEWPID } from '../../abi/index.ts'
import { CUT, type SpanCall, type SpanOutcome } from '../acts.ts'
import type { Actor, World } from './world.ts'

type Clone = Extract<SpanCall, { op: 'clone' }>

/** How far from the innermost namespace of the child that of its creator is. */
function depthOf({ flags }: Clone): number {
  return (flags & CLONE_NEWPID) === 0 ? 0 : 1
}

/** The key that it asked for, which the result does not tell; undefined: none, or not shown. */
export function askedKey({ level }: World, { task }: Actor, call: SpanCall): number | undefined {
  if (call.op !== 'clone' || call.setTid === undefined) return undefined
  const nr = task.level > level ? call.setTid[task.level - level + depthOf(call)] : undefined
  return nr === CUT ? undefined : nr
}

/** The call with all the numbers that are known: those that strace has cut off stand in the result, if it got them. */
export function askedInFull(call: Clone, { outcome }: { readonly outcome: SpanOutcome | undefined }): Clone {
  const { setTid } = call
  if (!setTid?.includes(CUT) || outcome?.kind !== 'returned') return call
  const depth = depthOf(call)
  const known = setTid.map((nr, at) =>
    nr !== CUT ? nr : at === depth ? outcome.value : at < depth ? 1 : CUT,
  )
  const end = known.indexOf(CUT)
  return { ...call, setTid: end < 0 ? known : known.slice(0, end) }
}
