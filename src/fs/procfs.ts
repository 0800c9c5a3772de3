/**
 * procfs: the processes of one namespace as a tree of files that can only be read. This file mounts it, walks its
 * paths, and does to a file what can be done to it. Linux: fs/proc/, and the path walk of fs/namei.c.
 *
 * A mount holds no reference on its namespace: one that is destroyed shows no processes any more, which is what an
 * empty one shows on Linux too.
 *
 * Context: the one thread; no file outlives a grace period but through the generation that it keeps.
 */
import { EINVAL, EISDIR, ENOENT, ENOTDIR } from '../abi/errno.ts'
import type { TaskRef } from '../mm/layout.ts'
import { slotGeneration } from '../mm/slab.ts'
import { taskActivePidNs } from '../pid/task_link.ts'
import { rcuReadLock, rcuReadUnlock } from '../sync/rcu.ts'
import type { TaskTable } from '../task/table.ts'
import { FIRST_ENTRY } from './procfs_base.ts'
import {
  DIRECTORY,
  type DirContext,
  fileOf,
  getProcTask,
  inodeOf,
  type ProcEntry,
  type ProcFile,
  type ProcMount,
  pidFileOf,
  S_IFMT,
} from './procfs_entry.ts'
import { ROOT } from './procfs_root.ts'

/** What stat(2) tells of a file. */
export interface ProcAttributes {
  readonly mode: number
  readonly ino: number
  readonly nlink: number
}

/** Mounts procfs for the namespace that `mounter` is in; self and thread-self are `reader`. */
export function mountProc(table: TaskTable, mounter: TaskRef, reader: TaskRef): ProcMount {
  const ns = taskActivePidNs(table, mounter)
  return {
    table,
    ns,
    nsGeneration: slotGeneration(table, ns),
    reader,
    readerGeneration: slotGeneration(table, reader),
  }
}

/**
 * The file at `path`, which begins at the root of the mount, with or without a slash. `follow`: through a link that
 * is the last part, as through all others.
 * Returns -ENOENT: no such file, or a link that leads nowhere; -ENOTDIR: a part that is no directory has more behind it.
 */
export function procLookup(mount: ProcMount, path: string, follow: boolean): ProcFile | number {
  if (path === '') return -ENOENT
  rcuReadLock(mount.table)
  const found = walk(mount, path.split('/'), follow)
  rcuReadUnlock(mount.table)
  return found
}

/** The text of a file, a byte to each character; -EISDIR; -EINVAL: a namespace; -ESRCH: whom it is about is gone. */
export function procRead(mount: ProcMount, file: ProcFile): string | number {
  if (file.entry.show === undefined) return isDirectory(file.entry) ? -EISDIR : -EINVAL
  rcuReadLock(mount.table)
  const text = file.entry.show(mount, file)
  rcuReadUnlock(mount.table)
  return text
}

/** What a link says; -EINVAL: it is none; -ENOENT: it leads nowhere. */
export function procReadlink(mount: ProcMount, file: ProcFile): string | number {
  if (file.entry.getLink === undefined) return -EINVAL
  rcuReadLock(mount.table)
  const text = file.entry.getLink(mount, file)
  rcuReadUnlock(mount.table)
  return text
}

/** Linux: `pid_getattr`, `proc_root_getattr`, `proc_task_getattr`. */
export function procGetattr(mount: ProcMount, file: ProcFile): ProcAttributes {
  const { entry } = file
  rcuReadLock(mount.table)
  const ino = inodeOf(mount, file)
  let nlink = 1
  if (isDirectory(entry)) {
    const fixed = entry.entries?.filter(isDirectory).length ?? 0
    nlink = 2 + fixed + (entry.subdirectories?.(mount, file) ?? 0)
  }
  rcuReadUnlock(mount.table)
  return { mode: entry.mode, ino, nlink }
}

/** A reader at the beginning of a directory; -ENOTDIR. */
export function procOpendir(file: ProcFile): DirContext | number {
  if (!isDirectory(file.entry)) return -ENOTDIR
  return { file, pos: 0, nextTid: 0, name: '', mode: 0 }
}

/**
 * The next name and its type, in `context`; false at the end, which is also where the directory of a task is that was
 * reaped meanwhile (getdents(2) says ENOENT then, and readdir(3) that this is the end). Names come in the order of
 * their offsets; what is gone when its turn comes is passed over, and nothing is named twice.
 */
export function procReaddir(mount: ProcMount, context: DirContext): boolean {
  const { entry } = context.file
  rcuReadLock(mount.table)
  const found = entry.iterate === undefined ? iterateEntries(mount, context) : entry.iterate(mount, context)
  rcuReadUnlock(mount.table)
  return found
}

/** Linux: `proc_pident_readdir`. */
function iterateEntries(mount: ProcMount, context: DirContext): boolean {
  const { file } = context
  const at = Math.max(context.pos, FIRST_ENTRY)
  const next = file.entry.entries?.[at - FIRST_ENTRY]
  if (next === undefined || (file.pid !== 0 && getProcTask(mount, file) === 0)) return false
  context.name = next.name
  context.mode = next.mode
  context.pos = at + 1
  return true
}

/** Linux: `link_path_walk`. `names` is consumed: a link's text takes the place of the link. */
function walk(mount: ProcMount, names: string[], follow: boolean): ProcFile | number {
  const trail = [fileOf(ROOT)]
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const dir = trail[trail.length - 1] as ProcFile
    if (!isDirectory(dir.entry)) return -ENOTDIR
    if (name === '..' && trail.length > 1) trail.pop()
    if (name === '' || name === '.' || name === '..') continue
    const found = step(mount, dir, name)
    if (typeof found === 'number') return found
    const { getLink, follow: jump } = found.entry
    if (getLink === undefined || (names.length === 0 && !follow)) {
      trail.push(found)
    } else if (jump !== undefined) {
      const target = jump(mount, found)
      if (typeof target === 'number') return target
      trail.push(target)
    } else {
      const text = getLink(mount, found)
      if (typeof text === 'number') return text
      names.unshift(...text.split('/'))
    }
  }
  return trail[trail.length - 1] as ProcFile
}

/** One part of a path: what `name` is in the directory `dir`. */
function step(mount: ProcMount, dir: ProcFile, name: string): ProcFile | number {
  const { lookup, entries } = dir.entry
  if (lookup !== undefined) return lookup(mount, dir, name)
  const entry = entries?.find((candidate) => candidate.name === name)
  if (entry === undefined) return -ENOENT
  return dir.pid === 0 ? fileOf(entry) : pidFileOf(mount.table, entry, dir.pid)
}

function isDirectory(entry: ProcEntry): boolean {
  return (entry.mode & S_IFMT) === (DIRECTORY & S_IFMT)
}
