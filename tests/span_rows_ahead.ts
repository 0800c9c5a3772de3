/** Logs whose creations do not tell the keys of whom they make: what comes later tells whose a key is. */
import { exits, FLAGS, fork, forked, forks, found, gone, type Row, START, told } from './span_lines.ts'

const INSIDE = [
  '100 execve("/bin/sh", ["sh"], 0x7f /* 5 vars */) = 0',
  '100 unshare(CLONE_NEWPID) = 0',
  fork(100, 101),
  '101 getpid() = 1',
]

export const AHEAD_ROWS: readonly Row[] = [
  {
    what: 'whoever asks for its number is who has it, though an older one has had no line so far',
    lines: [
      ...INSIDE,
      fork(101, 2),
      fork(101, 3),
      '110 prlimit64(0, RLIMIT_NPROC, NULL, NULL) = 0',
      '110 getpid() = 3',
      '109 getpid() = 2',
      exits(109, 4),
      gone(109, 4),
      found(101, 2, 4),
    ],
    mutant: { from: 'NULL) = 2', to: 'NULL) = 3', at: 12 },
  },
  {
    what: 'a status that the parent is told is that of the task that has ended so',
    lines: [
      ...INSIDE,
      fork(101, 2),
      fork(101, 3),
      exits(110, 7),
      gone(110, 7),
      told(101, 3, 7),
      found(101, 3, 7),
      exits(109, 8),
      gone(109, 8),
      found(101, 2, 8),
    ],
    mutant: { from: '== 8}], 0, NULL) = 2', to: '== 8}], 0, NULL) = 3', at: 13 },
  },
  {
    what: 'of two that end alike the one is found before the other has ended',
    lines: [
      ...INSIDE,
      fork(101, 2),
      fork(101, 3),
      exits(103),
      gone(103),
      found(101, 2),
      exits(105),
      gone(105),
      found(101, 3),
    ],
    mutant: { from: 'NULL) = 3', to: 'NULL) = 2', at: 12 },
  },
  {
    what: 'a smaller key that comes up later is of one that was made before',
    lines: [
      ...INSIDE,
      fork(101, 2),
      '101 vfork( <unfinished ...>',
      '106 execve("/bin/true", ["true"], 0x7f /* 5 vars */) = 0',
      '105 getppid() = 1',
      '101 <... vfork resumed>) = 3',
      '106 getpid() = 3',
      '105 getpid() = 2',
    ],
    mutant: { from: 'getpid() = 2', to: 'getpid() = 4', at: 11 },
  },
  {
    what: 'whoever has a smaller number than the child of a creator that was killed was made before that',
    lines: [
      ...INSIDE,
      `101 clone(${FLAGS}, child_tidptr=0x7f04) = 2 /* 102 in strace's PID NS */`,
      forks(102),
      forks(101),
      '102 <... clone resumed> <unfinished ...>) = ?',
      '104 +++ killed by SIGKILL +++',
      '102 +++ killed by SIGKILL +++',
      forked(101, "3 /* 103 in strace's PID NS */"),
    ],
    reordered: 0,
    mutant: { from: '= 3 /*', to: '= 5 /*', at: 11, also: [9] },
  },
  {
    what: 'clone3 refuses an exit signal for a child of its parent',
    lines: [
      START,
      '5 clone3({flags=CLONE_PARENT, exit_signal=SIGCHLD, stack=NULL, stack_size=0}, 88) = -1 EINVAL (Invalid argument)',
      fork(5, 6),
    ],
    mutant: { from: '= 6', to: '= 5', at: 3 },
  },
]
