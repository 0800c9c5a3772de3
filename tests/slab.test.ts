/* Slabs and the arena that they take their slots from. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  allocPid,
  allocTaskStruct,
  createPidCachep,
  createPidTable,
  failNth,
  freePid,
  initPidNs,
  type PidTable,
  rcuReadLock,
  rcuReadUnlock,
} from 'pidns/pid'
import { arenaTake, warnOn } from '#internal/mm/arena.js'
import * as L from '#internal/mm/layout.js'
import {
  forEachSlot,
  kmemCacheAlloc,
  kmemCacheFree,
  kmemCacheZalloc,
  slabLive,
  slabOwns,
  slotGeneration,
  slotLive,
} from '#internal/mm/slab.js'
import { allocPids, made, smallTable, sound, word } from './pid_tools.ts'

const SLAB = L.SLAB_TASK

const liveSlots = (table: PidTable): number[] => {
  const slots: number[] = []
  forEachSlot(table, SLAB, (slot) => slots.push(slot))
  return slots.sort((a, b) => a - b)
}

/** Takes all that is left of the arena but less than a chunk. */
const exhaust = (table: PidTable): void => {
  while (arenaTake(table, L.LINE_WORDS) !== 0);
}

describe('slab', () => {
  it('equals a set of slots after any allocating and freeing', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 99 }), { maxLength: 200 }), (moves) => {
        const table = smallTable()
        const live: number[] = []
        for (const move of moves) {
          if (move < 60) {
            const slot = made(kmemCacheAlloc(table, SLAB))
            assert.ok(!live.includes(slot) && slotLive(table, slot))
            live.push(slot)
          } else if (live.length > 0) {
            const [slot] = live.splice(move % live.length, 1) as [number]
            kmemCacheFree(table, SLAB, slot)
            assert.equal(slotLive(table, slot), false)
          }
        }
        assert.deepEqual(
          liveSlots(table),
          live.sort((a, b) => a - b),
        )
        assert.equal(slabLive(table, SLAB), live.length)
        for (const [i, slot] of live.entries()) {
          if (i > 0) assert.ok(slot - (live[i - 1] as number) >= L.TASK_SLOT_WORDS, 'slots do not overlap')
        }
        sound(table)
      }),
      { numRuns: 50 },
    )
  })

  it('counts generations: odd in use, and another after each reuse', () => {
    const table = smallTable()
    const slot = made(kmemCacheAlloc(table, SLAB))
    assert.equal(slotGeneration(table, slot), 1)
    kmemCacheFree(table, SLAB, slot)
    assert.equal(slotGeneration(table, slot), 2)
    assert.equal(kmemCacheAlloc(table, SLAB), slot)
    assert.equal(slotGeneration(table, slot), 3)
    sound(table)
  })

  it('leaves the words of a reused slot as they were, or zeroes them all when asked', () => {
    const table = smallTable()
    const slot = made(kmemCacheAlloc(table, SLAB))
    table.words.fill(7, slot + 2, slot + L.TASK_SLOT_WORDS)
    kmemCacheFree(table, SLAB, slot)
    assert.equal(kmemCacheAlloc(table, SLAB), slot)
    assert.equal(word(table, slot + L.TASK_SLOT_WORDS - 1), 7)
    kmemCacheFree(table, SLAB, slot)
    const next = slot + L.TASK_SLOT_WORDS
    table.words[next] = 99
    assert.equal(kmemCacheZalloc(table, SLAB), slot)
    assert.deepEqual([...table.words.slice(slot + 1, next)], Array(L.TASK_SLOT_WORDS - 1).fill(0))
    assert.equal(word(table, next), 99, 'the next slot is left alone')
    table.words[next] = 0
    sound(table)
  })

  it('begins the records that lookups read at cache lines', () => {
    const table = smallTable()
    for (const slab of [L.SLAB_PID, L.SLAB_NS, L.SLAB_PAGE]) {
      for (let i = 0; i < 3; i++) assert.equal(made(kmemCacheAlloc(table, slab)) % L.LINE_WORDS, 0)
    }
  })

  it('panics where a slot is freed twice', () => {
    const table = smallTable()
    const slot = made(kmemCacheAlloc(table, SLAB))
    kmemCacheFree(table, SLAB, slot)
    assert.throws(
      () => kmemCacheFree(table, SLAB, slot),
      new RegExp(`panic: slot ${slot} of slab ${SLAB} is freed twice`),
    )
    sound(table)
  })

  it('knows its own slots, in every chunk, from those of others and from words inside them', () => {
    const table = smallTable()
    const slots = Array.from({ length: 100 }, () => made(allocTaskStruct(table)))
    assert.ok(slots.every((slot) => slabOwns(table, SLAB, slot)))
    assert.ok(!slots.some((slot) => slabOwns(table, SLAB, slot + 1) || slabOwns(table, SLAB, slot - 1)))
    assert.ok(!slots.some((slot) => slabOwns(table, L.SLAB_NS, slot)))
    assert.ok(
      ![0, -1, initPidNs(table), word(table, L.H_BRK), 2 ** 30].some((slot) => slabOwns(table, SLAB, slot)),
    )
    sound(table)
  })

  it('uses what waits for a grace period when memory is exhausted, unless a reader is in the way', () => {
    const table = smallTable({ defer: () => {} })
    const ns = initPidNs(table)
    const pids = allocPids(table, ns, 100)
    exhaust(table)
    const slots: number[] = []
    for (let slot = kmemCacheAlloc(table, L.SLAB_PID); slot !== 0; slot = kmemCacheAlloc(table, L.SLAB_PID))
      slots.push(slot)
    for (const pid of pids.slice(90)) freePid(table, pid)
    rcuReadLock(table)
    assert.equal(kmemCacheAlloc(table, L.SLAB_PID), 0)
    rcuReadUnlock(table)
    assert.ok(pids.slice(90).includes(made(allocPid(table, ns))))
    for (const slot of slots) kmemCacheFree(table, L.SLAB_PID, slot)
    sound(table)
  })
})

describe('arena', () => {
  it('begins with a header that says what the buffer is and which limits it has', () => {
    const header = (table: PidTable): number[] => [...table.words.slice(0, L.H_MAX_NAMESPACES + 1)]
    const own = smallTable({ era: '4.14' })
    const [total, used] = [word(own, L.H_WORDS), word(own, L.H_BRK)]
    assert.deepEqual(header(own), [0x4e444950, L.VERSION, total, used, L.ERA_4_14, 32, 4, 3, 128, 4, 256, 40])
    assert.ok(used >= L.HEADER_WORDS && used < total && total <= own.words.length)
    const usual = createPidTable()
    assert.deepEqual(header(usual).slice(4), [L.ERA_LATEST, 32768, 128, 300, 4194304, 301, 32768, 1024])
  })

  it('gives whole cache lines of zeros, until there are no more, and then 0', () => {
    const table = smallTable({ maxPids: 1, maxNamespaces: 0 })
    const before = word(table, L.H_BRK)
    const first = made(arenaTake(table, 1))
    assert.deepEqual([first, word(table, L.H_BRK)], [before, before + L.LINE_WORDS])
    assert.equal(arenaTake(table, L.LINE_WORDS + 1), before + L.LINE_WORDS)
    exhaust(table)
    assert.equal(word(table, L.H_BRK), word(table, L.H_WORDS))
    assert.ok(table.words.slice(before).every((one) => one === 0))
    assert.equal(arenaTake(table, 1), 0)
    sound(table)
  })

  it('has room for the tasks and namespaces that the limits promise, each at the deepest level', () => {
    const [maxPids, maxNamespaces] = [3000, 200]
    const table = createPidTable({ maxPids, maxNamespaces })
    createPidCachep(table, 32)
    for (const slab of [L.SLAB_PID + 32, L.SLAB_TASK, L.SLAB_SIGNAL]) {
      for (let i = 0; i < maxPids; i++) made(kmemCacheAlloc(table, slab))
    }
    for (let i = 0; i < maxNamespaces; i++) made(kmemCacheAlloc(table, L.SLAB_NS))
    for (let i = 0; i < 2 * maxNamespaces; i++) made(kmemCacheAlloc(table, L.SLAB_PAGE))
  })

  it('fails the n-th allocation from now, once', () => {
    const table = smallTable()
    failNth(table, 3)
    const taken = Array.from({ length: 5 }, () => arenaTake(table, 1) !== 0)
    assert.deepEqual(taken, [true, true, false, true, true])
    failNth(table, 1)
    failNth(table, 0)
    assert.notEqual(arenaTake(table, 1), 0)
    sound(table)
  })

  it('counts warnings, which are violations', () => {
    const table = smallTable()
    assert.deepEqual([warnOn(table, false), warnOn(table, true), word(table, L.H_WARNINGS)], [false, true, 1])
    table.words[L.H_WARNINGS] = 0
    sound(table)
  })
})

describe('limits of a table', () => {
  const bad: [options: object, error: RegExp][] = [
    [{ maxPids: 0 }, /RangeError: "maxPids" expected an integer from 1 to 4194304, got 0/],
    [{ maxNamespaces: -1 }, /RangeError: "maxNamespaces"/],
    [{ bitsPerPage: 48 }, /RangeError: "bitsPerPage" expected a power of two, got 48/],
    [{ bitsPerPage: 65536 }, /RangeError: "bitsPerPage" expected an integer from 32 to 32768/],
    [{ bitsPerPage: 32, pidMaxLimit: 4097 }, /RangeError: "pidMaxLimit" expected an integer from 3 to 4096/],
    [{ reservedPids: 0 }, /RangeError: "reservedPids"/],
    [{ pidMaxMin: 300 }, /RangeError: "pidMaxMin" expected an integer from 301/],
    [{ pidMax: 300 }, /RangeError: "pidMax" expected an integer from 301 to 4194304, got 300/],
    [{ pidMax: 1.5 }, /RangeError: "pidMax"/],
    [{ pidMax: '400' }, /TypeError: "pidMax" expected a number, got string/],
    [{ era: '3.4' }, /RangeError: "era" expected 'latest' or '4.14', got 3.4/],
  ]
  for (const [options, error] of bad) {
    it(`refuse ${JSON.stringify(options)}`, () => {
      assert.throws(() => createPidTable(options), error)
    })
  }
})
