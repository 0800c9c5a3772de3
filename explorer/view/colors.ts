/** Colours for canvases: those of the style sheet, in the theme that is on. */
import { signal } from '@preact/signals'

export type Theme = 'light' | 'dark'

const dark = matchMedia('(prefers-color-scheme: dark)')

/** Chosen here; undefined: as the system has it. */
export const chosenTheme = signal<Theme | undefined>(undefined)
const system = signal<Theme>(dark.matches ? 'dark' : 'light')
let cache = new Map<string, string>()

dark.addEventListener('change', ({ matches }) => {
  cache = new Map()
  system.value = matches ? 'dark' : 'light'
})

/** Reading it makes a view draw itself anew when the theme changes. */
export function useTheme(): Theme {
  return chosenTheme.value ?? system.value
}

export function setTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme
  cache = new Map()
  chosenTheme.value = theme
}

/** The value of a custom property, `--hot`. */
export function colorOf(name: string): string {
  let color = cache.get(name)
  if (color === undefined) {
    color = getComputedStyle(document.documentElement).getPropertyValue(name).trim()
    cache.set(name, color)
  }
  return color
}
