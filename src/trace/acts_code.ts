/**
 * Acts as numbers and text, to be read by one thread and replayed by another: to have the objects themselves copied
 * costs more than to make them.
 *
 * Invariant: what is decoded equals what was encoded, as it was at that moment. A span that is entered and left comes
 * out as one object, as it went in. What is rare goes as an object.
 */

import type { Act, Span, SpanCall, SpanOutcome } from './acts.ts'
import type { LogItem } from './event.ts'
import { NumberMap } from './number_map.ts'

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

/** Kinds of items: at most 16. What has no code of its own is an object. */
const OBJECT = 0
const CALL = 1
const ENTER = 2
const LEAVE = 3
const SIGNAL = 4
const GONE = 5
const OTHER = 6
/** Of a span whose outcome was known when it was entered: nothing else of it has changed since. */
const LEAVE_KNOWN = 7

/** Calls: at most 16. */
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

/** Where they stand in the first number of an item, below each other. */
const KIND = 15
const CALL_BITS = 15
const CALL_SHIFT = 4
const OUTCOME_SHIFT = 8

/** In the place of what is no 32-bit integer: undefined, flags with the highest bit. */
const ELSEWHERE = -(2 ** 31)
const FIRST_SIZE = 1 << 15
/** More than any item needs. */
const ITEM_MAX = 32

/** By their codes. */
const HANDLERS = ['dfl', 'ign', 'fn'] as const

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

  function putHead(code: number, line: number, by: number, time: string): undefined {
    numbers[at++] = code
    numbers[at++] = line
    put(by)
    putText(time)
  }

  function putSpan(kind: number, span: Span): undefined {
    const head = at
    putHead(kind, span.line, span.by, kind === LEAVE ? '' : span.time)
    numbers[at++] = span.last
    const call = putCall(span.call)
    numbers[head] = kind | (call << CALL_SHIFT) | (putOutcome(span.outcome) << OUTCOME_SHIFT)
  }

  /** Puts the arguments; the code is for the head. */
  function putCall(call: SpanCall): number {
    switch (call.op) {
      case 'clone':
        if (call.setTid !== undefined) return putObject(CALL_OBJECT, call)
        return putTwo(CLONE, call.flags, call.exitSignal)
      case 'execve':
        putText(call.file)
        putText(call.command)
        return EXECVE
      case 'exit':
        return putOne(EXIT, call.code)
      case 'exit_group':
        return putOne(EXIT_GROUP, call.code)
      case 'getpid':
        return GETPID
      case 'gettid':
        return GETTID
      case 'getppid':
        return GETPPID
      case 'setsid':
        return SETSID
      case 'getpgid':
        return putOne(GETPGID, call.pid)
      case 'getsid':
        return putOne(GETSID, call.pid)
      case 'setpgid':
        return putTwo(SETPGID, call.pid, call.pgid)
      case 'kill':
        return putTwo(KILL, call.pid, call.sig)
      case 'tgkill':
        put(call.tgid)
        return putTwo(TGKILL, call.tid, call.sig)
      case 'wait4':
        return putTwo(WAIT4, call.pid, call.options)
      case 'rt_sigaction':
        put(call.sig)
        return putTwo(RT_SIGACTION, HANDLERS.indexOf(call.handler), call.flags)
      default:
        return putObject(CALL_OBJECT, call)
    }
  }

  function putOutcome(outcome: SpanOutcome | undefined): number {
    if (outcome === undefined) return UNKNOWN
    if (outcome.kind === 'restarted') return RESTARTED
    if (outcome.kind === 'lost') return LOST
    if (outcome.kind === 'failed') return putOne(FAILED, outcome.errno)
    if (outcome.kind === 'open') return putObject(OUTCOME_OBJECT, outcome)
    const { value, outer, status, info, fd } = outcome
    if (outer !== undefined || info !== undefined || fd !== undefined)
      return putObject(OUTCOME_OBJECT, outcome)
    if (status === undefined) return putOne(VALUE, value)
    return putTwo(STATUS, value, status)
  }

  function putOne(code: number, a: number): number {
    put(a)
    return code
  }

  function putTwo(code: number, a: number, b: number): number {
    put(a)
    put(b)
    return code
  }

  function putObject(code: number, object: unknown): number {
    objects.push(object)
    return code
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
          if (!known.delete(item.span.line)) return putSpan(LEAVE, item.span)
          numbers[at++] = LEAVE_KNOWN
          numbers[at++] = item.span.line
          return
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
          numbers[at++] = putObject(OBJECT, item)
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
    const code = numbers[at] as number
    const kind = code & KIND
    if (kind === OBJECT) {
      at++
      return objects[object++] as LogItem
    }
    const line = numbers[at + 1] as number
    at += 2
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
        return nextCall(code, line, by, time)
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

  function nextCall(code: number, line: number, by: number, time: string): Act {
    const kind = code & KIND
    const last = numbers[at++] as number
    const call = nextSpanCall((code >> CALL_SHIFT) & CALL_BITS)
    const outcome = nextOutcome(code >> OUTCOME_SHIFT)
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

  function nextSpanCall(code: number): SpanCall {
    switch (code) {
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
        return code === CALL_OBJECT
          ? (objects[object++] as SpanCall)
          : (PLAIN_CALLS[code - GETPID] as SpanCall)
    }
  }

  function nextOutcome(code: number): SpanOutcome | undefined {
    switch (code) {
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
