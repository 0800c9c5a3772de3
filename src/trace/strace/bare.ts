/**
 * Logs that strace wrote to its standard error: `[pid N]` only while several tasks are traced, messages of its own
 * between the lines and in the middle of one. Finds out whose each line is.
 *
 * Invariant: `living` are the tasks that strace traces, as far as the log shows. Lines are held until the number of the
 * first task is known, `HELD_MAX` at most.
 */
import type { LogReader } from '../event.ts'
import { TRACE_LIST } from '../strace_list.ts'
import { show, TraceError } from '../trace_error.ts'
import type { ActReader } from './acts.ts'
import { isStackFrame, isSummary, type Line, newLine, readLine } from './head.ts'
import { messageIn } from './message.ts'
import { createRootFinder } from './root.ts'
import { PAREN, wordEnd } from './text.ts'

const HELD_MAX = 20_000
/** So many lines may come after a creation before one of its child does. */
const UNFOLLOWED_MAX = 64
/** A line that breaks off before its end. It belongs to the task that it belonged to when it began. */
interface CutLine {
  readonly text: string
  readonly line: number
  readonly owner: number
}

/** Whether it is a call, a signal or an end. */
function isOfStrace({ text, codes, at, end }: Line): boolean {
  return codes[wordEnd(codes, at, end)] === PAREN || /^(?:<\.\.\. |--- |\+\+\+ )/.test(text.slice(at, at + 5))
}

/** Programs print what reads as the beginning of a call, such as lines of their own source. */
function isWhole(text: string): boolean {
  return / = |<(?:unfinished|detached) \.\.\.>$|--- |\+\+\+ /.test(text)
}

export function createBareReader(acts: ActReader): LogReader {
  const finder = createRootFinder()
  const own = newLine()
  const living = new Set<number>()
  /** Of the living, those that have called exit or exit_group. */
  const leaving = new Set<number>()
  let held: [text: string, line: number][] = []
  let root = 0
  let cut: CutLine | undefined
  /** Whether the children are traced too; undefined: no child was made so far. */
  let follows: boolean | undefined
  let ended = false
  /** The first line that was passed over before there was a second task: without one, or an end, it may be no log of strace. */
  let strange: { readonly text: string; readonly line: number } | undefined
  /** Lines since the first creation. */
  let unfollowed = 0

  function start(pid: number): undefined {
    root = pid
    living.add(pid)
    const lines = held
    held = []
    for (const [text, line] of lines) take(text, line)
  }

  function take(text: string, line: number): undefined {
    const message = messageIn(text)
    if (message === undefined) {
      if (isStackFrame(text) || isSummary(text)) return
      const whole = cut
      cut = undefined
      if (whole === undefined) {
        if (!isPrinted(text, line)) takeOwned(text, line, ownerOf(text))
      } else takeOwned(whole.text + text, whole.line, whole.owner)
      return
    }
    if (message.at > 0) {
      const begun = text.slice(0, message.at)
      cut =
        cut === undefined ? { text: begun, line, owner: ownerOf(begun) } : { ...cut, text: cut.text + begun }
    }
    if (message.attached !== undefined) living.add(message.attached)
    if (message.detached !== undefined) living.delete(message.detached)
    if (message.attached !== undefined && message.attached !== root) follows = true
  }

  /** What the programs print to their standard error stands in the log too: a line that neither begins nor reads as strace's. */
  function isPrinted(text: string, line: number): boolean {
    readLine(text, 0, own)
    if (own.bracketed || (isOfStrace(own) && isWhole(text))) return false
    if (follows === true) return true
    if (isOfStrace(own)) return false
    strange ??= { text, line }
    return true
  }

  function refuseStrange({ text, line }: { text: string; line: number }): never {
    const how = 'with strace -f -o FILE what programs print stays out of the log'
    throw new TraceError(line, `expected a line of strace, got ${show(text)}; ${how}`)
  }

  function takeOwned(text: string, line: number, owner: number): undefined {
    if (acts.madeAt > 0 && ++unfollowed > UNFOLLOWED_MAX) refuseUnlessFollowed()
    readLine(text, line, own)
    own.by = owner
    if (!isOfStrace(own)) refuseStrange({ text, line })
    acts.take(own)
    if (text.startsWith('+++ superseded by execve in pid ', own.at)) {
      living.delete(Number.parseInt(text.slice(own.at + '+++ superseded by execve in pid '.length), 10))
    } else if (text.startsWith('+++ ', own.at)) {
      living.delete(owner)
      leaving.delete(owner)
      ended = true
    } else if (text.startsWith('exit', own.at)) leaving.add(owner)
  }

  /** The log ends before the rest of a line. */
  function takeBegun({ text, line, owner }: CutLine): undefined {
    readLine(text, line, own)
    const { codes, at, end } = own
    if (codes[wordEnd(codes, at, end)] === PAREN) takeOwned(`${text} <unfinished ...>`, line, owner)
  }

  /** `text` may be the beginning of a line only. */
  function ownerOf(text: string): number {
    readLine(text, 0, own)
    if (!own.bracketed) return ownerWithoutNumber(text.slice(own.at))
    follows = true
    living.add(own.by)
    return own.by
  }

  /** No number means that one task is left, whatever ends the log has not shown. */
  function ownerWithoutNumber(text: string): number {
    if (living.size > 1) {
      let likely = [...living].filter((pid) => !leaving.has(pid))
      if (likely.length > 1 && text.startsWith('<... ')) {
        const name = text.slice('<... '.length, text.indexOf(' resumed>'))
        const resuming = likely.filter((pid) => acts.openCall(pid) === name)
        if (resuming.length > 0) likely = resuming
      }
      living.clear()
      living.add(likely[0] ?? root)
    }
    const [only = root] = living
    return only
  }

  function refuseUnlessFollowed(): undefined {
    if (follows) return
    throw new TraceError(
      acts.madeAt,
      `a task is made here, and the log does not follow it: make the log with strace -f -o FILE -e trace=${TRACE_LIST} CMD`,
    )
  }

  return {
    line(text: string, line: number): undefined {
      if (root > 0) return take(text, line)
      held.push([text, line])
      const pid = finder.look(text) ?? (held.length < HELD_MAX ? undefined : finder.guess())
      if (pid !== undefined) start(pid)
    },
    finish(): undefined {
      if (root === 0) start(finder.guess())
      if (cut !== undefined) takeBegun(cut)
      if (strange !== undefined && follows !== true && !ended) refuseStrange(strange)
      if (acts.madeAt > 0) refuseUnlessFollowed()
    },
  }
}
