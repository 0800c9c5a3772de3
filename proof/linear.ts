/**
 * Linearizability, number by number: is there an order of what several workers did, within the times at which each was
 * at it, in which a dumb table gives the same answers? After Wing and Gong; numbers do not depend on each other, so each
 * is checked alone, and the search remembers where it has been.
 */
export const ALLOC = 1
export const FREE = 2
export const FOUND = 3
export const MISSED = 4

/** What was done to one number, between two tickets. */
export interface Act {
  readonly kind: number
  readonly begin: number
  readonly end: number
}

/** The acts on one number, of each worker in its order; it is not there at first. Is there such an order? */
export function isLinear(histories: readonly (readonly Act[])[]): boolean {
  const seen = new Set<string>()
  const open: { at: number[]; there: boolean }[] = [{ at: histories.map(() => 0), there: false }]
  for (let now = open.pop(); now !== undefined; now = open.pop()) {
    const key = `${now.at} ${now.there}`
    if (seen.has(key)) continue
    seen.add(key)
    const { at, there } = now
    if (at.every((place, i) => place === histories[i].length)) return true
    // Whatever ended first comes before all that began later.
    const firstEnd = Math.min(...at.map((place, i) => histories[i][place]?.end ?? Number.POSITIVE_INFINITY))
    for (let i = 0; i < at.length; i++) {
      const act = histories[i][at[i]]
      if (act === undefined || act.begin > firstEnd || !fits(act.kind, there)) continue
      const next = act.kind === ALLOC || (act.kind === FOUND && there)
      open.push({ at: at.with(i, at[i] + 1), there: next })
    }
  }
  return false
}

function fits(kind: number, there: boolean): boolean {
  return kind === FREE || kind === FOUND ? there : !there
}
