/*
 * The command line as a user meets it: exit status, what goes to stdout and what to stderr.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const root = fileURLToPath(new URL('../..', import.meta.url))
const main = join(root, 'dist/cli/main.js')
const basic = join(root, 'tests/data/basic-310.jsonl')
const ns = join(root, 'tests/data/ns-310.jsonl')
const text = readFileSync(basic, 'utf8')

const folder = mkdtempSync(join(tmpdir(), 'pidns-cli-'))
after(() => rmSync(folder, { recursive: true }))

function put(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function pidns(args: readonly string[], input: string | Uint8Array = '', env: NodeJS.ProcessEnv = {}): Ran {
  const options = { input, encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 1 << 28 } as const
  return spawnSync(process.execPath, [main, ...args], options)
}

const VERDICT = /\n1,203 results checked, 1,203 equal \(601 events, [\d,]+ a second\)\n$/

describe('pidns replay', () => {
  it('prints tree, findings and verdict, and exits with 0', () => {
    const { status, stdout, stderr } = pidns(['replay', basic])
    assert.equal(stderr, '')
    assert.match(
      stdout,
      /^.*basic-310\.jsonl: recording, 603 lines, 601 events, \d+ processes\n\nPID +PGID +SID\n/,
    )
    assert.match(stdout, /\nzombie {2}\d+\n {2}line \d+: \d+ ended by /)
    assert.match(stdout, /… and \d+ more \(--all shows them\)/)
    assert.match(stdout, VERDICT)
    assert.equal(status, 0)
  })

  it('prints everything with --all', () => {
    const { status, stdout } = pidns(['replay', '--all', ns])
    assert.doesNotMatch(stdout, /--all/)
    assert.match(stdout, /PID +NS2 +(NS3 +)?PGID +SID/)
    assert.equal(status, 0)
  })

  it('sums up several files', () => {
    const { status, stdout } = pidns(['replay', basic, ns])
    assert.match(stdout, /\n2,406 results checked, 2,406 equal \(1,202 events, /)
    assert.equal(status, 0)
  })

  it('prints one JSON object with --json', () => {
    const { status, stdout } = pidns(['replay', '--json', basic, ns])
    const report = JSON.parse(stdout)
    assert.deepEqual(Object.keys(report), ['files', 'checked', 'matched', 'seconds', 'eventsPerSecond'])
    assert.deepEqual([report.checked, report.matched], [2406, 2406])
    assert.deepEqual(
      report.files.map((file: { path: string }) => file.path),
      [basic, ns],
    )
    assert.equal(status, 0)
  })

  it('reads standard input', () => {
    const { status, stdout } = pidns(['replay', '-'], text)
    assert.match(stdout, /^standard input: recording/)
    assert.match(stdout, VERDICT)
    assert.equal(status, 0)
  })

  it('reads gzip, whatever its name, from a file and from standard input', () => {
    const packed = gzipSync(text)
    assert.match(pidns(['replay', put('log.jsonl.gz', packed)]).stdout, VERDICT)
    assert.match(pidns(['replay', put('log', packed)]).stdout, VERDICT)
    assert.match(pidns(['replay', '-'], packed).stdout, VERDICT)
  })

  it('takes the limits of pid_max', () => {
    for (const limit of ['301', '4194304'])
      assert.equal(pidns(['replay', '--pid-max', limit, basic]).status, 0)
  })

  it('is as right without the check of the invariants', () => {
    assert.match(pidns(['replay', '--no-check', basic]).stdout, VERDICT)
  })

  it('exits with 1 on a difference, names its line and what led to it', () => {
    const lines = text.split('\n')
    const at = lines.findIndex((line) => /"op":"getpgid".*"ret":\d/.test(line))
    const wrong = lines.with(at, lines[at]?.replace(/"ret":(\d+)/, '"ret":1$1') ?? '').join('\n')
    const path = put('wrong.jsonl', wrong)
    const { status, stdout, stderr } = pidns(['replay', path])
    assert.equal(stderr, '')
    assert.match(stdout, new RegExp(`1 of 1,203 results differ; the first:\n {2}line ${at + 1}: getpgid`))
    assert.match(
      stdout,
      new RegExp(`what led to it:\n( {4}line .*\n)* {4}line ${at + 1}: slot \\d+ \\(pid \\d+\\): getpgid`),
    )
    assert.match(stdout, /\n1,203 results checked, 1,202 equal, 1 different \(/)
    assert.equal(status, 1)
    const report = JSON.parse(pidns(['replay', '--json', path]).stdout)
    assert.equal(report.files[0].differences[0].line, at + 1)
  })
})

describe('input that cannot be used', () => {
  const packed = gzipSync(text)
  const flipped = Uint8Array.from(packed)
  flipped.set([(packed.at(-6) ?? 0) ^ 1], packed.length - 6)
  const bent = Uint8Array.from(packed)
  bent.set([(packed[3000] ?? 0) ^ 16], 3000)
  mkdirSync(join(folder, 'folder'))

  const cases: [what: string, path: string, message: RegExp][] = [
    ['a file that is not there', join(folder, 'nowhere.jsonl'), /nowhere\.jsonl: no such file$/],
    ['a path through a file', join(basic, 'x'), /: no such file$/],
    ['a folder', join(folder, 'folder'), /folder: a directory: expected a file$/],
    ['an empty file', put('empty', ''), /empty: empty: expected a log$/],
    ['another text', put('text', 'hello\n'), /text:1: expected the header of a recording/],
    ['a binary', process.execPath, /:1: byte 0x.*: expected text$/],
    [
      'a file cut in mid-line',
      put('cut', text.slice(0, 5000)),
      /cut:\d+: the line is cut: .*\(before that: \d+ results, all equal\)$/,
    ],
    [
      'a file cut between lines',
      put('short', `${text.split('\n').slice(0, 20).join('\n')}\n`),
      /short:20: .*ends here: expected step 19 of 600/,
    ],
    ['CR LF', put('crlf', text.replaceAll('\n', '\r\n')), /crlf:1: the line ends in CR LF/],
    [
      'gzip that is cut',
      put('cut.gz', packed.subarray(0, 3000)),
      /cut\.gz: damaged gzip data: it is cut short/,
    ],
    ['gzip whose sum is wrong', put('sum.gz', flipped), /sum\.gz: damaged gzip data: incorrect data check/],
    ['gzip that is bent', put('bent.gz', bent), /bent\.gz: damaged gzip data: /],
    ['gzip of nothing', put('nothing.gz', gzipSync('')), /nothing\.gz: empty: expected a log$/],
    ['text that is named .gz', put('text.gz', text), /text\.gz: named \.gz: expected gzip data$/],
    ['an empty file that is named .gz', put('empty.gz', ''), /empty\.gz: empty: expected a log$/],
  ]
  for (const [what, path, message] of cases) {
    it(`exits with 2 on ${what}, and says what is wrong in one line`, () => {
      const { status, stdout, stderr } = pidns(['replay', path])
      assert.equal(stdout, '')
      assert.match(stderr, /^pidns replay: [^\n]*\n$/)
      assert.match(stderr.trimEnd(), message)
      assert.equal(status, 2)
    })
  }

  const isRoot = process.getuid?.() === 0
  it('exits with 2 on a file that may not be read', () => {
    const path = isRoot ? '/proc/self/mem' : put('secret', text)
    if (!isRoot) chmodSync(path, 0)
    const { status, stdout, stderr } = pidns(['replay', path])
    assert.equal(stdout, '')
    assert.match(stderr, /^pidns replay: [^\n]*\n$/)
    assert.equal(status, 2)
  })

  it('exits with 2 on standard input that is damaged', () => {
    assert.match(pidns(['replay', '-']).stderr, /standard input: empty/)
    const { status, stderr } = pidns(['replay', '-'], `${text}{`)
    assert.match(stderr, /standard input:604: the line is cut/)
    assert.equal(status, 2)
  })

  it('replays the other files all the same', () => {
    const { status, stdout, stderr } = pidns(['replay', join(folder, 'nowhere.jsonl'), basic])
    assert.match(stderr, /no such file/)
    assert.match(stdout, /\n1,203 results checked, 1,203 equal; 1 file unusable \(/)
    assert.equal(status, 2)
  })

  it('prints a JSON object all the same', () => {
    const { status, stdout } = pidns(['replay', '--json', join(folder, 'nowhere.jsonl'), basic])
    assert.equal(JSON.parse(stdout).files.length, 1)
    assert.equal(status, 2)
  })
})

describe('arguments', () => {
  it('--help shows the commands, replay --help examples and exit status', () => {
    const commands = pidns(['--help']).stdout
    assert.match(
      commands,
      /\nCOMMANDS\n {2}replay \[options\] <file\.\.\.>\s.*\n(?:.*\n)* {2}run \[options\]/,
    )
    for (const command of ['replay', 'run']) {
      const { status, stdout } = pidns([command, '--help'])
      assert.match(stdout, new RegExp(`^NAME\\n  pidns ${command} - `))
      assert.match(stdout, /\nSYNOPSIS\n {2}pidns .*\n\nDESCRIPTION\n/)
      assert.match(stdout, /\nOPTIONS\n(?: {2}.*\n)* {2}--json /)
      assert.match(stdout, /\nEXIT STATUS\n/)
      assert.match(stdout, new RegExp(`\\nEXAMPLES\\n  pidns ${command} `))
      assert.equal(status, 0)
    }
  })

  it('--version prints the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const { status, stdout } = pidns(['--version'])
    assert.equal(stdout, `${version}\n`)
    assert.equal(status, 0)
  })

  it('shows the commands on stderr, and exits with 2, without any', () => {
    const { status, stdout, stderr } = pidns([])
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, /\nCOMMANDS\n {2}replay /)
  })

  const wrong = [
    ['replay'],
    ['run'],
    ['replay', '--jsn', basic],
    ['repaly', basic],
    ['replay', '--pid-max', '300', basic],
    ['replay', '--pid-max', '4194305', basic],
    ['replay', '--pid-max', '4e3', basic],
    ['run', '--wait', '-1', 'true'],
    ['run', '--fail-on', 'outlived,zombi', 'true'],
    ['run', '--sav', 'true'],
  ]
  for (const args of wrong) {
    it(`exits with 2 and one line on: pidns ${args.map((arg) => arg.replace(root, '')).join(' ')}`, () => {
      const { status, stdout, stderr } = pidns(args)
      assert.equal(stdout, '')
      assert.match(stderr, /^error: [^\n]+\n$/)
      assert.doesNotMatch(stderr, /\n\s+at /)
      assert.equal(status, 2)
    })
  }
})

describe('the terminal', () => {
  /** Escapes that move the cursor, as the progress bar's do, are no colours. */
  const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`)
  const skip = process.platform !== 'linux' && 'no terminal to be had: needs script(1) of Linux'

  function onTerminal(env: NodeJS.ProcessEnv, files = [basic]): string {
    const quoted = [process.execPath, main, 'replay', ...files].map((word) => `'${word}'`)
    const command = quoted.join(' ')
    const full = { ...process.env, TERM: 'xterm', ...env }
    if (env.NO_COLOR === undefined) delete (full as NodeJS.ProcessEnv).NO_COLOR
    return spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8', env: full }).stdout
  }

  it('has colours', { skip }, () => {
    assert.match(onTerminal({}), COLOUR)
  })

  it('has none with NO_COLOR', { skip }, () => {
    const stdout = onTerminal({ NO_COLOR: '1' })
    assert.doesNotMatch(stdout, COLOUR)
    assert.match(stdout, /1,203 equal/)
  })

  it('shows how far a long run has come', { skip }, () => {
    const stdout = onTerminal({ NO_COLOR: '1' }, Array(15).fill(ns))
    assert.match(stdout, /█+░* +\d+% {2}[\d,]+ events, [\d,]+ a second {2}/)
    assert.match(stdout, /18,045 equal/)
  })

  it('is not written for anything else', () => {
    assert.doesNotMatch(pidns(['replay', basic]).stdout, COLOUR)
  })

  it('may be closed by a reader that has seen enough', async () => {
    const child = spawn(process.execPath, [main, 'replay', '--all', ...Array(12).fill(ns)])
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.stdout.once('data', () => child.stdout.destroy())
    const status = await new Promise((resolve) => child.once('close', resolve))
    assert.equal(stderr, '')
    assert.equal(status, 0)
  })
})
