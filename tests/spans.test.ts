/*
 * Replays of logs of real programs, one rule of order in each: a few lines as strace writes them, what comes of them, and
 * which line is named when one number in them is changed.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type FileReport, type LogOptions, replayLog } from 'pidns/trace'
import { bytesOf } from './trace_tools.ts'

interface Row {
  readonly what: string
  readonly lines: readonly string[]
  readonly options?: LogOptions
  /** Results that only another order than that of the lines gives. */
  readonly reordered?: number
  readonly skipped?: Readonly<Record<string, number>>
  /** What is changed, in which line: the first of them must be named, and no line that is not here. */
  readonly mutant: {
    readonly from: string
    readonly to: string
    readonly at: number
    readonly also?: number[]
  }
}

const FLAGS = 'child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD'
const START = '5 execve("/bin/sh", ["sh"], 0x7f /* 5 vars */) = 0'
const HOST = '1000 execve("/bin/sh", ["sh"], 0x7f /* 5 vars */) = 0'

const fork = (by: number, made: number | string): string =>
  `${by} clone(${FLAGS}, child_tidptr=0x7f04) = ${made}`
const forks = (by: number): string => `${by} clone(${FLAGS} <unfinished ...>`
const forked = (by: number, made: number | string): string =>
  `${by} <... clone resumed>, child_tidptr=0x7f04) = ${made}`
const exits = (by: number, code = 0): string => `${by} exit_group(${code}) = ?`
const gone = (by: number, code = 0): string => `${by} +++ exited with ${code} +++`
const found = (by: number, nr: number, code = 0): string =>
  `${by} wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == ${code}}], 0, NULL) = ${nr}`
const told = (by: number, nr: number, code = 0): string =>
  `${by} --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=${nr}, si_uid=0, si_status=${code}, si_utime=0, si_stime=0} ---`
const signalled = (by: number, sig: string, from: number): string =>
  `${by} --- ${sig} {si_signo=${sig}, si_code=SI_USER, si_pid=${from}, si_uid=0} ---`

/** The life of each child from the first number to the last, one after the other. */
function lives(by: number, first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i).flatMap((nr) => [
    fork(by, nr),
    exits(nr),
    gone(nr),
    found(by, nr),
  ])
}

const UP_TO_299 = [START, ...lives(5, 6, 299)]

const ROWS: readonly Row[] = [
  {
    what: 'two creations that overlap give their numbers in ascending order, whichever returns first',
    lines: [START, fork(5, 6), forks(5), forks(6), forked(6, 8), forked(5, 7)],
    reordered: 1,
    mutant: { from: '= 8', to: '= 9', at: 5 },
  },
  {
    what: 'a child acts before its creator returns',
    lines: [START, forks(5), '6 getpid() = 6', forked(5, 6), exits(6), gone(6), found(5, 6)],
    mutant: { from: '0x7f04) = 6', to: '0x7f04) = 7', at: 4 },
  },
  {
    what: 'an execve under way has happened, when a setpgid fails with EACCES',
    lines: [
      START,
      fork(5, 6),
      '6 execve("/bin/true", ["true"], 0x7f /* 5 vars */ <unfinished ...>',
      '5 setpgid(6, 6) = -1 EACCES (Permission denied)',
      '6 <... execve resumed>) = 0',
    ],
    reordered: 1,
    mutant: { from: 'setpgid(6,', to: 'setpgid(7,', at: 4 },
  },
  {
    what: 'an execve under way has not happened, when a setpgid succeeds',
    lines: [
      START,
      fork(5, 6),
      '6 execve("/bin/true", ["true"], 0x7f /* 5 vars */ <unfinished ...>',
      '5 setpgid(6, 6) = 0',
      '6 <... execve resumed>) = 0',
    ],
    mutant: { from: 'setpgid(6, 6)', to: 'setpgid(6, 7)', at: 4 },
  },
  {
    what: 'an execve under way is left alone, when a setpgid fails with EPERM for want of a group',
    lines: [
      START,
      fork(5, 6),
      fork(5, 7),
      '6 execve("/bin/true", ["true"], 0x7f /* 5 vars */ <unfinished ...>',
      '5 setpgid(6, 7) = -1 EPERM (Operation not permitted)',
      '5 setpgid(6, 6) = 0',
      '6 <... execve resumed>) = 0',
    ],
    mutant: { from: 'setpgid(6, 7)', to: 'setpgid(8, 7)', at: 5 },
  },
  {
    what: 'a wait that did not block looked before the end that the log shows within it',
    lines: [
      START,
      fork(5, 6),
      exits(6),
      '5 wait4(-1,  <unfinished ...>',
      gone(6),
      '5 <... wait4 resumed>0x7ffd, WNOHANG, NULL) = 0',
      found(5, 6),
    ],
    reordered: 1,
    mutant: { from: '= 0}], 0, NULL) = 6', to: '= 0}], 0, NULL) = 7', at: 7 },
  },
  {
    what: 'a wait under way has found its child, when the number is given again',
    lines: [
      ...UP_TO_299,
      fork(5, 300),
      fork(5, 301),
      exits(300),
      '5 wait4(-1,  <unfinished ...>',
      gone(300),
      fork(301, 300),
      '5 <... wait4 resumed>NULL, 0, NULL) = 300',
      '300 getppid() = 301',
    ],
    options: { pidMax: 302 },
    reordered: 2,
    mutant: {
      from: 'wait4 resumed>NULL, 0, NULL) = 300',
      to: 'wait4 resumed>NULL, 0, NULL) = 301',
      at: 1184,
    },
  },
  {
    what: 'an unseen pid_max is learnt at the first wrap',
    lines: [
      ...UP_TO_299,
      ...lives(5, 300, 301),
      fork(5, 300),
      fork(5, 301),
      exits(300),
      gone(300),
      found(5, 300),
      fork(5, 300),
    ],
    skipped: { 'numbers taken outside the log': 1 },
    mutant: { from: fork(5, 301), to: fork(5, 302), at: 1187 },
  },
  {
    what: 'the child of a creator that was killed in its call',
    lines: [
      START,
      fork(5, 6),
      forks(6),
      '5 kill(6, SIGKILL) = 0',
      '6 +++ killed by SIGKILL +++',
      '7 getppid() = 1',
      fork(5, 8),
    ],
    mutant: { from: 'getppid() = 1', to: 'getppid() = 8', at: 6 },
  },
  {
    what: 'the child of a creator that is about to be killed in its call has the number before',
    lines: [
      START,
      fork(5, 6),
      fork(5, 7),
      '6 vfork( <unfinished ...>',
      forks(7),
      '9 getppid() = 7',
      '5 kill(6, SIGKILL) = 0',
      '6 <... vfork resumed>) = ?',
      '6 +++ killed by SIGKILL +++',
      '8 exit_group(0) = ?',
      '8 +++ exited with 0 +++',
      forked(7, 9),
    ],
    reordered: 1,
    mutant: { from: 'getppid() = 7', to: 'getppid() = 4', at: 6 },
  },
  {
    what: 'a parent that has called exit_group has ended, when its child has another parent',
    lines: [START, fork(5, 6), fork(6, 7), exits(6), '7 getppid() = 1', gone(6), found(5, 6)],
    reordered: 1,
    mutant: { from: 'getppid() = 1', to: 'getppid() = 8', at: 5 },
  },
  {
    what: 'others take numbers of a namespace that the log shares, and never give one back',
    lines: [HOST, fork(1000, 1003), fork(1000, 1004)],
    skipped: { 'numbers taken outside the log': 1 },
    mutant: { from: '= 1004', to: '= 1002', at: 3 },
  },
  {
    what: 'a number outside the log is learnt once; the line that told it is named with the one that tells another',
    lines: [HOST, '1000 getppid() = 990', '1000 getppid() = 990'],
    skipped: { 'processes outside the log': 1 },
    mutant: { from: 'getppid() = 990', to: 'getppid() = 991', at: 2, also: [3] },
  },
  {
    what: 'without +++ lines an end is known by exit_group and the wait',
    lines: [START, fork(5, 6), exits(6, 3), found(5, 6, 3)],
    mutant: { from: '3}], 0, NULL) = 6', to: '3}], 0, NULL) = 7', at: 4 },
  },
  {
    what: 'a thread that executes a program becomes the first of its process',
    lines: [
      START,
      '5 clone3({flags=CLONE_VM|CLONE_SIGHAND|CLONE_THREAD, exit_signal=0, stack=0x7f, stack_size=0x7fff80} => {parent_tid=[6]}, 88) = 6',
      '6 execve("/bin/true", ["true"], 0x7f /* 5 vars */ <unfinished ...>',
      '5 +++ superseded by execve in pid 6 +++',
      '5 <... execve resumed>) = 0',
      '5 gettid() = 5',
      fork(5, 7),
    ],
    mutant: { from: 'gettid() = 5', to: 'gettid() = 6', at: 6 },
  },
  {
    what: 'pidfds name their processes',
    lines: [
      START,
      fork(5, 6),
      '5 pidfd_open(6, 0) = 3<pid:6>',
      '5 pidfd_send_signal(3<pid:6>, SIGTERM, NULL, 0) = 0',
      signalled(6, 'SIGTERM', 5),
      '6 +++ killed by SIGTERM +++',
      '5 waitid(P_PIDFD, 3<pid:6>, {si_signo=SIGCHLD, si_code=CLD_KILLED, si_pid=6, si_uid=0, si_status=SIGTERM, si_utime=0, si_stime=0}, WEXITED, NULL) = 0',
    ],
    mutant: { from: 'CLD_KILLED, si_pid=6', to: 'CLD_KILLED, si_pid=7', at: 7 },
  },
  {
    what: 'setns into the namespace that a child has made; files of other kinds change nothing',
    lines: [
      START,
      fork(5, 6),
      '5 unshare(CLONE_NEWNS|CLONE_NEWPID) = 0',
      fork(5, 7),
      '7 getpid() = 1',
      '6 setns(3<pid:[4026532180]>, CLONE_NEWPID) = 0',
      '6 setns(4<mnt:[4026532179]>, CLONE_NEWNS) = 0',
      fork(6, 8),
      '8 getpid() = 2',
    ],
    mutant: { from: 'getpid() = 2', to: 'getpid() = 3', at: 9 },
  },
  {
    what: 'a creation in a deeper namespace comes after the one that the number above it belongs to',
    lines: [
      START,
      '5 clone(child_stack=NULL, flags=CLONE_NEWPID|SIGCHLD) = 6',
      '6 getpid() = 1',
      forks(6),
      forks(5),
      forked(6, 2),
      forked(5, 7),
      '8 getpid() = 2',
    ],
    reordered: 1,
    mutant: { from: '8 getpid() = 2', to: '8 getpid() = 3', at: 8 },
  },
  {
    what: 'a child that was forked while its creator came to another group may have the old one',
    lines: [
      START,
      fork(5, 6),
      forks(6),
      '5 setpgid(6, 6) = 0',
      forked(6, 7),
      '7 getpgrp() = 0',
      '6 getpgrp() = 6',
    ],
    reordered: 1,
    mutant: { from: '7 getpgrp() = 0', to: '7 getpgrp() = 5', at: 6 },
  },
  {
    what: 'the end of a child is told to its parent once',
    lines: [START, fork(5, 6), fork(5, 7), gone(6), gone(7), told(5, 6), told(5, 7)],
    mutant: { from: 'si_pid=6', to: 'si_pid=7', at: 6, also: [7] },
  },
  {
    what: 'a signal comes from one who has sent it here',
    lines: [
      START,
      fork(5, 6),
      fork(5, 7),
      '5 setpgid(6, 6) = 0',
      '5 kill(7, SIGTERM) = 0',
      signalled(7, 'SIGTERM', 5),
      '7 +++ killed by SIGTERM +++',
    ],
    mutant: { from: 'kill(7', to: 'kill(6', at: 5, also: [6] },
  },
  {
    what: 'a wait in two lines: its first names the child, its last what was found',
    lines: [
      START,
      fork(5, 6),
      fork(5, 7),
      '5 wait4(6,  <unfinished ...>',
      gone(6),
      '5 <... wait4 resumed>NULL, 0, NULL) = 6',
    ],
    mutant: { from: 'wait4(6', to: 'wait4(7', at: 4 },
  },
  {
    what: 'whoever does anything lives',
    lines: [START, fork(5, 6), '6 close(3) = 0'],
    mutant: { from: '6 close', to: '9 close', at: 3 },
  },
  {
    what: 'the second half of a call comes from the task that began it',
    lines: [
      START,
      fork(5, 6),
      fork(5, 7),
      '6 close(3 <unfinished ...>',
      '7 getpid() = 7',
      '6 <... close resumed>) = 0',
    ],
    mutant: { from: '6 <... close', to: '7 <... close', at: 6, also: [4] },
  },
  {
    what: 'whoever begins a call comes back from it before it does anything else',
    lines: [
      START,
      fork(5, 6),
      fork(5, 7),
      '6 close(3 <unfinished ...>',
      '7 getpid() = 7',
      '6 <... close resumed>) = 0',
      '6 getpid() = 6',
    ],
    mutant: { from: '6 close', to: '7 close', at: 4 },
  },
  {
    what: 'whoever is in a call does nothing else',
    lines: [START, fork(5, 6), fork(5, 7), forks(6), '7 close(3) = 0', forked(6, 8)],
    mutant: { from: '7 close', to: '6 close', at: 5 },
  },
  {
    what: 'of two calls of one name the one goes on that the task itself has begun',
    lines: [
      START,
      fork(5, 6),
      fork(5, 7),
      '6 close(3 <unfinished ...>',
      '7 close(3 <unfinished ...>',
      '6 <... close resumed>) = 0',
      '7 <... close resumed>) = 0',
    ],
    mutant: { from: '6 <... close', to: '7 <... close', at: 6, also: [7] },
  },
  {
    what: 'a call that a wrong number has begun within another one is not that task\u2019s',
    lines: [
      START,
      fork(5, 6),
      fork(5, 7),
      '6 close(3 <unfinished ...>',
      '7 dup(3 <unfinished ...>',
      '6 <... close resumed>) = 0',
      '7 <... dup resumed>) = 4',
    ],
    mutant: { from: '7 dup', to: '6 dup', at: 5 },
  },
  {
    what: 'parent_tid is the number of the new task',
    lines: [
      START,
      '5 clone3({flags=CLONE_VM|CLONE_SIGHAND|CLONE_THREAD|CLONE_PARENT_SETTID, exit_signal=0, stack=0x7f, stack_size=0x7fff80} => {parent_tid=[6]}, 88) = 6',
      '6 gettid() = 6',
    ],
    mutant: { from: '[6]', to: '[7]', at: 2 },
  },
  {
    what: 'a comment on an argument is the number that the tracer sees',
    lines: [
      '100 execve("/bin/sh", ["sh"], 0x7f /* 5 vars */) = 0',
      '100 unshare(CLONE_NEWPID) = 0',
      fork(100, '101'),
      '101 getpid() = 1',
      "101 clone(child_stack=NULL, flags=SIGCHLD) = 2 /* 102 in strace's PID NS */",
      '102 getpid() = 2',
      "101 kill(2 /* 102 in strace's PID NS */, 0) = 0",
    ],
    mutant: { from: '* 102', to: '* 101', at: 7 },
  },
  {
    what: 'a comment on a result is the number in front of the lines of the child',
    lines: [
      '100 execve("/bin/sh", ["sh"], 0x7f /* 5 vars */) = 0',
      '100 unshare(CLONE_NEWPID) = 0',
      fork(100, 101),
      '101 getpid() = 1',
      "101 clone(child_stack=NULL, flags=SIGCHLD) = 2 /* 102 in strace's PID NS */",
      '102 getpid() = 2',
      '102 getppid() = 1',
    ],
    mutant: { from: '* 102', to: '* 104', at: 5, also: [6] },
  },
  {
    what: 'a comment on one who is dead, and on the sender of a signal',
    lines: [
      '100 execve("/bin/sh", ["sh"], 0x7f /* 5 vars */) = 0',
      '100 unshare(CLONE_NEWPID) = 0',
      fork(100, 101),
      '101 getpid() = 1',
      "101 clone(child_stack=NULL, flags=SIGCHLD) = 2 /* 102 in strace's PID NS */",
      '102 exit_group(0) = ?',
      '102 +++ exited with 0 +++',
      "101 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=2 /* 102 in strace's PID NS */, si_uid=0, si_status=0} ---",
      "101 wait4(2 /* 102 in strace's PID NS */, NULL, 0, NULL) = 2",
    ],
    mutant: { from: '2 /* 102', to: '2 /* 103', at: 8 },
  },
  {
    what: 'the thread that becomes the first one has called execve',
    lines: [
      START,
      '5 clone3({flags=CLONE_VM|CLONE_SIGHAND|CLONE_THREAD, exit_signal=0, stack=0x7f, stack_size=0x7fff80} => {parent_tid=[6]}, 88) = 6',
      '6 execve("/bin/true", ["true"], 0x7f /* 5 vars */ <unfinished ...>',
      '5 +++ superseded by execve in pid 6 +++',
      '5 <... execve resumed>) = 0',
    ],
    mutant: { from: 'pid 6 +++', to: 'pid 7 +++', at: 4, also: [3] },
  },
  {
    what: 'whoever has called exit does nothing more',
    lines: [START, fork(5, 6), fork(5, 7), exits(6), gone(6), exits(7), '5 close(3) = 0', gone(7)],
    mutant: { from: '7 exit_group', to: '5 exit_group', at: 6, also: [7, 8] },
  },
  {
    what: 'whoever has exited has called exit',
    lines: [START, fork(5, 6), fork(5, 7), exits(6), gone(6), exits(7), gone(7)],
    mutant: { from: '7 +++', to: '5 +++', at: 7, also: [6] },
  },
  {
    what: 'whoever was killed by another signal than SIGKILL has taken it',
    lines: [
      START,
      fork(5, 6),
      fork(5, 7),
      '5 kill(0, SIGTERM) = 0',
      signalled(5, 'SIGTERM', 5),
      signalled(6, 'SIGTERM', 5),
      '6 +++ killed by SIGTERM +++',
    ],
    mutant: { from: '6 +++', to: '7 +++', at: 7 },
  },
  {
    what: 'a wait that a signal interrupts has somebody to wait for',
    lines: [
      START,
      fork(5, 6),
      '5 wait4(6, 0x7ffd, 0, NULL) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)',
    ],
    mutant: { from: 'wait4(6', to: 'wait4(7', at: 3 },
  },
  {
    what: 'whoever goes on has stopped before',
    lines: [
      START,
      fork(5, 6),
      fork(5, 7),
      '5 kill(6, SIGSTOP) = 0',
      signalled(6, 'SIGSTOP', 5),
      '6 --- stopped by SIGSTOP ---',
      '5 kill(6, SIGCONT) = 0',
      '5 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_CONTINUED, si_pid=6, si_uid=0, si_status=SIGCONT, si_utime=0, si_stime=0} ---',
    ],
    mutant: { from: 'si_pid=6', to: 'si_pid=7', at: 8 },
  },
  {
    what: 'a number is given once',
    lines: [START, fork(5, 6), forks(5), forks(6), forked(6, 7), forked(5, 8)],
    mutant: { from: '= 8', to: '= 7', at: 6, also: [5] },
  },
  {
    what: 'a child of a creation under way has the number that comes next, whatever the result says',
    lines: [START, fork(5, 6), forks(5), forks(6), '8 close(3) = 0', forked(6, 8), forked(5, 7)],
    reordered: 1,
    mutant: { from: '= 8', to: '= 9', at: 6 },
  },
  {
    what: 'a child is that of the one who made it',
    lines: [START, fork(5, 6), fork(6, 7), exits(7), gone(7), told(6, 7)],
    mutant: { from: '6 clone', to: '5 clone', at: 3, also: [6] },
  },
  {
    what: 'a wait for one child finds that one',
    lines: [START, fork(5, 6), fork(5, 7), gone(6), gone(7), '5 wait4(7, NULL, 0, NULL) = 7'],
    mutant: { from: 'wait4(7', to: 'wait4(6', at: 6 },
  },
]

async function replay(lines: readonly string[], options: LogOptions = {}): Promise<FileReport> {
  const text = lines.map((line) => `${line}\n`).join('')
  return (await replayLog('test.strace', bytesOf(text), { waits: false, ...options })).report
}

describe('an order that the log allows is found', () => {
  for (const { what, lines, options, reordered = 0, skipped = {} } of ROWS) {
    it(what, async () => {
      const result = await replay(lines, options)
      assert.deepEqual(result.differences, [])
      assert.equal(result.matched, result.checked)
      assert.equal(result.reordered, reordered)
      assert.deepEqual(result.skipped, skipped)
    })
  }
})

describe('one number changed is found, and its line named', () => {
  for (const { what, lines, options, mutant } of ROWS) {
    it(what, async () => {
      const at = lines.findIndex((line, i) => i >= mutant.at - 1 && line.includes(mutant.from))
      const line = lines[at] ?? ''
      const result = await replay(lines.with(at, line.replace(mutant.from, mutant.to)), options)
      const named = [...new Set(result.differences.map((difference) => difference.line))].sort(
        (a, b) => a - b,
      )
      assert.equal(at, mutant.at - 1)
      assert.ok(result.matched < result.checked)
      assert.deepEqual(
        named,
        [mutant.at, ...(mutant.also ?? [])].sort((a, b) => a - b),
      )
    })
  }
})
