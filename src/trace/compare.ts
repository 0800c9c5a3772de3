/** What the log says against what the library did, as the pairs of words that a difference shows. */
import { errnoName } from '../abi/index.ts'
import type { Answer, Outcome, TaskState } from './event.ts'

export interface Mismatch {
  readonly what: string
  readonly expected: string
  readonly actual: string
}

export function sameOutcome(expected: Outcome, actual: Answer): boolean {
  if (expected.kind === 'returned') {
    return (
      actual.kind === 'returned' &&
      actual.value === expected.value &&
      actual.status === expected.status &&
      sameInfo(expected.info, actual.info)
    )
  }
  if (expected.kind === 'failed') {
    return actual.kind === 'failed' && actual.errno === expected.errno && actual.stage === expected.stage
  }
  return actual.kind === expected.kind
}

type Info = Extract<Outcome, { kind: 'returned' }>['info']

function sameInfo(a: Info, b: Info): boolean {
  if (a === undefined || b === undefined) return a === b
  return (
    a.si_signo === b.si_signo &&
    a.si_pid === b.si_pid &&
    a.si_code === b.si_code &&
    a.si_status === b.si_status
  )
}

/** `42`, `-1 ESRCH`, `7 with status 256`, `died`. */
export function outcomeText(outcome: Answer): string {
  switch (outcome.kind) {
    case 'returned': {
      const { value, status, info } = outcome
      if (status !== undefined) return `${value} with status ${status}`
      if (info === undefined) return `${value}`
      return `${value} with si_signo ${info.si_signo}, si_pid ${info.si_pid}, si_code ${info.si_code}, si_status ${info.si_status}`
    }
    case 'failed':
      return `-1 ${errnoName(outcome.errno)}${outcome.stage === 'open' ? ' from open' : ''}`
    case 'died':
      return 'no return: the caller died'
    case 'stopped':
      return 'no return: the caller stopped'
    case 'unseen':
      return 'not seen'
    case 'broken':
      return outcome.why
  }
}

const STATE_WORDS = { S: 'alive', T: 'stopped', Z: 'zombie', E: 'held up in exit' } as const
const LISTS = ['tgid', 'pid', 'pgid', 'sid'] as const

/** The fields in which two states of one task differ; `undefined` is a task that is gone. */
export function stateMismatches(expected: TaskState | undefined, actual: TaskState | undefined): Mismatch[] {
  if (expected === undefined || actual === undefined) {
    return expected === actual
      ? []
      : [{ what: 'state', expected: wholeText(expected), actual: wholeText(actual) }]
  }
  const found: Mismatch[] = []
  if (expected.state !== actual.state) {
    found.push({ what: 'state', expected: STATE_WORDS[expected.state], actual: STATE_WORDS[actual.state] })
  }
  if (expected.ppid !== actual.ppid) {
    found.push({ what: 'ppid', expected: `${expected.ppid}`, actual: `${actual.ppid}` })
  }
  for (const what of LISTS) {
    const [a, b] = [listText(expected[what]), listText(actual[what])]
    if (a !== b) found.push({ what, expected: a, actual: b })
  }
  return found
}

function wholeText(state: TaskState | undefined): string {
  return state === undefined ? 'gone' : `${STATE_WORDS[state.state]}, pid ${listText(state.pid)}`
}

function listText(list: readonly number[]): string {
  return `[${list.join(', ')}]`
}
