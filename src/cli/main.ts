/** The `pidns` command: reads its arguments and hands over to the command they name. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { type ReplayFlags, replayFiles } from './replay.ts'

const UNUSABLE = 2

const EXAMPLES = `
Examples:
  pidns replay log.jsonl               what happened, and whether this library agrees
  pidns replay logs/*.jsonl.gz         several files, packed or not
  pidns replay --json log.jsonl | jq   the same as one JSON object
  ssh host cat log.jsonl | pidns replay -

Exit status: 0 all results equal, 1 some differ, 2 some input or argument is unusable.`

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

function createProgram(): Command {
  const program = new Command('pidns')
    .description("Linux's process-ID subsystem: replay what a real kernel did, and see what came of it")
    .version(version())
    .exitOverride()
  program
    .command('replay')
    .description('replay logs of a real kernel on this library, compare every result, and tell what happened')
    .argument('<file...>', 'recordings (JSON lines), plain or gzip; - is standard input')
    .option('--json', 'print one JSON object instead of text')
    .option('--all', 'print everything, however long')
    .option('--no-check', "do not walk the table's invariants after each event (faster)")
    .addHelpText('after', EXAMPLES)
    .action(async (files: string[], flags: ReplayFlags) => {
      process.exitCode = await replayFiles(files, flags)
    })
  return program
}

// Whoever reads the output may have seen enough: `pidns replay log | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  throw error
})

try {
  await createProgram().parseAsync()
} catch (error) {
  // Commander has told already; anything else is a fault of this program.
  const told = error instanceof CommanderError
  if (!told) console.error('pidns: internal error:', error)
  process.exitCode = told && error.exitCode === 0 ? 0 : UNUSABLE
}
