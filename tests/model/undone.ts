/** Lets a call happen and undoes it, as those do who find its worker dead: every word is what it was. */
import assert from 'node:assert/strict'
import { type Kernel, Task } from 'pidns'
import { SHARED } from '#internal/lib/atomic.js'
import { locked } from '#internal/locked.js'
import * as L from '#internal/mm/layout.js'
import { slotMapSet } from '#internal/mm/slot_map.js'
import { addWorker } from '#internal/mm/worker.js'
import { undoCalls } from '#internal/sync/raw_spinlock.js'

/** Words that are no part of what a call changes. */
const RAW: readonly number[] = [L.H_CALLS, L.H_JOURNAL, L.H_RING, L.H_RCU_GP]

/** Has the kernel keep a journal. */
export function keepJournal(kernel: Kernel): void {
  if (SHARED !== 0) addWorker(Task.realmOf(kernel.init).table, { id: 0, started: 0 }, () => undefined)
}

/** In the shared build: runs `call`, whatever it throws, and undoes it. */
export function callAndUndo(kernel: Kernel, call: () => void): void {
  if (SHARED === 0) return
  const realm = Task.realmOf(kernel.init)
  const { table } = realm
  const tasks = kernel.tasks()
  locked(realm, () => {
    const { words } = table
    const before = words.slice(0, words[L.H_BRK])
    try {
      call()
    } catch {}
    const after = words.slice(0, words[L.H_BRK])
    undoCalls(table)
    const wrong: string[] = []
    for (let at = 0; at < after.length; at++) {
      if (words[at] !== (before[at] ?? 0) && !RAW.includes(at))
        wrong.push(`word ${at}: ${words[at]}, was ${before[at] ?? 0}, the call made it ${after[at]}`)
    }
    assert.deepEqual(wrong, [])
  })
  // What is not in the table is as it was before, too.
  for (const task of tasks) slotMapSet(realm.tasks, refOf(task), task)
}

function refOf(task: Task): L.TaskRef {
  return Task.refOf('task', task, Task.realmOf(task), 'test')
}
