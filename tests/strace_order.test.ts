/*
 * The reader of strace's logs: acts in the order of their lines, entries that know their outcome, calls that never end.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { actsOf, brief, callsOf } from './strace_tools.ts'

const FORK = 'clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD'

const rows: [what: string, lines: string[], acts: string[]][] = [
  [
    'the entry of a fork knows the number, though the child comes first',
    [
      `5  ${FORK} <unfinished ...>`,
      '6  getpid()        = 6',
      '5  <... clone resumed>, child_tidptr=0x7f04) = 6',
    ],
    ['enter 5 clone 1-3 6', 'call 6 getpid 2 6', 'leave 5 clone 1-3 6'],
  ],
  [
    'a wait is not waited for',
    [
      '5  wait4(-1,  <unfinished ...>',
      '6  exit_group(0) = ?',
      '6  +++ exited with 0 +++',
      '5  <... wait4 resumed>NULL, 0, NULL) = 6',
    ],
    ['enter 5 wait4 1-0 unknown', 'call 6 exit_group 2 lost', 'gone 6 3', 'leave 5 wait4 1-4 6'],
  ],
  [
    'within what is held back by a fork, a wait keeps its place',
    [
      '5  vfork( <unfinished ...>',
      '7  wait4(-1,  <unfinished ...>',
      '6  execve("/bin/true", ["true"], 0x7f /* 5 vars */) = 0',
      '5  <... vfork resumed>) = 6',
    ],
    ['enter 5 clone 1-4 6', 'enter 7 wait4 2-0 unknown', 'call 6 execve 3 0', 'leave 5 clone 1-4 6'],
  ],
  [
    'two forks that overlap',
    [
      '5  vfork( <unfinished ...>',
      '7  vfork( <unfinished ...>',
      '7  <... vfork resumed>) = 8',
      '5  <... vfork resumed>) = 9',
    ],
    ['enter 5 clone 1-4 9', 'enter 7 clone 2-3 8', 'leave 7 clone 2-3 8', 'leave 5 clone 1-4 9'],
  ],
  [
    'a call of a task that is killed in it',
    ['6  kill(6, SIGKILL <unfinished ...>', '5  getpid() = 5', '6  +++ killed by SIGKILL +++'],
    ['enter 6 kill 1-3 lost', 'call 5 getpid 2 5', 'leave 6 kill 1-3 lost', 'gone 6 3'],
  ],
  [
    'exit_group that is not resumed',
    ['6  exit_group(0 <unfinished ...>', '6  +++ exited with 0 +++'],
    ['enter 6 exit_group 1-0 unknown', 'leave 6 exit_group 1-2 lost', 'gone 6 2'],
  ],
  [
    'a wait that is not resumed before the next call',
    ['6  wait4(-1,  <unfinished ...>', '6  close(3) = 0'],
    ['enter 6 wait4 1-0 unknown', 'clash 6 2', 'other 6 2', 'clash 6 1'],
  ],
  [
    'a call that is open when the log ends',
    ['6  vfork( <unfinished ...>', '7  wait4(7,  <detached ...>', '8  getpid() = 8'],
    ['enter 6 clone 1-0 open', 'enter 7 wait4 2-0 unknown', 'call 8 getpid 3 8'],
  ],
  [
    'an execve that makes a thread the first of its process',
    [
      '26    execve("/bin/sh", ["sh"], 0x7ffe /* 5 vars */ <unfinished ...>',
      '24    wait4(-1,  <unfinished ...>',
      '25    +++ exited with 0 +++',
      '24    +++ superseded by execve in pid 26 +++',
      '24    <... execve resumed>) = -1 (errno 18446744073709551398)',
      '24    getpid() = 24',
    ],
    [
      'enter 26 execve 1-5 0',
      'enter 24 wait4 2-4 lost',
      'gone 25 3',
      'leave 24 wait4 2-4 lost',
      'superseded 24 4',
      'leave 26 execve 1-5 0',
      'call 24 getpid 6 24',
    ],
  ],
  [
    'a second half that is alone',
    [
      '5     <... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 1}], 0, NULL) = 7',
      '6     <... clone resumed>, child_tidptr=0x7f) = 9',
      '7     <... kill resumed>) = 0',
      '8     <... execve resumed>) = 0',
      '9     <... futex resumed>) = 0',
    ],
    ['call 5 wait4 1 7', 'other 6 2', 'other 7 3', 'other 8 4', 'other 9 5'],
  ],
]

describe('acts come in the order of their lines', () => {
  for (const [what, lines, acts] of rows) it(what, () => assert.deepEqual(actsOf(lines).map(brief), acts))
})

it('a fork whose outcome does not come holds back 20,000 acts, and goes out without it then', () => {
  const busy = Array.from({ length: 19_998 }, () => '6     getpid() = 6')
  const lines = ['5     vfork( <unfinished ...>', ...busy, '5     <... vfork resumed>) = 6']
  assert.equal(brief(actsOf(lines)[0] as never), 'enter 5 clone 1-20000 6')
  const more = ['5     vfork( <unfinished ...>', ...busy, ...busy, '5     <... vfork resumed>) = 6']
  const acts = actsOf(more).map(brief)
  assert.equal(acts[0], 'enter 5 clone 1-0 unknown')
  assert.equal(acts.at(-1), 'leave 5 clone 1-39998 6')
  assert.equal(acts.length, more.length)
})

const CALLS = [
  `${FORK}, child_tidptr=0x7f04) = 6`,
  'clone3({flags=CLONE_PIDFD, pidfd=0x7f, exit_signal=SIGCHLD, stack=NULL} => {pidfd=[3<pid:12>]}, 88) = 12',
  'clone(child_stack=0x55, flags=CLONE_VM|CLONE_PIDFD|SIGUSR2, parent_tid=[4<pid:38<ex>>]) = 38<ex> <0.000127>',
  "wait4(-1, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGABRT && WCOREDUMP(s)}], WNOHANG|__WALL, NULL) = 7 /* 9 in strace's PID NS */",
  'waitid(P_PIDFD, 3<pid:12>, {si_signo=SIGCHLD, si_code=CLD_KILLED, si_pid=12, si_uid=0, si_status=SIGTERM, si_utime=0}, WEXITED, NULL) = 0',
  "kill(-13 /* 15007 in strace's PID NS */, SIGTERM) = -1 ESRCH (No such process)",
  'tgkill(6, 7, SIGKILL) = 0',
  'setpgid(0, 7) = 0',
  'getppid() = 1<bash>',
  'pidfd_send_signal(3<pid:12>, SIGTERM, {si_signo=SIGTERM, si_code=SI_QUEUE, si_pid=5}, 0) = 0',
  'execve("/bin/sh", ["sh", "-c", "exit 3"], 0x7f /* 5 vars */) = 0',
  'prctl(PR_SET_NAME, "sh") = 0',
  'prctl(PR_GET_CHILD_SUBREAPER, [1]) = 0',
  'rt_sigaction(SIGCHLD, {sa_handler=SIG_IGN, sa_mask=[USR2], sa_flags=SA_NOCLDWAIT, sa_restorer=0x7f}, {sa_handler=SIG_DFL, sa_mask=[], sa_flags=0}, 8) = 0',
  'setns(3<pid:[4026532184]>, CLONE_NEWPID) = 0',
  'exit_group(3) = ?',
]

it('a call is the same wherever its line is cut in two', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...CALLS), fc.nat(), fc.boolean()), { minLength: 1 }),
      (cuts) => {
        const whole = cuts.map(([text], at) => `${at + 2} ${text}`)
        const firsts: string[] = []
        const seconds: string[] = []
        for (const [at, [text, cut, split]] of cuts.entries()) {
          const name = text.slice(0, text.indexOf('('))
          const last = text.lastIndexOf(') = ')
          const place = name.length + 1 + (cut % (last - name.length))
          firsts.push(split ? `${at + 2} ${text.slice(0, place)} <unfinished ...>` : `${at + 2} ${text}`)
          if (split) seconds.push(`${at + 2} <... ${name} resumed>${text.slice(place)}`)
        }
        const essence = (lines: string[]) =>
          callsOf(lines)
            .sort((a, b) => a.by - b.by)
            .map(({ by, call, outcome }) => ({ by, call, outcome }))
        assert.deepEqual(essence([...firsts, ...seconds]), essence(whole))
      },
    ),
  )
})

describe('lines that are none of strace', () => {
  const broken: [text: string, message: RegExp][] = [
    ['', /expected a line of strace/],
    ['getpid() = 6', /expected a line of strace.*getpid/],
    ['5     sh: not found', /expected a line of strace.*sh: not found/],
    ['5     kill(7, SIGTERM)', /expected \) = and a result/],
    ['5     kill(7, SIGTERM) = ', /expected a result/],
    ['5     kill(7, SIGTERM) = -1 ENOTHING (Nothing)', /expected the name of an error, got "ENOTHING/],
    ['5     kill(seven, SIGTERM) = 0', /expected a number, got "seven/],
    ['5     kill(7, SIGNOTHING) = 0', /expected a signal, got "SIGNOTHING/],
    ['5     <... wait4 resum', /expected a line of strace/],
    ['5     +++ exited with', /expected an end/],
    ['5     +++ gone +++', /expected an end of a task, got "gone/],
    ['5     --- SIGTERM {si_signo=SIGTERM, si_code=SI_U', /expected a signal up to its ---/],
  ]
  for (const [text, message] of broken) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => actsOf(['5     getpid() = 5', text]),
        (error: { name: string; line: number; message: string }) => {
          assert.equal(error.name, 'TraceError')
          assert.equal(error.line, 2)
          assert.match(error.message, message)
          return true
        },
      )
    })
  }

  it('skips the places in the program that -k prints', () => {
    assert.equal(actsOf(['5     getpid() = 5', ' > /usr/lib/libc.so.6(getpid+0x7) [0x1ab70]']).length, 1)
  })
})
