/** What the page shows now, and what may be done to it. One store; views read its signals. */
import { batch, computed, effect, signal } from '@preact/signals'
import type { Progress } from '../engine/log.ts'
import type { LifeView, Opened, Source, StepView } from '../engine/protocol.ts'
import { abandon, ask, Trouble } from './engine.ts'

export type Panel = 'processes' | 'map' | 'steps' | 'hash' | 'ask' | 'findings'

/** Where what is open came from, as the address has it. */
export const from = signal('')
export const opened = signal<Opened | undefined>(undefined)
export const view = signal<StepView | undefined>(undefined)
export const opening = signal<{ name: string; progress: Progress | undefined } | undefined>(undefined)
export const trouble = signal<string | undefined>(undefined)
/** The step that is wanted; the one that is shown follows at once. */
export const wanted = signal(0)
export const panel = signal<Panel>('steps')
/** Inode number of the namespace whose map is shown. */
export const mapNs = signal(0)
export const bucket = signal(-1)
export const life = signal<LifeView | undefined>(undefined)
export const asked = signal<{ ns: number; nr: number; lives: readonly LifeView[] } | undefined>(undefined)
export const playing = signal(false)
/** Steps a second. */
export const speed = signal(2)
export const lookup = signal<'hash' | 'idr'>('hash')
export const narrow = signal(matchMedia('(max-width: 899px)').matches)
export const still = signal(matchMedia('(prefers-reduced-motion: reduce)').matches)

matchMedia('(max-width: 899px)').addEventListener('change', ({ matches }) => {
  narrow.value = matches
})
matchMedia('(prefers-reduced-motion: reduce)').addEventListener('change', ({ matches }) => {
  still.value = matches
})

export const beat = computed(() => {
  const beats = opened.value?.beats ?? []
  let found = beats[0]
  for (const one of beats) if (one.step <= wanted.value) found = one
  return found
})

let source: Source | undefined

/** Opens something, at a step. Resolves once the step is shown, or what is wrong is. */
export async function open(next: Source, address: string, at: number | undefined): Promise<void> {
  const name = next.kind === 'file' ? next.name : next.id
  if (opening.value !== undefined) abandon('another one was opened')
  batch(() => {
    opening.value = { name, progress: undefined }
    trouble.value = undefined
    playing.value = false
  })
  try {
    const told = await ask({ kind: 'open', source: next, lookup: lookup.value }, (progress) => {
      opening.value = { name, progress }
    })
    source = next
    batch(() => {
      opening.value = undefined
      opened.value = told
      from.value = address
      view.value = undefined
      life.value = undefined
      asked.value = undefined
      bucket.value = -1
      mapNs.value = 0
      if (next.kind === 'story') panel.value = 'steps'
    })
    await seek(at ?? firstPlace(told))
  } catch (error) {
    if (!(error instanceof Trouble)) throw error
    batch(() => {
      opening.value = undefined
      opened.value = undefined
      view.value = undefined
      trouble.value = error.message
    })
  }
}

/** A story begins at its beginning, a log where its first finding lies; without findings, at its end. */
function firstPlace({ beats, findings, steps }: Opened): number {
  if (beats.length > 0) return 0
  return findings.length === 0 ? steps : Math.min(...findings.map(({ step }) => step))
}

/** The same once more, with numbers found the other way. */
export async function findBy(way: 'hash' | 'idr'): Promise<void> {
  lookup.value = way
  if (source !== undefined) await open(source, from.value, wanted.value)
}

export function close(): void {
  batch(() => {
    opened.value = undefined
    view.value = undefined
    trouble.value = undefined
    playing.value = false
    from.value = ''
  })
}

let under: Promise<void> | undefined
/** Wishes that came while one was under way count once: the last. */
let stale = false

/** Goes to a step; a later wish overtakes an earlier one. */
export function seek(step: number): Promise<void> {
  const told = opened.value
  if (told === undefined) return Promise.resolve()
  wanted.value = Math.min(Math.max(0, Math.round(step)), told.steps)
  return refresh()
}

/** Asks again for what is shown: another step, another namespace. */
export function refresh(): Promise<void> {
  if (under !== undefined) {
    stale = true
    return under
  }
  under = fetchView().finally(() => {
    under = undefined
  })
  return under
}

async function fetchView(): Promise<void> {
  do {
    stale = false
    const told = opened.value
    const got = await ask({ kind: 'seek', step: wanted.value, map: mapNs.value || -1, bucket: bucket.value })
    if (opened.value !== told) return
    if (mapNs.value === 0 || got.map === undefined) {
      const outermost = got.snapshot.namespaces[0]
      if (outermost !== undefined && outermost.inum !== mapNs.value) {
        mapNs.value = outermost.inum
        stale = true
      }
    }
    view.value = got
  } while (stale)
}

export function showMap(ns: number): Promise<void> {
  mapNs.value = ns
  return refresh()
}

export function showBucket(nr: number): Promise<void> {
  bucket.value = nr
  return refresh()
}

/** Who has, or had, a number in a namespace? */
export async function askFor(ns: number, nr: number): Promise<void> {
  const lives = await ask({ kind: 'ask', ns, nr })
  const now = lives.find((one) => isAt(one, wanted.value))
  batch(() => {
    asked.value = { ns, nr, lives }
    life.value = now ?? lives[0]
    panel.value = 'ask'
  })
}

export async function showLife(id: number): Promise<void> {
  const found = await ask({ kind: 'life', id })
  batch(() => {
    life.value = found
    panel.value = 'ask'
  })
}

/** The life behind a `struct pid` of the state that is shown. */
export async function showPid(pid: number): Promise<void> {
  const found = await ask({ kind: 'who', pid, step: view.value?.step ?? 0 })
  if (found === undefined) return
  batch(() => {
    life.value = found
    panel.value = 'ask'
  })
}

export function isAt(one: LifeView, step: number): boolean {
  return one.born <= step && (one.gone < 0 || one.gone > step)
}

/** A story says what to look at. */
effect(() => {
  const told = beat.value
  if (told === undefined) return
  panel.value = told.view
})
effect(() => {
  const told = beat.value
  const shown = view.value?.snapshot.namespaces
  if (told === undefined || shown === undefined) return
  const ns = shown.find(({ inum }) => numberOfNs(inum) === (told.ns ?? 0))
  if (ns !== undefined && ns.inum !== mapNs.peek() && lastBeat !== told) void showMap(ns.inum)
  lastBeat = told
})
let lastBeat: unknown

const FIRST_INUM = 0xf0000000

/** How many namespaces had been made before it, the outermost one included. */
export function numberOfNs(inum: number): number {
  return (inum < FIRST_INUM ? 0 : inum - FIRST_INUM + 1) - (opened.value?.level ?? 0)
}

/** As the page calls a namespace. */
export function nsName(inum: number): string {
  const nr = numberOfNs(inum)
  return nr < 0 ? 'outside' : `N${nr}`
}
