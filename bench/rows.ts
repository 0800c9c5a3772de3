/** The rows of the table, in its order. */
import { type Effort, measure, SHORT } from './measure.ts'
import type { Result, Row } from './row.ts'
import { ALLOC } from './rows/alloc.ts'
import { LOOKUP } from './rows/lookup.ts'
import { MEMORY } from './rows/memory.ts'
import { replay } from './rows/replay.ts'
import { TASKS } from './rows/tasks.ts'

const TIMED: ReadonlyMap<string, Row> = new Map([...ALLOC, ...LOOKUP, ...TASKS].map((row) => [row.id, row]))

export const IDS: readonly string[] = [...TIMED.keys(), 'replay', ...MEMORY.keys()]

/** Measures one row, in this process. */
export async function resultOf(id: string, effort: Effort): Promise<Result> {
  const weigh = MEMORY.get(id)
  if (weigh !== undefined) return weigh()
  if (id === 'replay') return effort === SHORT ? replay(5_000, 1) : replay(1_000_000, 3)
  const row = TIMED.get(id)
  if (row === undefined) throw new Error(`there is no row ${id}`)
  const sides = row.peer === undefined ? [row.ours] : [row.ours, row.peer]
  const [ours, peer] = await measure(sides, effort)
  if (ours === undefined) throw new Error(`${id} was not measured`)
  const ratio = peer === undefined ? null : ours.ns / peer.ns
  const target = row.target ?? null
  return {
    id,
    what: row.what,
    ns: ours.ns,
    peer: row.peer?.name ?? null,
    peerNs: peer?.ns ?? null,
    ratio,
    target,
    met: target === null || ratio === null ? null : ratio <= target,
    noise: Math.max(ours.noise, peer?.noise ?? 0),
    rounds: ours.rounds,
    thrownAway: ours.thrownAway + (peer?.thrownAway ?? 0),
  }
}
