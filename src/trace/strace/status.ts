/** How a task ended or stopped, in the words of strace, as the 16 bits that wait4(2) gives. */
import { takeNamed } from './lookup.ts'
import { SIGNALS } from './names.ts'
import {
  BRACE,
  BRACKET,
  BRACKET_END,
  type Cursor,
  codeHere,
  expected,
  type Literal,
  literal,
  skip,
  skipNull,
  skipPastCode,
  takeNumber,
} from './text.ts'

const CORE_DUMPED = 0x80
const STOPPED = 0x7f
const CONTINUED = 0xffff

const EXITED: Literal = literal('{WIFEXITED(s) && WEXITSTATUS(s) == ')
const SIGNALED: Literal = literal('{WIFSIGNALED(s) && WTERMSIG(s) == ')
const WITH_CORE: Literal = literal(' && WCOREDUMP(s)')
const WAS_STOPPED: Literal = literal('{WIFSTOPPED(s) && WSTOPSIG(s) == ')
const WAS_CONTINUED: Literal = literal('{WIFCONTINUED(s)')
const EXITED_WITH: Literal = literal('exited with ')
const KILLED_BY: Literal = literal('killed by ')
const CORE_IN_WORDS: Literal = literal(' (core dumped)')

/** `[{WIFEXITED(s) && WEXITSTATUS(s) == 3}]`; an address or NULL: undefined. */
export function takeStatus(c: Cursor): number | undefined {
  if (codeHere(c) !== BRACKET) {
    if (!skipNull(c)) takeNumber(c)
    return undefined
  }
  c.at++
  const status = takeInside(c)
  skipPastCode(c, BRACKET_END)
  return status
}

function takeInside(c: Cursor): number {
  if (skip(c, EXITED)) return takeNumber(c) << 8
  if (skip(c, SIGNALED)) {
    const sig = takeSignal(c)
    return skip(c, WITH_CORE) ? sig | CORE_DUMPED : sig
  }
  if (skip(c, WAS_STOPPED)) return (takeSignal(c) << 8) | STOPPED
  if (skip(c, WAS_CONTINUED)) return CONTINUED
  const status = codeHere(c) === BRACE ? -1 : takeNumber(c)
  return status >= 0 ? status & 0xffff : expected(c, 'a status of wait4')
}

/** `exited with 3`, `killed by SIGSEGV (core dumped)`. */
export function takeEnd(c: Cursor): number {
  if (skip(c, EXITED_WITH)) return (takeNumber(c) & 0xff) << 8
  if (!skip(c, KILLED_BY)) expected(c, 'an end of a task')
  const sig = takeSignal(c)
  return skip(c, CORE_IN_WORDS) ? sig | CORE_DUMPED : sig
}

function takeSignal(c: Cursor): number {
  return takeNamed(c, SIGNALS, 'a signal')
}
