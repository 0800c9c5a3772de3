/**
 * How one worker learns that something has happened in another that its waits may be about: a word that goes up, and at
 * which those sleep, without blocking their event loop, who have waits.
 *
 * Invariant: a worker reads the word while it holds tasklistLock and knows what it waits for; whoever changes what it
 * waits for holds the lock too, and then moves the word. So none is missed.
 *
 * What is due to one worker's handlers and drivers has a word of its own for each worker: {@link hearDue}.
 */
import { load, rawAdd, SHARED, wake, whenWoken } from './lib/atomic.ts'
import * as L from './mm/layout.ts'
import { findWorker, ownWorker, workerNr } from './mm/worker.ts'
import type { Realm } from './realm.ts'

const ALL = 0x7fffffff

/** Something has happened that waits of other workers may be about. Context: tasklistLock. */
export function ring(realm: Realm): void {
  if (SHARED === 0 || !realm.isShared) return
  const w = realm.table.words
  if (load(w, L.H_LISTENERS) <= (realm.stopListening === undefined ? 0 : 1)) return
  rawAdd(w, L.H_RING, 1)
  wake(w, L.H_RING, ALL)
}

/** There are waits that other workers may end: keeps the event loop alive for them. Context: tasklistLock. */
export function listen(realm: Realm): void {
  if (SHARED === 0 || !realm.isShared || realm.stopListening !== undefined) return
  noteListening(realm, 1)
  realm.stopListening = realm.stayAlive()
  hear(realm)
}

/** There are no more. Context: tasklistLock. */
export function stopListening(realm: Realm): void {
  if (SHARED === 0 || realm.stopListening === undefined) return
  noteListening(realm, 0)
  realm.stopListening()
  realm.stopListening = undefined
}

function noteListening(realm: Realm, listens: number): void {
  const w = realm.table.words
  const own = findWorker(w, workerNr(realm.table))
  w[L.H_LISTENERS] += listens === 1 ? 1 : -1
  if (own !== 0) w[own + L.WORKER_LISTENS] = listens
}

function hear(realm: Realm): void {
  if (realm.hearing) return
  realm.hearing = true
  const w = realm.table.words
  whenWoken(w, L.H_RING, load(w, L.H_RING), () => {
    realm.hearing = false
    if (realm.stopListening !== undefined) realm.lookAgain()
  })
}

/** After {@link Realm.lookAgain}, where waits remain. Context: tasklistLock. */
export function listenOn(realm: Realm): void {
  if (SHARED !== 0 && realm.stopListening !== undefined) hear(realm)
}

/** This worker has handlers or drivers: what others' calls leave for them wakes it, and keeps nothing alive. Context: any. */
export function hearDue(realm: Realm): void {
  if (SHARED === 0 || !realm.isShared || realm.hearingDue || realm.disposed) return
  if (realm.functions.size + realm.drivers.size === 0) return
  realm.hearingDue = true
  whenWoken(realm.table.words, ownWorker(realm.table) + L.WORKER_DUE, 0, () => {
    realm.hearingDue = false
    if (!realm.disposed) realm.callSoon()
  })
}

/** It has none any more. */
export function stopHearingDue(realm: Realm): void {
  wake(realm.table.words, ownWorker(realm.table) + L.WORKER_DUE, ALL)
}
