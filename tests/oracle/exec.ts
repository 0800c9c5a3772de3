/** execve(2): every other thread ends, and the caller takes over the leader's number. */
import { CHLD, E } from './linux.ts'
import { freeIfUnused } from './names.ts'
import { killOthers } from './send.ts'
import type { Rest, Thread, World } from './world.ts'

/** Returns 0, or a negative errno: the process is ending. */
export function* exec(w: World, thread: Thread): Generator<Rest, number> {
  const { process } = thread
  if (process.threads.length > 1) {
    if (process.dying !== undefined || process.execing !== undefined) return -E.AGAIN
    process.execing = thread
    const isLeader = process.leader === thread
    process.execAwaits = killOthers(w, thread) - (isLeader ? 0 : 1)
    const alive = (yield* othersAreGone(thread)) && (isLeader || (yield* leaderIsDead(thread)))
    if (alive && !isLeader) becomeLeader(w, thread)
    process.execing = undefined
    process.execAwaits = 0
    if (!alive) return -E.AGAIN
  }
  process.exitSignal = CHLD
  process.execs += 1
  process.executed = true
  process.childFlags = 0
  return 0
}

function* othersAreGone(thread: Thread): Generator<Rest, boolean> {
  const { process } = thread
  while (process.execAwaits > 0) {
    yield 'threads'
    if (process.dying !== undefined) return false
  }
  return true
}

function* leaderIsDead(thread: Thread): Generator<Rest, boolean> {
  const { process } = thread
  process.execAwaits = -1
  while (!process.leader.zombie) {
    yield 'leader'
    if (process.dying !== undefined) return false
  }
  return true
}

/** The thread's own number goes; the dead leader leaves it its number, its groups and its place everywhere. */
function becomeLeader(w: World, thread: Thread): void {
  const { process, name } = thread
  const old = process.leader
  thread.name = old.name
  thread.name.thread = thread
  process.leader = thread
  old.gone = true
  old.rest = 'dead'
  process.threads = [thread]
  process.target = thread
  name.thread = undefined
  freeIfUnused(w, name)
}
