/*
 * The rooms of src/ and who may enter whom.
 *
 * Imports, types included, only point down ROOMS or stay in their room. What the library needs of its
 * surroundings comes through '#platform', so that it runs wherever there is JavaScript; the words of shared
 * memory are touched in lib/atomic*.ts only, so that a deterministic scheduler can take their place.
 * The compiler would not notice most of this: the rooms are one project to it.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { posix, sep } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** From the top down. A folder of src/ is a room; 'facade' is the files beside the folders, except index.ts. */
const ROOMS = [
  'cli',
  'cluster',
  'host',
  'trace',
  'drivers',
  'index',
  'facade',
  'fs',
  'task',
  'pid',
  'mm',
  'sync',
  'lib',
  'abi',
]

/** The rooms of trace/ -> which of each other they know. All know the files of trace/ itself. */
const TRACE_ROOMS: Record<string, readonly string[]> = {
  strace: [],
  ftrace: [],
  findings: [],
  recording: ['findings'],
  span: ['findings'],
}

const GLOBALS_OF_SURROUNDINGS = new Set(['process', 'Buffer', 'window', 'document'])

/** Path below src/ -> text. */
type Sources = ReadonlyMap<string, string>

const roomOf = (path: string): string => {
  if (path.includes('/')) return path.slice(0, path.indexOf('/'))
  return path === 'index.ts' ? 'index' : 'facade'
}
const traceRoomOf = (path: string): string => /^trace\/(\w+)\//.exec(path)?.[1] ?? ''
const isReader = (path: string): boolean => ['strace', 'ftrace'].includes(traceRoomOf(path))
const isPlatform = (path: string): boolean => roomOf(path) === 'platform'
const isTraceNode = (path: string): boolean => path.startsWith('trace/node/')
const mayUseNode = (path: string): boolean =>
  roomOf(path) === 'cli' || path === 'platform/node.ts' || isTraceNode(path)
const mayUseGlobals = (path: string): boolean => mayUseNode(path) || path === 'platform/browser.ts'

/** Why `from` may not import `to`, both paths below src/; undefined if it may. */
const importFault = (from: string, to: string): string | undefined => {
  if (to === 'lib/atomic_shared.ts') return 'the build chooses between the halves of lib/atomic'
  if (isPlatform(from)) return isPlatform(to) ? undefined : 'platform imports nothing but itself'
  if (isPlatform(to)) {
    if (to !== 'platform/platform.ts') return "only '#platform' chooses between the platforms"
    return ROOMS.indexOf(roomOf(from)) <= ROOMS.indexOf('facade') ? undefined : 'points up'
  }
  if (isTraceNode(to) && !mayUseNode(from)) return 'the library knows nothing of trace/node'
  if (isReader(from) && !['trace', 'abi'].includes(roomOf(to))) return 'a reader knows nothing of the library'
  const rooms = [traceRoomOf(from), traceRoomOf(to)] as const
  if (rooms[1] !== '' && rooms[0] !== rooms[1] && TRACE_ROOMS[rooms[0]]?.includes(rooms[1]) === false) {
    return `trace/${rooms[0]} does not know trace/${rooms[1]}`
  }
  const [above, below] = [ROOMS.indexOf(roomOf(from)), ROOMS.indexOf(roomOf(to))]
  if (below === -1) return `${roomOf(to)} is no room`
  return above <= below ? undefined : 'points up'
}

/** Why the file `from` may not import `specifier`; undefined if it may. */
const specifierFault = (sources: Sources, from: string, specifier: string): string | undefined => {
  if (specifier.startsWith('.')) {
    const to = posix.join(posix.dirname(from), specifier)
    return sources.has(to) ? importFault(from, to) : 'there is no such file'
  }
  if (specifier === '#platform') {
    return ['index', 'facade'].includes(roomOf(from)) ? undefined : 'only the facade sees the platform'
  }
  if (isBuiltin(specifier)) {
    if (!mayUseNode(from)) return 'the library does not know Node'
    return specifier.startsWith('node:') ? undefined : 'lacks node:'
  }
  if (specifier.split('/')[0] === 'pidns') return 'src/ does not import itself by name'
  return roomOf(from) === 'cli' ? undefined : 'only cli uses libraries'
}

/** The module that a node imports: a specifier, null where it is computed, undefined where nothing is imported. */
const importedBy = (node: ts.Node): string | null | undefined => {
  let specifier: ts.Node | undefined
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) specifier = node.moduleSpecifier
  else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) specifier = node.argument.literal
  else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    specifier = node.arguments[0]
  else return undefined
  if (specifier === undefined) return undefined
  return ts.isStringLiteralLike(specifier) ? specifier.text : null
}

/** Whether an identifier is a use of the variable of that name, not a property, a key or a label. */
const isUse = (node: ts.Identifier): boolean => {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent) && parent.name === node)
    return parent.expression.getText() === 'globalThis'
  if (ts.isQualifiedName(parent)) return parent.left === node
  return !(
    (ts.isPropertyAssignment(parent) && parent.name === node) ||
    ts.isTypeElement(parent) ||
    ts.isClassElement(parent) ||
    ts.isImportSpecifier(parent) ||
    ts.isExportSpecifier(parent) ||
    ts.isNamedTupleMember(parent) ||
    (ts.isBindingElement(parent) && parent.propertyName === node)
  )
}

/** Whether an identifier is where a variable, parameter or function gets its name. */
const isDeclaration = (node: ts.Identifier): boolean => {
  const { parent } = node
  return (
    (ts.isVariableDeclaration(parent) ||
      ts.isParameter(parent) ||
      ts.isBindingElement(parent) ||
      ts.isFunctionDeclaration(parent)) &&
    parent.name === node
  )
}

const walk = (node: ts.Node, visit: (node: ts.Node) => void): void => {
  visit(node)
  ts.forEachChild(node, (child) => walk(child, visit))
}

/** Every breach of the rules, as `file:line: what`. */
const breaches = (sources: Sources): string[] => {
  const found: string[] = []
  for (const [path, text] of sources) {
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
    const report = (node: ts.Node, what: string): void => {
      found.push(`${path}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${what}`)
    }
    if (!isPlatform(path) && !ROOMS.includes(roomOf(path))) report(file, `${roomOf(path)} is no room`)

    const declared = new Set<string>()
    walk(file, (node) => {
      if (ts.isIdentifier(node) && isDeclaration(node)) declared.add(node.text)
    })
    walk(file, (node) => {
      const specifier = importedBy(node)
      if (specifier === null) report(node, 'imports a computed name')
      else if (specifier !== undefined) {
        const fault = specifierFault(sources, path, specifier)
        if (fault !== undefined) report(node, `imports ${specifier}: ${fault}`)
      }
      if (!ts.isIdentifier(node)) return
      // trace/node has threads of its own, which share no table.
      if (node.text === 'Atomics' && !/^(lib\/atomic\w*|trace\/node\/\w+)\.ts$/.test(path))
        report(node, 'names Atomics')
      if (mayUseGlobals(path) || !GLOBALS_OF_SURROUNDINGS.has(node.text) || !isUse(node)) return
      const ofGlobalThis = ts.isPropertyAccessExpression(node.parent) && node.parent.name === node
      if (ofGlobalThis || !declared.has(node.text)) report(node, `uses ${node.text}`)
    })
  }
  return found
}

const readSources = (): Sources => {
  const root = fileURLToPath(new URL('../../src/', import.meta.url))
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => path.split(sep).join('/'))
    .sort()
  return new Map(paths.map((path) => [path, readFileSync(root + path, 'utf8')]))
}

describe('the rooms of src/', () => {
  it('are entered from above only, and know nothing of their surroundings', () => {
    const sources = readSources()
    assert.ok(sources.has('index.ts'), 'src/ was not found')
    assert.deepEqual(breaches(sources), [])
  })
})

/** A little src/ without a breach, to which each case below adds one file. */
const SOUND: Record<string, string> = {
  'abi/index.ts': 'export const EPERM = 1',
  'lib/atomic.ts': 'export const load = Atomics.load',
  'lib/atomic_shared.ts': 'export const load = Atomics.load',
  'pid/pid.ts': "import { load } from '../lib/atomic.ts'\nimport { EPERM } from '../abi/index.ts'",
  'task/fork.ts': "import type { Pid } from '../pid/pid.ts'\nimport './exit.ts'",
  'task/exit.ts': 'export const exit = (process: number): number => process + { process }.process',
  'platform/platform.ts': 'export interface Platform { process: number }',
  'platform/node.ts': "import { existsSync } from 'node:fs'\nimport './platform.ts'\nprocess.pid",
  'platform/browser.ts': "import './platform.ts'\ndocument.title",
  'kernel.ts': "import { platform } from '#platform'\nimport type { Platform } from './platform/platform.ts'",
  'index.ts': "export * from './kernel.ts'\nexport * from './abi/index.ts'",
  'trace/acts.ts': "import { Kernel } from '../index.ts'",
  'trace/findings/lives.ts': "import '../acts.ts'",
  'trace/span/spans.ts':
    "import '../acts.ts'\nimport '../findings/lives.ts'\nimport { Kernel } from '../../index.ts'",
  'trace/strace/strace.ts': "import '../acts.ts'\nimport '../../abi/index.ts'",
  'trace/node/read.ts': "import 'node:fs'\nimport '../strace/strace.ts'\nexport const { wait } = Atomics",
  'cli/main.ts': "import { Command } from 'commander'\nimport '../trace/node/read.ts'\nprocess.exit()",
}

const PLANTED: [what: string, path: string, text: string, breach: RegExp][] = [
  ['an import that points up', 'pid/a.ts', "\nimport '../task/fork.ts'", /^pid\/a\.ts:2: .*points up$/],
  ['a type that points up', 'abi/a.ts', "import type { P } from '../pid/pid.ts'", /points up/],
  ['an import() that points up', 'lib/a.ts', "const m = import('../pid/pid.ts')", /points up/],
  ['a type of import() that points up', 'lib/a.ts', "type P = import('../pid/pid.ts').P", /points up/],
  ['a re-export that points up', 'sync/a.ts', "export * from '../mm/b.ts'", /no such file/],
  ['a computed import', 'trace/a.ts', 'const m = import(name)', /computed/],
  ['the facade below itself', 'fs/a.ts', "import '../kernel.ts'", /points up/],
  ['index.ts in the facade', 'errors.ts', "import './index.ts'", /points up/],
  ['the platform below the facade', 'task/a.ts', "import '../platform/platform.ts'", /points up/],
  ['#platform below the facade', 'task/a.ts', "import '#platform'", /only the facade/],
  ['#platform above the facade', 'trace/a.ts', "import '#platform'", /only the facade/],
  ['one platform by its path', 'shared.ts', "import './platform/node.ts'", /chooses/],
  ['a platform that imports the library', 'platform/a.ts', "import '../abi/index.ts'", /but itself/],
  ['a room that nobody drew', 'util/a.ts', 'export const a = 1', /util is no room/],
  ['Node in the library', 'trace/a.ts', "import { readFileSync } from 'node:fs'", /does not know Node/],
  ['Node in the library, without node:', 'mm/a.ts', "import fs from 'fs'", /does not know Node/],
  ['Node without node: in cli', 'cli/a.ts', "import fs from 'fs'", /lacks node:/],
  ['Node in the browser platform', 'platform/browser.ts', "import 'node:fs'", /does not know Node/],
  ['trace/node in the library', 'trace/a.ts', "import './node/read.ts'", /trace\/node/],
  [
    'a reader that knows the library',
    'trace/ftrace/a.ts',
    "import '../../index.ts'",
    /nothing of the library/,
  ],
  [
    'a reader that knows the replay',
    'trace/strace/a.ts',
    "import '../span/spans.ts'",
    /does not know trace\/span/,
  ],
  ['findings that know the replay', 'trace/findings/a.ts', "import '../span/spans.ts'", /does not know/],
  ['process', 'task/a.ts', 'export const pid = process.pid', /uses process/],
  ['process of globalThis', 'task/a.ts', 'const process = globalThis.process', /uses process/],
  ['Buffer', 'trace/a.ts', 'export const b = [Buffer.alloc(1)]', /uses Buffer/],
  ['window', 'index.ts', 'export const w = { ...window }', /uses window/],
  ['document', 'fs/a.ts', 'export const d = { document }', /uses document/],
  ['Atomics outside lib/atomic', 'sync/a.ts', 'export const { load } = Atomics', /names Atomics/],
  ['Atomics in another file of lib', 'lib/bitmap.ts', 'globalThis.Atomics.load', /names Atomics/],
  [
    'one half of lib/atomic by its path',
    'sync/a.ts',
    "import '../lib/atomic_shared.ts'",
    /the build chooses/,
  ],
  ['a third party in the library', 'trace/a.ts', "import { Command } from 'commander'", /only cli/],
  ['a third party in trace/node', 'trace/node/a.ts', "import 'tinybar'", /only cli/],
  ['the package by its own name', 'cli/a.ts', "import { Kernel } from 'pidns'", /by name/],
  ['the output in place of the source', 'cli/a.ts', "import '../index.js'", /no such file/],
]

describe('the check of the rooms', () => {
  it('passes a sound tree', () => {
    assert.deepEqual(breaches(new Map(Object.entries(SOUND))), [])
  })

  for (const [what, path, text, breach] of PLANTED) {
    it(`finds ${what}`, () => {
      const found = breaches(new Map(Object.entries({ ...SOUND, [path]: text })))
      assert.equal(found.length, 1, found.join('\n'))
      assert.match(found[0] ?? '', breach)
    })
  }
})
