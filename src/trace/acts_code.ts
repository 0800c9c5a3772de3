/**
 * Acts as numbers and text, to be read by one thread and replayed by another: to have the objects themselves copied
 * costs more than to make them.
 *
 * Invariant: what is decoded equals what was encoded, as it was at that moment. A span that is entered and left comes
 * out as one object, as it went in. What is rare goes as an object.
 */
import type { LogItem } from './event.ts'
import { NumberMap } from './number_map.ts'
import type { Act, Span, SpanCall, SpanOutcome } from './span.ts'

/** Can be posted to another thread, and the buffer of `numbers` handed over. */
export interface CodedActs {
  /** ELSEWHERE: the next of `objects` instead. */
  readonly numbers: Int32Array<ArrayBuffer>
  /** Times and commands one after the other; their lengths are among the numbers. */
  readonly text: string
  readonly objects: readonly unknown[]
}

export interface ActsEncoder {
  add(item: LogItem): undefined
  /** What has been added since this was last called. */
  take(): CodedActs
}

/** Kinds of items. What has no code of its own is an object. */
const OBJECT = 0
const CALL = 1
const ENTER = 2
const LEAVE = 3
const SIGNAL = 4
const GONE = 5
const OTHER = 6
/** Of a span whose outcome was known when it was entered: nothing else of it has changed since. */
const LEAVE_KNOWN = 7

/** Calls. */
const CALL_OBJECT = 0
const CLONE = 1
const EXECVE = 2
const EXIT = 3
const EXIT_GROUP = 4
const GETPID = 5
const GETTID = 6
const GETPPID = 7
const SETSID = 8
const GETPGID = 9
const GETSID = 10
const SETPGID = 11
const KILL = 12
const TGKILL = 13
const WAIT4 = 14
const RT_SIGACTION = 15

/** Outcomes. */
const UNKNOWN = 0
const VALUE = 1
const STATUS = 2
const OUTCOME_OBJECT = 3
const FAILED = 4
const RESTARTED = 5
const LOST = 6

/** In the place of what is no 32-bit integer: undefined, flags with the highest bit. */
const ELSEWHERE = -(2 ** 31)
const FIRST_SIZE = 1 << 15
/** More than any item needs. */
const ITEM_MAX = 32

export function createActsEncoder(): ActsEncoder {
  let numbers = new Int32Array(FIRST_SIZE)
  let at = 0
  let text = ''
  let objects: unknown[] = []
  /** Entered and not left, their outcomes known: the lines of their entries. */
  const known = new NumberMap<true>()

  function put(number: number): undefined {
    if ((number | 0) === number && number !== ELSEWHERE) numbers[at++] = number
    else putElsewhere(number)
  }

  function putElsewhere(number: number | undefined): undefined {
    numbers[at++] = ELSEWHERE
    objects.push(number)
  }

  function putOptional(number: number | undefined): undefined {
    if (number === undefined) putElsewhere(number)
    else put(number)
  }

  function putText(word: string): undefined {
    numbers[at++] = word.length
    text += word
  }

  function putObject(code: number, object: unknown): undefined {
    numbers[at++] = code
    objects.push(object)
  }

  function putHead(kind: number, line: number, by: number, time: string): undefined {
    numbers[at++] = kind
    numbers[at++] = line
    put(by)
    putText(time)
  }

  function putSpan(kind: number, span: Span): undefined {
    putHead(kind, span.line, span.by, kind === LEAVE ? '' : span.time)
    numbers[at++] = span.last
    putCall(span.call)
    putOutcome(span.outcome)
  }

  function putCall(call: SpanCall): undefined {
    switch (call.op) {
      case 'clone':
        if (call.setTid !== undefined) return putObject(CALL_OBJECT, call)
        return putThree(CLONE, call.flags, call.exitSignal)
      case 'execve':
        putCode(EXECVE)
        putText(call.file)
        return putText(call.command)
      case 'exit':
        return putTwo(EXIT, call.code)
      case 'exit_group':
        return putTwo(EXIT_GROUP, call.code)
      case 'getpid':
        return putCode(GETPID)
      case 'gettid':
        return putCode(GETTID)
      case 'getppid':
        return putCode(GETPPID)
      case 'setsid':
        return putCode(SETSID)
      case 'getpgid':
        return putTwo(GETPGID, call.pid)
      case 'getsid':
        return putTwo(GETSID, call.pid)
      case 'setpgid':
        return putThree(SETPGID, call.pid, call.pgid)
      case 'kill':
        return putThree(KILL, call.pid, call.sig)
      case 'tgkill':
        putThree(TGKILL, call.tgid, call.tid)
        return put(call.sig)
      case 'wait4':
        return putThree(WAIT4, call.pid, call.options)
      case 'rt_sigaction':
        putThree(RT_SIGACTION, call.sig, call.handler === 'dfl' ? 0 : call.handler === 'ign' ? 1 : 2)
        return put(call.flags)
      default:
        return putObject(CALL_OBJECT, call)
    }
  }

  function putCode(code: number): undefined {
    numbers[at++] = code
  }

  function putTwo(code: number, a: number): undefined {
    numbers[at++] = code
    put(a)
  }

  function putThree(code: number, a: number, b: number): undefined {
    numbers[at++] = code
    put(a)
    put(b)
  }

  function putOutcome(outcome: SpanOutcome | undefined): undefined {
    if (outcome === undefined) return putCode(UNKNOWN)
    if (outcome.kind === 'restarted') return putCode(RESTARTED)
    if (outcome.kind === 'lost') return putCode(LOST)
    if (outcome.kind === 'failed') return putTwo(FAILED, outcome.errno)
    const { value, outer, status, info, fd } = outcome
    if (outer !== undefined || info !== undefined || fd !== undefined)
      return putObject(OUTCOME_OBJECT, outcome)
    if (status === undefined) return putTwo(VALUE, value)
    return putThree(STATUS, value, status)
  }

  return {
    add(item: LogItem): undefined {
      if (at + ITEM_MAX > numbers.length) {
        const more = new Int32Array(2 * numbers.length)
        more.set(numbers)
        numbers = more
      }
      switch (item.kind) {
        case 'call':
          return putSpan(CALL, item.span)
        case 'enter':
          if (item.span.outcome !== undefined) known.set(item.span.line, true)
          return putSpan(ENTER, item.span)
        case 'leave':
          if (known.delete(item.span.line)) return putTwo(LEAVE_KNOWN, item.span.line)
          return putSpan(LEAVE, item.span)
        case 'signal': {
          const { line, by, time, sig, code, pid, outer, status } = item
          putHead(SIGNAL, line, by, time)
          put(sig)
          put(code)
          putOptional(pid)
          putOptional(outer)
          return putOptional(status)
        }
        case 'gone':
          putHead(GONE, item.line, item.by, item.time)
          return put(item.status)
        case 'other':
          return putHead(OTHER, item.line, item.by, item.time)
        default:
          putObject(OBJECT, item)
      }
    },
    take(): CodedActs {
      const coded = { numbers: numbers.slice(0, at), text, objects }
      at = 0
      text = ''
      objects = []
      return coded
    },
  }
}

/** By their codes. */
const HANDLERS = ['dfl', 'ign', 'fn'] as const

const PLAIN_CALLS: readonly SpanCall[] = [
  { op: 'getpid' },
  { op: 'gettid' },
  { op: 'getppid' },
  { op: 'setsid' },
]

const RESTARTED_OUTCOME: SpanOutcome = { kind: 'restarted' }
const LOST_OUTCOME: SpanOutcome = { kind: 'lost' }
const ZERO_RETURNED: SpanOutcome = returned(0, undefined)

export interface ActsDecoder {
  /** Gives out the items in order. */
  play(coded: CodedActs, take: (item: LogItem) => void): undefined
}

export function createActsDecoder(): ActsDecoder {
  /** Calls under way, by the lines of their entries. */
  const spans = new NumberMap<Span>()
  let numbers = new Int32Array()
  let at = 0
  let text = ''
  let textAt = 0
  let objects: readonly unknown[] = []
  let object = 0

  function next(): number {
    const number = numbers[at++] as number
    return number === ELSEWHERE ? (objects[object++] as number) : number
  }

  function nextText(): string {
    const from = textAt
    textAt += next()
    return text.slice(from, textAt)
  }

  function nextItem(): LogItem {
    const kind = next()
    if (kind === OBJECT) return objects[object++] as LogItem
    const line = next()
    if (kind === LEAVE_KNOWN) return { kind: 'leave', span: take(line) }
    const by = next()
    const time = nextText()
    switch (kind) {
      case SIGNAL:
        return nextSignal(line, by, time)
      case GONE:
        return { kind: 'gone', line, by, time, status: next() }
      case OTHER:
        return { kind: 'other', line, by, time }
      default:
        return nextCall(kind, line, by, time)
    }
  }

  function nextSignal(line: number, by: number, time: string): Act {
    // Evaluated in this order, which is that of the numbers.
    return {
      kind: 'signal',
      line,
      by,
      time,
      sig: next(),
      code: next(),
      pid: next(),
      outer: next(),
      status: next(),
    }
  }

  function nextCall(kind: number, line: number, by: number, time: string): Act {
    const last = next()
    const call = nextSpanCall()
    const outcome = nextOutcome()
    if (kind === CALL) return { kind: 'call', span: { by, line, time, call, last, outcome } }
    if (kind === ENTER) {
      const span: Span = { by, line, time, call, last, outcome }
      spans.set(line, span)
      return { kind: 'enter', span }
    }
    const span = take(line)
    span.call = call
    span.last = last
    span.outcome = outcome
    return { kind: 'leave', span }
  }

  function take(line: number): Span {
    const span = spans.get(line) as Span
    spans.delete(line)
    return span
  }

  function nextSpanCall(): SpanCall {
    const op = next()
    switch (op) {
      case CLONE:
        return { op: 'clone', flags: next(), exitSignal: next(), setTid: undefined }
      case EXECVE:
        return { op: 'execve', file: nextText(), command: nextText() }
      case EXIT:
        return { op: 'exit', code: next() }
      case EXIT_GROUP:
        return { op: 'exit_group', code: next() }
      case GETPGID:
        return { op: 'getpgid', pid: next() }
      case GETSID:
        return { op: 'getsid', pid: next() }
      case SETPGID:
        return { op: 'setpgid', pid: next(), pgid: next() }
      case KILL:
        return { op: 'kill', pid: next(), sig: next() }
      case TGKILL:
        return { op: 'tgkill', tgid: next(), tid: next(), sig: next() }
      case WAIT4:
        return { op: 'wait4', pid: next(), options: next() }
      case RT_SIGACTION:
        return { op: 'rt_sigaction', sig: next(), handler: HANDLERS[next()] ?? 'fn', flags: next() }
      default:
        return op === CALL_OBJECT ? (objects[object++] as SpanCall) : (PLAIN_CALLS[op - GETPID] as SpanCall)
    }
  }

  function nextOutcome(): SpanOutcome | undefined {
    switch (next()) {
      case VALUE: {
        const value = next()
        return value === 0 ? ZERO_RETURNED : returned(value, undefined)
      }
      case STATUS:
        return returned(next(), next())
      case OUTCOME_OBJECT:
        return objects[object++] as SpanOutcome
      case FAILED:
        return { kind: 'failed', errno: next() }
      case RESTARTED:
        return RESTARTED_OUTCOME
      case LOST:
        return LOST_OUTCOME
      default:
        return undefined
    }
  }

  return {
    play(coded: CodedActs, take: (item: LogItem) => void): undefined {
      numbers = coded.numbers
      text = coded.text
      objects = coded.objects
      at = textAt = object = 0
      while (at < numbers.length) take(nextItem())
    },
  }
}

function returned(value: number, status: number | undefined): SpanOutcome {
  return { kind: 'returned', value, outer: undefined, status, info: undefined, fd: undefined }
}
