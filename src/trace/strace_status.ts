/** How a task ended or stopped, in the words of strace, as the 16 bits that wait4(2) gives. */
import { takeNamed } from './strace_lookup.ts'
import { SIGNALS } from './strace_names.ts'
import { BRACKET, type Cursor, codeAt, expected, skip, skipPast, takeNumber } from './strace_text.ts'

const CORE_DUMPED = 0x80
const STOPPED = 0x7f
const CONTINUED = 0xffff

/** `[{WIFEXITED(s) && WEXITSTATUS(s) == 3}]`; an address or NULL: undefined. */
export function takeStatus(c: Cursor): number | undefined {
  if (codeAt(c.text, c.at) !== BRACKET) {
    if (!skip(c, 'NULL')) takeNumber(c)
    return undefined
  }
  c.at++
  const status = takeInside(c)
  skipPast(c, ']')
  return status
}

function takeInside(c: Cursor): number {
  if (skip(c, '{WIFEXITED(s) && WEXITSTATUS(s) == ')) return takeNumber(c) << 8
  if (skip(c, '{WIFSIGNALED(s) && WTERMSIG(s) == ')) {
    const sig = takeSignal(c)
    return skip(c, ' && WCOREDUMP(s)') ? sig | CORE_DUMPED : sig
  }
  if (skip(c, '{WIFSTOPPED(s) && WSTOPSIG(s) == ')) return (takeSignal(c) << 8) | STOPPED
  if (skip(c, '{WIFCONTINUED(s)')) return CONTINUED
  const from = c.at
  const status = c.text.startsWith('{', from) ? -1 : takeNumber(c)
  return status >= 0 ? status & 0xffff : expected(c, 'a status of wait4')
}

/** `exited with 3`, `killed by SIGSEGV (core dumped)`. */
export function takeEnd(c: Cursor): number {
  if (skip(c, 'exited with ')) return (takeNumber(c) & 0xff) << 8
  if (!skip(c, 'killed by ')) expected(c, 'an end of a task')
  const sig = takeSignal(c)
  return skip(c, ' (core dumped)') ? sig | CORE_DUMPED : sig
}

function takeSignal(c: Cursor): number {
  return takeNamed(c, SIGNALS, 'a signal')
}
