/*
 * `pidns run`: the command in front of which it hangs notices nothing of it, and whatever that leaves behind is named.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import {
  cannotTrace,
  folder,
  goneByItself,
  lacks,
  linesOf,
  MAIN,
  marked,
  put,
  type Ran,
  run,
  start,
} from './run_tools.ts'

const skip = cannotTrace
const isRoot = process.getuid?.() === 0

/** The last line of stderr, as --json prints it. */
function reportOf({ stderr }: Ran) {
  return JSON.parse(stderr.trimEnd().split('\n').at(-1) as string)
}

function pidsOf(list: readonly { pid: number }[]): number[] {
  return list.map(({ pid }) => pid).sort((a, b) => a - b)
}

describe('a command that leaves nothing behind', { skip }, () => {
  it('is not spoken of', async () => {
    const { status, stdout, stderr } = await run([
      '--',
      'sh',
      '-c',
      'echo out; (echo sub; true) | cat; exit 0',
    ])
    assert.deepEqual([status, `${stdout}`, stderr], [0, 'out\nsub\n', ''])
  })

  it('may be a make -j2', { skip: skip || lacks('make', 'apt-get install make') }, async () => {
    const names = Array.from({ length: 12 }, (_, i) => `t${i}`)
    const rules = names.map(
      (name, i) => `${name}: ${i > 3 ? `t${i - 4}` : ''}\n\t@sleep 0.02; (echo ${name} | cat) >/dev/null\n`,
    )
    put('Makefile', `all: ${names.join(' ')}\n${rules.join('')}`)
    const { status, stdout, stderr } = await run(['make', '-s', '-j2'])
    assert.deepEqual([status, `${stdout}`, stderr], [0, '', ''])
  })

  it('is spoken of with --verbose, and always with --json', async () => {
    const { stderr } = await run(['-v', 'true'])
    assert.match(
      stderr,
      /^pidns run: nothing was left\npidns run: 1 process, \d+ lines in [\d.]+ s; \d+ results? checked, \d+ equal\n$/,
    )
    const report = reportOf(await run(['--json', '--', 'sh', '-c', 'true; true & wait']))
    assert.deepEqual(
      [report.status, report.signal, report.outlived, report.zombies, report.trouble],
      [0, null, [], [], null],
    )
    assert.deepEqual(report.command, ['sh', '-c', 'true; true & wait'])
    assert.equal(report.checked, report.matched)
    assert.ok(report.processes >= 2)
  })

  it('may have children that end a moment after it', async () => {
    const script = 'sleep 2 >/dev/null 2>&1 & exit 0'
    assert.match((await run(['--wait', '0', 'sh', '-c', script])).stderr, /1 process outlived the command/)
    const started = performance.now()
    const { stderr } = await run(['--wait', '20', 'sh', '-c', script])
    assert.equal(stderr, '')
    assert.ok(performance.now() - started < 10_000, 'waits no longer than it must')
  })
})

/**
 * Leaks in each way; each of its processes writes `WAY NUMBER` into the file `$OUT` when it is there. The zombies end when their
 * parent is no shell any more: one that has not executed sleep yet may wait for them.
 */
const LEAKS = `
exec >/dev/null 2>&1
sh -c 'echo "background $$" >> "$OUT"; exec sleep 600' &
( sh -c 'echo "double $$" >> "$OUT"; exec sleep 600' & )
setsid sh -c 'echo "daemon $$" >> "$OUT"; exec sleep 600' &
sh -c 'for i in 1 2 3; do sh -c "until grep -q sleep /proc/$$/comm; do sleep 0.05; done" & done; echo "parent $$" >> "$OUT"; exec sleep 600' &
setsid sh -c '
  sh -c "exec sleep 600" &
  setsid sh -c "echo escaped \\$\\$ >> \\"$OUT\\"; exec sleep 600" &
  while ! grep -q escaped "$OUT"; do sleep 0.05; done
  kill -TERM 0' &
[ "$1" = ns ] && unshare --pid --fork sh -c 'echo "namespace x" >> "$OUT"; sleep 600 & wait' &
while [ $(wc -l < "$OUT") -lt $2 ]; do sleep 0.05; done
zombie=") Z $(sed -n 's/^parent //p' "$OUT") "
until [ "$(cat /proc/[0-9]*/stat | grep -c "$zombie")" = 3 ]; do sleep 0.05; done
sleep 0.5
`

const canUnshare = isRoot && spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0

describe('a script that leaks in six ways', {
  skip: skip || lacks('setsid', 'apt-get install util-linux'),
}, () => {
  const script = put('leaks.sh', LEAKS)
  const args = ['--', 'sh', script, canUnshare ? 'ns' : '', canUnshare ? '6' : '5']

  /** By the way it leaks. */
  async function leak(options: readonly string[], name: string) {
    const out = join(folder, name)
    const ran = await run([...options, ...args], { env: { OUT: put(name, '') } })
    const ways = new Map(
      (await linesOf(out, canUnshare ? 6 : 5)).map((line) => line.split(' ') as [string, string]),
    )
    return { ran, pid: (way: string): number => Number(ways.get(way)) }
  }

  it('is told exactly those that are left, where they come from, and why they escaped', async () => {
    const { ran, pid } = await leak(['--json'], 'out-json')
    const report = reportOf(ran)
    const plain = ['background', 'double', 'daemon', 'parent', 'escaped'].map(pid)
    type One = (typeof report.outlived)[number]
    const one = (way: string): One => report.outlived.find((it: One) => it.pid === pid(way))
    const nested: One[] = report.outlived.filter(({ pid }: One) => !plain.includes(pid))
    assert.deepEqual(
      pidsOf(report.outlived.filter((it: One) => !nested.includes(it))),
      [...plain].sort((a, b) => a - b),
    )
    // unshare outside, the init of the namespace, and its child.
    assert.deepEqual(
      nested.map(({ numbers }) => numbers.slice(1)),
      canUnshare ? [[], [1], [2]] : [],
    )
    assert.deepEqual(
      report.outlived.map(({ pid }: One) => pid).filter((nr: number) => !existsSync(`/proc/${nr}`)),
      [],
    )

    assert.equal(one('background').command, 'sleep 600')
    assert.deepEqual(
      one('background').descent.map(({ command }: One) => command),
      [`sh ${args.slice(2).join(' ').trim()}`.replace('  ', ' ')],
    )
    assert.equal(one('double').descent.length, 2)
    assert.deepEqual(
      ['background', 'double', 'daemon', 'parent', 'escaped'].map((way) => one(way).left),
      [null, null, 'setsid', null, 'setsid'],
    )
    assert.deepEqual(report.escaped, [pid('escaped')])
    assert.match(one('escaped').escaped.text, /^outlived SIGTERM to group \d+, .*had left by setsid/)
    assert.deepEqual([...new Set(report.zombies.map((it: One) => it.parent.pid))], [pid('parent')])
    assert.equal(report.zombies.length, 3)
    const age = Date.now() - Date.parse(one('daemon').since)
    assert.ok(age >= 0 && age < 120_000, `${age}`)
  })

  it('says so in words: a line that sums up, and one for each', async () => {
    const { ran, pid } = await leak([], 'out-text')
    const [first, ...others] = ran.stderr.trimEnd().split('\n')
    const count = canUnshare ? 8 : 5
    const group = /escaped the kill of group (\d+)/.exec(first as string)?.[1]
    assert.equal(
      first,
      `pidns run: ${count} processes outlived the command; ${pid('escaped')} called setsid and escaped the kill of group ${group}; ${pid('parent')} never waited for 3 zombies`,
    )
    assert.equal(others.length, count + 1)
    const line = (way: string) => others.find((text) => text.startsWith(`  ${pid(way)} `))
    const since = 'since \\d\\d:\\d\\d:\\d\\d \\([\\d.]+ s\\)'
    assert.match(
      line('background') ?? '',
      new RegExp(`^ {2}\\d+ sleep 600 - started by \\d+ sh .*leaks.sh.*; ${since}$`),
    )
    assert.match(line('double') ?? '', / - started by \d+ sh .*, by \d+ sh .*; since /)
    assert.match(line('daemon') ?? '', /; in a session of its own$/)
    assert.match(others.at(-1) ?? '', new RegExp(`^  ${pid('parent')} sleep 600 - zombies \\d+, \\d+, \\d+$`))
  })

  it('--kill ends them all, and nobody else', async () => {
    const bystander = spawn('sleep', ['600'])
    const deaf = `sh -c 'trap "" TERM; echo "deaf $$" >> "$OUT"; while :; do sleep 600; done' & . ${script}`
    const out = put('out-kill', '')
    const ran = await run(
      [
        '--json',
        '--kill',
        '--kill-after',
        '1',
        'sh',
        '-c',
        deaf,
        'sh',
        canUnshare ? 'ns' : '',
        canUnshare ? '7' : '6',
      ],
      {
        env: { OUT: out },
      },
    )
    const fates = new Map<string, string>(
      reportOf(ran).outlived.map((it: { pid: number; ended: string }) => [`${it.pid}`, it.ended]),
    )
    const ways = new Map((await linesOf(out, 6)).map((line) => line.split(' ') as [string, string]))
    assert.equal(fates.get(ways.get('daemon') as string), 'SIGTERM')
    assert.equal(fates.get(ways.get('deaf') as string), 'SIGKILL')
    assert.deepEqual(
      [...fates.values()].filter((fate) => fate === 'nothing' || fate === null),
      [],
    )
    await goneByItself()
    assert.equal(bystander.exitCode, null)
    bystander.kill('SIGKILL')
  })

  it('--save keeps a log that tells pidns replay the same', async () => {
    const { ran } = await leak(['--json', '--save', 'leaks.gz', '--kill'], 'out-save')
    const report = reportOf(ran)
    const replayed = spawnSync(process.execPath, [MAIN, 'replay', '--json', 'leaks.gz'], {
      cwd: folder,
      encoding: 'utf8',
    })
    assert.equal(replayed.status, 0)
    const [file] = JSON.parse(replayed.stdout).files
    assert.deepEqual(
      [file.lines, file.checked, file.matched, file.processes],
      [report.lines, report.checked, report.matched, report.processes],
    )
    const escapes = file.findings.filter(({ kind }: { kind: string }) => kind === 'session-escape')
    assert.deepEqual(pidsOf(escapes), report.escaped)
  })
})

describe('a log of several MB', { skip }, () => {
  /** Some KB each, in the log. */
  const words = Array.from({ length: 30 }, () => 'x'.repeat(64)).join(' ')
  const calls = `i=0; while [ $i -lt 2500 ]; do /bin/true ${words}; i=$((i+1)); done`
  const size = (name: string): number => gunzipSync(readFileSync(join(folder, name))).length

  it('is followed while it is written: who is left at its end is told', async () => {
    const leak = `sh -c 'sleep 600; :' leak >/dev/null 2>&1 &`
    const ran = await run(['--save', 'long.gz', '--', 'sh', '-c', `${leak} ${calls}`])
    assert.ok(size('long.gz') > 5 << 20, 'more than the replay stays behind')
    const [first, ...others] = ran.stderr.trimEnd().split('\n')
    assert.equal(first, 'pidns run: 2 processes outlived the command')
    assert.equal(others.length, 2)
    assert.match(others[0] ?? '', /^ {2}\d+ sh -c sleep 600; : leak - started by \d+ sh -c .*; since /)
    assert.match(
      others[1] ?? '',
      /^ {2}\d+ sleep 600 - started by \d+ sh -c sleep 600; : leak, by \d+ sh -c /,
    )
  })

  it('of a command that leaves nothing behind is not spoken of', async () => {
    const { status, stderr } = await run(['--save', 'clean.gz', '--', 'sh', '-c', calls])
    assert.ok(size('clean.gz') > 5 << 20)
    assert.deepEqual([status, stderr], [0, ''])
  })
})

describe('a command that removes pidns', { skip }, () => {
  it('ends as it does, and what it leaves is told by number', () => {
    const own = join(folder, 'own')
    cpSync(dirname(MAIN), join(own, 'dist/cli'), { recursive: true })
    cpSync(new URL('../../package.json', import.meta.url), join(own, 'package.json'))
    const script = `rm -rf '${own}'; sleep 600 >/dev/null 2>&1 & exit 7`
    const args = [join(own, 'dist/cli/main.js'), 'run', '--kill', '--', 'sh', '-c', script]
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 })
    assert.equal(status, 7, stderr)
    assert.match(stderr, /1 process outlived the command/)
    assert.match(stderr, /^ {2}\d+ sleep 600/m)
    assert.match(stderr, /the log could not be followed: the command has removed files of pidns/)
  })
})

describe('what is left', { skip }, () => {
  it('goes on unharmed after pidns has gone, and holds nothing of its open', async () => {
    const out = put('alive', '')
    const daemon = `exec >/dev/null 2>&1 </dev/null; sleep 3; (echo one | cat; sh -c 'echo two') >> ${out}`
    // `run` waits until nobody has stdout or stderr open.
    const { status, stderr } = await run(['--', 'setsid', '--fork', 'sh', '-c', daemon])
    assert.match(stderr, /outlived the command/)
    assert.equal(status, 0)
    assert.equal(readFileSync(out, 'utf8'), '')
    assert.deepEqual(await linesOf(out, 2), ['one', 'two'])
    await goneByItself()
  })

  it('fails a build where --fail-on names it', async () => {
    const leak = ['sh', '-c', 'sleep 600 >/dev/null 2>&1 & exit 0']
    assert.equal((await run(leak)).status, 0)
    assert.equal((await run(['--fail-on', 'outlived', ...leak])).status, 1)
    assert.equal((await run(['--fail-on', 'zombie,escaped', ...leak])).status, 0)
    assert.equal((await run(['--fail-on', 'outlived,zombie,escaped', 'true'])).status, 0)
    assert.equal(
      (await run(['--fail-on', 'outlived', 'sh', '-c', 'sleep 600 >/dev/null 2>&1 & exit 9'])).status,
      9,
    )
    const zombie = 'sh -c "true & exec sleep 600" >/dev/null 2>&1 & sleep 0.5'
    assert.equal((await run(['--fail-on', 'zombie', 'sh', '-c', zombie])).status, 1)
  })

  it('has no zombies where it ignores SIGCHLD, as the kernel keeps none', {
    skip: lacks('perl', 'apt-get install perl'),
  }, async () => {
    // It does not ask the kernel whether they have ended: the log would show the answer.
    const look = 'for (@all) { select(undef, undef, undef, 0.01) while -e "/proc/$_" } mkdir "served"'
    const server = `perl -e '$SIG{CHLD} = "IGNORE"; @all = map { fork || exit } 1..2; ${look}; sleep 600'`
    const script = `${server} >/dev/null 2>&1 & until rmdir served; do sleep 0.05; done 2>/dev/null`
    for (const options of [[], ['--verbose']]) {
      const { stderr } = await run([...options, 'sh', '-c', script])
      assert.match(stderr, /^pidns run: 1 process outlived the command\n/)
    }
  })

  it('is written to a file with --output', async () => {
    const { stderr } = await run([
      '-o',
      'left.json',
      '--json',
      '--',
      'sh',
      '-c',
      'sleep 600 >/dev/null 2>&1 & echo err >&2',
    ])
    assert.equal(stderr, 'err\n')
    assert.equal(JSON.parse(readFileSync(join(folder, 'left.json'), 'utf8')).outlived.length, 1)
  })
})

describe('the streams and the end of a command', { skip }, () => {
  it('are its own: bytes go through untouched', async () => {
    const bytes = randomBytes(3_000_000)
    const { stdout, stderr } = await run(['--', 'cat'], { input: bytes })
    assert.ok(stdout.equals(bytes))
    assert.equal(stderr, '')
    const back = await run(['--', 'sh', '-c', 'cat >&2; echo out'], { input: Buffer.from('err\n') })
    assert.deepEqual([`${back.stdout}`, back.stderr], ['out\n', 'err\n'])
  })

  it('are its own: arguments and environment', async () => {
    const words = ['a b', '', "it's", '*', '$HOME', '\n', '--', '-v', '"']
    const { stdout } = await run([
      '--',
      'sh',
      '-c',
      'for word; do printf "%s|" "$word"; done',
      'sh',
      ...words,
    ])
    assert.equal(`${stdout}`, words.map((word) => `${word}|`).join(''))
    const env = await run(['--', 'env'], { env: { 'npm_config_a-b': 'odd', EMPTY: '' } })
    assert.match(`${env.stdout}`, /^EMPTY=$/m)
    const odd = lacks('bash', '') === false ? /^npm_config_a-b=odd$/m : /./
    assert.match(`${env.stdout}`, odd)
    put('-dash', '#!/bin/sh\necho dashed')
    const dashed = await run(['--', '-dash'], { env: { PATH: `${folder}:${process.env.PATH}` } })
    assert.equal(`${dashed.stdout}`, 'dashed\n')
  })

  it('are its own: exit status', async () => {
    for (const status of [0, 1, 2, 77, 255])
      assert.equal((await run(['sh', '-c', `exit ${status}`])).status, status)
  })

  it('are its own: the signal that ended it, or 128 + n where that would dump core', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP', 'SIGPIPE', 'SIGUSR1']) {
      const ran = await run(['sh', '-c', `kill -${signal.slice(3)} $$`])
      assert.deepEqual([ran.status, ran.signal], [null, signal])
    }
    assert.equal((await run(['sh', '-c', 'kill -SEGV $$'])).status, 139)
    // Node has no name for a real-time signal: sh does.
    const { status } = spawnSync('sh', [
      '-c',
      `"$0" "$1" run sh -c 'kill -40 $$'; exit $?`,
      process.execPath,
      MAIN,
    ])
    assert.equal(status, 168)
  })

  it('are those of a shell where there is no such command', async () => {
    mkdirSync(join(folder, 'dir'))
    const cases: [command: string, status: number, why: string][] = [
      ['no-such-command-anywhere', 127, 'command not found'],
      ['./no-such-file', 127, 'no such file'],
      ['./dir', 126, 'is a directory'],
      ['/etc/passwd', 126, 'permission denied'],
    ]
    for (const [command, status, why] of cases) {
      const ran = await run([command])
      assert.deepEqual([ran.status, ran.stderr], [status, `pidns run: ${command}: ${why}\n`])
    }
    put('no-shebang', 'echo run by sh')
    assert.equal(`${(await run(['./no-shebang'])).stdout}`, 'run by sh\n')
  })
})

describe('where tracing is impossible', () => {
  const tools = join(folder, 'tools')
  mkdirSync(tools)
  for (const tool of ['sh', 'mkfifo', 'true']) {
    const path = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim()
    if (path !== '') symlinkSync(path.startsWith('/') ? path : `/bin/${tool}`, join(tools, tool))
  }

  it('says how to get strace', {
    skip: process.platform !== 'linux' && 'pidns run needs Linux',
  }, async () => {
    const { status, stderr } = await run(['true'], { env: { PATH: tools } })
    assert.match(stderr, /^pidns run: strace was not found.*apt-get install strace.*dnf .*apk .*pacman .*\n$/)
    assert.equal(status, 2)
  })

  it('says that Linux is needed', async () => {
    const platform = "data:text/javascript,Object.defineProperty(process,'platform',{value:'darwin'})"
    const { status, stderr } = await run(['true'], { env: { NODE_OPTIONS: `--import "${platform}"` } })
    assert.match(stderr, /^pidns run: this needs Linux.*\n$/)
    assert.equal(status, 2)
  })

  it('shows what strace says, a hint, and does not run the command', { skip }, async () => {
    const fake = join(folder, 'fake')
    mkdirSync(fake)
    // As strace -D does it: where the tracer cannot attach, the program is executed all the same.
    put(
      'fake/strace',
      '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift\necho "strace: attach: Operation not permitted" >&2\nexec "$@"',
    )
    const { status, stdout, stderr } = await run(['echo', 'has run'], {
      env: { PATH: `${fake}:${process.env.PATH}` },
    })
    assert.equal(`${stdout}`, '')
    assert.match(
      stderr,
      /^pidns run: the command was not run: .*--cap-add=SYS_PTRACE.*\nstrace: attach: Operation not permitted\n$/,
    )
    assert.equal(status, 2)
  })

  it('does not run under another pidns run', { skip }, async () => {
    const { status, stdout, stderr } = await run([process.execPath, MAIN, 'run', 'echo', 'has run'])
    assert.equal(`${stdout}`, '')
    assert.match(stderr, /the command was not run/)
    assert.equal(status, 2)
  })

  it('says so where strace is killed, and fails if it was asked to judge', { skip }, async () => {
    const child = start(['--fail-on', 'outlived', 'sh', '-c', 'echo ready; read line; exit 0'])
    const { stdin } = child
    let stdout = ''
    let stderr = ''
    child.stderr?.on('data', (text) => {
      stderr += text
    })
    await new Promise<void>((resolve) =>
      child.stdout?.on('data', (text) => (stdout += text).includes('ready') && resolve()),
    )
    const tracer = marked().find(({ command }) => command.includes('-DDD'))
    process.kill(tracer?.pid as number, 'SIGKILL')
    await sleep(200)
    stdin?.end('go\n')
    const status = await new Promise((resolve) => child.once('close', resolve))
    assert.match(stderr, /pidns run: strace ended before the command: what was left is not known\n$/)
    assert.notEqual(status, 0)
  })

  it('refuses files that cannot be written, before the command is run', { skip }, async () => {
    for (const option of ['--save', '--output']) {
      const { status, stdout, stderr } = await run([option, '/no/such/folder/file', 'echo', 'has run'])
      assert.deepEqual([status, `${stdout}`], [2, ''])
      assert.match(stderr, /^pidns run: ENOENT: .*\n$/)
    }
  })
})
