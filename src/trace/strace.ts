/**
 * Reads what strace has written: the system calls of programs, their signals and ends, a line each or in two halves.
 *
 * Invariant: acts come out in the order of their lines; see strace_acts.ts. A log has either a number in front of each
 * line, or numbers in brackets and only while there are several tasks; its first line tells which.
 */
import type { LogReader } from './event.ts'
import type { Act, SpanStart } from './span.ts'
import { createActReader } from './strace_acts.ts'
import { createBareReader } from './strace_bare.ts'
import { type Head, isStackFrame, newHead, readHead, refuseLine } from './strace_head.ts'

const FIRST_LINE =
  /^(?:\[pid +\d+(?:<.*?>)?\] |\d+(?:<.*?>)? +)?(?: *[\d.:]+ +)?(?:\(\+ *[\d.]+\) +)?(?:\[[ \da-f?]+\] )*(?:[a-z_?][\w?]*\(|<\.\.\. |--- |\+\+\+ |strace: )/

export function isStrace(firstLine: string): boolean {
  return FIRST_LINE.test(firstLine)
}

export function createStraceReader(emit: (act: SpanStart | Act) => void): LogReader {
  const acts = createActReader(emit)
  const head: Head = newHead()
  let bare: LogReader | undefined
  let started = false

  return {
    line(text: string, line: number): undefined {
      readHead(text, head)
      if (!started) {
        started = true
        emit({ kind: 'start', line: 1, spans: { keyWord: 'pid', source: 'strace' } })
        if (head.by === 0 || head.bracketed) bare = createBareReader(acts)
      }
      if (bare !== undefined) bare.line(text, line)
      else if (head.by > 0 && !head.bracketed) acts.take(text, line, head)
      else if (!isStackFrame(text)) refuseLine(text, line)
    },
    finish(lines: number): undefined {
      bare?.finish(lines)
      acts.finish()
    },
  }
}
