/**
 * The code in documents: blocks of Markdown and of doc comments, taken out, compiled against the package by its own
 * name as a user's strict project would, and run.
 *
 * What a `ts` block prints stands in it. A line that calls console.log ends in `// => TEXT` (or `// TEXT`); more lines
 * of output follow as comments of their own. ` - why` behind TEXT is not compared.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url))

export interface Block {
  /** `README.md:12`, the first line of the code. */
  readonly where: string
  readonly language: string
  readonly code: string
}

/** The files below a folder of the repository whose names end in `ending`, as paths from its root. */
export function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => join(folder, path).split(sep).join('/'))
    .sort()
}

export function readBytes(path: string): Buffer {
  return readFileSync(join(ROOT, path))
}

export function readText(path: string): string {
  return readBytes(path).toString('utf8')
}

/** The fenced blocks of a Markdown file. */
export function markdownBlocks(path: string): Block[] {
  return fencedBlocks(path, readText(path).split('\n'))
}

/** The fenced blocks in the doc comments of a source. */
export function docstringBlocks(path: string): Block[] {
  const lines = readText(path)
    .split('\n')
    .map((line) => /^\s*\* ?(.*)$/.exec(line)?.[1] ?? '')
  return fencedBlocks(path, lines)
}

function fencedBlocks(path: string, lines: readonly string[]): Block[] {
  const blocks: Block[] = []
  for (let i = 0; i < lines.length; i++) {
    const language = /^```(.*)$/.exec(lines[i] as string)?.[1]
    if (language === undefined) continue
    const end = lines.indexOf('```', i + 1)
    if (end === -1) throw new Error(`${path}:${i + 1}: the block has no end`)
    blocks.push({ where: `${path}:${i + 2}`, language, code: `${lines.slice(i + 1, end).join('\n')}\n` })
    i = end
  }
  return blocks
}

/** As strict as a user's project can be, without the library's own sources or `using` of the runtime's. */
const OPTIONS: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  verbatimModuleSyntax: true,
  noEmitOnError: false,
}

export interface Compiled {
  /** By Block.where: the file to run. */
  readonly scripts: ReadonlyMap<string, string>
  /** What the compiler has to say, as `README.md:14: ...`. */
  readonly problems: readonly string[]
}

/** Compiles `ts` blocks, each a module of its own, into out/docs/`name`. */
export function compileBlocks(blocks: readonly Block[], name: string): Compiled {
  // Inside the package, so that its own name leads to it.
  const folder = join(ROOT, 'out/docs', name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const sources = new Map<string, Block>()
  const scripts = new Map<string, string>()
  for (const [i, block] of blocks.entries()) {
    const source = join(folder, `block${i + 1}.ts`)
    writeFileSync(source, block.code)
    sources.set(source, block)
    scripts.set(block.where, source.replace(/ts$/, 'js'))
  }
  const program = ts.createProgram([...sources.keys()], { ...OPTIONS, rootDir: folder, outDir: folder })
  const { diagnostics } = program.emit()
  const all = [...ts.getPreEmitDiagnostics(program), ...diagnostics]
  return { scripts, problems: all.map((diagnostic) => problemText(diagnostic, sources)) }
}

function problemText({ file, start, messageText }: ts.Diagnostic, sources: Map<string, Block>): string {
  const text = ts.flattenDiagnosticMessageText(messageText, '\n')
  if (file === undefined) return text
  const line = file.getLineAndCharacterOfPosition(start ?? 0).line
  const block = sources.get(join(file.fileName))
  if (block === undefined) return `${relative(ROOT, file.fileName)}:${line + 1}: ${text}`
  const [path, first] = block.where.split(':')
  return `${path}:${Number(first) + line}: ${text}`
}

/** The lines that a `ts` block says it prints. */
export function expectedLines(code: string): string[] {
  return code.split('\n').flatMap((line) => {
    const comment =
      /\bconsole\.log\(.*\/\/ (?:=> )?(.*)$/.exec(line)?.[1] ?? /^\s*\/\/ => (.*)$/.exec(line)?.[1]
    return comment === undefined ? [] : [comment.replace(/ +- .*$/, '')]
  })
}

export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export function runScript(path: string): Ran {
  return spawnSync(process.execPath, [path], { cwd: ROOT, encoding: 'utf8' })
}

/** Runs shell commands in the root of the repository, offline. */
export function runShell(code: string): Ran {
  const env = { ...process.env, NO_COLOR: '1', npm_config_offline: 'true', npm_config_loglevel: 'error' }
  return spawnSync('bash', ['-euo', 'pipefail', '-c', code], { cwd: ROOT, encoding: 'utf8', env })
}
