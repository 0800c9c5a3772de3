/* When RCU callbacks run: never while a read section is open that was open when they were queued. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { callRcu, localIrqRestore, localIrqSave, rcuBarrier, rcuReadLock, rcuReadUnlock } from 'pidns/pid'
import { RCU_BATCH, rcuLength } from '#internal/sync/rcu.js'
import { headNr, newCpu, rcuHead, type TestCpu } from './cpu_tools.ts'

const newRcu = (): { cpu: TestCpu; ran: number[] } => {
  const ran: number[] = []
  return { cpu: newCpu([(_, head) => ran.push(headNr(head))]), ran }
}

/** Queues callbacks [from, to). */
const queue = (cpu: TestCpu, from: number, to: number): void => {
  for (let i = from; i < to; i++) callRcu(cpu, rcuHead(i), 0)
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

describe('rcu', () => {
  it('runs callbacks in order, at the end of the turn', () => {
    const { cpu, ran } = newRcu()
    queue(cpu, 0, 3)
    assert.deepEqual([ran, rcuLength(cpu)], [[], 3])
    cpu.endTurn()
    assert.deepEqual([ran, rcuLength(cpu)], [upTo(3), 0])
  })

  it('runs them before the turn ends once a batch has gathered', () => {
    const { cpu, ran } = newRcu()
    queue(cpu, 0, RCU_BATCH - 1)
    assert.deepEqual(ran, [])
    queue(cpu, RCU_BATCH - 1, RCU_BATCH)
    assert.deepEqual(ran, upTo(RCU_BATCH))
  })

  it('runs none inside a read section, however many there are, nested or at the end of a turn', () => {
    const { cpu, ran } = newRcu()
    rcuReadLock(cpu)
    rcuReadLock(cpu)
    queue(cpu, 0, 2 * RCU_BATCH)
    rcuReadUnlock(cpu)
    cpu.endTurn()
    assert.deepEqual(ran, [])
    rcuReadUnlock(cpu)
    assert.deepEqual(ran, [], 'leaving a section runs nothing yet')
    cpu.endTurn()
    assert.deepEqual(ran, upTo(2 * RCU_BATCH))
  })

  it('runs a batch with interrupts off only once they are on again', () => {
    const { cpu, ran } = newRcu()
    const flags = localIrqSave(cpu)
    queue(cpu, 0, RCU_BATCH)
    assert.deepEqual(ran, [])
    localIrqRestore(cpu, flags)
    assert.deepEqual(ran, upTo(RCU_BATCH))
  })

  it('rcuBarrier waits for all, and for those that they queue', () => {
    const ran: number[] = []
    const cpu = newCpu([
      (own: TestCpu, head) => {
        ran.push(headNr(head))
        if (headNr(head) < 3) callRcu(own, rcuHead(headNr(head) + 10), 1)
      },
      (_, head) => ran.push(-headNr(head)),
    ])
    queue(cpu, 0, 4)
    rcuBarrier(cpu)
    assert.deepEqual([ran, rcuLength(cpu)], [[0, 1, 2, 3, -10, -11, -12], 0])
  })

  it('takes a head again once it has run, in any order', () => {
    const { cpu, ran } = newRcu()
    for (const i of [0, 1, 2]) callRcu(cpu, rcuHead(i), 0)
    rcuBarrier(cpu)
    for (const i of [1, 0]) callRcu(cpu, rcuHead(i), 0)
    rcuBarrier(cpu)
    assert.deepEqual(ran, [0, 1, 2, 1, 0])
  })

  it('asks for the end of the turn once, and only if something waits', () => {
    const { cpu } = newRcu()
    rcuReadLock(cpu)
    rcuReadUnlock(cpu)
    assert.equal(cpu.deferred.length, 0)
    queue(cpu, 0, 5)
    rcuReadLock(cpu)
    rcuReadUnlock(cpu)
    assert.equal(cpu.deferred.length, 1)
  })

  it('panics where a section is closed that was not open, or a barrier could never end', () => {
    const { cpu } = newRcu()
    assert.throws(() => rcuReadUnlock(cpu), /panic: rcuReadUnlock without rcuReadLock/)
    rcuReadLock(cpu)
    assert.throws(() => rcuBarrier(cpu), /panic: rcuBarrier inside a read section/)
  })

  it('runs each callback once, and never before the sections open at its call are closed', () => {
    const move = fc.constantFrom('lock', 'unlock', 'call', 'turn', 'barrier')
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        const { cpu, ran } = newRcu()
        let open = 0
        let called = 0
        const unlock = (): void => {
          open -= 1
          rcuReadUnlock(cpu)
        }
        for (const kind of moves) {
          const before = ran.length
          if (kind === 'lock') rcuReadLock(cpu)
          if (kind === 'lock') open += 1
          if (kind === 'unlock' && open > 0) unlock()
          if (kind === 'call') callRcu(cpu, rcuHead(called++), 0)
          if (kind === 'turn') cpu.endTurn()
          if (kind === 'barrier' && open === 0) rcuBarrier(cpu)
          if (open > 0) assert.equal(ran.length, before)
        }
        while (open > 0) unlock()
        rcuBarrier(cpu)
        assert.deepEqual(ran, upTo(called))
      }),
    )
  })
})
