/**
 * `npm run torture`: workers that make, find, kill and reap processes of one kernel while others are terminated at any moment.
 *
 *      --seconds N      so long (default 60)
 *      --workers W      so many at a time (default 3)
 *      --json           one line of JSON at the end, and nothing else
 *      --mutant NAME    the library with this mistake in it (proof/mutants.ts), until it shows: exit status 1
 *      --mutants        all that are known to show, one after the other (kills.ts): exit status 1 where one does not
 *      --write          with --mutants: the table in docs/concurrency.md
 *
 * Exit status 1 where anything is wrong. After rcutorture: what a reader holds is told by its age when its section ends, and
 * only findable (0) and out of sight (1) may occur; there are rests, floods of callbacks, and counters that begin near
 * their wrap.
 *
 * recoveryMsP99: of the terminations the 99th percentile, in milliseconds, from the first proof of a worker's end that anybody
 * has (the exit event, or a look at /proc) to a lock that it does not hold: a live worker has taken it over, and the call
 * in which the dead one was is undone. 0 for who died outside a call; insideMsP99 is the same without those. orderMsP99: from
 * that proof until all is in order, of each death: processes killed, references given back; who comes to that waits for
 * others' calls like any caller. proofMsP99: from terminate() to the exit event.
 */
import { parseArgs } from 'node:util'
import { write } from '../report.ts'
import { buildTorture } from './build.ts'
import { firstLine, type Kill, QUICK, renderKills, SLOW, tortureMutant } from './kills.ts'
import { type Launched, launch } from './launch.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    workers: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    mutant: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds)
const workers = Number(values.workers)

async function tortureMutants(): Promise<void> {
  const kills: Kill[] = []
  for (const name of [...QUICK, ...SLOW]) {
    const launched = await tortureMutant(name, seconds, workers)
    kills.push({ name, launched })
    console.log(`${name.padEnd(22)} ${launched.seconds.toFixed(1)} s  ${firstLine(launched.problems[0])}`)
    if (launched.problems.length === 0) process.exitCode = 1
  }
  if (values.write) write('torture', renderKills(kills))
}

async function tortureSound(): Promise<Launched> {
  const say = (text: string): void => {
    if (!values.json) console.log(text)
  }
  return launch(await buildTorture(), ['--seconds', values.seconds, '--workers', values.workers], say)
}

if (values.mutants) {
  await tortureMutants()
} else {
  const { result, problems } =
    values.mutant === undefined ? await tortureSound() : await tortureMutant(values.mutant, seconds, workers)
  if (result !== undefined) console.log(values.json ? JSON.stringify(result) : result)
  for (const problem of problems) console.error(problem)
  process.exitCode = problems.length > 0 ? 1 : 0
}
