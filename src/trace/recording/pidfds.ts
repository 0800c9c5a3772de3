/**
 * Which process holds which pidfd, so that one that nobody can name any more is closed.
 *
 * Invariant: a pidfd is open as long as a process holds it. Threads share their process's, a fork's child has its own
 * copies, exec keeps them; they go when the last task of the process is gone.
 * A long log opens pidfds without end; what is held here is bounded by what the living hold.
 */
import type { Kernel, Pidfd } from '../../index.ts'

/** `fd` is undefined where the log opened one and this kernel refused. */
interface Open {
  fd: Pidfd | undefined
  holders: number
}

interface Holder {
  readonly names: Set<number>
  tasks: number
}

export interface Pidfds {
  /** A task has come, by fork or as a thread of the caller's process. */
  join(key: number, by: number, thread: boolean): undefined
  /** A task is gone. */
  leave(key: number): undefined
  open(by: number, name: number, fd: Pidfd | undefined): undefined
  holds(by: number, name: number): boolean
  get(name: number): Pidfd | undefined
  /** Goes on with a restored kernel, in which the same handles name the same pidfds. */
  moveTo(kernel: Kernel): void
}

export function createPidfds(): Pidfds {
  const opens = new Map<number, Open>()
  const holders = new Map<number, Holder>()

  function holderOf(key: number): Holder {
    let holder = holders.get(key)
    if (holder === undefined) {
      holder = { names: new Set(), tasks: 1 }
      holders.set(key, holder)
    }
    return holder
  }

  function release(name: number): undefined {
    const open = opens.get(name)
    if (open === undefined || --open.holders > 0) return
    opens.delete(name)
    open.fd?.close()
  }

  return {
    join(key: number, by: number, thread: boolean): undefined {
      const parent = holderOf(by)
      if (thread) {
        parent.tasks++
        holders.set(key, parent)
        return
      }
      for (const name of parent.names) (opens.get(name) as Open).holders++
      holders.set(key, { names: new Set(parent.names), tasks: 1 })
    },
    leave(key: number): undefined {
      const holder = holders.get(key)
      holders.delete(key)
      if (holder !== undefined && --holder.tasks === 0) holder.names.forEach(release)
    },
    open(by: number, name: number, fd: Pidfd | undefined): undefined {
      holderOf(by).names.add(name)
      opens.set(name, { fd, holders: 1 })
    },
    holds: (by: number, name: number): boolean => holderOf(by).names.has(name),
    get: (name: number): Pidfd | undefined => opens.get(name)?.fd,
    moveTo(kernel: Kernel): void {
      for (const open of opens.values()) if (open.fd !== undefined) open.fd = kernel.pidfd(open.fd.handle)
    },
  }
}
