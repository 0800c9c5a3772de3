/** The end of a thread's numbers. */
import { freeIfUnused, leaveGroup, leaveSession } from './names.ts'
import { wake } from './queue.ts'
import { tellParent } from './send.ts'
import type { Thread, World } from './world.ts'
import { othersFrom } from './world.ts'

/** A dead thread leaves everything; the last one beside a dead leader makes the leader known to its parent. */
export function release(w: World, thread: Thread): void {
  const { process, name } = thread
  const isLeader = process.leader === thread
  if (!isLeader) leaveAsThread(w, thread)
  process.threads = process.threads.filter((other) => other !== thread)
  thread.gone = true
  thread.rest = 'dead'
  name.thread = undefined
  const unused = [name]
  if (isLeader) {
    unused.push(leaveGroup(process), leaveSession(process))
    w.processes = w.processes.filter((other) => other !== process)
    const siblings = process.parent?.children
    siblings?.splice(siblings.indexOf(process), 1)
  }
  const { leader } = process
  const leaderToo = !isLeader && leader.zombie && process.threads.length === 1 && tellParent(w, process)
  for (const one of new Set(unused)) freeIfUnused(w, one)
  if (leaderToo) release(w, leader)
}

function leaveAsThread(w: World, thread: Thread): void {
  const { process } = thread
  if (process.execAwaits > 0) {
    process.execAwaits -= 1
    if (process.execAwaits === 0 && process.execing !== undefined) {
      wake(w, process.execing, ['idle', 'children', 'numbers', 'threads', 'leader'])
    }
  }
  if (process.target === thread) process.target = othersFrom(thread)[0] as Thread
}
