// Makes the two builds of the library from what tsc has compiled: dist/, with the plain half of lib/atomic, and
// dist/shared/, with the Atomics half in its place. They are two module graphs with the same files.
//
// Both lose what stands between modules: V8 (11 to 13) reads an imported or exported name from a cell at each use, looks
// whether its module has been evaluated, and knows nothing of what it will find there.
//
//   L.TASK_FLAGS          becomes 27              a number is written where it is used
//   pidNrNs(table, ...)   becomes pidNrNs$(...)   after `const pidNrNs$ = pidNrNs`, which V8 takes for the constant it is
//   load(words, at)       becomes words[(at) | 0] in the plain build only: reads and writes, nothing else
//   words[at] = value     becomes put(words, at, value) in the shared build only, which notes the old value, so that the
//                         call of a worker that dies can be undone (src/sync/journal.ts); so do +=, -=, |=, &=, fill
//
// docs/performance.md has the figures. Lines stay where they are, so source maps go on telling the right one; a file
// that was done says so in a comment, and is left alone.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'

const DIST = resolve('dist')
const SHARED = join(DIST, 'shared')
const ATOMIC = join(DIST, 'lib/atomic.js')
const ATOMIC_SHARED = join(DIST, 'lib/atomic_shared.js')
/** What is no part of the library, or is the same in both builds. */
const LEFT_OUT = /^(cli|explorer|platform|shared|trace[\\/]node)[\\/]/
const DONE = '/* flat */'
/** Where words are not those of a table in use, or are written without notice for a reason. */
const UNNOTED =
  /^(abi|lib[\\/](atomic|journal|crc32|utf8|latin1)|mm[\\/]image|sync[\\/]journal|trace|drivers)/
/** What writes words becomes, by its operator. */
const PUTS = new Map([
  [ts.SyntaxKind.EqualsToken, 'put'],
  [ts.SyntaxKind.PlusEqualsToken, 'putAdd'],
  [ts.SyntaxKind.MinusEqualsToken, 'putAdd'],
  [ts.SyntaxKind.BarEqualsToken, 'putOr'],
  [ts.SyntaxKind.AmpersandEqualsToken, 'putAnd'],
])

/** The numbers that the last run wrote: a file that tsc had no reason to compile again may hold one that has changed. */
const STAMP = join(DIST, 'constants.tsbuildinfo')

const outputs = (await readdir(DIST, { recursive: true })).filter((file) => !LEFT_OUT.test(file))
const files = outputs.filter((file) => file.endsWith('.js')).map((file) => join(DIST, file))
/** Path -> exported name -> number or function. */
const modules = new Map()
for (const file of files) modules.set(file, exportsOf(await import(pathToFileURL(file).href)))
/** The same for the shared build, under the same paths. */
const sharedModules = new Map(modules).set(ATOMIC, modules.get(ATOMIC_SHARED))

await recompileIfChanged()
for (const file of outputs) {
  const from = join(DIST, file)
  if (/^lib[\\/]atomic_shared\./.test(file)) continue
  if (file.endsWith('.js')) await writeBuilds(from, join(SHARED, file))
  else if (file.endsWith('.d.ts')) await writeTwin(join(SHARED, file), await readFile(from, 'utf8'))
  else if (file.endsWith('.map')) await writeTwin(join(SHARED, file), deeperMap(await readFile(from, 'utf8')))
}

/** A module of both builds, where tsc has written it anew. */
async function writeBuilds(file, twin) {
  const text = await readFile(file, 'utf8')
  if (text.includes(DONE)) return
  const shared = file === ATOMIC ? await readFile(ATOMIC_SHARED, 'utf8') : text
  await writeTwin(twin, flatten(file, shared, sharedModules, 'shared'))
  await writeFile(file, flatten(file, text, modules, 'plain'))
}

async function writeTwin(path, text) {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

/** A source map for a file that lies one folder deeper. */
function deeperMap(text) {
  const map = JSON.parse(text)
  return JSON.stringify({ ...map, sources: map.sources.map((source) => `../${source}`) })
}

/** The exports that are constants, by how they are called and what they are, and those that are functions. */
function exportsOf(module) {
  const isConstant = (name, value) => /^[A-Z_][A-Z0-9_]*$/.test(name) && Number.isSafeInteger(value)
  const isFunction = (value) => typeof value === 'function' && !String(value).startsWith('class')
  return new Map(
    Object.entries(module).filter(([name, value]) => isConstant(name, value) || isFunction(value)),
  )
}

/** Compiles everything anew where a constant is not what it was, or a twin is missing. */
async function recompileIfChanged() {
  const constants = [...modules].map(([file, names]) => [
    file.slice(DIST.length),
    [...names].filter(([, value]) => typeof value === 'number'),
  ])
  const now = JSON.stringify(constants.sort())
  const lacksTwins = files.some(
    (file) => file !== ATOMIC_SHARED && !existsSync(join(SHARED, file.slice(DIST.length))),
  )
  const changed = existsSync(STAMP) && (await readFile(STAMP, 'utf8')) !== now
  if (changed || (lacksTwins && existsSync(STAMP))) {
    const tsc = fileURLToPath(import.meta.resolve('typescript/lib/tsc.js'))
    execFileSync(process.execPath, [tsc, '-b', '--force', 'src'])
  }
  await writeFile(STAMP, now)
}

/**
 * The text of a module with names resolved. `plain`: reads and writes of words are written out; `shared`: writes of words are
 * noted.
 */
function flatten(file, text, modules, build) {
  const plain = build === 'plain'
  const notes = build === 'shared' && !UNNOTED.test(relative(DIST, file))
  const noted = new Set()
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const names = namesIn(source, file, modules)
  const edits = []
  const aliases = new Set()
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return
    const put = notes ? asNotedWrite(node) : undefined
    if (put !== undefined) {
      noted.add(put.name)
      edits.push(...put.edits)
      put.parts.forEach(visit)
      return
    }
    if (ts.isPropertyAccessExpression(node)) {
      const value =
        ts.isIdentifier(node.expression) && names.spaces.get(node.expression.text)?.get(node.name.text)
      if (typeof value === 'number') edits.push([node.getStart(), node.getEnd(), literal(value)])
      else visit(node.expression)
    } else if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
      const name = node.expression.text
      if (plain && names.plain.has(name)) {
        edits.push(...asPlainAccess(node))
      } else if (typeof names.values.get(name) === 'function') {
        aliases.add(name)
        edits.push([node.expression.getEnd(), node.expression.getEnd(), '$'])
      }
      node.arguments.forEach(visit)
    } else if (ts.isIdentifier(node) && typeof names.values.get(node.text) === 'number' && isRead(node)) {
      const key = ts.isShorthandPropertyAssignment(node.parent) ? `${node.text}: ` : ''
      edits.push([node.getStart(), node.getEnd(), key + literal(names.values.get(node.text))])
    } else {
      ts.forEachChild(node, visit)
    }
  }
  visit(source)
  const after = source.statements.findLast(ts.isImportDeclaration)?.getEnd() ?? 0
  edits.push([
    after,
    after,
    [` ${DONE}`, importOf(noted, file), ...[...aliases].map((name) => ` const ${name}$ = ${name};`)].join(''),
  ])
  edits.sort((a, b) => a[0] - b[0])
  let out = text
  for (const [start, end, replacement] of edits.reverse())
    out = out.slice(0, start) + replacement + out.slice(end)
  return out
}

/** What the module's names stand for: imported ones, its own exports, and namespaces. */
function namesIn(source, file, modules) {
  const values = new Map([...modules.get(file)].filter(([name]) => isDeclaredIn(source, name)))
  const spaces = new Map()
  const plain = new Set()
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || !statement.moduleSpecifier.text.startsWith('.')) continue
    const from = join(dirname(file), statement.moduleSpecifier.text)
    const bindings = statement.importClause?.namedBindings
    if (bindings === undefined) continue
    if (ts.isNamespaceImport(bindings)) {
      spaces.set(bindings.name.text, modules.get(from))
      continue
    }
    for (const { name, propertyName } of bindings.elements) {
      const imported = (propertyName ?? name).text
      values.set(name.text, modules.get(from)?.get(imported))
      if (from === ATOMIC && ['load', 'store'].includes(imported)) plain.add(name.text)
    }
  }
  for (const name of localNames(source)) for (const known of [values, spaces, plain]) known.delete(name)
  return { values, spaces, plain }
}

/** Does the module itself declare it, rather than hand it on? */
function isDeclaredIn(source, name) {
  return source.statements.some(
    (statement) =>
      (ts.isFunctionDeclaration(statement) && statement.name?.text === name) ||
      (ts.isVariableStatement(statement) &&
        statement.declarationList.declarations.some(
          (declaration) => declaration.name.getText() === name && declaration.initializer !== undefined,
        )),
  )
}

/** Names declared anywhere inside functions: there an imported name may mean something else. */
function localNames(source) {
  const names = new Set()
  const visit = (node, inside) => {
    const declares = ts.isParameter(node) || ts.isVariableDeclaration(node) || ts.isFunctionDeclaration(node)
    if (
      inside &&
      (declares || ts.isBindingElement(node)) &&
      node.name !== undefined &&
      ts.isIdentifier(node.name)
    )
      names.add(node.name.text)
    ts.forEachChild(node, (child) => visit(child, inside || ts.isFunctionLike(node)))
  }
  visit(source, false)
  return names
}

/** `load(words, at)` as an element access, `store(words, at, value)` as an assignment to it. */
function asPlainAccess(call) {
  const [words, at, value] = call.arguments
  const edits = [
    [call.getStart(), words.getStart(), ''],
    [words.getEnd(), at.getStart(), '[('],
  ]
  if (value === undefined) return [...edits, [at.getEnd(), call.getEnd(), ') | 0]']]
  if (!ts.isExpressionStatement(call.parent)) throw new Error(`${call.getText()} is used as a value`)
  return [...edits, [at.getEnd(), value.getStart(), ') | 0] = '], [value.getEnd(), call.getEnd(), '']]
}

/** Are these the words of a table? They are called so everywhere. */
function isWords(node) {
  return /(^|\.)(w|words)$/.test(node.getText())
}

/** A write of words as a call of lib/atomic: its name, edits, and the parts that are left; undefined for anything else. */
function asNotedWrite(node) {
  if (
    ts.isBinaryExpression(node) &&
    ts.isElementAccessExpression(node.left) &&
    isWords(node.left.expression)
  ) {
    const { left, operatorToken, right } = node
    const isAssignment =
      operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
      operatorToken.kind <= ts.SyntaxKind.LastAssignment
    if (!isAssignment) return undefined
    const name = PUTS.get(operatorToken.kind)
    if (name === undefined || (name !== 'put' && !ts.isExpressionStatement(node.parent)))
      throw new Error(`${node.getText()} cannot be noted`)
    const [words, at] = [left.expression, left.argumentExpression]
    const minus = operatorToken.kind === ts.SyntaxKind.MinusEqualsToken
    const edits = [
      [words.getStart(), words.getStart(), `${name}$(`],
      [words.getEnd(), at.getStart(), ', '],
      [at.getEnd(), right.getStart(), minus ? ', -(' : ', '],
      [node.getEnd(), node.getEnd(), minus ? '))' : ')'],
    ]
    return { name, edits, parts: [words, at, right] }
  }
  const isStep = ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)
  if (isStep && ts.isElementAccessExpression(node.operand) && isWords(node.operand.expression)) {
    const steps = [ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken]
    if (steps.includes(node.operator)) throw new Error(`${node.getText()} cannot be noted`)
  }
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined
  const { expression, name } = node.expression
  if (!isWords(expression) || !/^(fill|set|copyWithin)$/.test(name.text)) return undefined
  if (name.text !== 'fill' || node.arguments.length !== 3)
    throw new Error(`${node.getText()} cannot be noted`)
  const edits = [
    [node.getStart(), node.getStart(), 'putFill$('],
    [expression.getEnd(), node.arguments[0].getStart(), ', '],
  ]
  return { name: 'putFill', edits, parts: [expression, ...node.arguments] }
}

/** Imports of those functions, under names that nothing else has. */
function importOf(names, file) {
  if (names.size === 0) return ''
  const path = relative(dirname(file), ATOMIC).replaceAll('\\', '/')
  const list = [...names].map((name) => `${name} as ${name}$`).join(', ')
  return ` import { ${list} } from '${path.startsWith('.') ? path : `./${path}`}';`
}

/** Is the name read, rather than declared, or that of a property? */
function isRead(node) {
  const { parent } = node
  const named =
    ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isPropertyDeclaration(parent)
  if (named || ts.isVariableDeclaration(parent) || ts.isParameter(parent)) return parent.name !== node
  return !ts.isBindingElement(parent)
}

function literal(value) {
  return value < 0 ? `(${value})` : String(value)
}
