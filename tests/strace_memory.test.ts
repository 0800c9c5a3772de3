/*
 * What a replay holds grows with what is alive, not with the length of the log: also where the log never shows an end.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Act, SpanStart } from '#internal/trace/acts.js'
import { endSpans, replayAct, startSpans } from '#internal/trace/span/spans.js'
import { createStraceReader } from '#internal/trace/strace/strace.js'

const FORK =
  'clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f)'
const CHILDREN = 20_000
/** So many that were waited for are kept until the log shows that they end, and once more: they go by halves. */
const HELD = 2 * 4096 + 2

/** The log of a shell that runs one program after the other, as strace -qq writes it. */
function* quietLog(first: string): Generator<string> {
  yield `2 ${first}`
  for (let child = 3; child < CHILDREN; child++) {
    yield `2 ${FORK} = ${child}`
    yield `${child} exit_group(0) = ?`
    yield `2 wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = ${child}`
  }
}

describe('a log without the lines of ends (-qq)', () => {
  for (const [what, first] of [
    ['from the start of a program', 'execve("/bin/sh", ["sh"], 0x7f /* 5 vars */) = 0'],
    ['from mid-life', 'getpid() = 2'],
  ] as const) {
    it(`${what}: those that were waited for go`, () => {
      let replay: ReturnType<typeof startSpans> | undefined
      let most = 0
      const reader = createStraceReader((item: SpanStart | Act) => {
        if (item.kind === 'start') replay = startSpans(item, { check: false })
        else if (replay !== undefined) replayAct(replay, item)
        most = Math.max(most, replay?.world.actors.size ?? 0)
      })
      let lines = 0
      for (const line of quietLog(first)) reader.line(line, ++lines)
      reader.finish(lines)
      assert.ok(replay !== undefined)
      endSpans(replay, lines)
      const { checked, matched } = replay.counts
      assert.equal(checked, matched)
      assert.ok(checked >= 2 * (CHILDREN - 3), `${checked} results`)
      assert.ok(most <= HELD, `${most} tasks at once`)
    })
  }
})
