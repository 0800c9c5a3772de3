/**
 * What procfs is made of: a table of entries for each kind of directory, and files, which are an entry and whom it is
 * about. Linux: fs/proc/internal.h (`struct pid_entry`, `struct proc_inode`).
 *
 * A file holds no reference. It names its `struct pid` by slot and generation, so that one whose task is gone is
 * noticed, as the kernel notices it, and never mistaken for a later task with the same number.
 */
import type { NsRef, PidRef, TaskRef } from '../mm/layout.ts'
import * as L from '../mm/layout.ts'
import { slotGeneration } from '../mm/slab.ts'
import { pidTask } from '../pid/pid_task.ts'
import { NULL_TASK, taskPid } from '../pid/task_link.ts'
import { NULL_PID, pidNrNs } from '../pid/upid.ts'
import type { TaskTable } from '../task/table.ts'

/** Type and permissions of all that there is on a file system that nobody writes to. */
export const DIRECTORY = 0o40555
export const REGULAR = 0o100444
export const SYMLINK = 0o120777
export const S_IFMT = 0o170000

/** A mount: the namespace whose numbers it shows, and the task that looks. */
export interface ProcMount {
  readonly table: TaskTable
  readonly ns: NsRef
  readonly nsGeneration: number
  readonly reader: TaskRef
  readonly readerGeneration: number
}

/** A file that was found. `pid` is NULL where it is about no task. */
export interface ProcFile {
  readonly entry: ProcEntry
  readonly pid: PidRef
  readonly generation: number
}

/** A reader's place in a directory, and what {@link ProcEntry.iterate} found there last. */
export interface DirContext {
  readonly file: ProcFile
  /** Where to go on. */
  pos: number
  /** In a task directory, the thread that comes next, if it is still there then; 0 unknown. */
  nextTid: number
  name: string
  mode: number
}

/** One row of a directory's table. Its functions run in a read section; a negative number is an error. */
export interface ProcEntry {
  readonly name: string
  readonly mode: number
  /** Inode number; in the directories of tasks, what is added to {@link PID_INODES} times the task's number. */
  readonly ino: number
  /** A directory with fixed contents has them here, any other has `lookup` and `iterate`. */
  readonly entries?: readonly ProcEntry[]
  lookup?(mount: ProcMount, dir: ProcFile, name: string): ProcFile | number
  /** Puts the next name into `context`; false at the end. */
  iterate?(mount: ProcMount, context: DirContext): boolean
  /** How many directories are in this one, but for those in `entries`. */
  subdirectories?(mount: ProcMount, dir: ProcFile): number
  /** The text of a regular file, a byte to each character. */
  show?(mount: ProcMount, file: ProcFile): string | number
  /** What a symbolic link says. */
  getLink?(mount: ProcMount, file: ProcFile): string | number
  /** Where a link leads that does not go by what it says. */
  follow?(mount: ProcMount, file: ProcFile): ProcFile | number
}

/** Inode numbers that belong to one task. */
export const PID_INODES = 32

/** The file of an entry that is about no task. */
export function fileOf(entry: ProcEntry): ProcFile {
  return { entry, pid: NULL_PID, generation: 0 }
}

/** The file of an entry that is about the task of `pid`. */
export function pidFileOf(table: TaskTable, entry: ProcEntry, pid: PidRef): ProcFile {
  return { entry, pid, generation: slotGeneration(table, pid) }
}

/** The mount's namespace, NULL once it is destroyed: nothing can have a number in it then. Linux: `proc_pid_ns`. */
export function procPidNs(mount: ProcMount): NsRef {
  const { table, ns } = mount
  const alive = slotGeneration(table, ns) === mount.nsGeneration && table.words[ns + L.NS_COUNT] > 0
  return alive ? ns : (0 as NsRef)
}

/** Who looks, NULL once it is gone. Linux: `current`. */
export function procReader(mount: ProcMount): TaskRef {
  const { table, reader } = mount
  const alive = slotGeneration(table, reader) === mount.readerGeneration && taskPid(table, reader) !== 0
  return alive ? reader : NULL_TASK
}

/** The task that the file is about, NULL once it is reaped. Linux: `get_proc_task`. */
export function getProcTask(mount: ProcMount, file: ProcFile): TaskRef {
  const { table } = mount
  if (file.pid === 0 || slotGeneration(table, file.pid) !== file.generation) return NULL_TASK
  return pidTask(table, file.pid, L.PIDTYPE_PID)
}

/** The inode number of a file. */
export function inodeOf(mount: ProcMount, file: ProcFile): number {
  return PID_INODES * pidNrNs(mount.table, file.pid, procPidNs(mount)) + file.entry.ino
}
