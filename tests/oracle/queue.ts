/**
 * Who runs when, on one processor without time slices: the caller until its call is over, then whoever was woken,
 * first come first served, each until it rests again.
 *
 * A call is a generator: it yields when it has to wait inside the kernel, saying what for.
 */
import type { Rest, Thread, World } from './world.ts'

/** Puts a thread at the end of the queue if it rests in one of these ways. */
export function wake(w: World, thread: Thread, rests: readonly Rest[]): void {
  if (!rests.includes(thread.rest)) return
  thread.rest = 'woken'
  w.queue.push(thread)
}

/** Runs a thread's call, or goes on with it, until it rests or is done. */
export function run(thread: Thread, call: Generator<Rest, unknown>): void {
  thread.rest = 'running'
  thread.resume = call
  goOn(thread)
}

function goOn(thread: Thread): void {
  const call = thread.resume as Generator<Rest, unknown>
  const { done, value } = call.next()
  if (!done) {
    thread.rest = value as Rest
    return
  }
  thread.resume = undefined
  thread.rest = thread.gone || thread.zombie ? 'dead' : 'idle'
}

/** Runs everybody in the queue. `look`: what an idle thread does when it is woken. */
export function runQueue(w: World, look: (thread: Thread) => Generator<Rest, unknown>): void {
  for (let thread = w.queue.shift(); thread !== undefined; thread = w.queue.shift()) {
    if (thread.resume === undefined) run(thread, look(thread))
    else {
      thread.rest = 'running'
      goOn(thread)
    }
  }
}
