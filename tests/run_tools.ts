/*
 * Running `pidns run` as a user would, and leaving nothing behind: whatever a test starts carries a mark in its
 * environment, and is ended by it.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const TIMEOUT_MS = 60_000
const MARK = `PIDNS_TEST_RUN=${process.pid}`

/** Why nothing here can run on this machine; false: it can. */
export const cannotTrace: string | false = whyNot()

function whyNot(): string | false {
  if (process.platform !== 'linux') return 'pidns run needs Linux'
  const { error, status } = spawnSync('strace', ['-o', '/dev/null', 'true'])
  if (error !== undefined) return 'no strace: apt-get install strace'
  return status !== 0 && 'strace may not trace here: a container needs --cap-add=SYS_PTRACE'
}

/** Why `tool` is not there; false: it is. */
export function lacks(tool: string, how: string): string | false {
  return spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0 && `no ${tool}: ${how}`
}

export const folder = mkdtempSync(join(tmpdir(), 'pidns-test-run-'))
after(() => rmSync(folder, { recursive: true }))

export function put(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text, { mode: 0o755 })
  return path
}

export interface Ran {
  readonly status: number | null
  readonly signal: string | null
  readonly stdout: Buffer
  readonly stderr: string
}

export interface Options {
  readonly input?: Uint8Array
  readonly env?: NodeJS.ProcessEnv
  /** A session of its own, where a kill of the group hits nobody else. */
  readonly detached?: boolean
}

export function start(args: readonly string[], { env, detached = false }: Options = {}): ChildProcess {
  const [name, value] = MARK.split('=') as [string, string]
  return spawn(process.execPath, [MAIN, 'run', ...args], {
    cwd: folder,
    detached,
    env: { ...process.env, NO_COLOR: '1', ...env, [name]: value },
  })
}

/** Until its streams are closed: whoever holds them open holds this up. */
export async function finish(child: ChildProcess, input: Uint8Array = Buffer.alloc(0)): Promise<Ran> {
  const out: Buffer[] = []
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
  const [status, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('close', (...ended) => resolve(ended)),
  )
  clearTimeout(timer)
  return { status, signal, stdout: Buffer.concat(out), stderr }
}

export async function run(args: readonly string[], options: Options = {}): Promise<Ran> {
  return await finish(start(args, options), options.input)
}

/** Waits until `path` has so many lines, and gives them. */
export async function linesOf(path: string, count: number): Promise<string[]> {
  for (let waited = 0; waited < TIMEOUT_MS; waited += 20) {
    const lines = read(path).split('\n').slice(0, -1)
    if (lines.length >= count) return lines
    await sleep(20)
  }
  return assert.fail(`${path} has not got ${count} lines`)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** What the tests have started and what runs still, strace included: number and command. */
export function marked(): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(
      (pid) => pid > 0 && pid !== process.pid && `\0${read(`/proc/${pid}/environ`)}`.includes(`\0${MARK}\0`),
    )
    .map((pid) => ({ pid, command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }))
}

/** Waits until nothing of it runs. */
export async function goneByItself(): Promise<void> {
  for (let waited = 0; waited < TIMEOUT_MS; waited += 20) {
    if (marked().length === 0) return
    await sleep(20)
  }
  assert.deepEqual(marked(), [])
}

afterEach(async () => {
  // The tracer last: it goes with the last of them.
  for (const { pid, command } of marked()) {
    try {
      if (!command.includes('pidns-run-')) process.kill(pid, 'SIGKILL')
    } catch {
      // It has just ended.
    }
  }
  if (process.platform === 'linux') await goneByItself()
})
