/** Makes calls again that recorder.ts has written down, on a copy of the kernel on which they were made. */
import { NsFd, Pidfd } from '../../src/file.ts'
import type { Kernel } from '../../src/index.ts'
import * as inside from '../../src/inside.ts'
import * as pid from '../../src/pid/index.ts'
import type { PidTable } from '../../src/pid/table.ts'
import { Task } from '../../src/process.ts'
import * as C from './calls.ts'
import { endTurn } from './platform.ts'

type Method = (this: unknown, ...args: unknown[]) => unknown
type Functions = Readonly<Record<string, Method>>

const NAMES = C.callNames({ task: Task.prototype, pidfd: Pidfd.prototype, nsfd: NsFd.prototype, pid })

/** The calls from `from` up to `to` of a tape. What a call throws was thrown the first time, too. */
export function performCalls(
  kernel: Kernel,
  table: PidTable,
  words: Float64Array,
  texts: readonly string[],
  from: number,
  to: number,
): void {
  for (let at = from; at < to; ) {
    const head = words[at] as number
    const count = head % C.MANY_ARGS
    const name = NAMES[(head - count) / C.MANY_ARGS] as C.CallName
    try {
      const args: unknown[] = []
      for (let i = 0; i < count; i++)
        args.push(readArg(kernel, texts, words[at + 2 + 2 * i] as number, words[at + 3 + 2 * i] as number))
      perform(kernel, table, name, words[at + 1] as number, args)
    } catch {
      // An errno, as the first time.
    }
    at += 2 + 2 * count
  }
  endTurn()
}

function readArg(kernel: Kernel, texts: readonly string[], kind: number, value: number): unknown {
  switch (kind) {
    case C.ARG_NUMBER:
      return value
    case C.ARG_NOTHING:
      return undefined
    case C.ARG_TASK:
      return kernel.task(value)
    case C.ARG_PIDFD:
      return kernel.pidfd(value)
    case C.ARG_NSFD:
      return kernel.nsFd(value)
    default:
      return JSON.parse(texts[value] as string)
  }
}

function perform(
  kernel: Kernel,
  table: PidTable,
  { kind, name }: C.CallName,
  handle: number,
  args: unknown[],
): void {
  switch (kind) {
    case 'inside':
      ;(inside as unknown as Functions)[name]?.(...args)
      return
    case 'pid':
      ;(pid as unknown as Functions)[name]?.(table, ...args)
      return
    case 'pidfd':
      callMethod(kernel.pidfd(handle), name, args)
      return
    case 'nsfd':
      callMethod(kernel.nsFd(handle), name, args)
      return
    case 'task':
      if (name === 'comm') kernel.task(handle).comm = args[0] as string
      else callMethod(kernel.task(handle), name, args)
  }
}

function callMethod(self: object, name: string, args: readonly unknown[]): void {
  ;(self as Functions)[name]?.(...args)
}
