/** Colours for canvases: those of the style sheet, in the theme that is on. */
import { signal } from '@preact/signals'

export type Theme = 'light' | 'dark'

const dark = matchMedia('(prefers-color-scheme: dark)')

const root = document.documentElement
/** The one that is on: as the system has it (index.html), until another one is chosen here. */
const theme = signal(root.dataset.theme as Theme)
let isChosen = false
let cache = new Map<string, string>()

dark.addEventListener('change', ({ matches }) => {
  if (!isChosen) show(matches ? 'dark' : 'light')
})

function show(next: Theme): void {
  root.dataset.theme = next
  cache = new Map()
  theme.value = next
}

/** Reading it makes a view draw itself anew when the theme changes. */
export function useTheme(): Theme {
  return theme.value
}

export function setTheme(next: Theme): void {
  isChosen = true
  show(next)
}

/** The value of a custom property, `--hot`. */
export function colorOf(name: string): string {
  let color = cache.get(name)
  if (color === undefined) {
    color = getComputedStyle(root).getPropertyValue(name).trim()
    cache.set(name, color)
  }
  return color
}
