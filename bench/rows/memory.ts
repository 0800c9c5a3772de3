/** What things weigh: counts of bytes, the same on every machine. */
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { CLONE_NEWPID, Kernel } from 'pidns'
import { decodeImage } from '#internal/mm/image.js'
import { H_BRK } from '#internal/mm/layout.js'
import type { Result } from '../row.ts'

/** Bytes of the buffer that have been taken. */
function touched(kernel: Kernel): number {
  const words = decodeImage(kernel.save())
  if (typeof words === 'string') throw new Error(words)
  return 4 * (words[H_BRK] as number)
}

/** Bytes of buffer for each live process of one thread at level 0. */
export function bytesPerProcess(processes = 10_000): number {
  const kernel = Kernel.boot()
  const before = touched(kernel)
  for (let i = 0; i < processes; i++) kernel.init.fork()
  return (touched(kernel) - before) / processes
}

/** Bytes of buffer for each namespace in which nothing has been made yet. */
export function bytesPerNamespace(namespaces = 500): number {
  const kernel = Kernel.boot()
  const holders = Array.from({ length: namespaces }, () => kernel.init.fork())
  const before = touched(kernel)
  for (const holder of holders) holder.unshare(CLONE_NEWPID)
  return (touched(kernel) - before) / namespaces
}

/** Bytes of the library, minified and compressed as a web server would send it. */
export async function bytesOfLibrary(entry: string): Promise<number> {
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  const { outputFiles } = await build({
    entryPoints: [`${root}dist/${entry}`],
    bundle: true,
    minify: true,
    format: 'esm',
    conditions: ['browser'],
    write: false,
    logLevel: 'error',
  })
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length
}

const result = (id: string, what: string, bytes: number, target: number | null): Result => ({
  id,
  what,
  ns: Math.round(bytes),
  unit: 'bytes',
  peer: null,
  peerNs: null,
  ratio: null,
  target,
  met: target === null ? null : bytes <= target,
  noise: 0,
  rounds: 1,
  thrownAway: 0,
})

/** The results of memory, by identifier. */
export const MEMORY: ReadonlyMap<string, () => Promise<Result>> = new Map([
  [
    'bytes-process',
    async () =>
      result('bytes-process', 'buffer for each live process of one thread, level 0', bytesPerProcess(), 384),
  ],
  [
    'bytes-namespace',
    async () => result('bytes-namespace', 'buffer for each empty namespace', bytesPerNamespace(), 12 * 1024),
  ],
  [
    'bytes-library',
    async () => result('bytes-library', 'pidns, minified and gzip', await bytesOfLibrary('index.js'), null),
  ],
  [
    'bytes-library-pid',
    async () =>
      result(
        'bytes-library-pid',
        'pidns/pid alone, minified and gzip',
        await bytesOfLibrary('pid/index.js'),
        null,
      ),
  ],
])
