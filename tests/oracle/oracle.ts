/** The oracle: a world of processes to which calls are made one at a time. */
import type { Call, Made, Outcome, View } from './call.ts'
import { makeInit } from './create.ts'
import { endGroup, endThread } from './end.ts'
import { exec } from './exec.ts'
import { E } from './linux.ts'
import { nsAt, numberIn } from './names.ts'
import { run, runQueue } from './queue.ts'
import { answer } from './syscalls.ts'
import { takeSignals } from './take.ts'
import { type Name, newNamespace, type Rest, type Rules, type Thread, type World } from './world.ts'

export interface Answer {
  readonly outcome: Outcome
  readonly made: Made
}

export const DEFAULT_RULES: Rules = {
  old: false,
  maxPids: 32768,
  maxNamespaces: 1024,
  reservedPids: 300,
  pidMaxMin: 301,
  pidMaxLimit: 4194304,
}

/** A world with nothing in it but number 1. */
export function newWorld(rules: Partial<Rules> = {}, pidMax = 32768): World {
  const world = {
    rules: { ...DEFAULT_RULES, ...rules },
    rootNs: newNamespace(undefined, pidMax),
    processes: [],
    queue: [],
    pidfds: [],
    nsFiles: [],
  } as unknown as World
  makeInit(world)
  return world
}

/** A whole step: the call, and everything that it sets in motion. */
export function perform(w: World, caller: Thread, call: Call): Answer {
  const made: Made = {}
  const outside = call.op === 'openNs' || call.op === 'poll' || call.op === 'close'
  if (outside) return { outcome: toOutcome(answer(w, caller, call, made)), made }
  if (caller.gone || caller.exiting) return { outcome: { err: E.SRCH }, made }
  if (caller.process === w.init && (call.op === 'exit' || call.op === 'exitThread')) {
    return { outcome: { err: E.PERM }, made }
  }
  const seen =
    caller.rest === 'stopped' ? callStopped(w, caller, call, made) : callIdle(w, caller, call, made)
  runQueue(w, (thread) => takeSignals(w, thread))
  const { outcome } = seen
  if (outcome !== undefined) return { outcome, made }
  return { outcome: { gone: caller.rest === 'stopped' ? 'stopped' : 'died' }, made }
}

/** The caller runs: after the call it looks at its signals, and only if it survives does it see the result. */
function callIdle(w: World, caller: Thread, call: Call, made: Made): { outcome?: Outcome } {
  const seen: { outcome?: Outcome } = {}
  run(
    caller,
    (function* (): Generator<Rest, void> {
      const result = yield* begin(w, caller, call, made)
      if (caller.exiting) return
      yield* takeSignals(w, caller)
      if (!caller.exiting) seen.outcome = toOutcome(result)
    })(),
  )
  return seen
}

/** Somebody calls in the name of a stopped task, which stays stopped: Linux has no such thing. */
function callStopped(w: World, caller: Thread, call: Call, made: Made): { outcome?: Outcome } {
  if (call.op === 'exit' || call.op === 'exitThread') {
    run(caller, begin(w, caller, call, made))
    return {}
  }
  const { value } = begin(w, caller, call, made).next()
  return caller.rest === 'stopped' ? { outcome: toOutcome(value as Outcome | number) } : {}
}

function* begin(w: World, caller: Thread, call: Call, made: Made): Generator<Rest, Outcome | number> {
  switch (call.op) {
    case 'exit':
      yield* endGroup(w, caller, (call.code & 255) << 8)
      return 0
    case 'exitThread':
      yield* endThread(w, caller, (call.code & 255) << 8)
      return 0
    case 'execve':
      return yield* exec(w, caller)
    default:
      return answer(w, caller, call, made)
  }
}

function toOutcome(result: Outcome | number): Outcome {
  if (typeof result === 'object') return result
  return result < 0 ? { err: -result } : { ret: result }
}

/** Every task that has a number: processes in order of creation, each with its threads. */
export function allThreads(w: World): Thread[] {
  return w.processes.flatMap((process) => process.threads)
}

/** What can be seen of a task that has a number. */
export function view(thread: Thread): View {
  const { process, name } = thread
  const levels = name.numbers.map((_, level) => nsAt(name.ns, level))
  const numbers = (of: Name): number[] => levels.map((ns) => numberIn(of, ns))
  return {
    state: stateOf(thread),
    pid: numbers(name),
    tgid: numbers(process.leader.name),
    pgid: numbers(process.group),
    sid: numbers(process.session),
  }
}

function stateOf(thread: Thread): View['state'] {
  if (thread.zombie) return 'Z'
  if (thread.exiting) return 'E'
  return thread.rest === 'stopped' ? 'T' : 'S'
}
