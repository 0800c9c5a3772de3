/*
 * Logs that strace wrote to its standard error: whose each line is, and messages of strace between and in the lines.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { replayLog } from 'pidns/trace'
import { actsOf, brief } from './strace_tools.ts'
import { bytesOf, replayLines } from './trace_tools.ts'

const FORK = 'clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD'

const rows: [what: string, lines: string[], acts: string[]][] = [
  [
    'a message falls into a line; the next line is its rest',
    [
      'getpid()                                = 4',
      `${FORK}strace: Process 5 attached`,
      ', child_tidptr=0x7f98f5b94a10) = 5',
      '[pid     5] getpid()                    = 5',
      `[pid     4] ${FORK}strace: Process 6 attached`,
      ' <unfinished ...>',
      'strace: Process 7 attached',
      'strace: Exit of unknown pid 34 ignored',
      '[pid     4] <... clone resumed>, child_tidptr=0x7f98f5b94a10) = 6',
      '[pid     5] +++ exited with 0 +++',
      '[pid     6] +++ exited with 0 +++',
      '[pid     7] +++ exited with 0 +++',
      'getppid()                               = 1',
    ],
    [
      'call 4 getpid 1 4',
      'call 4 clone 2 5',
      'call 5 getpid 4 5',
      'enter 4 clone 5-9 6',
      'leave 4 clone 5-9 6',
      'gone 5 10',
      'gone 6 11',
      'gone 7 12',
      'call 4 getppid 13 1',
    ],
  ],
  [
    'what the programs print there stands between the lines',
    [
      'getpid()                                = 4',
      `${FORK}strace: Process 5 attached`,
      ', child_tidptr=0x7f98f5b94a10) = 5',
      '[1]-  Terminated              sleep 0.3',
      '',
      'Traceback (most recent call last):',
      '    print(os.waitpid(p, 0))',
      '[pid     5] getpid()                    = 5',
    ],
    ['call 4 getpid 1 4', 'call 4 clone 2 5', 'call 5 getpid 8 5'],
  ],
  [
    'what the first line says of the number is outvoted by what two others say',
    ['getpid() = 8', 'getppid() = 1', 'getpid() = 4', 'gettid() = 4', 'getppid() = 1'],
    [
      'call 4 getpid 1 8',
      'call 4 getppid 2 1',
      'call 4 getpid 3 4',
      'call 4 gettid 4 4',
      'call 4 getppid 5 1',
    ],
  ],
  [
    'two messages fall into one line',
    [
      'gettid() = 4',
      'vfork(strace: Process 5 attached',
      'strace: Process 6 attached',
      ' <unfinished ...>',
      '[pid 5] exit_group(0) = ?',
      '[pid 4] <... vfork resumed>) = 5',
    ],
    ['call 4 gettid 1 4', 'enter 4 clone 2-6 5', 'call 5 exit_group 5 lost', 'leave 4 clone 2-6 5'],
  ],
  [
    'the parent ends first, and the line without a number is the child’s',
    [
      'set_tid_address(0x7f) = 4<sh> <0.000009>',
      `${FORK}strace: Process 5 attached`,
      ', child_tidptr=0x7f) = 5<sh>',
      '[pid     4<sh>] +++ exited with 0 +++',
      'getppid() = 1<systemd>',
    ],
    ['call 4 gettid 1 4', 'call 4 clone 2 5', 'gone 4 4', 'call 5 getppid 5 1'],
  ],
  [
    'the number of the first task comes with the first line in brackets that is not its child’s',
    [
      'execve("/bin/sh", ["sh"], 0x7f /* 5 vars */) = 0',
      'vfork(strace: Process 9 attached',
      ' <unfinished ...>',
      '[pid 9] exit_group(0) = ?',
      '[pid 4] <... vfork resumed>) = 9',
    ],
    ['call 4 execve 1 0', 'enter 4 clone 2-5 9', 'call 9 exit_group 4 lost', 'leave 4 clone 2-5 9'],
  ],
  [
    'or, with -q, with the return of the call that made the child',
    ['vfork( <unfinished ...>', '[pid 9] exit_group(0) = ?', '[pid 4] <... vfork resumed>) = 9'],
    ['enter 4 clone 1-3 9', 'call 9 exit_group 2 lost', 'leave 4 clone 1-3 9'],
  ],
  [
    'with -q, a child that is known from the line that made it',
    [`${FORK}, child_tidptr=0x7f) = 9`, '[pid 9] getpid() = 9', '[pid 4] getppid() = 1'],
    ['call 4 clone 1 9', 'call 9 getpid 2 9', 'call 4 getppid 3 1'],
  ],
  [
    'or is one less than the first child’s, if the log never tells',
    [
      'vfork(strace: Process 9 attached',
      ' <unfinished ...>',
      '[pid 9] exit_group(0) = ?',
      '[pid 9] +++ exited with 0 +++',
      '<... vfork resumed>) = 9',
    ],
    ['enter 8 clone 1-5 9', 'call 9 exit_group 3 lost', 'gone 9 4', 'leave 8 clone 1-5 9'],
  ],
  [
    'or 2, if there is no child',
    ['execve("/bin/true", ["true"], 0x7f) = 0', '+++ exited with 0 +++'],
    ['call 2 execve 1 0', 'gone 2 2'],
  ],
  [
    'with -p, the first message tells it',
    [
      'strace: Process 12 attached',
      'wait4(-1, NULL, 0, NULL) = 20',
      'strace: Process 12 detached',
      ' <detached ...>',
    ].slice(0, 3),
    ['call 12 wait4 2 20'],
  ],
  [
    'with -qq no end is told: a line without a number belongs to whoever is still in that call',
    [
      'getpid() = 4',
      `${FORK}, child_tidptr=0x7f) = 5`,
      '[pid 5] getpid() = 5',
      '[pid 4] wait4(-1,  <unfinished ...>',
      '[pid 5] kill(5, SIGKILL) = ?',
      '<... wait4 resumed>NULL, 0, NULL) = 5',
      'getppid() = 1',
    ],
    [
      'call 4 getpid 1 4',
      'call 4 clone 2 5',
      'call 5 getpid 3 5',
      'enter 4 wait4 4-0 unknown',
      'call 5 kill 5 lost',
      'leave 4 wait4 4-6 5',
      'call 4 getppid 7 1',
    ],
  ],
  [
    'with -qq a task that has called exit_group is the less likely one',
    [
      'getpid() = 4',
      `${FORK}, child_tidptr=0x7f) = 5`,
      '[pid 5] getpid() = 5',
      '[pid 4] exit_group(0) = ?',
      'getppid() = 1',
    ],
    [
      'call 4 getpid 1 4',
      'call 4 clone 2 5',
      'call 5 getpid 3 5',
      'call 4 exit_group 4 lost',
      'call 5 getppid 5 1',
    ],
  ],
  [
    'with -qq the one that is found to be left stays the only one',
    [
      'getpid() = 4',
      `${FORK}, child_tidptr=0x7f) = 5`,
      '[pid 5] wait4(-1,  <unfinished ...>',
      '[pid 4] kill(4, SIGKILL) = ?',
      '<... wait4 resumed>NULL, 0, NULL) = -1 ECHILD (No child processes)',
      'getppid() = 1',
    ],
    [
      'call 4 getpid 1 4',
      'call 4 clone 2 5',
      'enter 5 wait4 3-0 unknown',
      'call 4 kill 4 lost',
      'leave 5 wait4 3-5 failed',
      'call 5 getppid 6 1',
    ],
  ],
  [
    'a child of which only the message tells',
    ['getpid() = 4', `${FORK}strace: Process 5 attached`, ', child_tidptr=0x7f) = 5', 'getppid() = 1'],
    ['call 4 getpid 1 4', 'call 4 clone 2 5', 'call 4 getppid 4 1'],
  ],
  [
    'one of two tasks is let go',
    [
      'strace: Process 12 attached',
      'strace: Process 13 attached',
      '[pid 12] getpid() = 12',
      'strace: Process 12 detached',
      'getpid() = 13',
    ],
    ['call 12 getpid 3 12', 'call 13 getpid 5 13'],
  ],
  [
    'times in front of lines without a number',
    [
      '1795322961 execve("/bin/sh", ["sh"], 0x7f /* 5 vars */) = 0 <0.000316>',
      '1795322962 getpid() = 4 <0.000007>',
      '[pid     5] 1795322963 getppid() = 4 <0.000007>',
    ],
    ['call 4 execve 1 0', 'call 4 getpid 2 4', 'call 5 getppid 3 4'],
  ],
  [
    'an execve of a thread',
    [
      'gettid() = 4',
      'clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0}strace: Process 5 attached',
      ', 88) = 5',
      '[pid 5] execve("/bin/sh", ["sh"], 0x7ffe /* 5 vars */ <unfinished ...>',
      '[pid 4] +++ superseded by execve in pid 5 +++',
      '<... execve resumed>) = 0',
      'getppid() = 1',
    ],
    [
      'call 4 gettid 1 4',
      'call 4 clone 2 5',
      'enter 5 execve 4-6 0',
      'superseded 4 5',
      'leave 5 execve 4-6 0',
      'call 4 getppid 7 1',
    ],
  ],
]

describe('lines with a number in brackets, or with none', () => {
  for (const [what, lines, acts] of rows) it(what, () => assert.deepEqual(actsOf(lines).map(brief), acts))
})

describe('a log made without -f', () => {
  const message = /does not follow it: make the log with strace -f -o FILE -e trace=fork,vfork,.*wait4,.* CMD/
  it('is refused at the line that makes a task, before anything else is told', () => {
    const lines = [
      'getpid() = 4',
      `${FORK}, child_tidptr=0x7f) = 5`,
      'wait4(-1, NULL, 0, NULL) = 5',
      'getpid() = 4',
    ]
    assert.throws(() => actsOf(lines), { name: 'TraceError', line: 2, message })
  })
  it('also where nothing follows', () => {
    assert.throws(() => actsOf([`${FORK}, child_tidptr=0x7f) = 5`]), { name: 'TraceError', line: 1, message })
  })
  it('is read where no task is made', () => {
    assert.deepEqual(actsOf(['getpid() = 4', 'exit_group(0) = ?', '+++ exited with 0 +++']).map(brief), [
      'call 4 getpid 1 4',
      'call 4 exit_group 2 lost',
      'gone 4 3',
    ])
  })
})

describe('what programs print before there is a second task', () => {
  const lines = ['getpid() = 4', 'sh: 1: Syntax error: redirection unexpected', 'getppid() = 1']
  const first = ['call 4 getpid 1 4', 'call 4 getppid 3 1']

  it('is passed over where one comes, or the end of the first', () => {
    const child = [`vfork(strace: Process 5 attached`, ' <unfinished ...>', '[pid 5] exit_group(0) = ?']
    assert.deepEqual(
      actsOf([...lines, ...child])
        .map(brief)
        .slice(0, 2),
      first,
    )
    const end = ['exit_group(2) = ?', '+++ exited with 2 +++']
    assert.deepEqual(
      actsOf([...lines, ...end])
        .map(brief)
        .slice(0, 2),
      first,
    )
  })

  it('is refused where neither does, with a way to keep it out', () => {
    assert.throws(() => actsOf(lines), {
      name: 'TraceError',
      line: 2,
      message:
        /expected a line of strace, got "sh: 1: .*; with strace -f -o FILE what programs print stays out/,
    })
  })
})

describe('control characters', () => {
  const lines = [
    'execve("/bin/ssh", ["ssh"], 0x7f /* 5 vars */) = 0',
    'gettid() = 4',
    `${FORK}strace: Process 5 attached`,
    ', child_tidptr=0x7f) = 5',
    'Warning: added to the list of known hosts.\r',
    '\x1b[31mred\x1b[0m 10%\r20%\x7f\0',
    '[pid     5] exit_group(0) = ?',
    '[pid     5] +++ exited with 0 +++',
    'wait4(-1, NULL, 0, NULL) = 5',
  ]

  it('that programs print stand between the lines', async () => {
    const { report } = await replayLines(lines)
    assert.deepEqual(report.differences, [])
    assert.equal(report.checked, 3)
  })

  it('and other bytes, behind a time stamp as well', async () => {
    const text = lines
      .map((line) => `${line}\n`)
      .join('')
      .replace('execve', '1795322961.469619 execve')
    const bytes = new TextEncoder().encode(text)
    bytes[bytes.indexOf(0x1b)] = 0xff
    const { report } = await replayLog('test.strace', bytesOf(bytes))
    assert.deepEqual(report.differences, [])
    assert.equal(report.checked, 3)
  })

  it('are refused in the first line, and in a log with a number in front of each', async () => {
    const message = /CR LF/
    await assert.rejects(replayLines(lines.map((line) => `${line}\r`)), { line: 1, message })
    const numbered = ['4 execve("/bin/ssh", ["ssh"], 0x7f /* 5 vars */) = 0', '4 gettid() = 4\r']
    await assert.rejects(replayLines(numbered), { line: 2, message })
  })
})
