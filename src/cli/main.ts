/**
 * The `pidns` command: reads its arguments and hands over to the command they name, which is loaded only then: it is most
 * of what a short run costs.
 */
import { readFileSync } from 'node:fs'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import type { ExploreFlags } from './explore.ts'
import { FAIL_KINDS, type FailKind } from './fail_kinds.ts'
import { setManual } from './manual.ts'
import { EXPLORE, PIDNS, REPLAY, RUN } from './manuals.ts'
import type { ReplayFlags } from './replay.ts'
import type { RunFlags } from './run.ts'

const UNUSABLE = 2
/** Linux's own limits of kernel.pid_max. */
const PID_MAX_MIN = 301
const PID_MAX_LIMIT = 4194304
const PORT_MAX = 65535
/** What a timer of Node can hold. */
const SECONDS_MAX = 2_000_000

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

function createProgram(): Command {
  const program = new Command('pidns')
    .description("Linux's process-ID subsystem: replay what a real kernel did, and see what came of it")
    .version(version())
    .helpCommand(false)
    .enablePositionalOptions()
    .configureOutput({ writeOut, outputError: (text, print) => print(oneLine(text)) })
    .exitOverride()
  setManual(program, PIDNS)
  addReplay(program)
  addRun(program)
  addExplore(program)
  return program
}

function addReplay(program: Command): void {
  const replay = program
    .command('replay')
    .description('replay logs of a real kernel on this library, compare every result, and tell what happened')
    .argument('<file...>', 'logs of strace and recordings, plain or gzip; - is standard input')
    .option('--json', 'print one JSON object instead of text')
    .option('--all', 'print everything, however long')
    .option('--pid-max <n>', "kernel.pid_max of a log's namespace, where it is not the usual one", pidMax)
    .option(
      '--no-waits',
      'these programs never wait: do not take a strace log without waits for one that lacks them',
    )
    .option('--no-check', "do not walk the table's invariants after each event (faster)")
    .action(async (files: string[], flags: ReplayFlags) => {
      watchStdout()
      const { replayFiles } = await import('./replay.ts')
      process.exitCode = await replayFiles(files, flags)
    })
  setManual(replay, REPLAY)
}

function addRun(program: Command): void {
  const run = program
    .command('run')
    .description('run a command, and say what it has left behind')
    .usage('[options] [--] CMD [ARG...]')
    .argument('<command...>', 'the command and its arguments')
    .passThroughOptions()
    .option('--fail-on <list>', 'exit with 1 if one of these was found: outlived,zombie,escaped', failKinds)
    .option('--kill', 'end what outlived CMD, and whom it starts meanwhile: SIGTERM, then SIGKILL')
    .option('--kill-after <seconds>', 'how long after SIGTERM', seconds, 2)
    .option('--wait <seconds>', 'what ends so soon after CMD has not outlived it', seconds, 0.1)
    .option('--save <file>', 'keep the log, packed with gzip')
    .option('--json', 'print one JSON object on one line, always, instead of text')
    .option('-o, --output <file>', 'write there what would go to standard error')
    .option('-v, --verbose', 'say what was seen after a clean run, too')
    .action(async (command: string[], flags: RunFlags) => {
      const { runCommand } = await import('./run.ts')
      await runCommand(command, flags)
    })
  setManual(run, RUN)
}

function addExplore(program: Command): void {
  const command = program
    .command('explore')
    .description("serve a page that shows what the kernel's PID code does, step by step")
    .argument('[file]', 'a log of strace or ftrace, a recording or a saved table, plain or gzip')
    .option('--port <n>', 'the port on loopback; 0: one that is free', port, 0)
    .action(async (file: string | undefined, flags: ExploreFlags) => {
      const { explore } = await import('./explore.ts')
      process.exitCode = await explore(file, flags)
    })
  setManual(command, EXPLORE)
}

function port(text: string): number {
  const n = Number(text)
  if (/^\d+$/.test(text) && n <= PORT_MAX) return n
  throw new InvalidArgumentError(`Expected a whole number from 0 to ${PORT_MAX}.`)
}

function pidMax(text: string): number {
  const n = Number(text)
  if (/^\d+$/.test(text) && n >= PID_MAX_MIN && n <= PID_MAX_LIMIT) return n
  throw new InvalidArgumentError(`Expected a whole number from ${PID_MAX_MIN} to ${PID_MAX_LIMIT}.`)
}

function seconds(text: string): number {
  const n = Number(text)
  if (/^(\d+\.?\d*|\.\d+)$/.test(text) && n <= SECONDS_MAX) return n
  throw new InvalidArgumentError('Expected a number of seconds.')
}

function failKinds(text: string): FailKind[] {
  const kinds = text.split(',')
  if (kinds.every((kind): kind is FailKind => (FAIL_KINDS as readonly string[]).includes(kind))) return kinds
  throw new InvalidArgumentError(`Expected some of ${FAIL_KINDS.join(',')}.`)
}

/** Trouble is told in one line: what is wrong, and maybe what was meant. */
function oneLine(text: string): string {
  return `${text.trim().replaceAll('\n', ' ')}\n`
}

function writeOut(text: string): void {
  watchStdout()
  process.stdout.write(text)
}

/** Whoever reads the output may have seen enough: `pidns replay log | head`. */
function watchStdout(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit()
    throw error
  })
}

try {
  await createProgram().parseAsync()
} catch (error) {
  // Commander has told already; anything else is a fault of this program.
  const told = error instanceof CommanderError
  if (!told) console.error('pidns: internal error:', error)
  process.exitCode = told && error.exitCode === 0 ? 0 : UNUSABLE
}
