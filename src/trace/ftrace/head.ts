/**
 * The front of a line of ftrace: who, where, when. `ft.sh-20990 (20990) [001] ..... 5225.011815: `
 *
 * Invariant: a name may hold anything, the number behind it is the last one before the CPU. The name has 16 columns where
 * it has no letters of several bytes, so that is looked at first.
 */

/** Read anew for each line, into the same object. */
export interface Head {
  /** -1: the line has no such front. */
  by: number
  /** The number of its process; 0: not told. */
  tgid: number
  time: string
  /** Where the event begins. */
  at: number
  /** Where the name ends: before the last dash. */
  name: number
}

const BLANK = 0x20
const DASH = 0x2d
const OPEN = 0x28
const BRACKET = 0x5b
const ZERO = 0x30
const NINE = 0x39
const NAME_COLUMNS = 16
const FORGOTTEN = '<...>'

export function newHead(): Head {
  return { by: -1, tgid: 0, time: '', at: 0, name: 0 }
}

export function readHead(text: string, head: Head): undefined {
  if (text.charCodeAt(NAME_COLUMNS) !== DASH || !readFast(text, head)) readSlowly(text, head)
}

/** The columns as the kernel prints them. */
function readFast(text: string, head: Head): boolean {
  let at = NAME_COLUMNS + 1
  let by = 0
  let code = text.charCodeAt(at)
  if (code < ZERO || code > NINE) return false
  for (; code >= ZERO && code <= NINE; code = text.charCodeAt(++at)) by = by * 10 + code - ZERO
  if (code !== BLANK) return false
  while (code === BLANK) code = text.charCodeAt(++at)
  let tgid = 0
  if (code === OPEN) {
    for (code = text.charCodeAt(++at); code === BLANK; code = text.charCodeAt(++at));
    for (; code >= ZERO && code <= NINE; code = text.charCodeAt(++at)) tgid = tgid * 10 + code - ZERO
    at = text.indexOf(')', at) + 1
    if (at === 0) return false
    for (code = text.charCodeAt(at); code === BLANK; code = text.charCodeAt(++at));
  }
  if (code !== BRACKET) return false
  at = text.indexOf(']', at)
  if (at < 0 || !readTime(text, at, head)) return false
  head.by = by
  head.tgid = tgid
  head.name = NAME_COLUMNS
  return true
}

/** The time is the word before the first `: ` behind the columns of marks, which have no colon. */
function readTime(text: string, from: number, head: Head): boolean {
  const colon = text.indexOf(': ', from)
  if (colon < 0) return false
  const last = text.charCodeAt(colon - 1)
  if (last < ZERO || last > NINE) return false
  let at = colon - 1
  while (text.charCodeAt(at - 1) !== BLANK) at--
  head.time = text.substring(at, colon)
  at = colon + 2
  while (text.charCodeAt(at) === BLANK) at++
  head.at = at
  return true
}

const SHAPE = /^ *(.*)-(\d+) +(?:\( *(\d+|-+)\) +)?\[\d+\] +(?:[^\s:]+ +)?([\d.]+): +/
/** The kernel's latency-format, whose times are microseconds with marks behind them. */
const LATENCY = /^ *(.*)-(\d+) +\d+[^\s\d]\S* +([\d.]+)(?:us|ms)?.?: +/

function readSlowly(text: string, head: Head): undefined {
  const match = SHAPE.exec(text) ?? LATENCY.exec(text)
  if (match === null) {
    head.by = -1
    return
  }
  const full = match.length === 5
  head.name = text.indexOf(match[1] as string) + (match[1] as string).length
  head.by = Number(match[2])
  head.tgid = full ? Number(match[3]) || 0 : 0
  head.time = match[full ? 4 : 3] as string
  head.at = match[0].length
}

/** The name of the task; '' where the log has forgotten it. */
export function nameOf(text: string, { name }: Head): string {
  let from = 0
  while (from < name && text.charCodeAt(from) === BLANK) from++
  const comm = text.substring(from, name)
  return comm === FORGOTTEN ? '' : comm
}
