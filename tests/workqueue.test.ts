/* Work items: queued under locks, run when interrupts are next on. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { localIrqRestore, localIrqSave, raiseIrq } from 'pidns/pid'
import { initWork, runWorkqueue, scheduleWork, workPending } from '#internal/sync/workqueue.js'
import { newCpu, type TestCpu, workItem, workNr } from './cpu_tools.ts'

/** Kind 0 notes its item; kind 1 queues item + 1 besides, up to 5. */
const newQueue = (): { cpu: TestCpu; ran: string[] } => {
  const ran: string[] = []
  const cpu = newCpu(
    [],
    [
      (own: TestCpu, work) => ran.push(`${workNr(work)} ${own.irqsOn ? 'on' : 'off'}`),
      (own: TestCpu, work) => {
        ran.push(`${workNr(work)} again`)
        if (workNr(work) < 5) {
          initWork(own, workItem(workNr(work) + 1), 1)
          scheduleWork(own, workItem(workNr(work) + 1))
        }
      },
    ],
  )
  return { cpu, ran }
}

describe('workqueue', () => {
  it('runs items when interrupts are next on, first come first served, after handlers', () => {
    const { cpu, ran } = newQueue()
    const flags = localIrqSave(cpu)
    for (const i of [2, 0, 1]) {
      initWork(cpu, workItem(i), 0)
      assert.equal(scheduleWork(cpu, workItem(i)), true)
    }
    raiseIrq(cpu, () => ran.push('handler'))
    assert.deepEqual([ran, workPending(cpu)], [[], true])
    localIrqRestore(cpu, flags)
    assert.deepEqual(ran, ['handler', '2 off', '0 off', '1 off'])
    assert.deepEqual([workPending(cpu), cpu.irqsOn], [false, true])
  })

  it('queues an item once until it runs, and again after that', () => {
    const { cpu, ran } = newQueue()
    // A record that was something else before.
    cpu.words.fill(1, workItem(0), workItem(2))
    for (const i of [0, 1]) initWork(cpu, workItem(i), 0)
    const schedule = (i: number): boolean => scheduleWork(cpu, workItem(i))
    assert.deepEqual([schedule(0), schedule(1), schedule(0), schedule(1)], [true, true, false, false])
    runWorkqueue(cpu)
    assert.deepEqual(ran, ['0 on', '1 on'])
    assert.deepEqual([schedule(1), schedule(0)], [true, true])
    runWorkqueue(cpu)
    assert.deepEqual(ran.slice(2), ['1 on', '0 on'])
  })

  it('runs items that items queue, in the same run', () => {
    const { cpu, ran } = newQueue()
    initWork(cpu, workItem(3), 1)
    scheduleWork(cpu, workItem(3))
    runWorkqueue(cpu)
    assert.deepEqual([ran, workPending(cpu)], [['3 again', '4 again', '5 again'], false])
  })
})
