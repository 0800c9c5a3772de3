/** The lines of strace that are no calls: `--- SIGTERM {…} ---`, `--- stopped by SIGSTOP ---`, `+++ exited with 0 +++`. */
import { SIGCHLD } from '../../abi/index.ts'
import type { Act } from '../acts.ts'
import { takeNamed } from './lookup.ts'
import { OTHER_CODE, SIGNAL_CODES, SIGNALS } from './names.ts'
import { takeEnd } from './status.ts'
import {
  BRACE,
  type Cursor,
  codeHere,
  expected,
  type Literal,
  literal,
  SPACE,
  skip,
  standsAt,
  takeNumber,
  wordEnd,
} from './text.ts'

/** siginfo_t, as far as it bears on processes. */
export interface SigInfo {
  readonly signo: number
  readonly code: number
  readonly pid: number | undefined
  readonly outer: number | undefined
  readonly status: number | undefined
}

const SIGNO: Literal = literal('{si_signo=')
const CODE: Literal = literal(', si_code=')
const PID: Literal = literal(', si_pid=')
const UID: Literal = literal(', si_uid=')
const STATUS: Literal = literal(', si_status=')
const INT: Literal = literal(', si_int=')
const DASHES: Literal = literal(' ---')
const STOPPED_BY: Literal = literal('stopped by ')
const PLUSES: Literal = literal(' +++')
const SUPERSEDED: Literal = literal('superseded by execve in pid ')

const LETTER_A = 65
/** A task that ends tells its parent why in si_code 1 .. 6, whatever the signal. */
const CHILD_CODES_MAX = 6

/** `{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=42, si_uid=0, si_status=42, …`: stops where it has read enough. */
export function takeSigInfo(c: Cursor): SigInfo {
  if (!skip(c, SIGNO)) expected(c, 'a siginfo')
  const signo = takeNamed(c, SIGNALS, 'a signal')
  const code = skip(c, CODE) ? takeCode(c) : 0
  if (!skip(c, PID)) return { signo, code, pid: undefined, outer: undefined, status: undefined }
  const pid = takeNumber(c)
  const { outer } = c
  if (skip(c, UID)) takeNumber(c)
  const status = takeStatus(c, signo, code)
  return { signo, code, pid, outer, status }
}

function takeCode(c: Cursor): number {
  const first = codeHere(c)
  if (first < LETTER_A) return takeNumber(c)
  const from = c.at
  c.at = wordEnd(c.codes, from, c.end)
  return SIGNAL_CODES(c.codes, from, c.at)?.value ?? OTHER_CODE
}

/** For another signal than SIGCHLD strace does not know that the word behind si_uid is a status, and calls it si_int. */
function takeStatus(c: Cursor, signo: number, code: number): number | undefined {
  if (skip(c, STATUS)) return takeNamed(c, SIGNALS, 'a status')
  const child = signo !== SIGCHLD && code > 0 && code <= CHILD_CODES_MAX
  return child && skip(c, INT) ? takeNumber(c) : undefined
}

/** `c` stands behind `--- `. */
export function takeSignalLine(c: Cursor, by: number, time: string): Act {
  const { line } = c
  if (!standsAt(c.codes, c.end - 4, c.end, DASHES)) expected(c, 'a signal up to its ---')
  if (skip(c, STOPPED_BY)) return { kind: 'stopped', line, by, time, sig: takeNamed(c, SIGNALS, 'a signal') }
  const sig = takeNamed(c, SIGNALS, 'a signal')
  if (codeHere(c) !== SPACE || c.codes[++c.at] !== BRACE) {
    return {
      kind: 'signal',
      line,
      by,
      time,
      sig,
      code: 0,
      pid: undefined,
      outer: undefined,
      status: undefined,
    }
  }
  const { code, pid, outer, status } = takeSigInfo(c)
  return { kind: 'signal', line, by, time, sig, code, pid, outer, status }
}

/** `c` stands behind `+++ `. */
export function takeEndLine(c: Cursor, by: number, time: string): Act {
  const { line } = c
  if (!standsAt(c.codes, c.end - 4, c.end, PLUSES)) expected(c, 'an end up to its +++')
  if (!skip(c, SUPERSEDED)) return { kind: 'gone', line, by, time, status: takeEnd(c) }
  return { kind: 'superseded', line, by, time, thread: takeNumber(c) }
}
