/**
 * `npm run torture`: workers that make, find, kill and reap processes of one kernel while others are terminated at any moment.
 *
 *      --seconds N    so long (default 60)
 *      --workers W    so many at a time (default 3)
 *      --json         one line of JSON at the end, and nothing else
 *
 * Exit status 1 where anything is wrong. After rcutorture: what a reader holds is told by its age when its section ends, and
 * only findable (0) and out of sight (1) may occur; there are rests, floods of callbacks, and counters that begin near
 * their wrap.
 */
import { parseArgs } from 'node:util'
import { torture } from './torture.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    workers: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
})
const say = (text: string): void => {
  if (!values.json) console.log(text)
}
const { result, problems } = await torture(Number(values.seconds), Number(values.workers), say)
console.log(values.json ? JSON.stringify(result) : result)
if (problems.length > 0) {
  for (const problem of problems.slice(0, 20)) console.error(problem)
  process.exitCode = 1
}
process.exit()
