/** Little tables for the scenarios, and agents' views of them. */
import { addWorker } from '#internal/shared/mm/worker.js'
import { createPidTable, type PidTable, type PidTableOptions, tableOver } from '#internal/shared/pid/table.js'

export interface Tables<Base> {
  readonly base: Base
  /** A view for each agent. */
  readonly tables: readonly PidTable[]
  /** What each agent will do when its turn ends. */
  readonly deferred: readonly (() => void)[][]
  /** What agents note for the check. */
  readonly seen: number[][]
}

/** Pages of 32 numbers, 64 in all. */
export function smallTable(options: PidTableOptions = {}): PidTable {
  return createPidTable({
    bitsPerPage: 32,
    pidMaxLimit: 64,
    pidMax: 40,
    reservedPids: 3,
    pidMaxMin: 4,
    maxPids: 8,
    maxNamespaces: 4,
    defer: () => {},
    ...options,
  })
}

/** So many agents' views of the words. */
export function openTables<Base extends { words: Int32Array }>(
  base: Base,
  count: number,
  hasEnded: (agent: number) => boolean,
): Tables<Base> {
  const tables: PidTable[] = []
  const deferred: (() => void)[][] = []
  for (let nr = 0; nr < count; nr++) {
    const mine: (() => void)[] = []
    const table = tableOver(base.words, {
      defer: (run) => {
        mine.push(run)
      },
      report: (error) => {
        throw error
      },
    })
    addWorker(table, { id: nr + 1, started: 1 }, ({ id }) => hasEnded(id - 1))
    tables.push(table)
    deferred.push(mine)
  }
  return { base, tables, deferred, seen: tables.map(() => []) }
}

/** The agent's turn ends. */
export function endTurn<Base>(world: Tables<Base>, nr: number): void {
  const mine = world.deferred[nr]
  while (mine.length > 0) {
    const run = mine.pop() as () => void
    run()
  }
}
