/** Keys that work wherever nothing else takes them. */
import { showHelp } from './help.tsx'
import * as S from './store.ts'

const PANELS: readonly S.Panel[] = ['processes', 'map', 'steps', 'hash', 'ask', 'findings']

export function takeKeys(): void {
  addEventListener('keydown', (event) => {
    const target = event.target as HTMLElement
    const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return
    if (document.querySelector('dialog[open]') !== null) return
    if (event.key === '?') showHelp()
    if (S.opened.value === undefined) return
    const onButton = /^(BUTTON|SUMMARY|A)$/.test(target.tagName)
    const step = S.wanted.value
    const far = Math.max(10, Math.round((S.opened.value.steps ?? 0) / 50))
    const acts: Record<string, () => void> = {
      ArrowRight: () => void S.seek(step + 1),
      ArrowLeft: () => void S.seek(step - 1),
      PageDown: () => void S.seek(step + far),
      PageUp: () => void S.seek(step - far),
      Home: () => void S.seek(0),
      End: () => void S.seek(S.opened.value?.steps ?? 0),
    }
    const act =
      event.key === ' ' && !onButton
        ? () => {
            S.playing.value = !S.playing.value
          }
        : acts[event.key]
    const panel = PANELS[Number(event.key) - 1]
    if (act !== undefined) {
      event.preventDefault()
      act()
    } else if (panel !== undefined) S.panel.value = panel
  })
}
