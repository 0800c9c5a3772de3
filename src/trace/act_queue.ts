/**
 * Puts acts out in the order of their lines, and holds them back while what came of the first of them is not known yet:
 * whoever reads the entry of a fork is to know already which number it will return.
 *
 * Invariant: never more than `limit` acts are held; when there are, the first goes out with its outcome unknown.
 */
import type { Act } from './acts.ts'

/** Stands in the queue for an act that is not decided yet. */
export interface Undecided {
  readonly kind: 'undecided'
  /** What it has become. */
  act: Act | undefined
}

export interface ActQueue {
  push(item: Act | Undecided): undefined
  /** One of the undecided may have been decided. */
  drain(): undefined
  /** Whether an act of the task `by` is held that stands behind the line `since`. */
  has(by: number, since: number): boolean
  /** Those that are held, in order, as far as they are decided. */
  held(): Generator<Act>
  /** Lets everything out. */
  flush(): undefined
}

/** The part of the queue that is gone already is cut off when it is longer than this. */
const SLACK = 1024

/** `decide` makes the best of an act whose time has come too early. */
export function createActQueue<U extends Undecided>(
  emit: (act: Act) => void,
  decide: (undecided: U) => Act,
  limit: number,
): ActQueue {
  /** Those from `first` to `last` are held. The room of the others is used again: it is needed all the time. */
  let items: (Act | Undecided | undefined)[] = []
  let first = 0
  let last = 0

  function letOut(force: boolean): undefined {
    while (first < last) {
      const item = items[first] as Act | Undecided
      let act: Act | undefined
      if (item.kind !== 'undecided') act = item
      else if (item.act !== undefined) act = item.act
      else if (force || last - first > limit) act = item.act = decide(item as U)
      if (act === undefined) break
      items[first++] = undefined
      emit(act)
    }
    if (first < last && (first <= SLACK || first <= last / 2)) return
    if (last > SLACK) items = items.slice(first, last)
    last -= first
    first = 0
  }

  return {
    push(item: Act | Undecided): undefined {
      if (first === last && item.kind !== 'undecided') emit(item)
      else {
        items[last++] = item
        if (last - first > limit) letOut(false)
      }
    },
    drain: () => letOut(false),
    has: (by, since) => {
      for (let at = first; at < last; at++) if (stands(items[at] as Act | Undecided, by, since)) return true
      return false
    },
    *held(): Generator<Act> {
      for (let at = first; at < last; at++) {
        const item = items[at] as Act | Undecided
        const act = item.kind === 'undecided' ? item.act : item
        if (act !== undefined) yield act
      }
    },
    flush: () => letOut(true),
  }
}

function stands(item: Act | Undecided, by: number, since: number): boolean {
  const act = item.kind === 'undecided' ? item.act : item
  if (act === undefined) return false
  return 'span' in act ? act.span.by === by && act.span.line > since : act.by === by && act.line > since
}
