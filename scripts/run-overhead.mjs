// What `pidns run` costs a command that starts 1,000 programs, and what of that is strace's, which it runs with the very
// same flags: the shortest of several rounds, taken in turn, so that whatever else the machine does meanwhile hits all
// alike. Needs dist/ and strace.
//
//   npm run build && node scripts/run-overhead.mjs [ROUNDS]
import { spawnSync } from 'node:child_process'

const rounds = Number(process.argv[2] ?? 5)
const loop = (body) => `i=0; while [ $i -lt 1000 ]; do ${body}; i=$((i+1)); done`

/** From a program that does nothing to one that works a little, as a test does. */
const SUITES = {
  '/bin/true': loop('/bin/true'),
  'sh, and a pipe in it': loop('sh -c "echo a | read b"'),
  'awk, some ms of work': loop(`awk 'BEGIN { while (i < 30000) i++ }'`),
  '/bin/true, and one is left': `${loop('/bin/true')}; sleep 2 >/dev/null 2>&1 &`,
}
const PIDNS = [process.execPath, 'dist/cli/main.js', 'run', '--']
const WAYS = { alone: [], strace: [...tracer(), '-o', '/dev/null', '--'], 'pidns run': PIDNS }

/** strace and its flags, as `pidns run` calls it: a command that asks who traces it. */
function tracer() {
  const ask = `while read -r key pid; do [ "$key" != TracerPid: ] || tr '\\0' '\\n' </proc/$pid/cmdline; done`
  const words = [...PIDNS, 'sh', '-c', `${ask} </proc/self/status`]
  const line = spawnSync(words[0], words.slice(1), { encoding: 'utf8' }).stdout.split('\n')
  return line.slice(0, line.indexOf('-o'))
}

function seconds(words) {
  const started = performance.now()
  const { status, stderr } = spawnSync(words[0], words.slice(1), { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
  return (performance.now() - started) / 1000
}

for (const [suite, script] of Object.entries(SUITES)) {
  const best = Object.fromEntries(Object.keys(WAYS).map((way) => [way, Number.POSITIVE_INFINITY]))
  for (let round = 0; round < rounds; round++) {
    for (const [way, words] of Object.entries(WAYS)) {
      best[way] = Math.min(best[way], seconds([...words, 'sh', '-c', script]))
    }
  }
  const figures = Object.entries(best).map(([way, time]) => `${way} ${time.toFixed(2)} s`)
  console.log(`1,000 x ${suite}: ${figures.join(', ')}: ${(best['pidns run'] / best.alone).toFixed(2)} times`)
}
