/**
 * The torture run and its workers as a program of a few files, so that a thread is started in a third of the time; with the
 * library as it was built, or with a mutant's changes.
 */
import { execFile } from 'node:child_process'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build, type Plugin } from 'esbuild'
import ts from 'typescript'
import { findMutant } from '../mutants.ts'
import { type Change, changed, ROOT } from '../sources.ts'

const HERE = dirname(fileURLToPath(import.meta.url))
const SOUND = 'sound'

/** Builds it, and returns the file that is to be run. `mutant`: with this one's mistake. */
export async function buildTorture(mutant?: string): Promise<string> {
  const folder = join(ROOT, 'out/torture', mutant ?? SOUND)
  const dist = mutant === undefined ? join(ROOT, 'dist') : await compile(folder, findMutant(mutant).changes)
  await build({
    entryPoints: ['run.js', 'worker.js', 'bare_worker.js'].map((file) => join(HERE, file)),
    outdir: folder,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    plugins: [libraryIn(dist)],
    logLevel: 'warning',
  })
  return join(folder, 'run.js')
}

/** What is imported of the library, from this folder. */
function libraryIn(dist: string): Plugin {
  const places: Record<string, string> = {
    'pidns/shared': 'shared/index.js',
    'pidns/shared/pid': 'shared/shared_pid.js',
    '#platform': 'platform/node.js',
  }
  return {
    name: 'library',
    setup({ onResolve }) {
      onResolve({ filter: /^(pidns\/shared|pidns\/shared\/pid|#platform|#internal\/.*)$/ }, ({ path }) => ({
        path: join(dist, places[path] ?? path.slice('#internal/'.length)),
      }))
    },
  }
}

/** What the facade does not need; and the note by which the build knows that all is as it was. */
const LEFT_OUT = /[\\/](cli|explorer|drivers|trace|constants\.tsbuildinfo)$/
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  rewriteRelativeImportExtensions: true,
}

/** The library with these changes, as `npm run build` makes it: what is changed is compiled anew. Returns its folder. */
async function compile(folder: string, changes: readonly Change[]): Promise<string> {
  const dist = join(folder, 'dist')
  await rm(dist, { recursive: true, force: true })
  await cp(join(ROOT, 'dist'), dist, { recursive: true, filter: (from) => !LEFT_OUT.test(from) })
  const files = new Set(changes.map(({ file }) => file))
  // One of its builds is the other file.
  if (files.has('lib/atomic_shared.ts')) files.add('lib/atomic.ts')
  for (const file of files) {
    const text = changed(await readFile(join(ROOT, 'src', file), 'utf8'), file, changes)
    const { outputText } = ts.transpileModule(text, { compilerOptions: OPTIONS })
    await writeFile(join(dist, file.replace(/\.ts$/, '.js')), outputText)
  }
  const { type, imports } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type, imports }))
  await promisify(execFile)(process.execPath, [join(ROOT, 'scripts/flatten.mjs')], { cwd: folder })
  return dist
}
