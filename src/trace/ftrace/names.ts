/**
 * Names in a log of ftrace: those in the events (`comm=`), which are a task's own at that moment, and those in front of the lines.
 *
 * A task may have another name at any time without a line. But where it has its former one again afterwards, the line between the two
 * has the wrong number.
 */
import { type Acts, push } from './acts.ts'
import { type Head, nameOf } from './head.ts'
import type { Slot } from './slots.ts'

/** The name that a task has, and the one that a single line has given it since. */
export interface Naming {
  /** As `nameHash` gives it; 0: not known. */
  name: number
  odd: number
  oddLine: number
}

export function newNaming(): Naming {
  return { name: 0, odd: 0, oddLine: 0 }
}

/** An event calls `nr` so, whose name stands between two places of its text. */
export function noteName(
  acts: Acts,
  { noted }: Slot,
  nr: number,
  { by, time }: Head,
  line: number,
  text: string,
  from: number,
  to: number,
): undefined {
  const wrong = rename((noted.named ??= newNaming()), nameHash(text, from, to), line)
  if (wrong === 0) return
  const actual = `${text.substring(from, to)} at line ${line}`
  push(acts, { kind: 'clash', by, line: wrong, time, what: `name of ${nr}`, expected: 'another', actual })
}

/** It has executed this program, and has its name, if no line says otherwise. */
export function nameAfter({ noted }: Slot, file: string): undefined {
  const name = file.slice(file.lastIndexOf('/') + 1, file.lastIndexOf('/') + 1 + NAME_MAX)
  noted.named = { name: nameHash(name, 0, name.length), odd: 0, oddLine: 0 }
}

/** The kernel's TASK_COMM_LEN without the zero. */
const NAME_MAX = 15

/**
 * The name in front of a line. The file `trace` has it from a table that is read when the file is: it is the same in all lines of
 * a task.
 */
export function noteFront(acts: Acts, { noted }: Slot, head: Head, text: string, line: number): undefined {
  const { by, time, name } = head
  let from = 0
  while (from < name && text.charCodeAt(from) === BLANK) from++
  if (text.charCodeAt(from) === LESS) return
  const wrong = rename((noted.front ??= newNaming()), nameHash(text, from, name), line)
  if (wrong === 0) return
  const actual = `${nameOf(text, head)} at line ${line}`
  push(acts, {
    kind: 'clash',
    by,
    line: wrong,
    time,
    what: `name in front of ${by}`,
    expected: 'another',
    actual,
  })
}

const BLANK = 0x20
const LESS = 0x3c

/** The line that has given it another name than the lines before and after; 0: none has. */
function rename(naming: Naming, name: number, line: number): number {
  if (name === naming.name) {
    const wrong = naming.odd === 0 ? 0 : naming.oddLine
    naming.odd = 0
    return wrong
  }
  if (naming.name === 0 || name === naming.odd) {
    naming.name = name
    naming.odd = 0
  } else {
    naming.odd = name
    naming.oddLine = line
  }
  return 0
}

/** A number that stands for a name. */
export function nameHash(text: string, from: number, to: number): number {
  let hash = 1
  for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0
  return hash === 0 ? 1 : hash
}
