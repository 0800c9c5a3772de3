/**
 * The production sources that the scheduler runs, and which of their functions can reach an access to the words: only
 * those become generators.
 *
 * Resolved by names alone, as scripts/flatten.mjs does: functions of these rooms are declared at the top of their module, and
 * imported by name or as a namespace. Whatever else is called - a parameter, a property - is taken for one that may.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** The repository: this file runs as out/proof/sources.js. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const ROOMS = ['abi', 'lib', 'sync', 'mm', 'pid']
export const ATOMIC = join(ROOT, 'src/lib/atomic.ts')
const ATOMIC_SHARED = join(ROOT, 'src/lib/atomic_shared.ts')
/** What the scenarios import of the library. */
const INTERNAL = '#internal/shared/'

/** A change of the text of one source: a mutant's, or a constant made small. */
export interface Change {
  /** Below src/. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

export interface Module {
  readonly path: string
  /** As a replay shows it: below the repository. */
  readonly name: string
  readonly source: ts.SourceFile
  /** A local name -> `path#name` of the function that it stands for. */
  readonly names: Map<string, string>
  /** Names of namespaces -> path of the module. */
  readonly spaces: Map<string, string>
}

/** Reads all sources, with these changes made. Throws where a change does not apply exactly once. */
export function readModules(changes: readonly Change[]): Map<string, Module> {
  const modules = new Map<string, Module>()
  const read = (path: string): void => {
    if (path.endsWith('mm/image.ts') || path === ATOMIC_SHARED) return
    const from = path === ATOMIC ? ATOMIC_SHARED : path
    const text = changed(readFileSync(from, 'utf8'), relative(join(ROOT, 'src'), from), changes)
    const source = parsed(path, text)
    modules.set(path, { path, name: relative(ROOT, from), source, names: new Map(), spaces: new Map() })
  }
  for (const room of ROOMS) for (const file of filesOf(join(ROOT, 'src', room))) read(file)
  for (const file of filesOf(join(ROOT, 'proof/scenarios'))) read(file)
  for (const module of modules.values()) resolveNames(module, modules)
  return modules
}

/** Most modules are the same in each mutant. */
const known = new Map<string, ts.SourceFile>()

function parsed(path: string, text: string): ts.SourceFile {
  const source = known.get(path)?.text === text ? known.get(path) : undefined
  const now = source ?? ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  known.set(path, now)
  return now
}

function filesOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file))
}

/** The text of a source with the changes made that are its own. Throws where one does not apply exactly once. */
export function changed(text: string, file: string, changes: readonly Change[]): string {
  let now = text
  for (const { find, replace } of changes.filter((change) => change.file === file)) {
    const parts = now.split(find)
    if (parts.length !== 2) throw new Error(`${file}: found ${parts.length - 1} times: ${find}`)
    now = parts.join(replace)
  }
  return now
}

/** The source that a specifier names, undefined for what is no part of the rooms. */
export function resolveImport(specifier: string, from: string): string | undefined {
  if (specifier.startsWith(INTERNAL))
    return join(ROOT, 'src', specifier.slice(INTERNAL.length).replace(/\.js$/, '.ts'))
  return specifier.startsWith('.') ? join(dirname(from), specifier) : undefined
}

function resolveNames(module: Module, modules: ReadonlyMap<string, Module>): void {
  for (const statement of module.source.statements) {
    if (!ts.isImportDeclaration(statement)) continue
    const from = resolveImport((statement.moduleSpecifier as ts.StringLiteral).text, module.path)
    const bindings = statement.importClause?.namedBindings
    if (from === undefined || bindings === undefined) continue
    if (ts.isNamespaceImport(bindings)) module.spaces.set(bindings.name.text, from)
    else
      for (const { name, propertyName } of bindings.elements)
        module.names.set(name.text, declaredAs(modules, from, (propertyName ?? name).text))
  }
  for (const name of topFunctions(module.source).keys()) module.names.set(name, `${module.path}#${name}`)
}

/** Where a module's export is declared: through modules that hand it on. */
export function declaredAs(modules: ReadonlyMap<string, Module>, path: string, name: string): string {
  const module = modules.get(path)
  for (const statement of module?.source.statements ?? []) {
    if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined) continue
    const from = resolveImport((statement.moduleSpecifier as ts.StringLiteral).text, path)
    if (from === undefined || statement.exportClause === undefined) continue
    if (!ts.isNamedExports(statement.exportClause)) continue
    for (const element of statement.exportClause.elements)
      if (element.name.text === name)
        return declaredAs(modules, from, (element.propertyName ?? element.name).text)
  }
  return `${path}#${name}`
}

/** Functions declared at the top of a module, `const f = () => ...` included. */
export function topFunctions(source: ts.SourceFile): Map<string, ts.Node> {
  const found = new Map<string, ts.Node>()
  for (const statement of source.statements) {
    if (ts.isFunctionDeclaration(statement) && statement.name !== undefined)
      found.set(statement.name.text, statement)
    if (!ts.isVariableStatement(statement)) continue
    for (const { name, initializer } of statement.declarationList.declarations)
      if (initializer !== undefined && ts.isIdentifier(name) && ts.isArrowFunction(initializer))
        found.set(name.text, initializer)
  }
  return found
}
