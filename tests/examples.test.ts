/*
 * The programs of examples/ compile against the package and print what they promise.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })

test('examples/sandbox: the end of a session is the end of its jobs, their workers, and its daemon', () => {
  const compiled = run(join('node_modules', 'typescript', 'bin', 'tsc'), '-b', 'examples')
  assert.equal(compiled.status, 0, compiled.stdout)
  const { status, stdout, stderr } = run('out/examples/sandbox.js')
  assert.equal(stderr, '')
  assert.equal(
    stdout,
    `build ended: { pid: 3, status: 768, code: 3 }
server ended: { pid: 4, status: 15, signal: 'SIGTERM' }
the session sees itself:
 PID  PPID  PGRP   SID  S  COMMAND
   1     0     1     1  S  session
   2     1     1     1  S  shell
   5     1     5     5  S  daemon
the host sees everybody:
 PID  PPID  PGRP   SID  S  COMMAND
   1     0     1     1  S  host
   2     1     2     2  S  session
   3     2     2     2  S  shell
   6     2     6     6  S  daemon
session 2 closed: { pid: 2, status: 9, signal: 'SIGKILL' }
 PID  PPID  PGRP   SID  S  COMMAND
   1     0     1     1  S  host
workers alive: 0
the daemon forks: ESRCH
broken invariants: 0
`,
  )
  assert.equal(status, 0)
})

test('examples/four_workers: a wait ends by another worker, and one that is terminated takes its processes along', () => {
  const compiled = run(join('node_modules', 'typescript', 'bin', 'tsc'), '-b', 'examples')
  assert.equal(compiled.status, 0, compiled.stdout)
  const { status, stdout, stderr } = run('out/examples/four_workers.js')
  assert.equal(stderr, '')
  assert.equal(
    stdout,
    `  ada 2
  bob 3
  cyd 4
  dan 5
  4 helpers
ended: { pid: 2, status: 0, code: 0 }
ended: { pid: 3, status: 0, code: 0 }
ended: { pid: 4, status: 0, code: 0 }
terminated: { pid: 5, status: 9, signal: 'SIGKILL' }
its helper too: SIGKILL
  0 helpers
broken invariants: 0
`,
  )
  assert.equal(status, 0)
})
