/**
 * The calls that were made on a kernel, as numbers: enough to make them again on a copy of it, where they do the same.
 *
 *      head     which call * 16 + how many arguments
 *      handle   whose method it is; 0: the table's
 *      argument, each in two words: what it is, and its value or handle or place among the texts
 */

export const MANY_ARGS = 16

export const ARG_NUMBER = 0
export const ARG_NOTHING = 1
/** Any other plain value, as JSON. */
export const ARG_JSON = 2
export const ARG_TASK = 3
export const ARG_PIDFD = 4
export const ARG_NSFD = 5

/** What a call is: a method of one of the facade's classes, a function of src/inside.ts, one of src/pid/index.ts. */
export type CallKind = 'task' | 'pidfd' | 'nsfd' | 'inside' | 'pid'

export interface CallName {
  readonly kind: CallKind
  readonly name: string
}

/** Methods of Task that leave the table as it is. */
const READS = ['pidOf', 'tidOf', 'sigpending', 'ioctl']

/** The names of the methods that calls are told of, in a fixed order; `comm` is a setter. */
export function methodsOf(prototype: object): string[] {
  const names: string[] = []
  for (let at = prototype; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && name !== 'constructor' && !READS.includes(name)) names.push(name)
    }
  }
  return [...new Set(names)].filter(
    (name) => !/^(held|live|nrIn|numberOf|numbers|open|find|release)$/.test(name),
  )
}

/** Functions of src/inside.ts that change a table, be it only that a page of a map is made. */
export const INSIDE: readonly string[] = ['peekNumber', 'moveToGroup', 'endProcess', 'endThread']

/** Numbers that grow. */
export interface Tape {
  words: Float64Array
  length: number
  readonly texts: string[]
}

export function createTape(): Tape {
  return { words: new Float64Array(1024), length: 0, texts: [] }
}

export function put(tape: Tape, value: number): void {
  if (tape.length === tape.words.length) {
    const words = new Float64Array(tape.words.length * 2)
    words.set(tape.words)
    tape.words = words
  }
  tape.words[tape.length++] = value
}

/** What a graph of the library offers to calls: its own classes, and its functions on a bare table. */
export interface Library {
  readonly task: object
  readonly pidfd: object
  readonly nsfd: object
  readonly pid: Readonly<Record<string, unknown>>
}

/** Every call that can be told, in the order of their numbers: the same for each graph of the library. */
export function callNames({ task, pidfd, nsfd, pid }: Library): CallName[] {
  const of = (kind: CallKind, names: readonly string[]): CallName[] => names.map((name) => ({ kind, name }))
  const functions = Object.keys(pid).filter((name) => typeof pid[name] === 'function')
  return [
    ...of('task', [...methodsOf(task), 'comm']),
    ...of('pidfd', methodsOf(pidfd)),
    ...of('nsfd', methodsOf(nsfd)),
    ...of('inside', INSIDE),
    ...of('pid', functions.sort()),
  ]
}
