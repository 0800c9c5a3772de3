/*
 * The reader of ftrace's logs: any columns, any names, calls in two lines, births in two events; lost events are told.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TraceError } from 'pidns/trace'
import type { Act } from '#internal/trace/acts.js'
import { isFtrace } from '#internal/trace/ftrace/ftrace.js'
import { actsOf, birth, call, exit, fork, HEADER, notice, row } from './ftrace_tools.ts'
import { brief } from './strace_tools.ts'

function who(act: Act | undefined): unknown[] {
  return act?.kind === 'seen' ? [act.by, act.comm, act.tgid, act.time] : []
}

const EXIT = 'sched_process_exit: comm=x pid=91 prio=120 group_dead=true'

const fronts: [what: string, line: string, seen: unknown[]][] = [
  [
    'as the kernel prints it',
    `            bash-91      [001] .....  5292.551302: ${EXIT}`,
    [91, 'bash', 0, '5292.551302'],
  ],
  [
    'with a process',
    `            bash-91      (     90) [001] d..1.  5292.5: ${EXIT}`,
    [91, 'bash', 90, '5292.5'],
  ],
  [
    'with a process unknown',
    `            bash-91      (-------) [001] .....  5292.5: ${EXIT}`,
    [91, 'bash', 0, '5292.5'],
  ],
  ['without marks', `            bash-91      [001]  5292.551302: ${EXIT}`, [91, 'bash', 0, '5292.551302']],
  [
    'with a name forgotten',
    `           <...>-91      [000] .....  5292.551302: ${EXIT}`,
    [91, '', 0, '5292.551302'],
  ],
  [
    'a dash and a slash in the name',
    `     ksoftirqd/1-91      [001] ..s..  5292.5: ${EXIT}`,
    [91, 'ksoftirqd/1', 0, '5292.5'],
  ],
  [
    'a colon in the name',
    `    memfd:sealed-91      [001] .....  5292.5: ${EXIT}`,
    [91, 'memfd:sealed', 0, '5292.5'],
  ],
  [
    'a name like a front',
    `  a-7 [0] 1.5: x-91      [001] .....  5292.5: ${EXIT}`,
    [91, 'a-7 [0] 1.5: x', 0, '5292.5'],
  ],
  [
    'letters of several bytes',
    `   grüße-müll-91      [001] .....  5292.5: ${EXIT}`,
    [91, 'grüße-müll', 0, '5292.5'],
  ],
  ['cut short at the left', `bash-91 [001] ..... 5292.5: ${EXIT}`, [91, 'bash', 0, '5292.5']],
  ['a clock that counts', `            true-91      [001] .....            5: ${EXIT}`, [91, 'true', 0, '5']],
  ['in latency-format', `   sleep-91        0..... 14315926054us!: ${EXIT}`, [91, 'sleep', 0, '14315926054']],
  [
    'as trace-cmd prints it',
    `            bash-91    [001]  5292.551302: sched_process_exit:   comm=x pid=91 prio=120`,
    [91, 'bash', 0, '5292.551302'],
  ],
]

describe('the front of a line', () => {
  for (const [what, line, seen] of fronts) {
    it(`${what}`, () => {
      const [first, second] = actsOf([line])
      assert.deepEqual(who(first), seen)
      assert.equal(second?.kind, 'exits')
      assert.ok(isFtrace(line))
    })
  }
})

describe('births', () => {
  it('refuses events printed as fields', () => {
    const event = 'sched_process_wait: comm=bash pid=0x32 (50) prio=0x78 (120)'
    assert.throws(() => actsOf([HEADER, row(0, 50, event)]), /option fields/)
  })

  it('two events are one birth, whatever comes between them', () => {
    const [made, forked] = birth(10, 5, 6) as [string, string]
    const acts = actsOf([row(1, 5, 'x: y'), made, exit(12, 9), forked])
    assert.deepEqual(acts.map(brief), ['seen 5 1', 'birth 5 2', 'seen 9 3', 'exits 9 3'])
    const [, act] = acts
    assert.ok(act?.kind === 'birth')
    assert.deepEqual([act.child, act.again, act.againLine, act.since, act.flags], [6, 6, 4, 1, 0x1200000])
  })

  it('sched_process_fork alone is a birth, and so is task_newtask', () => {
    assert.deepEqual(actsOf([fork(1, 5, 6), fork(2, 5, 7)]).map(brief), [
      'seen 5 1',
      'birth 5 1',
      'birth 5 2',
    ])
    const alone = [...birth(1, 5, 6).slice(0, 1), ...birth(3, 5, 7).slice(0, 1)]
    assert.deepEqual(actsOf(alone).map(brief), ['seen 5 1', 'birth 5 1', 'birth 5 2'])
  })

  it('knows the exit signal from clone, the number in the namespace from its result', () => {
    const lines = [
      row(1, 5, 'sys_clone(clone_flags: 0x2000000a, newsp: 0)'),
      ...birth(2, 5, 6, '20000000'),
      row(9, 5, 'sys_clone -> 0x2'),
      row(9, 6, 'sys_clone -> 0x0'),
    ]
    const acts = actsOf(lines)
    assert.deepEqual(acts.map(brief), ['seen 5 1', 'birth 5 2', 'told 5 4'])
    const [, made, told] = acts
    assert.ok(made?.kind === 'birth' && told?.kind === 'told')
    assert.deepEqual([made.exitSignal, made.since, told.child, told.value], [10, 1, 6, 2])
  })

  it('a thread has no exit signal', () => {
    const [, act] = actsOf(birth(1, 5, 6, '3d0f00'))
    assert.ok(act?.kind === 'birth')
    assert.equal(act.exitSignal, 0)
  })
})

describe('calls', () => {
  const rows: [text: string, result: string, brief: string][] = [
    ['sys_setsid()', '0x7431', 'call 5 setsid 1-2 29745'],
    ['sys_setpgid(pid: 0xf, pgid: 0xf)', '0x0', 'call 5 setpgid 1-2 0'],
    ['sys_kill(pid: 0xfffffff1, sig: 9)', '0xfffffffffffffffd', 'call 5 kill 1-2 failed'],
    ['sys_kill(pid: 0xfffffff1, sig: 9)', '0xfffffffd', 'call 5 kill 1-2 failed'],
    ['sys_getppid()', '0x1', 'call 5 getppid 1-2 1'],
    ['sys_unshare(unshare_flags: 0x20020000)', '0x0', 'call 5 unshare 1-2 0'],
    ['sys_tgkill(tgid: 7, pid: 8, sig: 6)', '0x0', 'call 5 tgkill 1-2 0'],
  ]
  for (const [text, result, expected] of rows) {
    it(`${text} -> ${result}`, () => {
      assert.deepEqual(actsOf(call(1, 5, text, result)).map(brief), ['seen 5 1', expected])
    })
  }

  it('takes arguments with their signs', () => {
    const [, act] = actsOf(call(1, 5, 'sys_kill(pid: 0xfffffff1, sig: 0xf)', '0x0'))
    assert.ok(act?.kind === 'call')
    assert.deepEqual(act.span.call, { op: 'kill', pid: -15, sig: 15 })
  })

  it('a result from -512 to -516 is a call that comes again', () => {
    for (const [result, kind] of [
      ['0xfffffffffffffe00', 'restarted'],
      ['0xfffffffffffffdfc', 'restarted'],
      ['0xfffffffffffffdfb', 'failed'],
    ] as const) {
      const [, entry, end] = actsOf(call(1, 5, 'sys_wait4(upid: 0xffffffff, options: 0, ru: 0)', result))
      assert.deepEqual(
        [entry, end].map((act) => brief(act as Act)),
        ['enter 5 wait4 1-0 unknown', `leave 5 wait4 1-2 ${kind}`],
      )
    }
  })

  it('what comes between the lines of a call comes between its acts', () => {
    const [enter, leave] = call(1, 5, 'sys_kill(pid: 6, sig: 9)', '0x0') as [string, string]
    const sent = row(2, 5, 'signal_generate: sig=9 errno=0 code=0 comm=a pid=6 b pid=6 grp=1 res=0')
    assert.deepEqual(actsOf([enter, sent, leave]).map(brief), [
      'seen 5 1',
      'enter 5 kill 1-3 0',
      'seen 6 2',
      'sent 5 2',
      'leave 5 kill 1-3 0',
    ])
  })

  it('a call whose caller ends is lost', () => {
    const acts = actsOf([
      row(1, 5, 'sys_wait4(upid: 0xffffffff, stat_addr: 0, options: 0, ru: 0)'),
      exit(2, 5),
    ])
    assert.deepEqual(acts.map(brief), [
      'seen 5 1',
      'enter 5 wait4 1-0 unknown',
      'leave 5 wait4 1-2 lost',
      'exits 5 2',
    ])
  })

  it('are named otherwise by trace-cmd', () => {
    const lines = [
      row(1, 5, 'sys_enter_kill:   pid: 0x00000006, sig: 0x00000009'),
      row(2, 5, 'sys_exit_kill:   0x0'),
    ]
    assert.deepEqual(actsOf(lines).map(brief), ['seen 5 1', 'call 5 kill 1-2 0'])
  })
})

describe('other events', () => {
  it('an exec by a thread that is not the first', () => {
    const acts = actsOf([row(1, 5, 'sched_process_exec: filename=/bin/a pid=9 b pid=5 old_pid=7')])
    assert.deepEqual(acts.map(brief), ['seen 5 1', 'superseded 5 1', 'call 5 execve 1 0'])
    const [, , act] = acts
    assert.ok(act?.kind === 'call' && act.span.call.op === 'execve')
    assert.equal(act.span.call.file, '/bin/a pid=9 b')
  })

  it('whether a task was the last of its process, where that is told', () => {
    const lines = [exit(1, 5, false), exit(2, 6), row(3, 7, 'sched_process_exit: comm=a pid=7 prio=120')]
    const told = actsOf(lines).flatMap((act) => (act.kind === 'exits' ? [act.last] : []))
    assert.deepEqual(told, [false, true, undefined])
  })

  it('a stop is told by its notice', () => {
    const stop = row(1, 5, 'signal_deliver: sig=19 errno=0 code=0 sa_handler=0 sa_flags=0')
    assert.deepEqual(actsOf([stop, notice(2, 5, 4, 5)]).map(brief), [
      'seen 5 1',
      'signal 5 1',
      'seen 4 2',
      'sent 5 2',
      'stopped 5 2',
    ])
  })

  it('a line that names its task twice must agree with itself', () => {
    const acts = actsOf([row(1, 5, 'sched_process_exit: comm=a pid=7 prio=120 group_dead=true')])
    assert.ok(acts.some((act) => act.kind === 'clash' && act.expected === '7' && act.actual === '5'))
  })

  it('events of no concern, stacks and comments say nothing but who lives', () => {
    const lines = [
      HEADER,
      '#',
      row(1, 5, 'sched_switch: prev_comm=a ==> next_comm=b'),
      ' => do_fork',
      '',
      row(2, 0, EXIT),
    ]
    assert.deepEqual(actsOf(lines).map(brief), ['seen 5 3'])
  })
})

describe('a log that cannot be read', () => {
  const rows: [what: string, lines: string[], line: number, message: RegExp][] = [
    [
      'lost events by its header',
      ['# entries-in-buffer/entries-written: 416/630   #P:2'],
      1,
      /lost 214 events.*buffer_size_kb/,
    ],
    ['lost events by a line', [HEADER, 'CPU:0 [LOST 12 EVENTS]'], 2, /lost 12 events.*buffer_size_kb/],
    [
      'a line of something else',
      [HEADER, 'bash: 5'],
      2,
      /expected a line of ftrace, TASK-PID .*, got "bash: 5"/,
    ],
  ]
  for (const [what, lines, line, message] of rows) {
    it(`${what}`, () => {
      assert.throws(
        () => actsOf(lines),
        (error: unknown) => error instanceof TraceError && error.line === line && message.test(error.message),
      )
    })
  }

  it('is not recognised by what other formats begin with', () => {
    for (const line of ['{"recorder":"x"}', '5  getpid() = 5', 'getpid() = 5', '# a comment', ''])
      assert.ok(!isFtrace(line), line)
  })
})
