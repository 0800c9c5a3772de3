/**
 * The tasks that a log of ftrace has shown, by their numbers: what is under way in each, so that the two lines of a call,
 * and the two events of a creation, come together.
 *
 * Invariant: a dead task's slot is kept for as long as `LINGERING` others have died since, for its parent's notice comes
 * after its end.
 */

import type { Undecided } from '../act_queue.ts'
import type { BirthAct, Span, SpanCall } from '../acts.ts'
import type { Naming } from './names.ts'

/** A call whose return, or a creation whose other event, has not come yet. */
export interface Open extends Undecided {
  readonly span: Span | undefined
  /** As far as the log has shown it. */
  birth: BirthAct | undefined
}

export interface Slot {
  /** Its first line, or the one of its birth. */
  readonly first: number
  /** The latest line. */
  last: number
  /** The call under way; held back in the queue, unless its return may be far away. */
  call: Open | undefined
  /** Its name in the log. */
  name: string
  /** A creation under way that the log shows as a system call too. */
  creating: SpanCall | undefined
  /** The line where that began. */
  since: number
  /** The task that it has made. */
  made: number
  /** task_newtask, waiting for sched_process_fork. */
  birth: Open | undefined
  /** A birth in a call that may have chosen the number, waiting for what the call comes back with. */
  choosing: Open | undefined
  /** A task that task_newtask alone has told of: a sched_process_fork that comes after all is no other birth. */
  told: number
  /** The latest signal that it took. */
  signal: number
  ended: boolean
  /** Who has made it; 0: the log does not show. */
  readonly parent: number
  /** The number of its process; 0: the log does not show. */
  readonly group: number
  /** Another task has had the number in this log. */
  readonly again: boolean
  /** What contradictions are looked for in. */
  readonly noted: Noted
}

/** What a task's lines have told of it, to compare its later lines with. */
export interface Noted {
  /** The system call that it is in, whether that is of interest or not; '': none. */
  call: string
  /** The line of that one's entry. */
  since: number
  /** It has come back from one that it has entered. */
  returned: boolean
  /** It has begun to wait in it. */
  waits: boolean
  /** The number of its process as the column of it says; 0: not yet. */
  tgid: number
  tgidLine: number
  /** So many lines have said it. */
  tgids: number
  /** The name that it had at its end; 0: not told. */
  name: number
  named: Naming | undefined
  front: Naming | undefined
  /** The line of sched_process_free; 0: not yet. */
  freed: number
  /** It has executed a program, and not come back from the call that does. */
  executes: boolean
  /** It has had a line of its own that nobody has who is ending. */
  acts: boolean
  /** It has made another task. */
  creates: boolean
  /** The line in which its parent has been told of its end; 0: not yet. */
  noticed: number
  /** How often each signal has been sent to its process and not arrived, at most. */
  sent: Map<number, number> | undefined
}

export interface Slots {
  get(number: number): Slot | undefined
  /** A task that is there from now on. */
  bear(number: number, line: number, parent?: number, group?: number): Slot
  end(number: number, slot: Slot): undefined
}

const LINGERING = 1024

function newNoted(): Noted {
  return {
    call: '',
    since: 0,
    returned: false,
    waits: false,
    tgid: 0,
    tgidLine: 0,
    tgids: 0,
    name: 0,
    named: undefined,
    front: undefined,
    freed: 0,
    acts: false,
    executes: false,
    creates: false,
    noticed: 0,
    sent: undefined,
  }
}

export function createSlots(): Slots {
  const slots = new Map<number, Slot>()
  const ended: number[] = []
  let next = 0

  return {
    get: (number: number): Slot | undefined => slots.get(number),
    bear(number: number, line: number, parent = 0, group = 0): Slot {
      const slot: Slot = {
        first: line,
        last: line,
        call: undefined,
        name: '',
        creating: undefined,
        since: 0,
        made: 0,
        birth: undefined,
        choosing: undefined,
        told: 0,
        signal: 0,
        ended: false,
        parent,
        group,
        again: slots.has(number),
        noted: newNoted(),
      }
      slots.set(number, slot)
      return slot
    },
    end(number: number, slot: Slot): undefined {
      if (slot.ended) return
      slot.ended = true
      const oldest = ended[next]
      if (oldest !== undefined && slots.get(oldest)?.ended === true) slots.delete(oldest)
      ended[next] = number
      next = (next + 1) % LINGERING
    },
  }
}
