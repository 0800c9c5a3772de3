/**
 * How long the others need once a worker's end is known. Each worker of the run notes by the clock that all threads share when
 * it had proof of another one's end, and when it had put in order what that one left:
 *
 *      proof       the first proof that anybody had: the exit event, or a look at /proc
 *      had         a live worker has the lock that all calls take; the call in which the dead one was is undone
 *      buried      and what it left is in order: its processes killed, its waits' references given back
 */
import type { Kernel, KernelHandle } from 'pidns/shared'
import { platform } from '#internal/platform/node.js'
import * as L from '#internal/shared/mm/layout.js'
import { findWorker, forEachWorker, isEnded, threadOf } from '#internal/shared/mm/worker.js'
import { Task } from '#internal/shared/process.js'
import { shared } from './job.ts'

/** Worker numbers go up; the notes of so many are kept at a time. */
const KEPT = 1024

export interface Stamps {
  readonly proof: BigInt64Array
  readonly had: BigInt64Array
  readonly buried: BigInt64Array
  /** Was it inside a call? */
  readonly inside: Int32Array
}

export interface Recovery {
  readonly inside: boolean
  /** Milliseconds from the first proof. */
  readonly had: number
  readonly buried: number
}

export function newStamps(): Stamps {
  const times = (): BigInt64Array => new BigInt64Array(shared(8 * KEPT))
  return { proof: times(), had: times(), buried: times(), inside: new Int32Array(shared(4 * KEPT)) }
}

/** A worker of this number begins. */
export function clearStamps(stamps: Stamps, nr: number): void {
  for (const times of [stamps.proof, stamps.had, stamps.buried]) Atomics.store(times, nr % KEPT, 0n)
}

/** Its end is known here, perhaps first. */
export function noteProof(stamps: Stamps, words: Int32Array, nr: number): void {
  const first = Atomics.compareExchange(stamps.proof, nr % KEPT, 0n, process.hrtime.bigint()) === 0n
  if (!first) return
  const holder = Atomics.load(words, L.H_TASKLIST_LOCK) >> 1
  Atomics.store(stamps.inside, nr % KEPT, holder === nr ? 1 : 0)
}

/** From now on this worker notes when it has proof of others' ends. Context: before it joins. */
export function noteProofs({ words }: KernelHandle, stamps: Stamps): void {
  const { hasEnded } = platform
  platform.hasEnded = (thread) => {
    const ended = hasEnded(thread)
    if (ended === true)
      forEachWorker(words, (at, nr) => {
        if (threadOf(words, at).id === thread.id) noteProof(stamps, words, nr)
      })
    return ended
  }
}

/** And when it has buried them. */
export function noteBurials(kernel: Kernel, stamps: Stamps): void {
  const realm = Task.realmOf(kernel.init as never)
  const { words } = realm.table
  const { bury } = realm
  realm.bury = () => {
    const begins = process.hrtime.bigint()
    const dead: number[] = []
    forEachWorker(words, (at, nr) => {
      if (isEnded(words, at)) dead.push(nr)
    })
    bury()
    const ends = process.hrtime.bigint()
    for (const nr of dead) {
      Atomics.compareExchange(stamps.had, nr % KEPT, 0n, begins)
      Atomics.store(stamps.buried, nr % KEPT, ends)
    }
  }
  noteBuried(stamps, words, kernel.worker)
}

/** To join is a call too, and may have been the one that buried others: which must not be later than now. */
function noteBuried(stamps: Stamps, words: Int32Array, own: number): void {
  const now = process.hrtime.bigint()
  for (let nr = Math.max(1, own - KEPT + 1); nr < own; nr++) {
    const at = nr % KEPT
    if (Atomics.load(stamps.proof, at) === 0n || findWorker(words, nr) !== 0) continue
    Atomics.compareExchange(stamps.had, at, 0n, now)
    Atomics.compareExchange(stamps.buried, at, 0n, now)
  }
}

/** What was noted of a worker that is buried; undefined: it is not. */
export function recoveryOf({ proof, had, buried, inside }: Stamps, nr: number): Recovery | undefined {
  const at = nr % KEPT
  const since = Atomics.load(proof, at)
  if (since === 0n || Atomics.load(buried, at) === 0n) return undefined
  const ms = (times: BigInt64Array): number => Number(Atomics.load(times, at) - since) / 1e6
  return { inside: Atomics.load(inside, at) === 1, had: ms(had), buried: ms(buried) }
}
