/** What the tests need to know of a kernel's memory, read from its image. */
import type { Kernel } from 'pidns'

interface Internals {
  decodeImage(image: Uint8Array): Int32Array | string
  H_BRK: number
  H_SLABS: number
  SLAB_COUNT: number
  SLAB_WORDS: number
  SLAB_LIVE: number
  SLAB_PAGE: number
}

/** The library's own files: no entry point of the package shows its memory. */
async function internals(): Promise<Internals> {
  const at = (file: string): string => new URL(`../../dist/mm/${file}.js`, import.meta.url).href
  return { ...(await import(at('image'))), ...(await import(at('layout'))) } as Internals
}

const L = await internals()

/** The slab of the pages of numbers. */
export const { SLAB_PAGE } = L

export interface Memory {
  /** Slots in use of each slab. */
  readonly live: readonly number[]
  /** Words taken from the arena. */
  readonly highWater: number
}

/** Once everything that waits for a grace period is gone. */
export function memoryOf(kernel: Kernel): Memory {
  const words = L.decodeImage(kernel.save())
  if (typeof words === 'string') throw new Error(words)
  const slabs = Array.from({ length: L.SLAB_COUNT }, (_, i) => L.H_SLABS + i * L.SLAB_WORDS)
  return { live: slabs.map((at) => words[at + L.SLAB_LIVE] as number), highWater: words[L.H_BRK] as number }
}
