/*
 * A line of strace is read where it stands among others, in a chunk of the log: it says what it says alone. What follows
 * it is not looked at, wherever chunks end, and whatever else than ASCII is in them.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { Act } from '#internal/trace/acts.js'
import { readParts } from '#internal/trace/log_parts.js'
import { actsOf } from './strace_tools.ts'
import { bytesOf } from './trace_tools.ts'

const folder = fileURLToPath(new URL('../../tests/data/traces', import.meta.url))
const CHUNKS = [100, 4096, 1 << 20]

async function actsAmong(text: string | Uint8Array, chunk: number): Promise<Act[]> {
  const acts: Act[] = []
  for await (const part of readParts(bytesOf(text, chunk)))
    part.play(
      (item) => {
        if (item.kind !== 'start') acts.push(structuredClone(item as Act))
      },
      () => false,
    )
  return acts
}

async function same(lines: readonly string[]): Promise<void> {
  const alone = actsOf(lines)
  for (const chunk of CHUNKS) assert.deepEqual(await actsAmong(`${lines.join('\n')}\n`, chunk), alone)
}

describe('lines among others say what they say alone', () => {
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.strace.gz'))) {
    it(name, async () => {
      const lines = gunzipSync(readFileSync(join(folder, name)))
        .toString()
        .split('\n')
        .slice(0, -1)
      await same(lines.slice(0, 3000))
    })
  }

  it('what a line lacks is not taken from the next one', async () => {
    const lines = [
      '5 execve("/bin/sh", ["sh"], 0x7ffe /* 8 vars */) = 0',
      '5 clone3({flags=CLONE_VM|CLONE_PARENT_SETTID, exit_signal=SIGCHLD}, 88) = 6',
      '5 clone3({flags=CLONE_VM|CLONE_PARENT_SETTID => {parent_tid=[99], set_tid=[77]}, 88) = 7',
      '5 clone(child_stack=NULL) = 8',
      '5 clone(child_stack=NULL, flags=CLONE_VM) = 9',
      '5 rt_sigaction(SIGINT, {sa_handler=SIG_IGN}, 8) = 0',
      '5 rt_sigaction(SIGTERM, {sa_handler=SIG_IGN, sa_mask=[], sa_flags=SA_RESTART}, NULL, 8) = 0',
      '5 getpid() = 5 /* 7',
      "5 getpid() = 5 /* 8 in strace's PID NS */",
      '5 execve("/bin/true", ["true"], NULL) = 0',
    ]
    await same(lines)
    assert.equal((await actsAmong(`${lines.join('\n')}\n`, 1 << 20)).at(-1)?.kind, 'call')
  })

  it('names that are not ASCII stand in the same place as a string and as codes', async () => {
    const lines = [
      '5<žluťoučký> 1.0 execve("/bin/\u{1F600}é", ["\u{1F600}", "é"], NULL) = 0',
      '5<sh> 1.1 kill(7<ＫＩＬＬ>, SIGTERM) = 0',
      '5<s\u0130h> 1.2 wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 7',
    ]
    await same(lines)
    const [exec, kill, wait] = actsOf(lines).flatMap((act) => (act.kind === 'call' ? [act.span] : []))
    assert.deepEqual(exec?.call, { op: 'execve', file: '/bin/\u{1F600}é', command: '\u{1F600} é' })
    assert.deepEqual(kill?.call, { op: 'kill', pid: 7, sig: 15 })
    assert.equal(wait?.time, '1.2')
  })

  it('more lines in a chunk than there was room for', async () => {
    await same(Array.from({ length: 10_000 }, (_, i) => `5 kill(${i + 2}, 0) = 0`))
  })
})
