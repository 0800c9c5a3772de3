/**
 * Runs a command under strace, so that strace's presence is felt as little as can be.
 *
 * The command is the process that is spawned here, and its tracer a distant one in a session of its own (-DDD): the
 * command's exit status and signals need no go-between, no kill of a group and no terminal reaches the tracer, and it
 * goes on as long as anybody is traced, whether this program is there or not. Its log goes through a FIFO; once nobody
 * reads that, what it writes is dropped.
 *
 * strace closes its own descriptors 0 and 1 and keeps the others, so these two are the command's stderr and stdout: a
 * tracer that goes on must not hold open what somebody reads to its end. Its messages go to 2, a pipe to here. A shell
 * puts all in order and executes the command, unless nobody traces it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { allPids, commandOf, tracerOf } from '../trace/node/proc.ts'
import { TRACE_LIST } from '../trace/strace_list.ts'
import { findCommand } from './find_command.ts'

/** Without the one that every program calls first, the replay is as sure. */
const NEVER = ['set_tid_address']
/**
 * What these say is compared and counted, and changes nothing for those that are left: a program that only asks moves
 * nobody, and who ignores SIGCHLD has no zombies, as /proc shows. A shell calls ten of them for each of its own kind.
 */
const CHECKS = ['getpgid', 'getpgrp', 'getsid', 'getpid', 'getppid', 'gettid', 'rt_sigaction']

/**
 * What the replay reads, and no more: each costs two stops of the caller. Those with a question mark need not exist: they
 * do not on every architecture.
 */
function flags(isWhole: boolean): string[] {
  const unread = isWhole ? NEVER : [...NEVER, ...CHECKS]
  const calls = TRACE_LIST.split(',').filter((name) => !unread.includes(name))
  return [
    ...['-DDD', '-f', '--seccomp-bpf', '-q', '-ttt', '-s', '64'],
    ...['--decode-fds=path,pidfd', '--pidns-translation'],
    ...['-e', 'signal=all', '-e', `trace=${calls.map((name) => `?${name}`).join(',')}`],
  ]
}

/** `$@` is the command; its streams wait at 3, 1 and 0. `outer` traces this program, and so may trace the shell. */
function shellScript(outer: number): string {
  return [
    'while read -r pidns_key pidns_value; do [ "$pidns_key" = TracerPid: ] && break; done </proc/self/status',
    `case $pidns_value in 0 | ${outer}) exit 2 ;; esac`,
    'exec "$@" 2>&0 0<&3 3<&-',
  ].join('\n')
}

/** Names that every shell passes on; some forget the others. */
const PLAIN_NAME = /^[A-Za-z_]\w*$/

const COMPLAINTS_MAX = 1 << 16

export interface Traced {
  readonly child: ChildProcess
  /** To be read without waiting. */
  readonly log: number
  /** What strace itself has said. */
  complaints(): string
  /** To be called while the command runs: then it is easy to know who traces it. */
  noticeTracer(): void
  /** The process that traces; 0: it is gone. */
  tracer(): number
  /** To be called when the log is open, and at the end. */
  removeFifo(): void
}

/** `isWhole`: the log shows whatever a replay can read, not only what tells who is left. */
export function spawnTraced(strace: string, command: readonly string[], isWhole: boolean): Traced {
  const folder = mkdtempSync(join(tmpdir(), 'pidns-run-'))
  const fifo = join(folder, 'log')
  const removeFifo = (): void => rmSync(folder, { recursive: true, force: true })
  const made = spawnSync('mkfifo', ['-m', '600', fifo], { encoding: 'utf8' })
  if (made.status !== 0) {
    removeFifo()
    throw new Error(`mkfifo ${fifo}: ${made.error?.message ?? made.stderr.trim()}`)
  }
  // Does not wait for the writer.
  const log = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
  const args = [
    ...flags(isWhole),
    '-o',
    fifo,
    '--',
    ...shell(),
    '-c',
    shellScript(tracerOf(process.pid)),
    'sh',
    ...command,
  ]
  const child = spawn(strace, args, { stdio: [2, 1, 'pipe', 0] })
  const stderr = child.stdio[2] as Readable
  let said = ''
  stderr.setEncoding('utf8').on('data', (text: string) => {
    if (said.length < COMPLAINTS_MAX) said += text
  })
  const isOurs = (pid: number): boolean => pid > 0 && commandOf(pid).includes(fifo)
  let known = 0
  return {
    child,
    log,
    complaints: () => said,
    noticeTracer() {
      if (known === 0) known = [tracerOf(child.pid ?? 0)].find(isOurs) ?? 0
    },
    tracer: () => (known === 0 ? allPids() : [known]).find(isOurs) ?? 0,
    removeFifo,
  }
}

/** With the arguments that keep it from reading files of its own. */
function shell(): string[] {
  const odd = Object.keys(process.env).some((name) => !PLAIN_NAME.test(name))
  const bash = odd ? findCommand('bash', process.env.PATH) : undefined
  return typeof bash === 'string' ? [bash, '--posix'] : ['/bin/sh']
}
