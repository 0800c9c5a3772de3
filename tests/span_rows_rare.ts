/** Rules that a log of real programs needs now and then: stops, adoptions, killed calls, namespaces below the log's own. */
import { exits, FLAGS, fork, forked, forks, found, gone, type Row, START, signalled } from './span_lines.ts'

const stopped = (by: number, nr: number): string =>
  `${by} wait4(-1, [{WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP}], WSTOPPED, NULL) = ${nr}`

const OUTSIDE = [
  '100 execve("/bin/sh", ["sh"], 0x7f /* 5 vars */) = 0',
  '100 unshare(CLONE_NEWPID) = 0',
  fork(100, 101),
]

export const RARE_ROWS: readonly Row[] = [
  {
    what: 'a wait may tell a stop before the log shows it: it is the same one',
    lines: [
      START,
      fork(5, 6),
      '5 kill(6, SIGSTOP) = 0',
      signalled(6, 'SIGSTOP', 5),
      stopped(5, 6),
      '6 --- stopped by SIGSTOP ---',
      '5 wait4(-1, 0x7ffc, WNOHANG|WSTOPPED|WCONTINUED, NULL) = 0',
    ],
    mutant: { from: 'NULL) = 6', to: 'NULL) = 7', at: 5, also: [7] },
  },
  {
    what: 'children of parents that end at once may have come to their adopter in either order',
    lines: [
      START,
      '5 prctl(PR_SET_CHILD_SUBREAPER, 1) = 0',
      fork(5, 6),
      fork(5, 7),
      fork(6, 8),
      fork(7, 9),
      exits(6),
      exits(7),
      gone(7),
      gone(6),
      exits(8),
      gone(8),
      exits(9),
      gone(9),
      found(5, 6),
      found(5, 7),
      found(5, 8),
      found(5, 9),
    ],
    reordered: 1,
    mutant: { from: '= 0}], 0, NULL) = 9', to: '= 0}], 0, NULL) = 10', at: 18 },
  },
  {
    what: 'a question that was answered before its asker was adopted, and the comment with it',
    lines: [
      ...OUTSIDE,
      '101 getpid() = 1',
      `101 clone(${FLAGS}, child_tidptr=0x7f04) = 2 /* 102 in strace's PID NS */`,
      `102 clone(${FLAGS}, child_tidptr=0x7f04) = 3 /* 103 in strace's PID NS */`,
      '103 getppid( <unfinished ...>',
      exits(102),
      '102 +++ exited with 0 +++',
      "103 <... getppid resumed>) = 2 /* 102 in strace's PID NS */",
    ],
    mutant: { from: '/* 102', to: '/* 104', at: 10, also: [6] },
  },
  {
    what: 'several creations under way whose keys nobody tells: their numbers below tell the order',
    lines: [
      ...OUTSIDE,
      '101 getpid() = 1',
      fork(101, 2),
      '102 getpid() = 2',
      forks(101),
      forks(102),
      '104 getpid() = 4',
      forked(102, 4),
      forked(101, 3),
      '103 getpid() = 3',
    ],
    mutant: { from: '103 getpid() = 3', to: '103 getpid() = 2', at: 12 },
  },
  {
    what: 'the child of a creator that was killed in its call, in a namespace below the log\u2019s own',
    lines: [
      ...OUTSIDE,
      '101 getpid() = 1',
      `101 clone(${FLAGS}, child_tidptr=0x7f04) = 2 /* 102 in strace's PID NS */`,
      '102 getpid() = 2',
      forks(102),
      "101 kill(2 /* 102 in strace's PID NS */, SIGKILL) = 0",
      '102 <... clone resumed> <unfinished ...>) = ?',
      '102 +++ killed by SIGKILL +++',
      "103 getppid() = 1 /* 101 in strace's PID NS */",
      '103 getpid() = 3',
      `101 clone(${FLAGS}, child_tidptr=0x7f04) = 4 /* 104 in strace's PID NS */`,
      '104 getpid() = 4',
    ],
    mutant: { from: '103 getpid() = 3', to: '103 getpid() = 2', at: 12 },
  },
  {
    what: 'what strace prints as the result of a call that SIGKILL has ended',
    lines: [
      START,
      fork(5, 6),
      '6 getpgid(0 <unfinished ...>',
      '5 kill(6, SIGKILL <unfinished ...>',
      '6 <... getpgid resumed>) = 110',
      '5 <... kill resumed>) = 0',
      '6 +++ killed by SIGKILL +++',
      '5 getpid() = 5',
    ],
    skipped: { 'results of calls that SIGKILL ended': 1 },
    mutant: { from: 'getpid() = 5', to: 'getpid() = 6', at: 8 },
  },
  {
    what: 'a call that is closed in the line in which it begins, as its tracer was killed',
    lines: [START, fork(5, 6), '5 wait4(-1,  <unfinished ...>) = ?', '6 getppid() = 5'],
    mutant: { from: 'getppid() = 5', to: 'getppid() = 6', at: 4, also: [2] },
  },
  {
    what: 'a process from before the log leads the group that its children are in',
    lines: ['1000 getpgid(0) = 1000', fork(1000, 1001), '1001 getpgid(0) = 1000', '1000 kill(-1000, 0) = 0'],
    skipped: { 'processes from before the log': 1 },
    mutant: { from: '1001 getpgid(0) = 1000', to: '1001 getpgid(0) = 1002', at: 3 },
  },
  {
    what: 'the tracer may be a process of the namespace, and not its init',
    lines: [START, '5 getppid() = 2', fork(5, 6), '6 getppid() = 5', '5 getppid() = 2'],
    skipped: { 'processes outside the log': 1 },
    mutant: { from: '6 getppid() = 5', to: '6 getppid() = 2', at: 4 },
  },
]
