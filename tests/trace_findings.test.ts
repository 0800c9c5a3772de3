/*
 * What the report tells of a log, on recordings small enough to see why.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Finding, type FindingKind, treeRows } from 'pidns/trace'
import { fork, loadLines, recording, replayLines, see } from './trace_tools.ts'

type Json = Record<string, unknown>

/** The findings of one kind. The recording is one that Linux would make, and that is checked too. */
async function findings(kind: FindingKind, steps: readonly Json[]): Promise<Finding[]> {
  const { report } = await replayLines(recording(steps))
  assert.deepEqual(report.differences, [])
  return report.findings.filter((finding) => finding.kind === kind)
}

const exit = (by: number, changed: Json): Json => ({ op: 'exit', by, code: 0, died: true, changed })

describe('zombie', () => {
  it('names who should have waited, and since when', async () => {
    const found = await findings('zombie', [
      fork(0, 1, 2, see('S', 1, 2)),
      fork(1, 2, 3, see('S', 2, 3)),
      exit(2, { 2: see('Z', 2, 3) }),
    ])
    const text = 'ended by exit_group(0), and its parent 2 has not waited for it'
    assert.deepEqual(found, [{ kind: 'zombie', pid: 3, line: 4, text }])
  })

  it('names the kill that ended it', async () => {
    const kill = { op: 'kill', by: 0, pid: 2, sig: 9, ret: 0, changed: { 1: see('Z', 1, 2) } }
    const [found] = await findings('zombie', [fork(0, 1, 2, see('S', 1, 2)), kill])
    assert.match(found?.text ?? '', /^ended by kill\(2, SIGKILL\) of 1, /)
  })

  it('is not told of one that was waited for', async () => {
    const steps = [
      fork(0, 1, 2, see('S', 1, 2)),
      exit(1, { 1: see('Z', 1, 2) }),
      { op: 'waitpid', by: 0, pid: -1, options: 0, ret: 2, status: 0, changed: { 1: null } },
    ]
    assert.deepEqual(await findings('zombie', steps), [])
  })
})

describe('orphan', () => {
  it('names the init that adopted it', async () => {
    const found = await findings('orphan', [
      fork(0, 1, 2, see('S', 1, 2)),
      fork(1, 2, 3, see('S', 2, 3)),
      exit(1, { 1: see('Z', 1, 2), 2: see('S', 1, 3) }),
    ])
    assert.deepEqual(found, [
      { kind: 'orphan', pid: 3, line: 4, text: 'lost its parent 2, adopted by init 1' },
    ])
  })

  it('names the subreaper that adopted it', async () => {
    const found = await findings('orphan', [
      fork(0, 1, 2, see('S', 1, 2)),
      { op: 'subreaper', by: 1, on: 1, ret: 0 },
      fork(1, 2, 3, see('S', 2, 3)),
      fork(2, 3, 4, see('S', 3, 4)),
      exit(2, { 2: see('Z', 2, 3), 3: see('S', 2, 4) }),
    ])
    assert.deepEqual(found, [
      { kind: 'orphan', pid: 4, line: 6, text: 'lost its parent 3, adopted by subreaper 2' },
    ])
  })
})

describe('a group kill', () => {
  const steps = [
    fork(0, 1, 2, see('S', 1, 2)),
    { op: 'setpgid', by: 1, pid: 0, pgid: 0, ret: 0, changed: { 1: see('S', 1, 2, 2, 1) } },
    fork(1, 2, 3, see('S', 2, 3, 2, 1)),
    fork(1, 3, 4, see('S', 2, 4, 2, 1)),
    { op: 'sigaction', by: 3, sig: 15, handler: 'ign', flags: 0, ret: 0 },
    { op: 'setsid', by: 2, ret: 3, changed: { 2: see('S', 2, 3, 3) } },
    fork(2, 4, 5, see('S', 3, 5, 3)),
    {
      op: 'kill',
      by: 0,
      pid: -2,
      sig: 15,
      ret: 0,
      changed: { 1: see('Z', 1, 2, 2, 1), 2: see('S', 1, 3, 3), 3: see('S', 1, 4, 2, 1) },
    },
  ]

  it('leaves a survivor', async () => {
    const text = 'outlived SIGTERM to its group 2, which ended 1'
    assert.deepEqual(await findings('group-survivor', steps), [
      { kind: 'group-survivor', pid: 4, line: 9, text },
    ])
  })

  it('does not reach those who left by setsid, nor their children', async () => {
    const text = 'outlived SIGTERM to group 2, which ended 1: it had left by setsid at line 7'
    assert.deepEqual(await findings('session-escape', steps), [
      { kind: 'session-escape', pid: 3, line: 9, text },
      { kind: 'session-escape', pid: 5, line: 9, text },
    ])
  })
})

describe('reuse', () => {
  it('is told of a number that names another process now', async () => {
    const reap = { op: 'waitpid', by: 0, pid: -1, options: 0, ret: 2, status: 0, changed: { 1: null } }
    const found = await findings('reuse', [
      fork(0, 1, 2, see('S', 1, 2)),
      exit(1, { 1: see('Z', 1, 2) }),
      reap,
      { ...fork(0, 1, 2, see('S', 1, 2)), set_tid: [2] },
    ])
    const text = 'is now the number of a new process; whoever had it before was gone at line 4'
    assert.deepEqual(found, [{ kind: 'reuse', pid: 2, line: 5, text }])
  })
})

describe('namespace-death', () => {
  it('tells whom an init took along', async () => {
    const found = await findings('namespace-death', [
      fork(0, 1, 2, see('S', 1, 2)),
      fork(1, 2, 3, see('S', 2, [3, 1]), 'N'),
      fork(2, 3, 2, see('S', 3, [4, 2])),
      fork(2, 4, 3, see('S', 3, [5, 3])),
      exit(2, { 2: see('Z', 2, [3, 1]), 3: null, 4: null }),
    ])
    const text = 'was the init of a namespace, which ended with it and took along 4, 5'
    assert.deepEqual(found, [{ kind: 'namespace-death', pid: 3, line: 6, text, nspid: [3, 1] }])
  })
})

describe('the tree', () => {
  it('has everyone who is left, under their parents, and marks where a namespace begins', async () => {
    const steps = [
      fork(0, 1, 2, see('S', 1, 2)),
      fork(1, 2, 3, see('S', 2, [3, 1]), 'N'),
      fork(2, 3, 2, see('S', 3, [4, 2])),
      fork(0, 4, 5, see('S', 1, 5)),
      {
        op: 'thread',
        by: 4,
        new: 5,
        flags: '',
        exit_signal: 0,
        ret: 6,
        changed: { 5: { ...see('S', 1, 5), pid: [6] } },
      },
      exit(3, { 3: see('Z', 3, [4, 2]) }),
    ]
    const { report, tree } = await replayLines(recording(steps))
    assert.deepEqual(report.differences, [])
    assert.ok(tree)
    const drawn = treeRows(tree).map(({ branch, node, crosses, isThread }) => {
      const { pid, state } = node.state
      return `${branch}${pid.join('/')}${state}${crosses ? ' crosses' : ''}${isThread ? ' thread' : ''}`
    })
    assert.deepEqual(drawn, [
      '1S',
      '├─ 2S',
      '│  └─ 3/1S crosses',
      '│     └─ 4/2Z',
      '└─ 5S',
      '   └─ 6S thread',
    ])
  })

  it('has as many rows as a recording leaves tasks', async () => {
    for (const name of ['basic-310', 'ns-310']) {
      const lines = loadLines(name)
      const { tree } = await replayLines(lines)
      const { slots } = JSON.parse(lines.at(-1) ?? '') as { slots: object }
      assert.ok(tree)
      assert.equal(treeRows(tree).length, Object.keys(slots).length + 1)
    }
  })
})
