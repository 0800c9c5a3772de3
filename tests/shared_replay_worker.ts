/** A worker of tests/shared_replay.test.ts: performs its share of the events of recordings, in turn with the others. */
import { parentPort, workerData } from 'node:worker_threads'
import { Kernel, type KernelHandle, type Task } from 'pidns/shared'
import { CLONE_THREAD } from '#internal/shared/abi/clone.js'
import { outcomeText, sameOutcome } from '#internal/shared/trace/compare.js'
import { perform } from '#internal/shared/trace/recording/perform.js'
import { createPidfds } from '#internal/shared/trace/recording/pidfds.js'
import { shows } from '#internal/shared/trace/task_state.js'
import type { TaskState, TraceEvent } from '#internal/trace/event.js'
import { eventsOf } from './shared_replay_tools.ts'

/** One recording. */
export interface Play {
  readonly path: string
  readonly kernel: KernelHandle
  readonly root: number
  /** The number of the event that is next: whose turn it is follows from that. */
  readonly turn: Int32Array
  /** Handle of what each event made: a task or a pidfd; 0: nothing. */
  readonly made: Float64Array
}

export interface ReplayJob {
  readonly plays: readonly Play[]
  readonly place: number
  readonly workers: number
}

const { plays, place, workers } = workerData as ReplayJob
const ROOT_STATE: TaskState = { state: 'S', ppid: 0, tgid: [1], pid: [1], pgid: [1], sid: [1] }
/** The invariants are walked once in so many of the own events. */
const CHECK_EVERY = 8

interface Known {
  state: TaskState
  handle: number
}

/** Performs this worker's events of one recording; returns what was not as recorded, and how many were performed. */
function play({ path, kernel: handle, root: rootHandle, turn, made }: Play): [string[], number] {
  const kernel = Kernel.join(handle)
  const root = kernel.task(rootHandle)
  const known = new Map<number, Known>([[0, { state: ROOT_STATE, handle: rootHandle }]])
  const pidfds = createPidfds()
  const problems: string[] = []
  let own = 0
  let seen = 0

  const task = (key: number): Task | undefined => {
    const entry = known.get(key)
    try {
      return entry && kernel.task(entry.handle)
    } catch {
      return undefined
    }
  }
  /** Takes over what an event has made and changed, whoever performed it. */
  const adopt = ({ call, by, outcome, changed = [] }: TraceEvent, i: number): void => {
    const isMade = outcome.kind === 'returned'
    if (call.op === 'pidfd_open' && isMade) pidfds.open(by, call.pidfd, openPidfd(kernel, made[i] as number))
    if (call.op === 'clone' && isMade) pidfds.join(call.child, by, (call.flags & CLONE_THREAD) !== 0)
    for (const [key, state] of changed) {
      const entry = known.get(key)
      if (state === null) {
        known.delete(key)
        pidfds.leave(key)
      } else if (entry === undefined) known.set(key, { state, handle: made[i] as number })
      else entry.state = state
    }
  }

  const events = eventsOf(path)
  events.forEach((event, i) => {
    if (i % workers !== place) return
    for (let at = Atomics.load(turn, 0); at !== i; at = Atomics.load(turn, 0)) Atomics.wait(turn, 0, at)
    for (; seen < i; seen++) adopt(events[seen] as TraceEvent, seen)
    const done = perform(event.call, event.by, { task, pidfd: (name) => pidfds.get(name) })
    made[i] = done.task?.handle ?? done.pidfd?.handle ?? 0
    if (!sameOutcome(event.outcome, done.answer))
      problems.push(`line ${event.line}: ${outcomeText(done.answer)}, recorded ${outcomeText(event.outcome)}`)
    adopt(event, seen++)
    for (const [key, { state }] of known) {
      const shown = task(key)
      if (shown === undefined || !shows(shown, root, state)) problems.push(`line ${event.line}: slot ${key}`)
    }
    if (kernel.tasks().length !== known.size + 1) problems.push(`line ${event.line}: other tasks besides`)
    own += 1
    if (own % CHECK_EVERY === 0) problems.push(...kernel.check())
    Atomics.store(turn, 0, i + 1)
    Atomics.notify(turn, 0)
  })
  kernel.dispose()
  return [problems, own]
}

function openPidfd(kernel: Kernel, handle: number): ReturnType<Kernel['pidfd']> | undefined {
  try {
    return kernel.pidfd(handle)
  } catch {
    return undefined
  }
}

for (const one of plays) parentPort?.postMessage([one.path, ...play(one)])
