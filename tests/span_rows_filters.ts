/** What a log does not show because of how it was made: filters, attached in mid-life, quiet. */
import { exits, fork, gone, type Row, START, signalled } from './span_lines.ts'

const IGNORE = '5 rt_sigaction(SIGCHLD, {sa_handler=SIG_IGN, sa_mask=[], sa_flags=0}, NULL, 8) = 0'
const HANDLE = '5 rt_sigaction(SIGCHLD, {sa_handler=0x55, sa_mask=[], sa_flags=0}, NULL, 8) = 0'

const CLONE = 'clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD'
/** As strace writes it to the standard error. */
const BARE = ['getpid() = 4', `${CLONE}strace: Process 5 attached`, ', child_tidptr=0x7f) = 5']

export const FILTER_ROWS: readonly Row[] = [
  {
    what: 'the tracer, which is the parent of the first program, lives as long as the log',
    lines: [START, '5 getppid() = 1', fork(5, 6), '6 getppid() = 5', '5 getppid() = 1'],
    mutant: { from: '5 getppid() = 1', to: '5 getppid() = 2', at: 2 },
  },
  {
    what: 'the process that strace was attached to leads the group that it puts a child in',
    lines: [
      '1000 wait4(-1, NULL, 0, NULL) = 990',
      fork(1000, 1010),
      '1000 setpgid(1010, 1000) = 0',
      '1010 getpgid(0) = 1000',
    ],
    skipped: { 'processes from before the log': 2, 'numbers taken outside the log': 1 },
    mutant: { from: 'getpgid(0) = 1000', to: 'getpgid(0) = 1010', at: 4 },
  },
  {
    what: 'a thread from before the log shows itself late',
    lines: ['1000 getpid() = 1000', fork(1000, 1010), '1005 exit(0) = ?', gone(1005), '1000 getpid() = 1000'],
    skipped: { 'processes from before the log': 1, 'numbers taken outside the log': 1 },
    mutant: { from: '1000 getpid() = 1000', to: '1000 getpid() = 1001', at: 5 },
  },
  {
    what: 'children that ended when SIGCHLD was ignored are gone, also where no ends are in the log',
    lines: [
      START,
      IGNORE,
      fork(5, 6),
      exits(6),
      HANDLE,
      fork(5, 7),
      exits(7),
      '5 wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], WNOHANG, NULL) = 7',
      '5 wait4(-1, 0x7f, WNOHANG, NULL) = -1 ECHILD (No child processes)',
    ],
    skipped: { 'ignored signals that the log does not show': 1 },
    mutant: { from: 'WNOHANG, NULL) = 7', to: 'WNOHANG, NULL) = 8', at: 8 },
  },
  {
    what: 'a pidfd that no line opens',
    lines: [
      START,
      fork(5, 6),
      '5 pidfd_send_signal(3, SIGTERM, NULL, 0) = 0',
      signalled(6, 'SIGTERM', 5),
      '6 +++ killed by SIGTERM +++',
      '5 waitid(P_PIDFD, 3, {si_signo=SIGCHLD, si_code=CLD_KILLED, si_pid=6, si_uid=0, si_status=SIGTERM, si_utime=0, si_stime=0}, WEXITED, NULL) = 0',
    ],
    skipped: { 'a pidfd whose process the log does not name': 1 },
    mutant: { from: 'si_pid=5', to: 'si_pid=7', at: 4 },
  },
  {
    what: 'the init of a namespace that no line makes says that it is number 1',
    lines: [
      ...BARE,
      '[pid     5] setpgid(0, 0) = 0',
      '[pid     5] getpid() = 1',
      '[pid     5] getppid() = 0',
      `[pid     5] ${CLONE}, child_tidptr=0x7f) = 2`,
      '[pid     6] getpid() = 2',
      '[pid     6] exit_group(3) = ?',
      '[pid     6] +++ exited with 3 +++',
      '[pid     5] wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 2',
      '[pid     4] getpgid(5) = 5',
      '[pid     5] exit_group(0) = ?',
      '[pid     5] +++ exited with 0 +++',
      'wait4(5, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 5',
    ],
    skipped: { 'namespaces that the log does not show': 1 },
    mutant: { from: '[pid     6] getpid() = 2', to: '[pid     6] getpid() = 3', at: 8 },
  },
  {
    what: 'the init of a namespace that no line makes has a first child, number 2; so has one in there',
    lines: [
      ...BARE,
      `[pid     5] ${CLONE}, child_tidptr=0x7f) = 2`,
      `[pid     6] ${CLONE}, child_tidptr=0x7f) = 2`,
      '[pid     7] getpid() = 2',
      '[pid     7] getppid() = 1',
    ],
    skipped: { 'namespaces that the log does not show': 2 },
    mutant: { from: '[pid     7] getpid() = 2', to: '[pid     7] getpid() = 3', at: 6 },
  },
]
