/**
 * Names that one thread holds for as long as it lives, by Web Locks: browsers and their workers, and Node.js from 24.5 on.
 * Whoever finds such a name free knows that the thread has ended, or has let it go.
 *
 * Nobody waits in a lock's queue: where a thread ends, not every implementation wakes who waits there.
 */
import type { Platform } from './platform.ts'

/** What of the platforms' LockManager is used here. */
interface LockManagerLike {
  request<T>(
    name: string,
    options: { readonly ifAvailable?: boolean },
    run: (lock: object | null) => T | Promise<T>,
  ): Promise<T>
}

function lockManager(): LockManagerLike | undefined {
  const { navigator } = globalThis as { readonly navigator?: { readonly locks?: LockManagerLike } }
  return navigator?.locks
}

/** Pages of an opaque origin have the interface, but each request is refused: then nothing is held, and nothing free. */
export const webLocks: Pick<Platform, 'holdName' | 'isNameFree'> = {
  holdName: (name, held) => {
    let letGo = (): void => {}
    const untilLetGo = new Promise<void>((resolve) => {
      letGo = resolve
    })
    lockManager()
      ?.request(name, {}, () => {
        held()
        return untilLetGo
      })
      .catch(() => {})
    return letGo
  },
  isNameFree: async (name) => {
    try {
      return (await lockManager()?.request(name, { ifAvailable: true }, (lock) => lock !== null)) ?? false
    } catch {
      return false
    }
  },
}
