/** What came of a step of a recording: exactly one of `ret` (with what goes with it), `died`, `stopped`. */
import type { Call, Outcome } from '../event.ts'
import { TraceError } from '../trace_error.ts'
import { type Fields, has, INT32_MAX, refuse, takeInt, takeTrue, takeWord } from './fields.ts'

const ERRNO_MAX = 4095
const STATUS_MAX = 65535

export function takeOutcome(fields: Fields, call: Call): Outcome {
  const kinds = ['ret', 'died', 'stopped'].filter((name) => has(fields, name))
  if (kinds.length !== 1) {
    const got = kinds.length === 0 ? 'none' : kinds.join(' and ')
    throw new TraceError(fields.line, `step: expected exactly one of "ret", "died", "stopped", got ${got}`)
  }
  if (kinds[0] !== 'ret') {
    const kind = kinds[0] as 'died' | 'stopped'
    takeTrue(fields, kind)
    return { kind }
  }
  const value = takeInt(fields, 'ret', -1, INT32_MAX)
  return value === -1 && !isNumberRead(fields, call)
    ? takeFailure(fields, call)
    : takeReturn(fields, call, value)
}

/** kernel.ns_last_pid reads -1 where no number was given out yet but with set_tid. */
function isNumberRead(fields: Fields, call: Call): boolean {
  return call.op === 'sysctl' && call.value === undefined && !has(fields, 'err')
}

function takeFailure(fields: Fields, call: Call): Outcome {
  const errno = takeInt(fields, 'err', 1, ERRNO_MAX)
  if (call.op !== 'setns' || !has(fields, 'stage')) return { kind: 'failed', errno }
  return { kind: 'failed', errno, stage: takeWord(fields, 'stage', ['open']) }
}

function takeReturn(fields: Fields, call: Call, value: number): Outcome {
  if (call.op === 'clone' && value === 0) refuse(fields, 'ret', 'the number of the new task', value)
  if (call.op === 'wait4' && value > 0) {
    return { kind: 'returned', value, status: takeInt(fields, 'status', 0, STATUS_MAX) }
  }
  if (call.op !== 'waitid') return { kind: 'returned', value }
  const info = {
    si_signo: takeInt(fields, 'si_signo'),
    si_pid: takeInt(fields, 'si_pid'),
    si_code: takeInt(fields, 'si_code'),
    si_status: takeInt(fields, 'si_status'),
  }
  return { kind: 'returned', value, info }
}
