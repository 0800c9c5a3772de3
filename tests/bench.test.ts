/*
 * The benchmarks run: every row of the table is measured for a moment, and printed as JSON. What the times are is no
 * test's business. And the log that one of them replays is right: the library agrees with all of it.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

function node(script: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [at(script), ...args], { encoding: 'utf8', maxBuffer: 1 << 28 })
}

const TIMED = [
  'alloc-free',
  'alloc-free-map',
  'alloc-full',
  'alloc-one',
  'alloc-deep',
  'lookup-map',
  'lookup-string',
  'lookup-raw',
  'lookup-raw-hash',
  'lookup-1m',
  'lookup-1m-hash',
  'fork-exit-wait',
  'kill-group',
  'ns-create',
  'readdir',
  'lookup-shared',
  'readers-2',
  'readers-2-apart',
  'writer-keep',
  'cross-worker',
  'cross-worker-pid',
]
const OTHERS = ['replay', 'bytes-process', 'bytes-namespace', 'bytes-library', 'bytes-library-pid']

describe('npm run bench', () => {
  it('prints every row as JSON: id, what, ns, and of those with a peer its name, its time and the ratio', () => {
    const { stdout, stderr } = node('out/bench/main.js', '--short', '--json')
    const { machine, results } = JSON.parse(stdout)
    assert.deepEqual(
      results.map(({ id }: { id: string }) => id),
      [...TIMED, ...OTHERS],
      stderr,
    )
    for (const key of ['cpu', 'cores', 'os', 'node', 'v8']) assert.ok(machine[key], key)
    for (const { id, what, ns, peer, peerNs, ratio } of results) {
      assert.ok(typeof what === 'string' && what !== '', id)
      assert.ok(ns > 0, id)
      if (OTHERS.includes(id)) assert.deepEqual([peer, peerNs, ratio], [null, null, null], id)
      else assert.ok(typeof peer === 'string' && peerNs > 0 && ratio === ns / peerNs, id)
    }
  })

  it('measures the rows that are named, and says which there are where one is not', () => {
    const { stdout, status } = node('out/bench/main.js', 'bytes-process', 'bytes-namespace')
    assert.deepEqual([status, stdout.trimEnd().split('\n').length], [0, 3])
    const wrong = node('out/bench/main.js', 'alloc')
    assert.equal(wrong.status, 2)
    assert.match(wrong.stderr, /no row alloc\. Rows: alloc-free, /)
  })
})

describe('the generated strace log', () => {
  it('has as many lines as asked for, and the library agrees with every result in it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pidns-bench-test-'))
    try {
      const log = join(folder, 'log.strace')
      const { stdout } = node('out/bench/strace_log.js', log, '4000', '7')
      assert.match(stdout, /^4\d\d\d lines\n$/)
      const replayed = node('dist/cli/main.js', 'replay', '--json', log)
      const { checked, matched } = JSON.parse(replayed.stdout)
      assert.equal(replayed.status, 0)
      assert.ok(checked > 1000, `${checked}`)
      assert.equal(matched, checked)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
