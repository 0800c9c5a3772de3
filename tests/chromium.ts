/** Where Chromium is: PIDNS_CHROMIUM, or what the system calls so. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

export function findChromium(): string | undefined {
  const own = process.env.PIDNS_CHROMIUM
  const folders = (process.env.PATH ?? '').split(delimiter)
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  return (own === undefined ? found : [own]).find((path) => existsSync(path))
}
