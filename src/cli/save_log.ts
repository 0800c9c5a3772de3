/** Keeps the log of a run in a file, packed, as it passes by. */
import { createWriteStream, openSync } from 'node:fs'
import { finished } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

export interface SavedLog {
  /** Resolves when more may come. Rejects if the file cannot be written. */
  write(chunk: Uint8Array): Promise<void>
  end(): Promise<void>
}

/** Throws if the file cannot be made. */
export function saveLog(path: string): SavedLog {
  const file = createWriteStream(path, { fd: openSync(path, 'w') })
  const gzip = createGzip()
  gzip.pipe(file)
  const done = finished(file)
  done.catch((error) => gzip.destroy(error))
  gzip.on('error', () => {})
  return {
    async write(chunk: Uint8Array): Promise<void> {
      if (gzip.write(chunk)) return
      await Promise.race([done, new Promise((resolve) => gzip.once('drain', resolve))])
    },
    async end(): Promise<void> {
      gzip.end()
      await done
    },
  }
}
