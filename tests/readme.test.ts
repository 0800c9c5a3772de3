/*
 * The documents: every block in them runs, what they say of the program is what the program does, and what they name
 * exists.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, it } from 'node:test'
import ts from 'typescript'
import {
  compileBlocks,
  expectedLines,
  filesBelow,
  markdownBlocks,
  ROOT,
  readText,
  runScript,
  runShell,
} from './doc_blocks.ts'

const DOCUMENTS = [
  'README.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  ...filesBelow('docs', '.md'),
  ...filesBelow('examples', '.md'),
  'recorder/README.md',
]

/** Commands that no test runs, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'npm ci && npm start': 'npm ci would take away what the running tests are made of; .ci/run does both',
  'npm ci': 'as above',
  'npm start': 'would build anew under the running tests; .ci/run does it, and the output is compared below',
  'npm test': 'would run itself',
  'npm run check': '.ci/run does it',
  make: 'the recorder needs root and a static C library; `make check` there records and replays',
  './recorder SEED STEPS MIX PID_MAX > FILE.jsonl': 'as above',
  'pidns replay FILE.jsonl': 'as above',
  'make check': 'as above',
  './check.sh 100 199 1500': 'as above',
  './strace/record.sh OUTDIR': 'traces real programs for minutes, as root',
  './strace/record.sh OUTDIR in-wrap': 'as above',
  'npm install pidns':
    'needs the registry; npm run check:package installs nothing but looks at what would be published',
}

const blocks = DOCUMENTS.flatMap(markdownBlocks)
const of = (language: string) => blocks.filter((block) => block.language === language)

describe('blocks of code in the documents', () => {
  const { scripts, problems } = compileBlocks(of('ts'), 'readme')

  it('are of a kind that is checked, or only shown', () => {
    const known = ['ts', 'sh', 'json', 'text']
    assert.deepEqual(
      blocks
        .filter(({ language }) => !known.includes(language))
        .map(({ where, language }) => [where, language]),
      [],
    )
  })

  it('compile in a strict project', () => {
    assert.ok(of('ts').length >= 3)
    assert.deepEqual(problems, [])
  })

  for (const { where, code } of of('ts')) {
    it(`${where} prints what it says`, () => {
      const { status, stdout, stderr } = runScript(scripts.get(where) as string)
      assert.equal(stderr, '')
      assert.deepEqual(stdout.split('\n').slice(0, -1), expectedLines(code))
      assert.equal(status, 0)
    })
  }

  const used = new Set<string>()
  const fromNpm: string[] = []
  const isRun = (line: string): boolean => {
    const command = line.replace(/ +# .*$/, '')
    used.add(command)
    // npm changes what the tests are made of: no command of it is run because nobody thought of it.
    if (command.startsWith('npm ')) fromNpm.push(command)
    return command !== '' && !command.startsWith('npm ') && NOT_RUN[command] === undefined
  }
  for (const { where, code } of of('sh')) {
    const commands = code.split('\n').filter(isRun)
    if (commands.length === 0) continue
    it(`${where} runs`, () => {
      mkdirSync(join(ROOT, 'out'), { recursive: true })
      const { status, stderr } = runShell(commands.join('\n'))
      assert.equal(stderr, '')
      assert.equal(status, 0)
    })
  }

  it('are left out for a reason, that still applies', () => {
    assert.deepEqual(
      fromNpm.filter((command) => NOT_RUN[command] === undefined),
      [],
    )
    assert.deepEqual(
      Object.keys(NOT_RUN).filter((command) => !used.has(command)),
      [],
    )
  })

  it('are JSON where they say so', () => {
    for (const { where, code } of of('json')) assert.doesNotThrow(() => JSON.parse(code), where)
  })
})

describe('what the documents say of the program', () => {
  it('is what npm run docs would write: results, output, memory', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/readme.mjs', '--check'], {
      cwd: ROOT,
      encoding: 'utf8',
    })
    assert.equal(stderr, '')
    assert.equal(status, 0)
  })

  it('names in README.md every method and property of the API, and no other', () => {
    const page = readText('README.md').split('## The API in a page')[1]?.split('\n## ')[0] as string
    const firstCells = page.match(/^\|[^|]*\|/gm)?.join('') as string
    const members = publicMembers()
    assert.ok(members.length > 40)
    assert.deepEqual(
      members.filter((name) => !new RegExp(`\\b${name}\\b`).test(page)),
      [],
    )
    assert.deepEqual(
      [...firstCells.matchAll(/`(?:Kernel\.)?([a-z]\w*)/g)]
        .map(([, name]) => name as string)
        .filter((name) => !members.includes(name)),
      [],
    )
  })
})

/** The public names of the classes that `pidns` exports, statics and inherited ones among them. */
function publicMembers(): string[] {
  const index = join(ROOT, 'dist/index.d.ts')
  const program = ts.createProgram([index], { module: ts.ModuleKind.NodeNext })
  const checker = program.getTypeChecker()
  const names = checker
    .getExportsOfModule(
      checker.getSymbolAtLocation(program.getSourceFile(index) as ts.SourceFile) as ts.Symbol,
    )
    .filter(({ name }) => ['Kernel', 'Task', 'Pidfd', 'NsFd'].includes(name))
    .map((exported) => checker.getAliasedSymbol(exported))
    .flatMap((type) => [
      ...checker.getDeclaredTypeOfSymbol(type).getProperties(),
      ...checker.getTypeOfSymbol(type).getProperties(),
    ])
    .filter(({ declarations = [] }) => declarations.every((declaration) => !isHidden(declaration)))
    .map(({ name }) => name)
  return [...new Set(names)].filter(
    (name) => /^\w+$/.test(name) && !['prototype', 'refOf', 'realmOf'].includes(name),
  )
}

function isHidden(declaration: ts.Declaration): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected
  return (ts.getCombinedModifierFlags(declaration) & hidden) !== 0
}

describe('what the documents point at', () => {
  it('exists: every relative link', () => {
    const broken = DOCUMENTS.flatMap((path) =>
      [...readText(path).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
        .map(([, target]) => posix.join(posix.dirname(path), target as string))
        .filter((target) => !existsSync(join(ROOT, target)))
        .map((target) => `${path}: ${target}`),
    )
    assert.deepEqual(broken, [])
  })

  it('exists: every file named in backquotes', () => {
    const file = /`((?:[\w.-]+\/)*[\w.-]+\.(?:ts|mjs|js|json|jsonl|md))`/g
    const places = ['', 'src/', 'tests/', 'examples/', 'explorer/']
    const broken = DOCUMENTS.flatMap((path) =>
      [...readText(path).matchAll(file)]
        .map(([, name]) => name as string)
        .filter((name) => !places.some((place) => existsSync(join(ROOT, place + name))))
        .map((name) => `${path}: ${name}`),
    )
    assert.deepEqual(broken, [])
  })

  it('exists: every function and constant named in backquotes', () => {
    const sources = [...filesBelow('src', '.ts'), ...filesBelow('proof', '.ts')].map(readText).join('\n')
    const words = new Set(sources.match(/\w+/g))
    const name = /`([a-z]+[A-Z]\w*|[A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:\([^`]*\))?`/g
    // The recorder has names of its own.
    const broken = DOCUMENTS.filter((path) => !path.startsWith('recorder/')).flatMap((path) =>
      [...readText(path).matchAll(name)]
        .map(([, word]) => word as string)
        .filter((word) => !words.has(word))
        .map((word) => `${path}: ${word}`),
    )
    assert.deepEqual(broken, [])
  })

  it('has every room of src/ in ARCHITECTURE.md', () => {
    const text = readText('ARCHITECTURE.md')
    const rooms = new Set(filesBelow('src', '.ts').map((path) => path.split('/').slice(1, -1)[0]))
    for (const room of rooms) if (room !== undefined) assert.match(text, new RegExp(`\\b${room}/`), room)
  })
})
