/*
 * The reader of strace's logs: each form that a line can take becomes the act that it stands for.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  __WALL,
  CLONE_CHILD_CLEARTID,
  CLONE_CHILD_SETTID,
  CLONE_FS,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_PARENT,
  CLONE_PIDFD,
  CLONE_PTHREAD,
  CLONE_VFORK,
  CLONE_VM,
  ECHILD,
  ENOENT,
  ESRCH,
  P_ALL,
  P_PID,
  P_PIDFD,
  PIDFD_NONBLOCK,
  PR_GET_PDEATHSIG,
  PR_SET_CHILD_SUBREAPER,
  PR_SET_PDEATHSIG,
  SIGCHLD,
  SIGCONT,
  SIGKILL,
  SIGSTOP,
  SIGTERM,
  SIGUSR2,
  WEXITED,
  WNOHANG,
  WNOWAIT,
} from 'pidns/abi'
import type { SpanCall, SpanOutcome } from '#internal/trace/acts.js'
import { isStrace } from '#internal/trace/strace/strace.js'
import { actsOf, callsOf, returned } from './strace_tools.ts'

const SETTID = CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID
const FORKED: SpanCall = { op: 'clone', flags: SETTID, exitSignal: SIGCHLD, setTid: undefined }
const OK = returned(0)
const LOST: SpanOutcome = { kind: 'lost' }

function clone(flags: number, exitSignal = SIGCHLD, setTid?: number[]): SpanCall {
  return { op: 'clone', flags, exitSignal, setTid }
}

function wait4(pid: number, options = 0): SpanCall {
  return { op: 'wait4', pid, options }
}

function info(code: number, pid: number, status: number) {
  return { si_signo: SIGCHLD, si_pid: pid, si_code: code, si_status: status }
}

type Case = readonly [text: string, call: SpanCall, outcome: SpanOutcome]

const FORK =
  'clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f04)'
const THREAD =
  'clone3({flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM, child_tid=0x7f, parent_tid=0x7f, exit_signal=0, stack=0x7f, stack_size=0x7fff80, tls=0x7f} => {parent_tid=[23]}, 88)'
const INFO =
  '{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=42, si_uid=0, si_status=7, si_utime=0, si_stime=1 /* 0.01 s */}'
const SET_SIGCHLD =
  '{sa_handler=SIG_IGN, sa_mask=[USR2], sa_flags=SA_RESTORER|SA_RESTART|SA_NOCLDWAIT, sa_restorer=0x7f}'
const COMM = 'a)b\\76 = \\"x\\\\y'

const CREATIONS: readonly Case[] = [
  [`${FORK} = 6`, FORKED, returned(6)],
  ['fork() = 6', clone(0), returned(6)],
  ['vfork() = 10', clone(CLONE_VFORK | CLONE_VM), returned(10)],
  [
    'clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD, stack=0x7f13, stack_size=0x9000}, 88) = 6',
    clone(CLONE_VM | CLONE_VFORK),
    returned(6),
  ],
  [`${THREAD} = 23`, clone(CLONE_PTHREAD, 0), returned(23)],
  [
    'clone3({flags=CLONE_PIDFD, pidfd=0x7ffe, exit_signal=SIGCHLD, stack=NULL, stack_size=0} => {pidfd=[3<pid:12>]}, 88) = 12',
    clone(CLONE_PIDFD),
    returned(12, { fd: { fd: 3, pid: 12, ns: undefined } }),
  ],
  [
    'clone(child_stack=0x55, flags=CLONE_VM|CLONE_PIDFD|SIGUSR2, parent_tid=[4<pid:38<ex>>]) = 38<ex> <0.000127>',
    clone(CLONE_VM | CLONE_PIDFD, SIGUSR2),
    returned(38, { fd: { fd: 4, pid: 38, ns: undefined } }),
  ],
  [
    'clone3({flags=0, exit_signal=SIGCHLD, stack=NULL, stack_size=0, set_tid=[250, 31], set_tid_size=2}, 88) = 250',
    clone(0, SIGCHLD, [250, 31]),
    returned(250),
  ],
  ['clone3(0x8, 64) = -1 EFAULT (Bad address)', clone(0, 0), { kind: 'failed', errno: 14 }],
  [
    'clone(child_stack=NULL, flags=CLONE_PARENT|CLONE_NEWPID|SIGCHLD) = 43',
    clone(CLONE_PARENT | CLONE_NEWPID),
    returned(43),
  ],
  ['clone(child_stack=0x56, flags=CLONE_VM|SIGUSR2) = 10', clone(CLONE_VM, SIGUSR2), returned(10)],
  ['clone(child_stack=0x56, flags=CLONE_VM) = 9', clone(CLONE_VM, 0), returned(9)],
  ['clone(child_stack=0x56, flags=0) = 9', clone(0, 0), returned(9)],
  [
    'clone(child_stack=0x56, flags=CLONE_VM|CLONE_UNKNOWN|0x200|0x11) = 9',
    clone(CLONE_VM | CLONE_FS),
    returned(9),
  ],
  [
    'clone(child_stack=NULL, flags=0x1200000 /* CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID */|17 /* SIGCHLD */, child_tidptr=0x7e) = 5',
    FORKED,
    returned(5),
  ],
  ['clone(child_stack=NULL, flags=0x1200000|17, child_tidptr=0x7e) = 5', FORKED, returned(5)],
  [`${FORK} = ? ERESTARTNOINTR (To be restarted)`, FORKED, { kind: 'restarted' }],
  [`${FORK} = -1 EAGAIN (Resource temporarily unavailable)`, FORKED, { kind: 'failed', errno: 11 }],
  [`${FORK} = 2 /* 5826 in strace's PID NS */`, FORKED, returned(2, { outer: 5826 })],
  [`${FORK} = 2<sh> /* 5835 in strace's PID NS */ <0.000718>`, FORKED, returned(2, { outer: 5835 })],
  [`${FORK} = 7<a) = 3> <0.000029>`, FORKED, returned(7)],
  [`${FORK} = 7<${COMM}>`, FORKED, returned(7)],
]

const WAITS: readonly Case[] = [
  [
    'wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 7',
    wait4(-1),
    returned(7, { status: 0x300 }),
  ],
  [
    'wait4(-1, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL}], WNOHANG, NULL) = 7',
    wait4(-1, WNOHANG),
    returned(7, { status: SIGKILL }),
  ],
  [
    'wait4(-1, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGABRT && WCOREDUMP(s)}], __WALL, NULL) = 7',
    wait4(-1, __WALL),
    returned(7, { status: 0x86 }),
  ],
  [
    'wait4(7<sh>, [{WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP}], WSTOPPED, NULL) = 7<sh>',
    wait4(7, 2),
    returned(7, { status: 0x137f }),
  ],
  ['wait4(-1, [{WIFCONTINUED(s)}], WCONTINUED, NULL) = 7', wait4(-1, 8), returned(7, { status: 0xffff })],
  ['wait4(-1, 0x7ffd3b450d0, WNOHANG, NULL) = 0', wait4(-1, WNOHANG), OK],
  [
    'wait4(-1, 0x7ffd3b450d0, WNOHANG, NULL) = -1 ECHILD (No child processes)',
    wait4(-1, WNOHANG),
    { kind: 'failed', errno: ECHILD },
  ],
  ['wait4(-1, NULL, 0, NULL) = 7', wait4(-1), returned(7)],
  ["wait4(-13 /* 15007 in strace's PID NS */, NULL, 0, NULL) = 2", wait4(-13), returned(2)],
  [
    'wait4(-1, 0x7ffd, 0, NULL) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)',
    wait4(-1),
    { kind: 'restarted' },
  ],
  [
    `waitid(P_PID, 42, ${INFO}, WEXITED|WNOWAIT, NULL) = 0`,
    { op: 'waitid', idtype: P_PID, id: 42, fd: undefined, options: WEXITED | WNOWAIT },
    returned(0, { info: info(1, 42, 7) }),
  ],
  [
    `waitid(P_PIDFD, 3<pid:12>, ${INFO.replace('42', "42<sh> /* 142 in strace's PID NS */")}, WEXITED, NULL) = 0`,
    { op: 'waitid', idtype: P_PIDFD, id: 3, fd: { fd: 3, pid: 12, ns: undefined }, options: WEXITED },
    returned(0, { info: info(1, 42, 7), outer: 142 }),
  ],
  [
    'waitid(P_ALL, 0, {}, WNOHANG|WEXITED, NULL) = 0',
    { op: 'waitid', idtype: P_ALL, id: 0, fd: undefined, options: WNOHANG | WEXITED },
    returned(0, { info: { si_signo: 0, si_pid: 0, si_code: 0, si_status: 0 } }),
  ],
  [
    'waitid(0x1 /* P_PID */, 42, {si_signo=17 /* SIGCHLD */, si_code=0x2 /* CLD_KILLED */, si_pid=42, si_uid=0, si_status=9 /* SIGKILL */, si_utime=0, si_stime=0}, 0x4 /* WEXITED */, NULL) = 0',
    { op: 'waitid', idtype: P_PID, id: 42, fd: undefined, options: WEXITED },
    returned(0, { info: info(2, 42, SIGKILL) }),
  ],
]

const SENT: readonly Case[] = [
  ['kill(7, SIGTERM) = 0', { op: 'kill', pid: 7, sig: SIGTERM }, OK],
  ["kill(2<sh> /* 5826 in strace's PID NS */, 0) = 0", { op: 'kill', pid: 2, sig: 0 }, OK],
  [
    "kill(-13 /* 15007 in strace's PID NS */, SIGTERM) = -1 ESRCH (No such process)",
    { op: 'kill', pid: -13, sig: SIGTERM },
    { kind: 'failed', errno: ESRCH },
  ],
  ['kill(7, SIGRTMIN) = 0', { op: 'kill', pid: 7, sig: 32 }, OK],
  ['kill(7, SIGRT_2) = 0', { op: 'kill', pid: 7, sig: 34 }, OK],
  ['kill(7, SIGRTMIN+2) = 0', { op: 'kill', pid: 7, sig: 34 }, OK],
  ['kill(7, SIGRTMAX-1) = 0', { op: 'kill', pid: 7, sig: 63 }, OK],
  ['kill(7, 9 /* SIGKILL */) = 0', { op: 'kill', pid: 7, sig: SIGKILL }, OK],
  [
    'rt_sigqueueinfo(7, SIGTERM, {si_signo=SIGTERM, si_code=SI_QUEUE, si_pid=5, si_uid=0, si_int=7, si_ptr=0x7}) = 0',
    { op: 'kill', pid: 7, sig: SIGTERM },
    OK,
  ],
  ['tkill(7, SIGCONT) = 0', { op: 'tgkill', tgid: 0, tid: 7, sig: SIGCONT }, OK],
  ['tgkill(7<ex>, 8<ex>, SIGKILL) = 0 <0.000012>', { op: 'tgkill', tgid: 7, tid: 8, sig: SIGKILL }, OK],
  ['rt_tgsigqueueinfo(7, 8, SIGCONT, {}) = 0', { op: 'tgkill', tgid: 7, tid: 8, sig: SIGCONT }, OK],
  [
    'pidfd_open(12, PIDFD_NONBLOCK) = 3<pid:12>',
    { op: 'pidfd_open', pid: 12, flags: PIDFD_NONBLOCK },
    returned(3, { fd: { fd: 3, pid: 12, ns: undefined } }),
  ],
  [
    'pidfd_open(12<sh>, 0) = 3<anon_inode:[pidfd]> <0.000032>',
    { op: 'pidfd_open', pid: 12, flags: 0 },
    returned(3, { fd: { fd: 3, pid: undefined, ns: undefined } }),
  ],
  [
    'pidfd_send_signal(3<pid:12>, SIGSTOP, NULL, 0) = 0',
    { op: 'pidfd_send_signal', fd: { fd: 3, pid: 12, ns: undefined }, sig: SIGSTOP, flags: 0 },
    OK,
  ],
  [
    'pidfd_send_signal(5, SIGCONT, {si_signo=SIGCONT, si_code=SI_QUEUE, si_pid=6, si_uid=0}, 2) = 0',
    { op: 'pidfd_send_signal', fd: { fd: 5, pid: undefined, ns: undefined }, sig: SIGCONT, flags: 2 },
    OK,
  ],
]

const REST: readonly Case[] = [
  ['getpid() = 5', { op: 'getpid' }, returned(5)],
  ['gettid() = 5', { op: 'gettid' }, returned(5)],
  ['set_tid_address(0x7f5ada593a10) = 5', { op: 'gettid' }, returned(5)],
  ["getppid() = 1<bash> /* 8268 in strace's PID NS */", { op: 'getppid' }, returned(1, { outer: 8268 })],
  ['setsid() = 5', { op: 'setsid' }, returned(5)],
  ['getpgrp() = 0', { op: 'getpgid', pid: 0 }, OK],
  ['getpgid(7) = 5', { op: 'getpgid', pid: 7 }, returned(5)],
  ['getsid(0) = 5', { op: 'getsid', pid: 0 }, returned(5)],
  ["setpgid(13 /* 15007 in strace's PID NS */, 13) = 0", { op: 'setpgid', pid: 13, pgid: 13 }, OK],
  ['exit(3) = ?', { op: 'exit', code: 3 }, LOST],
  ['exit_group(143)   = ?', { op: 'exit_group', code: 143 }, LOST],
  [
    'execve("/usr/bin/sh", ["sh", "-c", "echo \\")\\" = <unfinished ...>"...], 0x7ffc40ae0900 /* 7 vars */) = 0',
    { op: 'execve', file: '/usr/bin/sh', command: 'sh -c echo ")" = <unfinished ...>...' },
    OK,
  ],
  [
    'execve("\\x2f\\x61\\303\\251\\33\\377", ["\\303\\251", "a\\tb", ...], ["A=b", ...]) = -1 ENOENT (No such file or directory)',
    { op: 'execve', file: '/aé\\33\\377', command: 'é a\\tb ...' },
    { kind: 'failed', errno: ENOENT },
  ],
  [
    'execve(NULL, NULL, NULL) = -1 EFAULT (Bad address)',
    { op: 'execve', file: '', command: '' },
    { kind: 'failed', errno: 14 },
  ],
  [
    'execveat(AT_FDCWD</tmp>, "x", ["x", "y"], NULL, AT_SYMLINK_NOFOLLOW) = 0',
    { op: 'execve', file: 'x', command: 'x y' },
    OK,
  ],
  ['prctl(PR_SET_CHILD_SUBREAPER, 1) = 0', { op: 'prctl', option: PR_SET_CHILD_SUBREAPER, arg: 1 }, OK],
  ['prctl(PR_SET_PDEATHSIG, SIGKILL) = 0', { op: 'prctl', option: PR_SET_PDEATHSIG, arg: SIGKILL }, OK],
  ['prctl(PR_GET_PDEATHSIG, [SIGKILL]) = 0', { op: 'prctl', option: PR_GET_PDEATHSIG, arg: SIGKILL }, OK],
  [
    'prctl(0x2 /* PR_GET_PDEATHSIG */, [9 /* SIGKILL */]) = 0',
    { op: 'prctl', option: PR_GET_PDEATHSIG, arg: 9 },
    OK,
  ],
  ['prctl(PR_SET_NAME, "a)b> = \\"x\\\\y") = 0', { op: 'comm', name: 'a)b> = "x\\y' }, OK],
  [
    `rt_sigaction(SIGCHLD, ${SET_SIGCHLD}, {sa_handler=SIG_DFL, sa_mask=[], sa_flags=0}, 8) = 0`,
    { op: 'rt_sigaction', sig: SIGCHLD, handler: 'ign', flags: 0x14000002 },
    OK,
  ],
  [
    'rt_sigaction(SIGRT_15, {sa_handler=0x563934829f30, sa_mask=~[RTMIN RT_1], sa_flags=0}, NULL, 8) = 0',
    { op: 'rt_sigaction', sig: 47, handler: 'fn', flags: 0 },
    OK,
  ],
  [
    'rt_sigaction(20 /* SIGTSTP */, {sa_handler=0 /* SIG_DFL */, sa_mask=[], sa_flags=0x4000000 /* SA_RESTORER */}, NULL, 8) = 0',
    { op: 'rt_sigaction', sig: 20, handler: 'dfl', flags: 0x4000000 },
    OK,
  ],
  ['unshare(CLONE_NEWNS|CLONE_NEWPID) = 0', { op: 'unshare', flags: CLONE_NEWNS | CLONE_NEWPID }, OK],
  [
    'setns(3<pid:[4026532184]>, CLONE_NEWPID) = 0',
    { op: 'setns', fd: { fd: 3, pid: undefined, ns: 4026532184 }, nstype: CLONE_NEWPID },
    OK,
  ],
  ['setns(3, 0) = 0', { op: 'setns', fd: { fd: 3, pid: undefined, ns: undefined }, nstype: 0 }, OK],
]

describe('a call in one line', () => {
  for (const [text, call, outcome] of [...CREATIONS, ...WAITS, ...SENT, ...REST]) {
    it(text.slice(0, 100), () => {
      const span = { by: 5, line: 1, time: '1795322961.469619', call, last: 1, outcome }
      const acts = actsOf([`5     1795322961.469619 ${text}`])
      assert.deepEqual(
        acts.filter(({ kind }) => kind !== 'comments'),
        [{ kind: 'call', span }],
      )
    })
  }
})

describe('a call that does not bear on processes only shows that its caller lives', () => {
  const others = [
    'close(3) = 0',
    'write(2, ") = 7 <unfinished ...>\\n"..., 20) = 20',
    'read(3</dev/pts/0<char 136:0>>,  <unfinished ...>',
    '<... read resumed>"kill(1, 9) = 0\\n", 100) = 15',
    'restart_syscall(<... resuming interrupted read ...>) = 0',
    'rt_sigaction(SIGINT, NULL, {sa_handler=SIG_DFL, sa_mask=[], sa_flags=0}, 8) = 0',
    'prctl(PR_CAPBSET_READ, CAP_MAC_OVERRIDE) = 1',
    'syscall_0x1c3(0x1, 0x2) = -1 ENOSYS (Function not implemented)',
    '????( <unfinished ...>',
  ]
  for (const text of others) {
    it(text, () => {
      assert.deepEqual(actsOf([`5     05:02:24 ${text}`]), [
        { kind: 'other', line: 1, by: 5, time: '05:02:24' },
      ])
    })
  }
})

describe('what stands in front of a line', () => {
  const heads: [head: string, time: string][] = [
    ['5     ', ''],
    ['5     05:02:24 ', '05:02:24'],
    ['5     05:02:24.289611 ', '05:02:24.289611'],
    ['5     1795322961.469619 ', '1795322961.469619'],
    ['5     1795322961 ', '1795322961'],
    ['5          0.024667 ', '0.024667'],
    ['5     17:22:03 (+     0.000708) ', '17:22:03'],
    ['5     17:22:03.663553 [  39] [00007fd4228d94e7] ', '17:22:03.663553'],
    ['5<python3> 1795323457.014726 ', '1795323457.014726'],
    [`5<${COMM}> 17:22:01.847055 `, '17:22:01.847055'],
  ]
  for (const [head, time] of heads) {
    it(`${head}getpid() = 5`, () => {
      assert.ok(isStrace(`${head}getpid() = 5`))
      const [act] = actsOf([`${head}getpid() = 5`])
      assert.ok(act?.kind === 'call')
      assert.deepEqual([act.span.by, act.span.time, act.span.outcome], [5, time, returned(5)])
    })
  }

  it('times of many lengths in one log', () => {
    const times = ['9.999999', '10.000000', '9.0', '100.123456', '1']
    const spans = callsOf(times.map((time) => `5     ${time} getpid() = 5`))
    assert.deepEqual(
      spans.map(({ time }) => time),
      times,
    )
  })
})

describe('signals, stops and ends', () => {
  const base = { line: 1, by: 7, time: '' }
  const sent = { kind: 'signal', ...base, outer: undefined, status: undefined }
  const rows: [text: string, act: object][] = [
    [
      '--- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=5, si_uid=0} ---',
      { ...sent, sig: SIGTERM, code: 0, pid: 5 },
    ],
    [
      "--- SIGTERM {si_signo=SIGTERM, si_code=SI_TKILL, si_pid=5<sh> /* 105 in strace's PID NS */, si_uid=0} ---",
      { ...sent, sig: SIGTERM, code: -6, pid: 5, outer: 105 },
    ],
    [
      '--- SIGTSTP {si_signo=SIGTSTP, si_code=SI_KERNEL} ---',
      { ...sent, sig: 20, code: 128, pid: undefined },
    ],
    [
      '--- SIGALRM {si_signo=SIGALRM, si_code=SI_TIMER, si_timerid=0, si_overrun=0, si_int=0, si_ptr=NULL} ---',
      { ...sent, sig: 14, code: -2, pid: undefined },
    ],
    [
      '--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL} ---',
      { ...sent, sig: 11, code: 1, pid: undefined },
    ],
    [
      '--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=6, si_uid=0, si_status=3, si_utime=0, si_stime=0} ---',
      { ...sent, sig: SIGCHLD, code: 1, pid: 6, status: 3 },
    ],
    [
      '--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_KILLED, si_pid=8, si_uid=0, si_status=SIGTERM, si_utime=0, si_stime=1 /* 0.01 s */} ---',
      { ...sent, sig: SIGCHLD, code: 2, pid: 8, status: SIGTERM },
    ],
    [
      '--- SIGCHLD {si_signo=17 /* SIGCHLD */, si_code=0x5 /* CLD_STOPPED */, si_pid=8, si_uid=0, si_status=19 /* SIGSTOP */} ---',
      { ...sent, sig: SIGCHLD, code: 5, pid: 8, status: SIGSTOP },
    ],
    [
      '--- SIGUSR2 {si_signo=SIGUSR2, si_code=0x1, si_pid=10, si_uid=0, si_int=6, si_ptr=0x6} ---',
      { ...sent, sig: SIGUSR2, code: 1, pid: 10, status: 6 },
    ],
    [
      '--- SIGTERM {si_signo=SIGTERM, si_code=SI_QUEUE, si_pid=5, si_uid=0, si_int=7, si_ptr=0x7} ---',
      { ...sent, sig: SIGTERM, code: -1, pid: 5 },
    ],
    ['--- stopped by SIGSTOP ---', { kind: 'stopped', ...base, sig: SIGSTOP }],
    ['+++ exited with 3 +++', { kind: 'gone', ...base, status: 0x300 }],
    ['+++ killed by SIGKILL +++', { kind: 'gone', ...base, status: SIGKILL }],
    ['+++ killed by SIGSEGV (core dumped) +++', { kind: 'gone', ...base, status: 0x8b }],
    ['+++ killed by SIGRT_2 +++', { kind: 'gone', ...base, status: 34 }],
    ['+++ superseded by execve in pid 26 +++', { kind: 'superseded', ...base, thread: 26 }],
  ]
  for (const [text, act] of rows)
    it(text.slice(0, 100), () => assert.deepEqual(actsOf([`7     ${text}`])[0], act))
})

describe('a call in two lines', () => {
  const rows: [what: string, lines: string[], call: SpanCall, outcome: SpanOutcome][] = [
    [
      'a fork',
      [
        'clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD <unfinished ...>',
        '<... clone resumed>, child_tidptr=0x7f04d3a75a10) = 4',
      ],
      FORKED,
      returned(4),
    ],
    [
      'vfork',
      ['vfork( <unfinished ...>', '<... vfork resumed>) = 10'],
      clone(CLONE_VFORK | CLONE_VM),
      returned(10),
    ],
    [
      'wait4, whose options come last',
      [
        'wait4(-1,  <unfinished ...>',
        '<... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 1}], WNOHANG, NULL) = 7',
      ],
      wait4(-1, WNOHANG),
      returned(7, { status: 0x100 }),
    ],
    [
      'a wait in which the caller was killed',
      ['wait4(-1,  <unfinished ...>', '<... wait4 resumed> <unfinished ...>) = ?'],
      wait4(-1),
      LOST,
    ],
    [
      'exit_group',
      ['exit_group(3 <unfinished ...>', '<... exit_group resumed>)     = ?'],
      { op: 'exit_group', code: 3 },
      LOST,
    ],
    [
      'clone3, which returns in its arguments',
      [
        'clone3({flags=CLONE_PIDFD, pidfd=0x7ffe, exit_signal=SIGCHLD, stack=NULL, stack_size=0} <unfinished ...>',
        '<... clone3 resumed> => {pidfd=[3<pid:12>]}, 88) = 12',
      ],
      clone(CLONE_PIDFD),
      returned(12, { fd: { fd: 3, pid: 12, ns: undefined } }),
    ],
    [
      'waitid',
      ['waitid(P_PIDFD, 3<pid:12>,  <unfinished ...>', `<... waitid resumed>${INFO}, WEXITED, NULL) = 0`],
      { op: 'waitid', idtype: P_PIDFD, id: 3, fd: { fd: 3, pid: 12, ns: undefined }, options: WEXITED },
      returned(0, { info: info(1, 42, 7) }),
    ],
    [
      'rt_sigaction',
      [`rt_sigaction(SIGCHLD, ${SET_SIGCHLD},  <unfinished ...>`, '<... rt_sigaction resumed>NULL, 8) = 0'],
      { op: 'rt_sigaction', sig: SIGCHLD, handler: 'ign', flags: 0x14000002 },
      OK,
    ],
  ]
  for (const [what, halves, call, outcome] of rows) {
    it(what, () => {
      const span = { by: 5, line: 1, time: '', call, last: 2, outcome }
      assert.deepEqual(callsOf(halves.map((half) => `5     ${half}`)), [span])
    })
  }
})
