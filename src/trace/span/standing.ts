/** In which order the children of a process stand, as far as a log tells. */
import type { Actor, Proc } from './actor.ts'

/**
 * A wait finds the first of its children that are dead: they stand in the order in which they came. Whether those two may have
 * come the other way round: one of them, or both, from a parent that ended meanwhile. Each thread has children of its own, and
 * which thread of a process ends first, nobody knows. `counts`: whether the wait finds this child, if it is dead.
 */
export function mayStandBehind(first: Proc, second: Proc, counts: (it: Proc) => boolean): boolean {
  const { formerParent } = first
  if (formerParent === second.formerParent && formerParent !== undefined)
    return formerParent.threaded || passedBy(first, formerParent) || passedBy(second, formerParent)
  if (first.maker !== second.maker && formerParent === second.formerParent)
    if ((isLeaving(first.maker) || isLeaving(second.maker)) && isFirstOfMaker(second, counts)) return true
  const [a, b] = [arrivalOf(first), arrivalOf(second)]
  return a.from <= b.to && b.from <= a.to
}

/** Whether this thread has begun to end: its children go to the end of another's, the later the later it ends. */
function isLeaving(maker: Actor | undefined): boolean {
  return maker !== undefined && (maker.exiting !== undefined || maker.task.state === 'X')
}

/** Whether none of the dead children that the same thread has made stands before this one. */
function isFirstOfMaker(child: Proc, counts: (it: Proc) => boolean): boolean {
  for (let other = child.elder; other !== undefined; other = other.elder)
    if (
      other.dead &&
      other.maker === child.maker &&
      other.formerParent === child.formerParent &&
      counts(other)
    )
      return false
  return true
}

/** Whether the parent before that one may have ended when this one was ending already, and so left it to the next. */
function passedBy({ earlierParent }: Proc, { left, gone }: Proc): boolean {
  return (
    earlierParent !== undefined &&
    earlierParent.left <= (gone || Number.POSITIVE_INFINITY) &&
    left <= (earlierParent.gone || Number.POSITIVE_INFINITY)
  )
}

function arrivalOf({ formerParent, born, made, old }: Proc): { from: number; to: number } {
  // In which order those came that are older than the log, nobody knows.
  if (old) return { from: 0, to: 0 }
  if (formerParent === undefined) return { from: born, to: made || born }
  return { from: formerParent.left, to: formerParent.gone || Number.POSITIVE_INFINITY }
}
