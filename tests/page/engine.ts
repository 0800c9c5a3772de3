/** The page's engine as a module of this Node, made as the page's is. */
import { openAsBlob, readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { build } from 'vite'

export type Lookup = 'hash' | 'idr'

export interface ReadOptions {
  readonly lookup: Lookup
  readonly spacing?: { readonly interval: number; readonly mostBytes: number }
}

export interface Recorded {
  readonly steps: number
  readonly checkpoints: readonly { readonly step: number; readonly words: Int32Array }[]
}

export interface Stepper {
  readonly step: number
  seek(step: number): void
  readonly trace: unknown
  snapshot(): { readonly namespaces: readonly { readonly inum: number }[] }
  map(inum: number): unknown
  hash(bucket: number): unknown
  cpu(): unknown
  save(): Uint8Array
}

export interface Engine {
  readonly STORIES: readonly { readonly id: string }[]
  readBytes(name: string, file: Blob, tell: () => void, options: ReadOptions): Promise<Recorded>
  createStepper(recorded: Recorded): Stepper
  tellStory(id: string, lookup: Lookup): { readonly recorded: Recorded }
  replayStraight(
    bytes: AsyncIterable<Uint8Array>,
    lookup: Lookup,
    steps: ReadonlySet<number>,
  ): Promise<Map<number, Uint8Array>>
}

export async function loadEngine(): Promise<Engine> {
  await build({ configFile: 'explorer/vite.engine.config.mjs', mode: 'production' })
  return (await import(pathToFileURL(resolve('out/engine/engine.js')).href)) as Engine
}

export async function read(engine: Engine, path: string, options: ReadOptions): Promise<Recorded> {
  return await engine.readBytes(basename(path), await openAsBlob(path), () => {}, options)
}

export async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  const bytes = readFileSync(path)
  yield path.endsWith('.gz') ? gunzipSync(bytes) : bytes
}
