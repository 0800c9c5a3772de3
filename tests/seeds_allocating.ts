/* Rows 1 to 8 of docs/seeds.md: taking and freeing numbers. Run by seeds.test.ts. */
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { CLONE_PTHREAD, EAGAIN, Kernel } from 'pidns'
import * as P from 'pidns/pid'
import { findNextBit, findNextZeroBit } from '#internal/lib/bitmap.js'
import * as L from '#internal/mm/layout.js'
import { allocNr, allocPids, bitOf, made, nest, smallTable, sound, watchWords, word } from './pid_tools.ts'
import { test } from './seeds_row.ts'

describe('the seeds: allocating and freeing numbers', () => {
  test('row 1: a number is the position of its bit, and 1 means taken', () => {
    const table = smallTable()
    const ns = P.initPidNs(table)
    allocPids(table, ns, 40)
    for (let nr = 0; nr < 64; nr++) {
      const map = P.pidmapEntry(ns, nr >> 5)
      assert.equal(P.mkPid(table, ns, map, nr & 31), nr)
      assert.equal(
        findNextBit(table.words, word(table, map + L.PIDMAP_PAGE), 32, nr & 31) === (nr & 31),
        nr <= 40,
      )
    }
    sound(table)
  })

  test('row 2: the first zero bit after the last number is taken, so a freed 5 is not the next', () => {
    const table = smallTable({ pidMax: 12 })
    const ns = P.initPidNs(table)
    const pids = allocPids(table, ns, 9)
    P.freePid(table, pids[4] as P.PidRef)
    assert.equal(bitOf(table, ns, 5), 0)
    const next = allocPids(table, ns, 3).map((pid) => P.pidNr(table, pid))
    assert.deepEqual(next, [10, 11, 5])
    assert.equal(bitOf(table, ns, 5), 1)
    sound(table)
  })

  test('row 3: freePidmap turns one bit from 1 to 0, and the page is no longer full', () => {
    const table = smallTable({ bitsPerPage: 64 })
    const ns = P.initPidNs(table)
    const pid = allocPids(table, ns, 127)[99] as P.PidRef
    const map = P.pidmapEntry(ns, 1)
    const page = word(table, map + L.PIDMAP_PAGE)
    assert.equal(findNextZeroBit(table.words, page, 64, 0), 64)
    P.freePidmap(table, P.upidAt(pid, 0))
    assert.deepEqual([word(table, page), word(table, page + 1)], [-1, ~(1 << (100 & 31))])
    assert.equal(findNextZeroBit(table.words, page, 64, 0), 100 & 63)
    assert.equal(word(table, map + L.PIDMAP_NR_FREE), 1)
    assert.equal(P.allocPidmapAt(table, ns, 100), 100)
    sound(table)
  })

  test('row 4: numbers are taken and freed in one namespace at a time', () => {
    const table = smallTable()
    const [outer, inner] = nest(table, 1)
    allocPids(table, outer, 4)
    const pid = made(P.allocPid(table, inner))
    assert.deepEqual([P.pidNrNs(table, pid, outer), P.pidNrNs(table, pid, inner)], [5, 1])
    P.freePidmap(table, P.upidAt(pid, 1))
    assert.deepEqual([bitOf(table, outer, 5), bitOf(table, outer, 1), bitOf(table, inner, 1)], [1, 1, 0])
    table.words[inner + L.NS_LAST_PID] = 0
    assert.equal(P.allocPidmap(table, inner), 1)
    sound(table)
  })

  test('row 5: the lock, with interrupts off, makes a change at all levels one', () => {
    const table = smallTable()
    const spaces = nest(table, 2)
    allocPids(table, spaces[2], 1)
    const seen = { none: 0, some: 0, all: 0 }
    const look = (): void => {
      const found = spaces.filter((ns) => P.findPidNs(table, 2, ns) !== 0).length
      if (found > 0 && found < 3)
        assert.deepEqual([word(table, L.H_PIDMAP_LOCK), table.irqsOn], [table.owner, false])
      seen[found === 0 ? 'none' : found < 3 ? 'some' : 'all'] += 1
    }
    const pid = watchWords(table, { write: look }, () => made(P.allocPid(table, spaces[2])))
    watchWords(table, { write: look }, () => P.freePid(table, pid))
    assert.ok(seen.none > 0 && seen.some > 0 && seen.all > 0, JSON.stringify(seen))
    sound(table)
  })

  test('row 6: the constants are those of the texts, and numbers at the edges of pages work', () => {
    assert.deepEqual([P.BITS_PER_PAGE, P.BITS_PER_PAGE_MASK, P.PID_MAX_LIMIT], [32768, 32767, 4194304])
    assert.equal(P.PIDMAP_ENTRIES, P.PID_MAX_LIMIT / P.BITS_PER_PAGE)
    for (const table of [P.createPidTable({ pidMax: P.PID_MAX_LIMIT }), smallTable({ pidMax: 128 })]) {
      const [ns, size] = [P.initPidNs(table), table.bitsPerPage]
      const limit = size * table.pidmapEntries
      allocPids(table, ns, 1)
      for (const nr of [size - 1, size, size + 1, 2 * size - 1, 2 * size, limit - 1]) {
        const pid = allocNr(table, ns, nr)
        assert.equal(P.findPidNs(table, nr, ns), pid)
        assert.equal(P.nextPidmap(table, ns, 1), nr)
        P.freePid(table, pid)
        assert.equal(P.nextPidmap(table, ns, 1), -1)
      }
      assert.equal(P.pidNr(table, made(P.allocPid(table, ns))), word(table, L.H_RESERVED_PIDS))
      sound(table)
    }
  })

  test('row 7: allocPid takes a number at each level, innermost first, and gives them back in reverse', () => {
    for (let full = 3; full >= 0; full--) {
      const table = smallTable()
      const spaces = nest(table, 3)
      for (const [level, ns] of spaces.entries()) allocPids(table, ns, 3 - level)
      const pid = made(P.allocPid(table, spaces[3]))
      assert.deepEqual(
        spaces.map((ns) => P.pidNrNs(table, pid, ns)),
        [7, 4, 2, 1],
      )

      const low = spaces[full] as P.NsRef
      // The slot of a pid that was freed still has its numbers in it.
      P.freePid(table, made(P.allocPid(table, spaces[3])))
      P.rcuBarrier(table)
      table.words[low + L.NS_PID_MAX] = word(table, low + L.NS_LAST_PID)
      assert.equal(P.allocPidmap(table, low), -EAGAIN)
      const counts = spaces.map((ns) => P.pidmapEntry(ns, 0) + L.PIDMAP_NR_FREE)
      const steps: string[] = []
      const write = (at: number, value: number): void => {
        if (counts.includes(at))
          steps.push(`${value < word(table, at) ? 'take' : 'free'} ${counts.indexOf(at)}`)
      }
      assert.equal(
        watchWords(table, { write }, () => P.allocPid(table, spaces[3])),
        -EAGAIN,
      )
      const deeper = [3, 2, 1].filter((level) => level > full)
      assert.deepEqual(steps, [
        ...deeper.map((i) => `take ${i}`),
        ...deeper.reverse().map((i) => `free ${i}`),
      ])
      sound(table)
    }
  })

  test('row 8: only PIDs are taken anew; groups, sessions and thread groups are named after them', () => {
    const kernel = Kernel.boot()
    const child = kernel.init.fork()
    assert.deepEqual([child.nstgid, child.nspgid, child.nssid], [[2], [1], [1]])
    const thread = child.clone({ flags: CLONE_PTHREAD })
    assert.deepEqual([thread.nspid, thread.nstgid, thread.nspgid, thread.nssid], [[3], [2], [1], [1]])
    assert.equal(child.setsid(), 2)
    assert.deepEqual([thread.nspgid, thread.nssid], [[2], [2]])
    const grandchild = child.fork()
    assert.deepEqual([grandchild.nspid, grandchild.nspgid, grandchild.nssid], [[4], [2], [2]])
    grandchild.setpgid(0, 0)
    assert.deepEqual([grandchild.nspgid, grandchild.nssid], [[4], [2]])
    assert.equal(kernel.init.fork().pid, 5)
    assert.deepEqual(kernel.check(), [])
  })
})
