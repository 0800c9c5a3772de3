/** The address holds the place: what is open, at which step, and what is shown of it. A link shows the same. */
import { effect } from '@preact/signals'
import { EXAMPLES, sourceOf } from './examples.ts'
import * as S from './store.ts'

const PANELS: readonly S.Panel[] = ['processes', 'map', 'steps', 'hash', 'ask', 'findings']

/** The log that the server was started with, if there is one. */
export const servedName: string | undefined =
  document.querySelector<HTMLMetaElement>('meta[name="pidns-log"]')?.content || undefined

let written = ''

export async function openAddress(): Promise<void> {
  const place = new URLSearchParams(location.hash.slice(1))
  const what = place.get('open') ?? (servedName === undefined ? '' : 'log')
  const asked = Number(place.get('step') ?? Number.NaN)
  const step = Number.isInteger(asked) && asked >= 0 ? asked : undefined
  const ns = Number(place.get('ns') ?? 0)
  if (place.get('find') === 'tree') S.lookup.value = 'idr'
  if (what !== S.from.value || S.opened.value === undefined) await openNamed(what, step)
  else if (step !== undefined) await S.seek(step)
  if (S.opened.value === undefined) return
  const panel = place.get('view') as S.Panel
  if (PANELS.includes(panel)) S.panel.value = panel
  const found = S.view.value?.snapshot.namespaces.find(({ inum }) => S.numberOfNs(inum) === ns)
  if (place.has('ns') && found !== undefined) await S.showMap(found.inum)
  const life = Number(place.get('who') ?? -1)
  if (life >= 0) await S.showLife(life)
}

export async function openNamed(what: string, step: number | undefined): Promise<void> {
  const [kind, id] = what.split(':')
  const example = EXAMPLES.find((one) => one.id === id)
  if (kind === 'example' && example !== undefined) await S.open(sourceOf(example), what, step)
  else if (kind === 'story' && id !== undefined) await S.open({ kind: 'story', id }, what, step)
  else if (what === 'log' && servedName !== undefined) await openServed(servedName, step)
  else if (kind === 'file')
    S.trouble.value = `${id}: this place is in a file of your own: drop the file here again`
}

async function openServed(name: string, step: number | undefined): Promise<void> {
  try {
    const response = await fetch('./log')
    if (!response.ok) throw new Error(await response.text())
    await S.open({ kind: 'file', name, blob: await response.blob() }, 'log', step)
  } catch (error) {
    S.trouble.value = `${name}: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** Follows what is shown, without a new entry in the browser's history for each step. */
export function keepAddress(): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  effect(() => {
    const place = new URLSearchParams()
    if (S.opened.value !== undefined) {
      place.set('open', S.from.value)
      place.set('step', String(S.wanted.value))
      place.set('view', S.panel.value)
      place.set('ns', String(S.numberOfNs(S.mapNs.value)))
      if (S.lookup.value === 'idr') place.set('find', 'tree')
      if (S.panel.value === 'ask' && S.life.value !== undefined) place.set('who', String(S.life.value.id))
    }
    const text = place.toString()
    clearTimeout(timer)
    timer = setTimeout(() => {
      written = text === '' ? '' : `#${text}`
      if (location.hash !== written)
        history.replaceState(null, '', written === '' ? location.pathname : written)
    }, 120)
  })
  addEventListener('hashchange', () => {
    if (location.hash !== written) void openAddress()
  })
}
