/** The rewritten sources and scenarios as one program, in memory: a mutant is another one. */
import { join } from 'node:path'
import ts from 'typescript'
import type { Machine } from './machine.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { type Change, ROOT, readModules, resolveImport } from './sources.ts'
import { type Site, transformAll } from './transform.ts'

export interface Program {
  readonly sites: ReadonlyMap<number, Site>
  /** Loads the program, with its words in this machine. */
  load(machine: Machine): Loaded
}

export interface Loaded {
  readonly SCENARIOS: readonly Scenario[]
  /** Where the locks are. */
  readonly LOCK_WORDS: readonly number[]
}

/** Constants that are made small, so that what they put off happens soon; and where the words come from. */
const SMALL: readonly Change[] = [
  { file: 'sync/raw_spinlock.ts', find: 'const SPINS = 1000', replace: 'const SPINS = 1' },
  { file: 'sync/rcu.ts', find: 'const SECTIONS = 64', replace: 'const SECTIONS = 1' },
  { file: 'mm/slab.ts', find: 'const FEW_WORDS = 64', replace: 'const FEW_WORDS = 2' },
  {
    file: 'lib/atomic_shared.ts',
    find: 'new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT))',
    replace: '$S.createWords(count)',
  },
  { file: 'lib/atomic_shared.ts', find: 'relax?.()', replace: 'Atomics.pause(0)' },
]

const ENTRY = join(ROOT, 'proof/scenarios/index.ts')
const OPTIONS: ts.CompilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.CommonJS }
type Body = (...args: unknown[]) => void

/** Compiled functions, by their text: most modules are the same in each mutant. */
const compiled = new Map<string, Body>()

/** Builds the program with these changes of its sources. */
export function bundle(changes: readonly Change[] = []): Program {
  const { texts, sites } = transformAll(readModules([...SMALL, ...changes]))
  return {
    sites,
    load: (machine) => {
      const loaded = new Map<string, Record<string, unknown>>()
      const load = (path: string): Record<string, unknown> => {
        const known = loaded.get(path)
        if (known !== undefined) return known
        const exports: Record<string, unknown> = {}
        loaded.set(path, exports)
        const require = (specifier: string): unknown => load(resolveImport(specifier, path) ?? specifier)
        compile(path, texts.get(path))(
          exports,
          require,
          machine,
          machine.STOP,
          machine.any,
          machine.fill,
          machine.Date,
        )
        return exports
      }
      return load(ENTRY) as unknown as Loaded
    },
  }
}

function compile(path: string, text: string | undefined): Body {
  if (text === undefined) throw new Error(`${path} is no source of the scheduler`)
  const known = compiled.get(text)
  if (known !== undefined) return known
  const code = ts.transpileModule(text, { compilerOptions: OPTIONS }).outputText
  const body = new Function('exports', 'require', '$S', '$Y', '$any', '$fill', 'Date', code) as Body
  compiled.set(text, body)
  return body
}
