/* Who carries a number: as its own, as its group's, as its session's. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import * as P from 'pidns/pid'
import * as L from '#internal/mm/layout.js'
import { slotLive } from '#internal/mm/slab.js'
import { allocPids, made, nest, smallTable, sound, taskWith, word } from './pid_tools.ts'

const { PIDTYPE_PGID, PIDTYPE_PID, PIDTYPE_SID, PIDTYPE_TGID } = P
const quiet = { defer: () => {} }

/** All tasks on a list. */
const listed = (table: P.PidTable, pid: P.PidRef, type: P.PidType): P.TaskRef[] => {
  const tasks: P.TaskRef[] = []
  for (let task = P.pidTask(table, pid, type); task !== 0; task = P.nextPidTask(table, task, type))
    tasks.push(task)
  return tasks
}

const attach = (table: P.PidTable, task: P.TaskRef, type: P.PidType, pid: P.PidRef): void => {
  P.initTaskPid(table, task, type, pid)
  P.attachPid(table, task, type)
}

describe('attachPid', () => {
  it('puts the newest in front: the order of group signals, and of pidTask', () => {
    const table = smallTable()
    const pids = allocPids(table, P.initPidNs(table), 3)
    const tasks = pids.map((pid) => taskWith(table, pid))
    for (const task of tasks) attach(table, task, PIDTYPE_PGID, pids[0] as P.PidRef)
    assert.deepEqual(listed(table, pids[0] as P.PidRef, PIDTYPE_PGID), tasks.toReversed())
    assert.deepEqual(listed(table, pids[0] as P.PidRef, PIDTYPE_PID), [tasks[0]])
    assert.equal(P.pidTask(table, pids[1] as P.PidRef, PIDTYPE_PGID), 0)
    assert.equal(P.pidTask(table, 0 as P.PidRef, PIDTYPE_PID), 0)
    sound(table)
  })
})

describe('detachPid', () => {
  for (const last of [PIDTYPE_PID, PIDTYPE_PGID, PIDTYPE_SID]) {
    it(`frees the number with the last that carries it, here of type ${last}`, () => {
      const table = smallTable(quiet)
      const ns = P.initPidNs(table)
      const [, pid, other] = allocPids(table, ns, 3) as [P.PidRef, P.PidRef, P.PidRef]
      const task = taskWith(table, pid)
      const member = taskWith(table, other)
      for (const type of [PIDTYPE_PGID, PIDTYPE_SID]) attach(table, member, type, pid)
      const holders = [PIDTYPE_PID, PIDTYPE_PGID, PIDTYPE_SID].filter((type) => type !== last)
      for (const type of [...holders, last]) {
        assert.equal(P.findPidNs(table, 2, ns), pid)
        P.detachPid(table, type === PIDTYPE_PID ? task : member, type)
      }
      assert.equal(P.findPidNs(table, 2, ns), 0)
      assert.deepEqual([P.taskPid(table, task), P.taskPid(table, member)], [0, other])
      sound(table)
    })
  }
})

describe('records that were something else before', () => {
  it('begin without tasks, and are freed like others', () => {
    const table = smallTable(quiet)
    const ns = P.initPidNs(table)
    allocPids(table, ns, 1)
    const old = allocPids(table, ns, 2)
    for (const pid of old) {
      taskWith(table, pid)
      P.freePid(table, pid)
    }
    P.rcuBarrier(table)
    const pids = allocPids(table, ns, 2)
    assert.deepEqual(pids.toSorted(), old.toSorted())
    for (const pid of pids) {
      assert.equal(P.pidTask(table, pid, PIDTYPE_PID), 0)
      P.detachPid(table, taskWith(table, pid), PIDTYPE_PID)
    }
    assert.equal(P.nextPidmap(table, ns, 1), -1)
    sound(table)
  })

  it('of tasks: all zeros, each its own leader', () => {
    const table = smallTable()
    const task = made(P.allocTaskStruct(table))
    table.words.fill(5, task + 1, task + L.TASK_SLOT_WORDS)
    P.freeTaskStruct(table, task)
    assert.equal(P.allocTaskStruct(table), task)
    assert.equal(P.taskLeader(table, task), task)
    table.words[task + L.TASK_LEADER] = 0
    assert.ok(table.words.slice(task + 1, task + L.TASK_SLOT_WORDS).every((one) => one === 0))
    sound(table)
  })
})

describe('changePid', () => {
  it('moves a task from one to the other, and frees the one that is left alone', () => {
    const table = smallTable(quiet)
    const ns = P.initPidNs(table)
    const [, a, b] = allocPids(table, ns, 3) as [P.PidRef, P.PidRef, P.PidRef]
    const [one, two] = [taskWith(table, a), taskWith(table, b)]
    attach(table, one, PIDTYPE_PGID, a)
    attach(table, two, PIDTYPE_PGID, a)
    P.changePid(table, two, PIDTYPE_PGID, b)
    assert.deepEqual([listed(table, a, PIDTYPE_PGID), listed(table, b, PIDTYPE_PGID)], [[one], [two]])
    P.changePid(table, one, PIDTYPE_PGID, b)
    assert.deepEqual(listed(table, b, PIDTYPE_PGID), [one, two])
    assert.equal(P.findPidNs(table, 2, ns), a, 'it is still the number of its process')
    P.detachPid(table, one, PIDTYPE_PID)
    assert.equal(P.findPidNs(table, 2, ns), 0)
    sound(table)
  })
})

describe('transferPid', () => {
  it("gives another task the first one's place and pid, and frees nothing", () => {
    const table = smallTable(quiet)
    const [a, b] = allocPids(table, P.initPidNs(table), 2) as [P.PidRef, P.PidRef]
    const tasks = [0, 1, 2].map(() => made(P.allocTaskStruct(table))) as [P.TaskRef, P.TaskRef, P.TaskRef]
    for (const task of tasks) attach(table, task, PIDTYPE_PGID, a)
    const next = made(P.allocTaskStruct(table))
    P.initTaskPid(table, next, PIDTYPE_PGID, b)
    P.transferPid(table, tasks[1], next, PIDTYPE_PGID)
    assert.deepEqual(listed(table, a, PIDTYPE_PGID), [tasks[2], next, tasks[0]])
    assert.equal(P.getTaskPid(table, next, PIDTYPE_PGID), a)
    P.putPid(table, a)
    sound(table)
  })
})

describe('numbers of tasks', () => {
  /** A process 2 (outside 3) with a thread 3 (outside 4), in group and session 1 (outside 2). */
  const family = (): {
    table: P.PidTable
    spaces: [P.NsRef, P.NsRef]
    leader: P.TaskRef
    thread: P.TaskRef
    session: P.PidRef
  } => {
    const table = smallTable(quiet)
    const spaces = nest(table, 1)
    allocPids(table, spaces[0], 1)
    const [session, own, second] = allocPids(table, spaces[1], 3) as [P.PidRef, P.PidRef, P.PidRef]
    taskWith(table, session)
    const [leader, thread] = [taskWith(table, own), taskWith(table, second)]
    table.words[thread + L.TASK_LEADER] = leader
    attach(table, leader, PIDTYPE_PGID, session)
    attach(table, leader, PIDTYPE_SID, session)
    return { table, spaces, leader, thread, session }
  }

  it('are those of each role in each namespace, through the leader for all but the own', () => {
    const { table, spaces, leader, thread } = family()
    const numbers = (task: P.TaskRef, ns: P.NsRef): number[] =>
      [PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID].map((type) =>
        P.taskPidNrNs(table, task, type, ns),
      )
    assert.deepEqual(numbers(leader, spaces[1]), [2, 2, 1, 1])
    assert.deepEqual(numbers(thread, spaces[1]), [3, 2, 1, 1])
    assert.deepEqual(numbers(thread, spaces[0]), [4, 3, 2, 2])
    const elsewhere = made(P.createPidNamespace(table, spaces[0]))
    assert.deepEqual(numbers(thread, elsewhere), [0, 0, 0, 0])
    P.detachPid(table, thread, PIDTYPE_PID)
    assert.deepEqual(numbers(thread, spaces[1]), [0, 0, 0, 0])
    sound(table)
  })

  it('pidVnr and pidNr give those of the own namespace and of level 0', () => {
    const { table, spaces, leader, session } = family()
    assert.deepEqual([P.pidVnr(table, leader, session), P.pidNr(table, session)], [1, 2])
    assert.deepEqual([P.pidNr(table, 0 as P.PidRef), P.pidNrNs(table, 0 as P.PidRef, spaces[0])], [0, 0])
    assert.equal(
      P.pidNrNs(table, P.findPidNs(table, 1, spaces[0]), spaces[1]),
      0,
      'it is not seen from inside',
    )
    assert.equal(P.pidNrNs(table, session, 0 as P.NsRef), 0)
    assert.deepEqual([P.nsOfPid(table, session), P.nsOfPid(table, 0 as P.PidRef)], [spaces[1], 0])
    assert.deepEqual(
      [P.isChildReaper(table, session), P.isChildReaper(table, P.taskPid(table, leader))],
      [true, false],
    )
    sound(table)
  })

  it('getTaskPid takes a reference, that outlives the task', () => {
    const { table, leader, thread, session } = family()
    assert.deepEqual(
      [P.taskTgid(table, thread), P.taskPgrp(table, thread), P.taskSession(table, thread)],
      [P.taskPid(table, leader), session, session],
    )
    assert.equal(P.getTaskPid(table, thread, PIDTYPE_SID), session)
    assert.equal(word(table, session + L.PID_COUNT), 2)
    const own = P.getTaskPid(table, thread, PIDTYPE_PID)
    P.detachPid(table, thread, PIDTYPE_PID)
    P.rcuBarrier(table)
    assert.equal(slotLive(table, own), true)
    for (const pid of [own, session]) P.putPid(table, pid)
    assert.equal(slotLive(table, own), false)
    sound(table)
  })
})

describe('attaching and detaching at random', () => {
  it('keeps each list newest first, and a number for as long as anybody carries it', () => {
    const step = fc.record({ task: fc.nat({ max: 5 }), type: fc.nat({ max: 2 }), pid: fc.nat({ max: 5 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const table = smallTable(quiet)
        const ns = P.initPidNs(table)
        allocPids(table, ns, 1)
        const pids = allocPids(table, ns, 6)
        const tasks = pids.map(() => made(P.allocTaskStruct(table)))
        const lists = pids.map((): number[][] => [[], [], []])
        const freed = new Set<number>()
        for (const { task, type, pid } of steps) {
          const from = lists.findIndex((roles) => roles[type]?.includes(task))
          const to = freed.has(pid) ? -1 : pid
          const [ref, target] = [tasks[task] as P.TaskRef, pids[pid] as P.PidRef]
          if (from === to) continue
          if (from === -1) attach(table, ref, type, target)
          else if (to === -1) P.detachPid(table, ref, type)
          else P.changePid(table, ref, type, target)
          const left = lists[from]
          if (left !== undefined) left[type] = (left[type] as number[]).filter((one) => one !== task)
          if (to !== -1) lists[to]?.[type]?.unshift(task)
          if (left?.every((role) => role.length === 0)) freed.add(from)
          for (const [i, roles] of lists.entries()) {
            assert.equal(P.findPidNs(table, i + 2, ns), freed.has(i) ? 0 : pids[i])
            if (freed.has(i)) continue
            for (const [t, role] of roles.entries()) {
              assert.deepEqual(
                listed(table, pids[i] as P.PidRef, t),
                role.map((one) => tasks[one]),
              )
            }
          }
        }
        sound(table)
      }),
      { numRuns: 150 },
    )
  })
})
