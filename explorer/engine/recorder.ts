/**
 * Writes down each call that is made on a kernel of this graph, so that it can be made again on a copy (performer.ts).
 * The classes of the facade are the page's own copy: what is put around their methods is around nobody else's.
 */
import { NsFd, Pidfd } from '../../src/file.ts'
import * as pid from '../../src/pid/index.ts'
import type { PidTable } from '../../src/pid/table.ts'
import { Task } from '../../src/process.ts'
import * as C from './calls.ts'

type Method = (this: unknown, ...args: unknown[]) => unknown

const LIBRARY: C.Library = { task: Task.prototype, pidfd: Pidfd.prototype, nsfd: NsFd.prototype, pid }
const NAMES = C.callNames(LIBRARY)
const NUMBERS = new Map(NAMES.map(({ kind, name }, i) => [`${kind} ${name}`, i]))

/** Where calls are written now, and how many of the facade's are under way, one inside the other. */
let tape: C.Tape | undefined
let depth = 0

/** From now on calls are written to `to`; undefined: nowhere. */
export function recordTo(to: C.Tape | undefined): void {
  tape = to
}

/** Writes a call of a function of src/inside.ts. */
export function tellInside(name: string, args: readonly unknown[]): void {
  if (depth === 0) write('inside', name, undefined, args)
}

/** Calls a function of src/pid/index.ts on a table, and writes it down. */
export function callPid(table: PidTable, name: keyof typeof pid, args: readonly number[]): number {
  write('pid', name, undefined, args)
  return (pid as unknown as Readonly<Record<string, Method>>)[name]?.(table, ...args) as number
}

function write(
  kind: C.CallKind,
  name: string,
  self: { handle: number } | undefined,
  args: readonly unknown[],
): void {
  if (tape === undefined) return
  C.put(tape, (NUMBERS.get(`${kind} ${name}`) as number) * C.MANY_ARGS + args.length)
  C.put(tape, self === undefined ? 0 : self.handle)
  for (const arg of args) writeArg(tape, arg)
}

function writeArg(to: C.Tape, arg: unknown): void {
  if (typeof arg === 'number') pair(to, C.ARG_NUMBER, arg)
  else if (arg === undefined) pair(to, C.ARG_NOTHING, 0)
  else if (arg instanceof Task) pair(to, C.ARG_TASK, arg.handle)
  else if (arg instanceof Pidfd) pair(to, C.ARG_PIDFD, arg.handle)
  else if (arg instanceof NsFd) pair(to, C.ARG_NSFD, arg.handle)
  else pair(to, C.ARG_JSON, textOf(to, JSON.stringify(arg)))
}

function pair(to: C.Tape, kind: number, value: number): void {
  C.put(to, kind)
  C.put(to, value)
}

const known = new WeakMap<C.Tape, Map<string, number>>()

function textOf(to: C.Tape, text: string): number {
  let places = known.get(to)
  if (places === undefined) known.set(to, (places = new Map()))
  let place = places.get(text)
  if (place === undefined) {
    place = to.texts.push(text) - 1
    places.set(text, place)
  }
  return place
}

/** On the class itself, also where the method is its parent's: another child of that is told of as what it is. */
function around(kind: C.CallKind, prototype: object, name: string): void {
  let owner = prototype
  while (!Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner)
  const own = Object.getOwnPropertyDescriptor(owner, name) as PropertyDescriptor
  const key = own.value === undefined ? 'set' : 'value'
  const method = own[key] as Method
  const told: Method = function (this: unknown, ...args) {
    if (depth === 0) write(kind, name, this as { handle: number }, args)
    depth++
    try {
      return method.apply(this, args)
    } finally {
      depth--
    }
  }
  Object.defineProperty(prototype, name, { ...own, [key]: told })
}

for (const { kind, name } of NAMES) {
  if (kind === 'task' || kind === 'pidfd' || kind === 'nsfd') around(kind, LIBRARY[kind], name)
}
