/** A file of one's own: chosen, or dropped anywhere on the page. */
import * as S from './store.ts'

export async function openFile(file: File): Promise<void> {
  await S.open({ kind: 'file', name: file.name, blob: file }, `file:${file.name}`, undefined)
}

export function takeDrops(): void {
  const root = document.documentElement
  addEventListener('dragover', (event) => {
    event.preventDefault()
    root.classList.add('dropping')
  })
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) root.classList.remove('dropping')
  })
  addEventListener('drop', (event) => {
    event.preventDefault()
    root.classList.remove('dropping')
    const file = event.dataTransfer?.files[0]
    if (file !== undefined) void openFile(file)
  })
}
