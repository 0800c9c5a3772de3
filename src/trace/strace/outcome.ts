/** What stands behind the equals sign of a call. */
import type { SpanOutcome } from '../acts.ts'
import type { CallCursor, Row } from './calls.ts'
import { ERRNOS } from './names.ts'
import {
  type Cursor,
  codeHere,
  expected,
  type Literal,
  literal,
  QUESTION,
  SPACE,
  skip,
  standsAt,
  takeFd,
  takeNumber,
  takeWord,
} from './text.ts'

const MINUS_ONE: Literal = literal('-1 ')
const ERRNO: Literal = literal(' (errno ')
const LOST: SpanOutcome = { kind: 'lost' }
const RESTARTED: SpanOutcome = { kind: 'restarted' }
/** Most calls give back just that. */
const ZERO_RETURNED: SpanOutcome = returned(0)
const failures = new Map<number, SpanOutcome>()

export { LOST }

/** `c` stands at the result. */
export function takeOutcome(c: CallCursor, row: Row): SpanOutcome {
  if (codeHere(c) === QUESTION) {
    return c.text.startsWith('? ERESTART', c.at) ? RESTARTED : LOST
  }
  if (standsAt(c.codes, c.at, c.end, MINUS_ONE)) return takeFailure(c, row)
  const from = c.at
  const value = takeNumber(c, Number.NaN)
  if (Number.isNaN(value)) expected(c, 'a result')
  const { outer, status, info, infoOuter, fd } = c
  if (row.givesFd) {
    c.at = from
    return { kind: 'returned', value, outer: undefined, status, info, fd: takeFd(c) }
  }
  if (value === 0 && info === undefined && status === undefined) return ZERO_RETURNED
  return { kind: 'returned', value, outer: outer ?? infoOuter, status, info, fd }
}

function returned(value: number): SpanOutcome {
  return { kind: 'returned', value, outer: undefined, status: undefined, info: undefined, fd: undefined }
}

/**
 * `-1 ENOENT (…)`. `-1 (errno 18446744073709551398)` is no error: strace reads it from a thread that its execve has
 * turned into another, and the call worked.
 */
function takeFailure(c: Cursor, row: Row): SpanOutcome {
  c.at += '-1'.length
  if (skip(c, ERRNO)) {
    const number = takeNumber(c)
    if (number < LARGEST) return failed(number)
    return row.name.startsWith('execve') ? ZERO_RETURNED : LOST
  }
  while (codeHere(c) === SPACE) c.at++
  const from = c.at
  const errno = ERRNOS.get(takeWord(c))
  c.at = from
  return errno === undefined ? expected(c, 'the name of an error') : failed(errno)
}

/** Errors of system calls are smaller (MAX_ERRNO). */
const LARGEST = 4096

function failed(errno: number): SpanOutcome {
  let outcome = failures.get(errno)
  if (outcome === undefined) {
    outcome = { kind: 'failed', errno }
    failures.set(errno, outcome)
  }
  return outcome
}
