/**
 * npm run bench                     every row, as a table
 * npm run bench -- ID...            those rows
 * npm run -s bench -- --json        one object: the machine, the results
 * npm run bench -- --write          every row, and the curves, into docs/performance.md
 * --short                           one round of a moment: shows that everything runs, says nothing about time
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CURVES, type Drawn } from './curves.ts'
import { type Machine, thisMachine } from './machine.ts'
import { installPeers } from './peers.ts'
import { writePerformance } from './performance.ts'
import type { Result } from './row.ts'
import { IDS } from './rows.ts'
import { heading, line } from './table.ts'

const CHILD = fileURLToPath(new URL('child.js', import.meta.url))

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, short: { type: 'boolean' }, write: { type: 'boolean' } },
  })
  const unknown = positionals.filter((id) => !IDS.includes(id))
  if (unknown.length > 0) {
    console.error(`There is no row ${unknown.join(', ')}. Rows: ${IDS.join(', ')}.`)
    return 2
  }
  installPeers()
  const machine = thisMachine()
  const ids = positionals.length > 0 ? positionals : IDS
  const results: Result[] = []
  let failed = 0
  if (values.json !== true) console.log(heading())
  for (const id of ids) {
    const result = await inItsOwnProcess<Result>('row', id, values.short === true)
    if (result === undefined) {
      failed += 1
      continue
    }
    results.push(result)
    if (values.json !== true) console.log(line(result))
  }
  if (values.json === true) console.log(JSON.stringify({ machine, results }, null, 2))
  if (values.write === true) await write(machine, results, values.short === true)
  return failed === 0 ? 0 : 1
}

async function write(machine: Machine, results: readonly Result[], short: boolean): Promise<void> {
  const curves: Drawn[] = []
  for (const { id } of CURVES) {
    console.error(`Curve ${id} ...`)
    const drawn = await inItsOwnProcess<Drawn>('curve', id, short)
    if (drawn !== undefined) curves.push(drawn)
  }
  await writePerformance(machine, results, curves)
}

/** undefined where it could not be measured; the child has said why. */
function inItsOwnProcess<T>(kind: 'row' | 'curve', id: string, short: boolean): Promise<T | undefined> {
  return new Promise((resolve) => {
    let result: T | undefined
    const args = short ? [kind, id, 'short'] : [kind, id]
    const child = fork(CHILD, args, { stdio: ['ignore', 2, 'inherit', 'ipc'] })
    child.on('message', (message) => {
      result = message as T
    })
    child.on('close', (code) => {
      if (result === undefined) console.error(`${id} could not be measured (exit status ${code}).`)
      resolve(result)
    })
  })
}

process.exitCode = await main()
