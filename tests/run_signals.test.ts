/*
 * `pidns run` and what reaches a command from outside: signals, and its terminal. Nothing is lost, and nothing comes twice.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { cannotTrace, finish, folder, goneByItself, lacks, MAIN, marked, put, start } from './run_tools.ts'

const skip = cannotTrace

/** Says `ready`, counts a second and a half, and says how many signals of each kind it got. */
const COUNTER = `for s in INT TERM HUP USR1; do eval "n$s=0; trap 'n$s=\\$((n$s + 1))' $s"; done
echo ready; i=0; while [ $i -lt 15 ]; do sleep 0.1; i=$((i + 1)); done
echo INT $nINT TERM $nTERM HUP $nHUP USR1 $nUSR1`

describe('signals', { skip }, () => {
  const counter = put('counter.sh', COUNTER)

  async function countAfter(send: (pid: number) => void): Promise<string> {
    const child = start(['sh', counter], { detached: true })
    const done = finish(child)
    await new Promise((resolve) => child.stdout?.once('data', resolve))
    send(child.pid as number)
    const { status, signal, stdout } = await done
    assert.deepEqual({ status, signal }, { status: 0, signal: null })
    return `${stdout}`.split('\n')[1] as string
  }

  it('that are sent to pidns reach the command, once', async () => {
    for (const [i, signal] of (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const).entries()) {
      const counts = [0, 0, 0, 0].with(i, 1)
      assert.equal(
        await countAfter((pid) => process.kill(pid, signal)),
        `INT ${counts[0]} TERM ${counts[1]} HUP ${counts[2]} USR1 ${counts[3]}`,
      )
    }
  })

  it('that are sent to the whole group reach the command once, not twice', async () => {
    assert.equal(await countAfter((pid) => process.kill(-pid, 'SIGTERM')), 'INT 0 TERM 1 HUP 0 USR1 0')
  })

  it('that come before the command is run reach it as well', async () => {
    mkdirSync(join(folder, 'early'))
    put('early/strace', '#!/bin/sh\nkill -TERM $PPID; PATH=$LATER; exec strace "$@"')
    const env = { LATER: process.env.PATH, PATH: `${join(folder, 'early')}:${process.env.PATH}` }
    const child = start(
      [
        'sh',
        '-c',
        'trap "echo TERM; exit 3" TERM; i=0; while [ $i -lt 100 ]; do sleep 0.1; i=$((i + 1)); done',
      ],
      { env },
    )
    const { status, stdout } = await finish(child)
    assert.deepEqual([status, `${stdout}`], [3, 'TERM\n'])
  })

  it('leave nothing running that would not run without pidns', async () => {
    const child = start(['sh', '-c', 'sleep 600 >/dev/null 2>&1 & exec sleep 601'], { detached: true })
    const done = finish(child)
    const runs = (): string[] => marked().map(({ command }) => command)
    while (!(runs().includes('sleep 600') && runs().includes('sleep 601'))) await sleep(20)
    process.kill(-(child.pid as number), 'SIGINT')
    // sh ignores SIGINT for those in the background: this one goes on, and is named.
    const { signal, stderr } = await done
    assert.equal(signal, 'SIGINT')
    assert.match(stderr, /1 process outlived the command\n {2}\d+ sleep 600 /)
    const left = marked().filter(({ command }) => !command.includes('pidns-run-'))
    assert.deepEqual(
      left.map(({ command }) => command),
      ['sleep 600'],
    )
  })
})

describe('the terminal', { skip: skip || lacks('script', 'apt-get install util-linux (bsdutils)') }, () => {
  /** `keys`: what is typed after `ready` was printed. Ctrl-C goes to the shell as well, which ends by it unless it traps it. */
  async function onTerminal(shell: string, keys: string): Promise<string> {
    const child = spawn('script', ['-qec', shell, '/dev/null'], {
      cwd: folder,
      env: {
        ...process.env,
        SHELL: '/bin/sh',
        PIDNS_TEST_RUN: `${process.pid}`,
        NODE: process.execPath,
        MAIN,
      },
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (!output.includes('ready') && (output + text).includes('ready')) child.stdin.write(keys)
      output += text
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), 30_000)
    await new Promise((resolve) => child.once('close', resolve))
    clearTimeout(timer)
    return output
  }

  it('is the command’s: its size, and that it is one', async () => {
    const output = await onTerminal(
      'stty rows 33 cols 77; "$NODE" "$MAIN" run sh -c "echo ready; stty size; test -t 0 && test -t 1 && test -t 2 && tty"',
      '',
    )
    assert.match(output, /^33 77\r?$/m)
    assert.match(output, /^\/dev\/pts\/\d+\r?$/m)
  })

  it('tells the command of a new size', async () => {
    const output = await onTerminal(
      `"$NODE" "$MAIN" run sh -c 'trap "echo resized; stty size; exit" WINCH; (sleep 0.5; stty rows 20 cols 40 </dev/tty) & echo ready; while :; do sleep 0.1; done'`,
      '',
    )
    assert.match(output, /^resized\r?\n20 40\r?$/m)
  })

  it('sends Ctrl-C to the command, once', async () => {
    const output = await onTerminal(`trap : INT; "$NODE" "$MAIN" run sh counter.sh; echo status $?`, '\x03')
    assert.match(output, /INT 1 TERM 0 HUP 0 USR1 0\r?$/m)
    assert.match(output, /^status 0\r?$/m)
  })

  it('ends the command by Ctrl-C, and pidns with it', async () => {
    const output = await onTerminal(
      `bash -c '"$NODE" "$MAIN" run sh -c "echo ready; exec sleep 600"; echo not reached'`,
      '\x03',
    )
    assert.doesNotMatch(output, /not reached/)
    await goneByItself()
  })
})
