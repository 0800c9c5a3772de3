/* Interrupts: when handlers run, and what a section that masks them may count on. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import * as P from 'pidns/pid'
import * as L from '#internal/mm/layout.js'
import type { Cpu } from '#internal/sync/cpu.js'
import { lockdepAssertHeld } from '#internal/sync/spinlock.js'
import { LOCK, newCpu } from './cpu_tools.ts'
import { allocPids, made, smallTable, sound } from './pid_tools.ts'

const { localIrqDisable, localIrqEnable, localIrqRestore, localIrqSave, raiseIrq } = P

describe('interrupts', () => {
  it('run at once while on, else when they are next on, in the order in which they came', () => {
    const cpu = newCpu()
    const ran: number[] = []
    raiseIrq(cpu, () => ran.push(1))
    assert.deepEqual(ran, [1])
    localIrqDisable(cpu)
    localIrqEnable(cpu)
    assert.equal(cpu.irqsOn, true)
    localIrqDisable(cpu)
    for (const i of [2, 3, 4]) raiseIrq(cpu, () => ran.push(i))
    assert.deepEqual(ran, [1])
    localIrqEnable(cpu)
    assert.deepEqual([ran, cpu.irqsOn], [[1, 2, 3, 4], true])
  })

  it('stay off in nested sections until the outermost restore', () => {
    const cpu = newCpu()
    const ran: string[] = []
    const outer = localIrqSave(cpu)
    const inner = localIrqSave(cpu)
    const innermost = localIrqSave(cpu)
    assert.deepEqual([outer, inner, innermost], [true, false, false])
    raiseIrq(cpu, () => ran.push('handler'))
    localIrqRestore(cpu, innermost)
    localIrqRestore(cpu, inner)
    assert.deepEqual([cpu.irqsOn, ran], [false, []])
    localIrqRestore(cpu, outer)
    assert.deepEqual([cpu.irqsOn, ran], [true, ['handler']])
  })

  it('are not switched on by a restore that found them off, however sections nest', () => {
    const depth = fc.array(fc.boolean(), { maxLength: 40 })
    fc.assert(
      fc.property(fc.boolean(), depth, (off, moves) => {
        const cpu = newCpu()
        if (off) localIrqDisable(cpu)
        const saved: P.IrqFlags[] = []
        let ran = 0
        for (const enter of moves) {
          if (enter) saved.push(localIrqSave(cpu))
          else if (saved.length > 0) localIrqRestore(cpu, saved.pop() as P.IrqFlags)
          const before = ran
          raiseIrq(cpu, () => {
            ran += 1
          })
          assert.equal(cpu.irqsOn, !off && saved.length === 0)
          assert.equal(ran > before, cpu.irqsOn)
        }
      }),
    )
  })

  it('that throw are reported, and neither stop the others nor reach whoever restored', () => {
    const cpu = newCpu()
    const ran: number[] = []
    const flags = localIrqSave(cpu)
    raiseIrq(cpu, () => {
      throw new Error('first')
    })
    raiseIrq(cpu, () => ran.push(2))
    localIrqRestore(cpu, flags)
    assert.deepEqual([ran, cpu.irqsOn], [[2], true])
    assert.deepEqual(cpu.reported.map(String), ['Error: first'])
  })

  it('that a handler raises run after it, not inside it, with interrupts off', () => {
    const cpu = newCpu()
    const ran: string[] = []
    raiseIrq(cpu, () => {
      ran.push('a begins')
      raiseIrq(cpu, () => {
        ran.push(`b ${cpu.irqsOn}`)
        raiseIrq(cpu, () => ran.push('c'))
      })
      ran.push(`a ends ${cpu.irqsOn}`)
    })
    assert.deepEqual(ran, ['a begins', 'a ends false', 'b false', 'c'])
    assert.equal(cpu.irqsOn, true)
  })

  it('may call back into the table, which has its lock free, and is sound, whenever they run', () => {
    const errors: unknown[] = []
    const table = smallTable({ report: (error) => errors.push(error), defer: () => {} })
    const ns = P.initPidNs(table)
    const [, second, third] = allocPids(table, ns, 3) as [P.PidRef, P.PidRef, P.PidRef]
    const seen: number[] = []
    const handler = (): void => {
      const pid = made(P.allocPid(table, ns))
      seen.push(P.pidNr(table, pid), P.findGePid(table, 1, ns))
      raiseIrq(table, () => P.freePid(table, pid))
    }
    table.irqQueue.push(handler)
    P.freePid(table, second)
    const flags = P.spinLockIrqSave(table, L.H_TASKLIST_LOCK)
    raiseIrq(table, handler)
    P.spinUnlockIrqRestore(table, L.H_TASKLIST_LOCK, flags)
    P.freePid(table, third)
    assert.deepEqual(seen, [4, P.findPidNs(table, 1, ns), 5, P.findPidNs(table, 1, ns)])
    assert.deepEqual([P.nextPidmap(table, ns, 1), errors], [-1, []])
    sound(table)
  })
})

describe('spin locks', () => {
  const panics = (run: (cpu: Cpu) => void, what: RegExp): void => assert.throws(() => run(newCpu()), what)

  it('panic when taken twice, released twice, or not held where they must be', () => {
    panics((cpu) => {
      P.spinLock(cpu, LOCK)
      P.spinLock(cpu, LOCK)
    }, /panic: lock 10 is taken by its own taker/)
    panics((cpu) => P.spinUnlock(cpu, LOCK), /panic: lock 10 is released but was not taken/)
    panics((cpu) => lockdepAssertHeld(cpu, LOCK), /panic: lock 10 must be held here/)
  })

  it('name their holder: what another worker holds is not held, and not to be released', () => {
    panics((cpu) => {
      cpu.words[LOCK] = cpu.owner + 2
      P.spinUnlock(cpu, LOCK)
    }, /panic: lock 10 is released but was not taken/)
    panics((cpu) => {
      cpu.words[LOCK] = cpu.owner + 2
      lockdepAssertHeld(cpu, LOCK)
    }, /panic: lock 10 must be held here/)
  })

  it('mask interrupts, and are free again before a handler runs', () => {
    const cpu = newCpu()
    const free: boolean[] = []
    const handler = (): void => void free.push(cpu.words[LOCK] === 0)
    P.spinLockIrq(cpu, LOCK)
    lockdepAssertHeld(cpu, LOCK)
    raiseIrq(cpu, handler)
    P.spinUnlockIrq(cpu, LOCK)
    const flags = P.spinLockIrqSave(cpu, LOCK)
    raiseIrq(cpu, handler)
    assert.equal(free.length, 1)
    P.spinUnlockIrqRestore(cpu, LOCK, flags)
    assert.deepEqual([free, cpu.irqsOn], [[true, true], true])
  })
})
