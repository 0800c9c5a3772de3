// Runs the compiled tests and says at the end which of them this machine could not run, and how to enable them. Then runs
// those that use the library a second time, on the shared build.
//
//   npm test               every test
//   npm test -- pid fork   only files whose path contains one of the words
//
// PIDNS_BUILD=plain or PIDNS_BUILD=shared: only that build.
//
// A test that cannot run here skips itself with a reason that names the cure:
//   it('draws the tree', { skip: chromium ? false : 'no Chromium: apt-get install chromium' }, ...)
// With CI=true nothing may be left out: a skipped test fails the run.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

const FOLDER = 'out/tests'
const FILE_TIMEOUT_MS = 15 * 60 * 1000

/**
 * Tests of what is there once: the command line, the documents, the sources, the tests' own oracle, readers of text, what
 * the plain build reads of its memory, and what imports the shared build by its name.
 */
const ONCE =
  /^(browser|cli|counts|docstrings|examples|explore|running|layers|oracle|readme|run|run_\w+|schedules|semantics|strace\w*|ftrace\w*|torture|trace_\w+|shared_(?!build)\w+)\.test\.js$/
const isShared = process.execArgv.some((option) => option.endsWith('shared.mjs'))

const build = process.env.PIDNS_BUILD
const words = process.argv.slice(2)
if (build === 'shared' && !isShared) process.exit(runShared())
const isChosen = (file) => words.length === 0 || words.some((word) => file.includes(word))
/** tsc leaves the output of a source that was deleted or renamed. */
const hasSource = (file) => existsSync(join('tests', file.replace(/\.js$/, '.ts')))
const files = (await readdir(FOLDER, { recursive: true }))
  .filter((file) => file.endsWith('.test.js') && isChosen(file) && hasSource(file))
  .filter((file) => !(isShared && ONCE.test(file)))
  .sort()
  .map((file) => join(FOLDER, file))
if (files.length === 0 && isShared) process.exit(0)
if (files.length === 0) {
  console.error(words.length === 0 ? 'There are no tests.' : `No test file matches ${words.join(' ')}.`)
  process.exit(1)
}

/** Reason -> names of the tests left out for it. */
const leftOut = new Map()
const leaveOut = (name, reason) => leftOut.set(reason, [...(leftOut.get(reason) ?? []), name])

const stream = run({ files, concurrency: 2, timeout: FILE_TIMEOUT_MS })
stream.on('test:fail', () => {
  process.exitCode = 1
})
stream.on('test:pass', ({ name, skip, todo }) => {
  if (skip !== undefined) leaveOut(name, typeof skip === 'string' && skip !== '' ? skip : 'no reason given')
  else if (todo !== undefined) leaveOut(name, 'not written yet')
})
const report = stream.compose(spec)
report.on('end', () => {
  summary()
  if (!isShared && build !== 'plain') process.exitCode = runShared() || process.exitCode
})
report.pipe(process.stdout)

/** The same again with the library's other half; returns its exit status. */
function runShared() {
  console.log('\nThe shared build:\n')
  const args = ['--import', './scripts/shared.mjs', ...process.argv.slice(1)]
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1
}

function summary() {
  if (leftOut.size === 0) {
    console.log('No test was left out on this machine.')
    return
  }
  console.log('Left out on this machine, and how to enable:')
  for (const [reason, names] of leftOut) {
    console.log(`  ${reason}`)
    for (const name of names) console.log(`    - ${name}`)
  }
  if (process.env.CI === 'true') {
    console.log('CI may leave nothing out: this run has failed.')
    process.exitCode = 1
  }
}
