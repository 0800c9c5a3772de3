/**
 * Production sources as the scheduler runs them: each access to the words becomes a call of the machine, at which
 * another agent may be let in.
 *
 *      words[at]             (v = $S.rd(at, site)) === $Y ? (yield, $S.redo()) : v
 *      words[at] = value     a call of lib/atomic's `put`, which notes the old value first, as in the shared build
 *      Atomics.add(w, at, v) $S.atomic('add', ...), in lib/atomic alone
 *      f(x)                  yield* f(x), where f can reach an access
 *
 * The machine says $Y where the agent must stop; it does what was asked when the agent goes on (`redo`). So where nobody
 * is let in an access costs no more than a call. Types stay where they are: esbuild takes them out.
 */
import ts from 'typescript'
import { ATOMIC, declaredAs, type Module, topFunctions } from './sources.ts'

/** Accesses of a module that have numbers of their own. */
const MOST_SITES = 4096

/** Where an access is written. */
export interface Site {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** Modules in which writes are not noted: what notes them, and what undoes them. */
const UNNOTED = /src[\\/](abi|lib[\\/](atomic|journal))|sync[\\/]journal/
const PUTS = new Map([
  [ts.SyntaxKind.EqualsToken, 'put'],
  [ts.SyntaxKind.PlusEqualsToken, 'putAdd'],
  [ts.SyntaxKind.MinusEqualsToken, 'putAdd'],
  [ts.SyntaxKind.BarEqualsToken, 'putOr'],
  [ts.SyntaxKind.AmpersandEqualsToken, 'putAnd'],
])
/** Objects and methods of the language: they call none of ours, or are given none that could yield. */
const GLOBALS = new Set(['Math', 'Number', 'Object', 'Array', 'Date', 'Promise', 'String', 'JSON', 'Reflect'])
const METHODS =
  /^(push|pop|shift|map|filter|some|every|includes|join|get|set|has|delete|slice|then|sort|at|flatMap|keys|values|entries|apply|concat|fill|charCodeAt|subarray|toString|forEach|resolve|reject|split|match|indexOf)$/

type FunctionNode = ts.FunctionDeclaration | ts.FunctionExpression | ts.ArrowFunction | ts.MethodDeclaration
const isFunctionNode = (node: ts.Node): node is FunctionNode =>
  ts.isFunctionDeclaration(node) ||
  ts.isFunctionExpression(node) ||
  ts.isArrowFunction(node) ||
  ts.isMethodDeclaration(node)

const isWords = (node: ts.Node): boolean => /(^|\.)(w|words)$/.test(node.getText())
const isAccess = (node: ts.Node): node is ts.ElementAccessExpression =>
  ts.isElementAccessExpression(node) && isWords(node.expression)
const isFill = (node: ts.Node): node is ts.CallExpression =>
  ts.isCallExpression(node) &&
  ts.isPropertyAccessExpression(node.expression) &&
  node.expression.name.text === 'fill' &&
  isWords(node.expression.expression)
const isAtomics = (node: ts.Node): node is ts.CallExpression =>
  ts.isCallExpression(node) && /^Atomics\.(?!waitAsync)\w+$/.test(node.expression.getText())

/** What a call leads to: `path#name`, 'any' where only the run will tell, undefined for a function of the language. */
function callee(
  modules: ReadonlyMap<string, Module>,
  module: Module,
  call: ts.CallExpression,
): string | undefined {
  const { expression } = call
  if (ts.isIdentifier(expression)) return module.names.get(expression.text) ?? 'any'
  if (!ts.isPropertyAccessExpression(expression)) return 'any'
  const { expression: object, name } = expression
  if (ts.isIdentifier(object)) {
    const space = module.spaces.get(object.text)
    if (space !== undefined) return declaredAs(modules, space, name.text)
    if (GLOBALS.has(object.text)) return undefined
  }
  return METHODS.test(name.text) || /^Atomics\b|^\$S\b/.test(expression.getText()) ? undefined : 'any'
}

/** All functions that can reach an access. */
function findGenerators(modules: ReadonlyMap<string, Module>): Set<ts.Node> {
  const byKey = new Map<string, ts.Node>()
  const calls = new Map<ts.Node, Set<string>>()
  const generators = new Set<ts.Node>()
  for (const module of modules.values()) {
    for (const [name, node] of topFunctions(module.source)) byKey.set(`${module.path}#${name}`, node)
    const visit = (node: ts.Node, inside: ts.Node | undefined): void => {
      const now = isFunctionNode(node) ? node : inside
      if (isFunctionNode(node)) calls.set(node, new Set())
      if (now !== undefined && (isAccess(node) || isFill(node) || isAtomics(node))) generators.add(now)
      else if (now !== undefined && ts.isCallExpression(node)) {
        const key = callee(modules, module, node)
        if (key === 'any' || node.expression.getText() === '$S.pause') generators.add(now)
        else if (key !== undefined) calls.get(now)?.add(key)
      }
      ts.forEachChild(node, (child) => visit(child, now))
    }
    visit(module.source, undefined)
  }
  for (let grown = true; grown; ) {
    grown = false
    for (const [node, keys] of calls) {
      if (generators.has(node)) continue
      if (![...keys].some((key) => generators.has(byKey.get(key) as ts.Node))) continue
      generators.add(node)
      grown = true
    }
  }
  return generators
}

export interface Rewritten {
  /** By path. */
  readonly texts: ReadonlyMap<string, string>
  readonly sites: ReadonlyMap<number, Site>
}

/** The text of each module, rewritten, and the places that the numbers in it stand for. */
export function transformAll(modules: ReadonlyMap<string, Module>): Rewritten {
  const generators = findGenerators(modules)
  const sites = new Map<number, Site>()
  const texts = new Map<string, string>()
  let first = 0
  for (const module of modules.values()) {
    texts.set(module.path, transform(modules, module, generators, sites, first))
    first += MOST_SITES
  }
  return { texts, sites }
}

function transform(
  modules: ReadonlyMap<string, Module>,
  module: Module,
  generators: ReadonlySet<ts.Node>,
  sites: Map<number, Site>,
  first: number,
): string {
  const { source } = module
  let next = first
  const notes = !UNNOTED.test(module.path)
  const puts = new Set<string>()
  const byKey = new Map<string, ts.Node>()
  for (const other of modules.values())
    for (const [name, node] of topFunctions(other.source)) byKey.set(`${other.path}#${name}`, node)
  const lines = source.text.split('\n')

  /** -1 in lib/atomic: whoever called it tells. */
  const siteOf = (node: ts.Node): number => {
    if (module.path === ATOMIC) return -1
    const line = source.getLineAndCharacterOfPosition(node.getStart()).line
    sites.set(next, { file: module.name, line: line + 1, text: (lines[line] ?? '').trim() })
    next += 1
    return next - 1
  }
  const ask = (call: string): string => `(($v = $S.${call}) === $Y ? (yield, $S.redo()) : $v)`

  const emit = (node: ts.Node): string => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return node.getFullText()
    const lead = source.text.slice(node.getFullStart(), node.getStart())
    if (ts.isExpressionStatement(node)) return `${lead}{ ${emit(node.expression)}; }`
    const written = emitWrite(node)
    if (written !== undefined) return lead + written
    if (isAccess(node)) return lead + ask(`rd(${emit(node.argumentExpression)}, ${siteOf(node)})`)
    if (isFill(node)) {
      const list = node.arguments.map(emit).join(', ')
      if (notes)
        return `${lead}(yield* ${put('putFill')}(${emit((node.expression as ts.PropertyAccessExpression).expression)}, ${list}))`
      return `${lead}(yield* $fill(${list}, ${siteOf(node)}))`
    }
    if (isAtomics(node)) return lead + emitAtomics(node)
    if (ts.isCallExpression(node)) return lead + emitCall(node)
    if (isFunctionNode(node) && generators.has(node)) return lead + emitFunction(node)
    return between(node)
  }

  /** The node's text, with its children's in their places. */
  const between = (node: ts.Node): string => {
    let out = ''
    let at = node.getFullStart()
    ts.forEachChild(node, (child) => {
      out += source.text.slice(at, child.getFullStart()) + emit(child)
      at = child.getEnd()
    })
    return out + source.text.slice(at, node.getEnd())
  }

  const put = (name: string): string => {
    puts.add(name)
    return `${name}$`
  }

  const emitWrite = (node: ts.Node): string | undefined => {
    if (!ts.isBinaryExpression(node) || !isAccess(node.left)) return undefined
    const name = PUTS.get(node.operatorToken.kind)
    if (name === undefined) return undefined
    const [at, value] = [emit(node.left.argumentExpression), emit(node.right)]
    const minus = node.operatorToken.kind === ts.SyntaxKind.MinusEqualsToken ? '-' : ''
    if (notes)
      return `(yield* ${put(name)}(${emit(node.left.expression)}, ${at}, $S.from(${siteOf(node)}, ${minus}(${value}))))`
    const operator = node.operatorToken.getText().slice(0, -1)
    const old = operator === '' ? '' : `${ask(`rd(${at}, ${siteOf(node)})`)} ${operator} `
    return ask(`wr(${at}, ${old}(${value}), ${siteOf(node)})`)
  }

  const emitAtomics = (node: ts.CallExpression): string => {
    const name = (node.expression as ts.PropertyAccessExpression).name.text
    const [, ...rest] = node.arguments.map(emit)
    return ask(`atomic('${name}', ${siteOf(node)}, ${rest.join(', ')})`)
  }

  const emitCall = (node: ts.CallExpression): string => {
    const key = callee(modules, module, node)
    const plain = between(node).trimStart()
    if (key === 'any') return `(yield* $any(${plain}))`
    if (key === undefined || !generators.has(byKey.get(key) as ts.Node)) return plain
    if (!key.startsWith(`${ATOMIC}#`) || module.path === ATOMIC) return `(yield* ${plain})`
    const list = node.arguments.map(emit)
    const last = list.length - 1
    if (last >= 0) list[last] = `$S.from(${siteOf(node)}, ${list[last]})`
    return `(yield* ${emit(node.expression)}(${list.join(', ')}))`
  }

  const emitFunction = (node: FunctionNode): string => {
    const list = `(${node.parameters.map((parameter) => emit(parameter)).join(',')})`
    if (ts.isArrowFunction(node)) {
      const body = ts.isBlock(node.body) ? emit(node.body) : `{ return (${emit(node.body)}) }`
      return `(function* ${list} ${body})`
    }
    const modifiers = (node.modifiers ?? []).map((modifier) => modifier.getText()).join(' ')
    const keyword = ts.isMethodDeclaration(node) ? '' : 'function'
    return `${modifiers} ${keyword}* ${node.name?.getText() ?? ''}${list} ${node.body === undefined ? '' : emit(node.body)}`
  }

  const text = between(source)
  if (puts.size === 0) return `let $v; ${text}`
  const list = [...puts].map((name) => `${name} as ${name}$`).join(', ')
  return `import { ${list} } from ${JSON.stringify(ATOMIC)}; let $v; ${text}`
}
