/**
 * Reads what strace has written: the system calls of programs, their signals and ends, a line each or in two halves.
 *
 * Invariant: acts come out in the order of their lines; see acts.ts. A log has either a number in front of each
 * line, or numbers in brackets and only while there are several tasks; its first line tells which.
 */

import type { Act, SpanStart } from '../acts.ts'
import { type Characters, charactersOf } from '../characters.ts'
import type { LogReader } from '../event.ts'
import { createActReader } from './acts.ts'
import { createBareReader } from './bare.ts'
import { isStackFrame, isSummary, newLine, readLineAmong, refuseLine } from './head.ts'

const FIRST_LINE =
  /^(?:\[pid +\d+(?:<.*?>)?\] |\d+(?:<.*?>)? +)?(?: *[\d.:]+ +)?(?:\(\+ *[\d.]+\) +)?(?:\[[ \da-f?]+\] )*(?:[a-z_?][\w?]*\(|<\.\.\. |--- |\+\+\+ |strace: )/

export function isStrace(firstLine: string): boolean {
  return FIRST_LINE.test(firstLine)
}

const NUMBERED = /^\d+(?:<.*?>)? +/

/** With no number in front, or one in brackets: written to the standard error, where programs print too. */
export function isBare(firstLine: string): boolean {
  return !NUMBERED.test(firstLine)
}

/** What strace writes besides what the programs did. */
function isBeside(text: string): boolean {
  return isStackFrame(text) || isSummary(text)
}

export function createStraceReader(emit: (act: SpanStart | Act) => void): LogReader {
  const acts = createActReader(emit)
  const line = newLine()
  let bare: LogReader | undefined
  let started = false

  function start(): undefined {
    started = true
    if (line.by === 0 || line.bracketed) bare = createBareReader(acts)
    emit({ kind: 'start', line: 1, spans: { keyWord: 'pid', source: 'strace', bare: bare !== undefined } })
  }

  function take(characters: Characters, from: number, end: number, nr: number): undefined {
    readLineAmong(characters, from, end, nr, line)
    if (!started) start()
    if (bare !== undefined) bare.line(characters.text.slice(from, end), nr)
    else if (line.by > 0 && !line.bracketed) acts.take(line)
    else if (!isBeside(characters.text.slice(from, end))) refuseLine(line)
  }

  return {
    line: (text, nr) => take(charactersOf(text), 0, text.length, nr),
    lineAmong: take,
    finish(lines: number): undefined {
      bare?.finish(lines)
      acts.finish()
    },
  }
}
