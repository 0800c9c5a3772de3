/** The rows of the table, in its order. */
import { type Effort, type Measured, measure, SHORT } from './measure.ts'
import type { Result, Row, SharedRow } from './row.ts'
import { ALLOC } from './rows/alloc.ts'
import { LOOKUP } from './rows/lookup.ts'
import { MEMORY } from './rows/memory.ts'
import { replay } from './rows/replay.ts'
import { SHARED } from './rows/shared.ts'
import { TASKS } from './rows/tasks.ts'
import { measureTogether } from './together.ts'

const TIMED: ReadonlyMap<string, Row> = new Map([...ALLOC, ...LOOKUP, ...TASKS].map((row) => [row.id, row]))

const TOGETHER: ReadonlyMap<string, SharedRow> = new Map(SHARED.map((row) => [row.id, row]))

export const IDS: readonly string[] = [...TIMED.keys(), ...TOGETHER.keys(), 'replay', ...MEMORY.keys()]

/** Measures one row, in this process. */
export async function resultOf(id: string, effort: Effort): Promise<Result> {
  const weigh = MEMORY.get(id)
  if (weigh !== undefined) return weigh()
  if (id === 'replay') return effort === SHORT ? replay(5_000, 1) : replay(1_000_000, 3)
  const together = TOGETHER.get(id)
  if (together !== undefined)
    return result(together, await measureTogether(sidesOf(together), effort), together.rate === true)
  const row = TIMED.get(id)
  if (row === undefined) throw new Error(`there is no row ${id}`)
  return result(row, await measure(sidesOf(row), effort), false)
}

function sidesOf<One>({ ours, peer }: { ours: One; peer?: One }): One[] {
  return peer === undefined ? [ours] : [ours, peer]
}

/** `rate`: how often in a second, not how long. */
function result(row: Row | SharedRow, [ours, peer]: readonly Measured[], rate: boolean): Result {
  if (ours === undefined) throw new Error(`${row.id} was not measured`)
  const value = (ns: number): number => (rate ? 1e9 / ns : ns)
  const ns = value(ours.ns)
  const peerNs = peer === undefined ? null : value(peer.ns)
  const ratio = peerNs === null ? null : ns / peerNs
  const target = row.target ?? null
  return {
    id: row.id,
    what: row.what,
    ns,
    peer: row.peer?.name ?? null,
    peerNs,
    ratio,
    target,
    met: target === null || ratio === null ? null : rate ? ratio >= target : ratio <= target,
    noise: Math.max(ours.noise, peer?.noise ?? 0),
    rounds: ours.rounds,
    thrownAway: ours.thrownAway + (peer?.thrownAway ?? 0),
    ...(rate ? { unit: '/s' } : {}),
  }
}
