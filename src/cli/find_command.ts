/** Finds the file of a command as a shell does, and says as a shell does why there is none. */
import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'

export interface NotFound {
  /** 127: there is no such command; 126: it cannot be executed. */
  readonly status: 126 | 127
  readonly why: string
}

const USUAL_PATH = '/usr/local/bin:/usr/bin:/bin'

/** The path of `name`, which stands there itself if it holds a slash. */
export function findCommand(name: string, path: string = USUAL_PATH): string | NotFound {
  if (name.includes('/')) return look(name) ?? { status: 127, why: 'no such file' }
  let nearest: NotFound = { status: 127, why: 'command not found' }
  for (const folder of name === '' ? [] : path.split(':')) {
    const found = look(join(folder === '' ? '.' : folder, name))
    if (typeof found === 'string') return found
    if (found !== undefined) nearest = found
  }
  return nearest
}

function look(path: string): string | NotFound | undefined {
  try {
    if (statSync(path).isDirectory()) return { status: 126, why: 'is a directory' }
  } catch {
    return undefined
  }
  try {
    accessSync(path, constants.X_OK)
    return path
  } catch {
    return { status: 126, why: 'permission denied' }
  }
}
