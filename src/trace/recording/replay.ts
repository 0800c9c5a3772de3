/**
 * Performs the events of a log on a kernel of its own and compares: what came of each call, and after each event the
 * state of every task. What a result is, and how results are counted: report.ts.
 *
 * Invariant: whatever the library does is an answer to compare, never an error of the replay; only the log can be at
 * fault (TraceError). Each event costs O(tasks), and with `check` O(tasks + touched pidmap pages) more.
 */
import { CLONE_NEWPID, CLONE_THREAD } from '../../abi/index.ts'
import { Kernel, type Pidfd, type Task } from '../../index.ts'
import { type Mismatch, outcomeText, sameOutcome } from '../compare.ts'
import { callText } from '../describe.ts'
import { createDifferences, type Differences } from '../differences.ts'
import type { Answer, End, Start, TaskState, TraceEvent } from '../event.ts'
import { createFindings, type Findings } from '../findings/findings.ts'
import { buildTree } from '../findings/tree.ts'
import type { ReplayOptions, ReplayResult } from '../replay.ts'
import { TraceError } from '../trace_error.ts'
import { type Performed, perform, type World } from './perform.ts'
import {
  compare,
  compareInvariants,
  compareLeft,
  createPicture,
  moveTo,
  type Picture,
  redraw,
} from './picture.ts'
import { createPidfds, type Pidfds } from './pidfds.ts'

/** A replay under way. */
export interface Replay {
  readonly check: boolean
  readonly restoreEvery: number
  readonly keyWord: string
  readonly picture: Picture
  readonly pidfds: Pidfds
  readonly world: World
  readonly findings: Findings
  readonly differences: Differences
  readonly counts: Counts
}

interface Counts {
  events: number
  checked: number
  matched: number
  processes: number
  skipped: Record<string, number>
}

const ROOT = 0
const ROOT_STATE: TaskState = { state: 'S', ppid: 0, tgid: [1], pid: [1], pgid: [1], sid: [1] }

/** Boots a kernel and makes the world in which the log begins: the init of a fresh namespace, alone, in its own session. */
export function startReplay(
  start: Start,
  { check = true, restoreEvery = 0, lookup = 'hash' }: ReplayOptions = {},
): Replay {
  const kernel = Kernel.boot({ lookup })
  const root = kernel.init.clone({ flags: CLONE_NEWPID })
  root.setsid()
  root.sysctl('kernel.pid_max', start.pidMax)
  const picture = createPicture(kernel, root, ROOT, ROOT_STATE)
  const pidfds = createPidfds()
  const task = (key: number): Task | undefined => picture.known.get(key)?.task
  const visible = (a: number, b: number): boolean => sees(task(a), task(b))
  return {
    check,
    restoreEvery,
    keyWord: start.keyWord,
    picture,
    pidfds,
    world: { task, pidfd: (name: number): Pidfd | undefined => pidfds.get(name) },
    findings: createFindings(ROOT, ROOT_STATE, visible),
    differences: createDifferences(),
    counts: { events: 0, checked: 0, matched: 0, processes: 1, skipped: {} },
  }
}

function sees(a: Task | undefined, b: Task | undefined): boolean {
  return a !== undefined && b !== undefined && a.pidOf(b) !== 0
}

/** Performs and compares what follows the start. Throws TraceError where the log contradicts itself. */
export function replayItem(replay: Replay, item: TraceEvent | End): undefined {
  if (item.kind === 'end') replayEnd(replay, item)
  else replayEvent(replay, item)
}

function replayEvent(replay: Replay, event: TraceEvent): undefined {
  const { call, by, line } = event
  if ('pidfd' in call && call.op !== 'pidfd_open' && !replay.pidfds.holds(by, call.pidfd)) {
    throw new TraceError(line, `${call.op}: expected a pidfd that the caller holds, got ${call.pidfd}`)
  }
  replay.counts.events++
  replay.differences.remember(event, nameOf(replay, by))
  const performed = perform(call, by, replay.world)
  compareOutcome(replay, event, performed)
  adopt(replay, event, performed)
  const note = noteAt(replay, line)
  const changed = event.changed ?? []
  const redrawn = guarded(note, () => redraw(replay.picture, changed, performed.task, note))
  for (const [key, state] of changed) if (state === null) replay.pidfds.leave(key)
  replay.findings.observe(event)
  if (event.changed !== undefined) count(replay, comparePicture(replay, line) && redrawn)
  if (replay.restoreEvery > 0 && replay.counts.events % replay.restoreEvery === 0) goOnRestored(replay)
}

function goOnRestored({ picture, pidfds }: Replay): void {
  const saved = picture.kernel
  const kernel = Kernel.restore(saved.save())
  moveTo(picture, kernel)
  pidfds.moveTo(kernel)
  saved.dispose()
}

function compareOutcome(replay: Replay, event: TraceEvent, { answer }: Performed): undefined {
  const { outcome, call, by, line } = event
  if (outcome.kind === 'unseen') {
    const reason = 'result not in the log'
    replay.counts.skipped[reason] = (replay.counts.skipped[reason] ?? 0) + 1
    return
  }
  const equal = sameOutcome(outcome, answer)
  count(replay, equal)
  if (equal) return
  const what = `${callText(call)} by ${nameOf(replay, by)}`
  const mismatch = { what, expected: outcomeText(outcome), actual: outcomeText(answer) }
  replay.differences.note(line, mismatch, { keys: [by], numbers: [outcome, answer].flatMap(numbersIn) })
}

/** The process numbers that an outcome may be about: 0 and 1 are everywhere, and tell nothing. */
function numbersIn(outcome: Answer): number[] {
  return outcome.kind === 'returned' && outcome.value > 1 ? [outcome.value] : []
}

/** Takes into the books what the log says the call made: a task, a pidfd. */
function adopt(
  { counts, pidfds }: Replay,
  { call, by, outcome }: TraceEvent,
  { pidfd }: Performed,
): undefined {
  const made = outcome.kind === 'returned'
  if (call.op === 'pidfd_open') {
    if (made) pidfds.open(by, call.pidfd, pidfd)
    else pidfd?.close()
  }
  if (call.op === 'clone' && made) {
    const thread = (call.flags & CLONE_THREAD) !== 0
    pidfds.join(call.child, by, thread)
    if (!thread) counts.processes++
  }
}

function comparePicture(replay: Replay, line: number): boolean {
  const note = noteAt(replay, line)
  const equal = guarded(note, () => compare(replay.picture, note))
  return (!replay.check || guarded(note, () => compareInvariants(replay.picture, note))) && equal
}

function replayEnd(replay: Replay, { line, left }: End): undefined {
  if (left === undefined) return
  const note = noteAt(replay, line)
  count(
    replay,
    guarded(note, () => compareLeft(replay.picture, left, note)),
  )
}

/** A library that breaks down while it is looked at differs, and the replay goes on. */
function guarded(
  note: (mismatch: Mismatch, keys: readonly number[]) => undefined,
  look: () => boolean,
): boolean {
  try {
    return look()
  } catch (error) {
    note({ what: 'library', expected: 'no exception', actual: String(error) }, [])
    return false
  }
}

function count({ counts }: Replay, equal: boolean): undefined {
  counts.checked++
  if (equal) counts.matched++
}

function noteAt(replay: Replay, line: number) {
  return ({ what, expected, actual }: Mismatch, keys: readonly number[]): undefined => {
    const whose = keys.map((key) => `${nameOf(replay, key)}: `).join('')
    replay.differences.note(line, { what: `${whose}${what}`, expected, actual }, { keys })
  }
}

/** `slot 5 (pid 17)`. */
function nameOf({ keyWord, picture }: Replay, key: number): string {
  const nr = picture.known.get(key)?.state.pid[0]
  return nr === undefined ? `${keyWord} ${key}` : `${keyWord} ${key} (pid ${nr})`
}

/** What was found up to now. */
export function replayResult({ counts, differences, findings, picture }: Replay): ReplayResult {
  const { events, checked, matched, skipped, processes } = counts
  return {
    events,
    checked,
    matched,
    reordered: 0,
    skipped,
    differences: differences.listed,
    trail: differences.trail,
    processes,
    findings: findings.list(),
    tree: buildTree(picture.root, picture.kernel.tasks()),
  }
}

export function endReplay({ picture }: Replay): undefined {
  picture.kernel.dispose()
}
