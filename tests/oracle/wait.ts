/** Waiting for children: who is meant, and what of them is to be told first. */
import { CHLD, E, W } from './linux.ts'
import { numberIn } from './names.ts'
import { release } from './release.ts'
import type { Name, Process, Thread, World } from './world.ts'
import { othersFrom } from './world.ts'

/** Which children: any, one process, or a group. `undefined`: a number that nobody has. */
export interface Waiting {
  readonly who: 'any' | { readonly process: Name | undefined } | { readonly group: Name | undefined }
  readonly options: number
}

/** What was found: the child's number as the waiter sees it, its status as wait4 and as waitid tell it. */
export interface Found {
  readonly nr: number
  readonly status: number
  readonly code: number
  readonly detail: number
}

/** The first child with something to tell; 0 when those that are meant have nothing; -ECHILD when there are none. */
export function lookForChild(w: World, caller: Thread, waiting: Waiting): Found | 0 | number {
  const { who, options } = waiting
  if (who !== 'any' && !isInUse(who)) return -E.CHILD
  const threads = (options & W.NOTHREAD) !== 0 ? [caller] : [caller, ...othersFrom(caller)]
  let meant = false
  for (const thread of threads) {
    for (const child of [...thread.children]) {
      if (!isMeant(child, waiting)) continue
      const found = look(w, caller, child, options)
      if (typeof found === 'object') return found
      meant ||= found
    }
  }
  return meant ? 0 : -E.CHILD
}

function isInUse(who: Exclude<Waiting['who'], 'any'>): boolean {
  return 'process' in who ? who.process?.thread !== undefined : (who.group?.group.length ?? 0) > 0
}

function isMeant(child: Process, { who, options }: Waiting): boolean {
  if (who !== 'any') {
    if ('process' in who && child.leader.name !== who.process) return false
    if ('group' in who && child.group !== who.group) return false
  }
  if ((options & W.ALL) !== 0) return true
  return (child.exitSignal !== CHLD) === ((options & W.CLONE) !== 0)
}

/** What the child has to tell, else whether it counts as one that may have later. */
function look(w: World, caller: Thread, child: Process, options: number): Found | boolean {
  const nr = numberIn(child.leader.name, caller.name.ns)
  const take = (options & W.NOWAIT) === 0
  if (child.leader.zombie && child.threads.length === 1) {
    if ((options & W.EXITED) === 0) return false
    const status = child.dying ?? child.leader.exitCode
    if (take) release(w, child.leader)
    const signal = status & 127
    return signal === 0
      ? { nr, status, code: 1, detail: status >> 8 }
      : { nr, status, code: 2, detail: signal }
  }
  if ((options & W.STOPPED) !== 0 && child.stopped && child.stopSignal !== 0) {
    const sig = child.stopSignal
    if (take) child.stopSignal = 0
    return { nr, status: (sig << 8) | 127, code: 5, detail: sig }
  }
  if ((options & W.CONTINUED) !== 0 && child.continued) {
    if (take) child.continued = false
    return { nr, status: 0xffff, code: 6, detail: 18 }
  }
  return true
}
