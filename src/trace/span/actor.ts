/** Who is in a log of real programs: its tasks and processes, and what is known of each. */
import type { Task } from '../../index.ts'
import type { TaskState } from '../event.ts'
import type { Difference } from '../report.ts'

/** A task of the log. */
export interface Actor {
  /** The number in front of its lines. */
  key: number
  /** Names the task in findings: never given twice. */
  id: number
  task: Task
  readonly proc: Proc
  /** The status of its own exit(2), which has been called and has not been performed. */
  exiting: number | undefined
  /** How far numbers in the tracer's namespace were known to be above the library's when it was made. */
  readonly base: number
  /** While it has no key: how far above the library's its number in the tracer's namespace is by now known to be. */
  late: number
  /** While it has no key: one that was made after it has this key; 0: none. */
  below: number
  /** The signal that it took last, which may turn out to have been deadly. */
  lastSignal: number
  /** The line in which it took that; 0: it has called since. */
  signalLine: number
  /** The line of its own call of exit or exit_group; 0: none so far. */
  left: number
  /** What was wrong with the call that it came back from last. */
  suspect: Suspect | undefined
  /** The line in which the log has shown it first, or that of the call that made it. */
  readonly since: number
  /** A comment has told its key. */
  told: boolean
  /** The log has had a line of it. */
  shown: boolean
}

/** Differences that are none if SIGKILL has ended the call. */
export interface Suspect {
  readonly noted: readonly Difference[]
  /** How many results did not match. */
  readonly wrong: number
}

/** A process of the log: a thread group. */
export interface Proc {
  readonly id: number
  /** The leader. */
  task: Task
  /** undefined: outside the log. */
  parent: Proc | undefined
  /** Its children, from the first that came to the last: each points to its neighbours (kin.ts). */
  eldest: Proc | undefined
  youngest: Proc | undefined
  elder: Proc | undefined
  younger: Proc | undefined
  /** How many of them are zombies. */
  zombies: number
  /** The threads whose end the log has not shown. See `addActor`. */
  actors: Actor[]
  command: string
  /** The line and time of its birth, or of the line in which it was first seen. */
  readonly born: number
  readonly time: string
  /** The status of its exit_group(2), which has been called and has not been performed. */
  exiting: number | undefined
  /** Somebody has sent it SIGKILL. */
  killed: boolean
  /** It has taken a signal that stops, or has stopped. */
  stopped: boolean
  /** The signal that has stopped it, where SIGSTOP stands for that in the library; 0: the same. */
  stoppedBy: number
  /** It has ended in the library. */
  dead: boolean
  /** And has not been waited for. */
  zombie: boolean
  /** The line in which it called exit_group, or its last thread exit; 0: not seen. */
  left: number
  /** The line of the end of its last thread; 0: not seen. */
  gone: number
  /** Who has sent it which signals: see `hasSent`. */
  senders: Set<number>
  /** The line in which it last sent each signal. */
  sentAt: Map<number, number>
  /** The line of the signal that told its parent of its end; 0: none has. */
  told: { line: number }
  /** It has ignored SIGCHLD at some time, by rt_sigaction. */
  ignored: boolean
  /** Its end is told by no SIGCHLD, or who knows to whom. */
  quiet: boolean
  /** The line of the latest SIGCHLD that it took, or of its birth, when none waited; 0: not known. */
  notified: number
  /** The first of its children whose end has been seen since: SIGCHLD tells of that, and of no other. */
  firstEnd: FirstEnd | undefined
  /** The line in which somebody sent it SIGKILL, successfully, and the line in which that call came back; 0: nobody has. */
  killLine: number
  killedAt: number
  /** The line of its own kill(2) with SIGKILL of somebody else, from which it never came back; 0: none. */
  lostKill: number
  /** The leader's key; 0: not known. */
  key: number
  /** It was there before the log began. */
  readonly old: boolean
  /** By descriptor: the processes of its pidfds. */
  pidfds: Map<number, Proc>
  /** The signal that it gets when its parent ends; 0: none. */
  deathSignal: number
  /** The thread that has made it, if that was not the first of its process. */
  maker: Actor | undefined
  /** Who was its parent before it was adopted. */
  formerParent: Proc | undefined
  /** And before that one. */
  earlierParent: Proc | undefined
  /** A wait whose caller was killed before it saw the result may have found it. */
  lostWait: boolean
  /** Several may have made it, and were killed before they saw the result. */
  guessed: boolean
  /** It has had a thread besides its first. */
  threaded: boolean
  /** How it ended, as wait4(2) tells it; -1: not yet. */
  status: number
  /** Its number in the log's namespace and in deeper ones. */
  numbers: readonly number[]
  /** What the findings have last been told of it. */
  shown: TaskState | undefined
  /** The number of its parent outside the log, learnt once; undefined: not yet. */
  foreignParent: Learnt | undefined
  /** Its group and session from outside the log, shared with those who inherit them. */
  readonly foreign: ForeignNumbers
  /** The line in which its creation came back; 0: not known. */
  made: number
  /** Its latest change of group: the one before, and the line in which it was done. Groups are kernel.init's. */
  moved: Move | undefined
  /** Another group that it may have inherited instead of its own. */
  otherGroup: number | undefined
}

/** A change of group, from the group before. */
export interface Move {
  readonly from: number
  readonly line: number
  readonly last: number
}

/** Learnt once; undefined: not yet. */
export interface ForeignNumbers {
  pgid: Learnt | undefined
  sid: Learnt | undefined
}

/** A number from outside the log, and the line that told it. */
export interface Learnt {
  readonly nr: number
  readonly line: number
}

/** A child has ended. */
export interface FirstEnd {
  readonly nr: number
  readonly told: { line: number }
  readonly gone: number
  /** The line of the parent's wait for it; 0: it has not waited for it. */
  waited: number
}

/** A process that has been waited for. */
export interface Departed {
  readonly numbers: readonly number[]
  readonly parent: Proc | undefined
  readonly status: number
  readonly id: number
  readonly told: { line: number }
  readonly sentAt: ReadonlyMap<number, number>
  /** The line of its `+++`; 0: not seen. */
  readonly gone: number
  /** The line of the wait that found it; 0: nobody saw one. */
  line: number
}
