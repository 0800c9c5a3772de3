/**
 * Lines that cannot follow on one another: one of a task that is in a call, the second half of a call that nobody began.
 * One of the numbers in front of them is wrong; which, the lines that come next show.
 *
 * Invariant: holds the latest `STRAYS` halves that have no other, and the latest `RESUMED` second halves.
 */

import type { Undecided } from '../act_queue.ts'
import type { Act, ClashAct } from '../acts.ts'
import type { NumberMap } from '../number_map.ts'
import { standsAt } from './text.ts'

/** The first half of a call. */
export interface Half extends Undecided {
  readonly name: string
  /** The same. */
  readonly nameCodes: Uint8Array
  by: number
  readonly line: number
  readonly time: string
  /** A line of the same task that came before the second half. */
  doubt: Doubt | undefined
  /** It has been told that somebody else came back from it. */
  lost: boolean
  /** The line that came before the second half has begun a call of the same name. */
  twin: boolean
}

/** Stands in the queue until it is known which of two lines is wrong: the second of them. */
export interface Doubt extends Undecided {
  readonly by: number
  readonly line: number
  readonly time: string
}

export interface Halves<H extends Half> {
  /** A line has come of the task `by`, which is in the call `open`. True: somebody else has come back from it. */
  intrude(open: H, by: number, line: number, time: string): boolean
  /** The task `by` comes back from a call: which of those it has begun. undefined: from none. */
  comeBack(by: number, codes: Uint8Array, at: number, end: number, line: number): H | undefined
  /** The task has ended in the call `open`. */
  endIn(open: H, exited: boolean): undefined
  /** The log ends in the call `open`. */
  breakOff(open: H): undefined
  /** The task `by`, which is in no call of that name, comes back from one: the first half that has no second one. */
  orphan(name: string, by: number, line: number, time: string): H | undefined
}

/** A second half of which it is not known yet whose it is. */
interface Orphan<H> {
  readonly name: string
  readonly line: number
  readonly candidates: Set<H>
}

/** A second half that fits. */
interface Return {
  name: string
  by: number
  line: number
}

const STRAYS = 16
const RESUMED = 64

/**
 * `push`: puts an act out, or holds the place of one. `settled`: one of those has been decided. `acted`: whether an act of a
 * task is held that came after a line.
 */
export function createHalves<H extends Half & { below: H | undefined }>(
  opens: NumberMap<H>,
  push: (item: Act | Undecided) => void,
  settled: () => void,
  acted: (by: number, since: number) => boolean,
): Halves<H> {
  const strays: H[] = []
  const orphans: Orphan<H>[] = []
  const resumed: Return[] = []
  let next = 0

  function clash(line: number, by: number, time: string, expected: string, actual: string): ClashAct {
    return { kind: 'clash', line, by, time, what: `pid ${by}`, expected, actual }
  }

  /** The first line is wrong. */
  function blameFirst({ line, by, time, name }: H, at: number): ClashAct {
    return clash(line, by, time, `it calls ${name}`, `by line ${at} it does not`)
  }

  function blameSecond({ line, by, time }: Doubt, open: H): ClashAct {
    return clash(line, by, time, 'a line of it', `it is in the ${open.name} of line ${open.line}`)
  }

  function decide(doubt: Doubt, act: ClashAct): void {
    if (doubt.act === undefined) doubt.act = act
    else push(act)
    settled()
  }

  function stray(open: H): void {
    strays.push(open)
    if (strays.length > STRAYS) strays.shift()
  }

  /** A task has come back from the upper of two calls, or from the lower one: the other is not its own. */
  function settleBoth(upper: H, lower: H, own: H): void {
    const { doubt } = lower
    if (own === lower && doubt !== undefined) decide(doubt, blameSecond(doubt, lower))
    upper.below = undefined
    lower.twin = upper.name === lower.name
    stray(own === upper ? lower : upper)
  }

  /** The latest call of that name whose task did something else. */
  function findStray(name: string): H | undefined {
    const found = strays.findLast((open) => open.name === name)
    if (found !== undefined) {
      strays.splice(strays.indexOf(found), 1)
      return found
    }
    for (const [by, open] of opens.entries()) {
      const { below } = open
      if (below?.name === name && open.name === name) {
        open.below = undefined
        below.twin = true
        return below
      }
      if (below !== undefined && (open.name === name || below.name === name)) {
        const wrong = open.name === name ? open : below
        settleBoth(open, below, wrong === open ? below : open)
        strays.splice(strays.indexOf(wrong), 1)
        opens.set(by, wrong === open ? below : open)
        return wrong
      }
      if (open.name !== name || open.doubt === undefined) continue
      opens.delete(by)
      return open
    }
    return undefined
  }

  /** When this task last came back from a call of that name, after this one of another was begun: it was the wrong one. */
  function lastReturn(name: string, by: number, open: H): Return | undefined {
    let found: Return | undefined
    for (const it of resumed)
      if (it.by === by && it.name === name && it.line > open.line && it.line > (found?.line ?? 0)) found = it
    return found
  }

  function blameReturn({ name, by, line }: Return, time: string, at: number): ClashAct {
    return clash(line, by, time, `it comes back from ${name}`, `it does so again at line ${at}`)
  }

  /** A task comes back from a call of another: that one's first line has the wrong number, or an earlier return. */
  function adopt(open: H, by: number, line: number, time: string): H {
    const before = lastReturn(open.name, by, open)
    const first = blameFirst(open, open.doubt?.line ?? line)
    const blamed = before === undefined ? first : blameReturn(before, time, line)
    if (open.doubt === undefined) push(blamed)
    else {
      if (open.twin && before === undefined) decide(open.doubt, blameSecond(open.doubt, open))
      decide(open.doubt, blamed)
      if (open.twin && before !== undefined) push(blameSecond(open.doubt, open))
    }
    open.by = by
    return open
  }

  /** Somebody else has come back from this call, in the line `at`: one of the two lines is wrong. */
  function lose(open: H, at: number): void {
    open.lost = true
    push(blameFirst(open, at))
  }

  /** Whoever comes back from a call of his own is none of those that somebody else may have come back from. */
  function clear(open: H): void {
    for (const [at, orphan] of orphans.entries()) {
      const { candidates, line } = orphan
      if (!candidates.delete(open) || candidates.size > 1) continue
      for (const last of candidates) lose(last, line)
      orphans.splice(at, 1)
      return
    }
  }

  return {
    intrude(open: H, by: number, line: number, time: string): boolean {
      const at = orphans.findIndex(({ candidates }) => candidates.has(open))
      const orphan = orphans[at]
      if (orphan !== undefined) {
        orphans.splice(at, 1)
        lose(open, orphan.line)
      }
      if (open.lost) return true
      if (open.doubt === undefined) {
        open.doubt = { kind: 'undecided', act: undefined, by, line, time }
        push(open.doubt)
      }
      return false
    },
    comeBack(by: number, codes: Uint8Array, at: number, end: number, line: number): H | undefined {
      const upper = opens.get(by)
      if (upper === undefined) return undefined
      const { below: lower } = upper
      const own = isNamed(upper, codes, at, end) ? upper : lower
      if (own === undefined || (own === lower && !isNamed(own, codes, at, end))) return undefined
      if (lower !== undefined) settleBoth(upper, lower, own)
      else if (own.doubt !== undefined) decide(own.doubt, blameSecond(own.doubt, own))
      if (orphans.length > 0) clear(own)
      const last = resumed[next]
      if (last === undefined) resumed.push({ name: own.name, by, line })
      else {
        last.name = own.name
        last.by = by
        last.line = line
      }
      next = (next + 1) % RESUMED
      return own
    },
    endIn(open: H, exited: boolean): undefined {
      const { doubt } = open
      const orphan = orphans.find(({ candidates }) => candidates.delete(open))
      if (orphan !== undefined) lose(open, orphan.line)
      if (doubt === undefined) return
      const [first, second] = [blameFirst(open, doubt.line), blameSecond(doubt, open)]
      decide(doubt, exited ? first : second)
      push(exited ? second : first)
    },
    breakOff(open: H): undefined {
      for (let it: H | undefined = open; it !== undefined; it = it.below) {
        const { doubt } = it
        if (doubt === undefined) continue
        decide(doubt, blameSecond(doubt, it))
        push(blameFirst(it, doubt.line))
      }
    },
    orphan(name: string, by: number, line: number, time: string): H | undefined {
      const found = findStray(name)
      if (found !== undefined) return adopt(found, by, line, time)
      const others = opens.values().filter((open) => open.name === name)
      const [only] = others.length === 1 ? others : []
      const unclear = only !== undefined && !opens.has(by) && !acted(by, only.line)
      const before = others.map((open) => lastReturn(name, by, open)).find((it) => it !== undefined)
      if (before !== undefined) push(blameReturn(before, time, line))
      push(clash(line, by, time, `it comes back from ${name}`, 'it is in no such call'))
      if (others.length > 1) {
        orphans.push({ name, line, candidates: new Set(others) })
        if (orphans.length > STRAYS) orphans.shift()
      }
      if (unclear && before === undefined) push(blameFirst(only, line))
      return only
    },
  }
}

function isNamed({ nameCodes }: Half, codes: Uint8Array, at: number, end: number): boolean {
  return nameCodes.length === end - at && standsAt(codes, at, end, nameCodes)
}
