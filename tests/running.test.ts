/* A replay under way, step by step: the same whatever kind of log it is. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { replayLog } from 'pidns/trace'
import type { SpanStart } from '#internal/trace/acts.js'
import type { LogItem, Start } from '#internal/trace/event.js'
import { readParts } from '#internal/trace/log_parts.js'
import { type LogStep, type Running, startRunning } from '#internal/trace/running.js'

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  yield readFileSync(path)
}

for (const path of ['examples/leaks.strace', 'examples/ns.jsonl']) {
  describe(`a replay of ${path}, step by step`, () => {
    it('has a sound kernel after each step, and ends as the whole does', async () => {
      let running: Running | undefined
      let [steps, lines, most] = [0, 0, 0]
      const take = (item: LogItem): void => {
        if (running === undefined) running = startRunning(item as Start | SpanStart, {})
        else running.take(item as LogStep)
        assert.deepEqual(running.kernel.check(), [])
        most = Math.max(most, running.kernel.tasks().length)
        assert.equal(running.root.tid, 1)
        steps++
      }
      for await (const part of readParts(bytesOf(path))) {
        part.play(take, () => false)
        lines = part.lines
      }
      const replay = running as unknown as Running
      const { checked, matched, tree } = replay.finish(lines)
      const whole = await replayLog(path, bytesOf(path))
      assert.deepEqual(
        { checked, matched, tree },
        {
          checked: whole.report.checked,
          matched: whole.report.matched,
          tree: whole.tree,
        },
      )
      assert.equal(checked, matched)
      assert.ok(steps > 100 && most > 5, `${steps} steps, at most ${most} tasks`)
      assert.deepEqual(replay.kernel.check(), [])
      replay.dispose()
    })
  })
}
