/** A worker of tests/shared_words.test.ts: operates on words that others operate on too, and reports what went wrong. */
import { parentPort, workerData } from 'node:worker_threads'
import { clearBit, testAndSetBit } from '#internal/shared/lib/bitmap.js'
import type { NsRef } from '#internal/shared/mm/layout.js'
import { findPidNs } from '#internal/shared/pid/pid.js'
import { tableOver } from '#internal/shared/pid/table.js'
import { rawSpinLock, rawSpinUnlock } from '#internal/shared/sync/raw_spinlock.js'
import type { Cpu } from '#internal/sync/cpu.js'

export interface WordsJob {
  kind: 'lock' | 'bits' | 'find'
  words: Int32Array
  /** Which of the workers it is, from 1. */
  nr: number
  rounds: number
  /** lock: the lock, and the counter that it guards. bits: the map, and a word of it. */
  at: readonly [number, number]
  /** find: the namespace, and its numbers from 1 on. bits: how many workers. */
  ns: number
  numbers: number
  /** find: goes on until this word is 1. bits: where they meet. */
  done: Int32Array
}

const job = workerData as WordsJob
const { words, nr, rounds, at } = job

/** Adds 1 to a counter by a read and a write, under the lock; holds it long enough at times that others fall asleep. */
function lock(): number {
  const hasEnded = (): boolean => false
  const cpu = { words, owner: nr * 2, held: 0, hasEnded } as unknown as Cpu
  for (let i = 0; i < rounds; i++) {
    rawSpinLock(cpu, at[0])
    const old = words[at[1]] as number
    if (i % 1000 === 0) for (let k = 0; k < 20_000; k++) words[at[1] + 1] = k
    words[at[1]] = old + 1
    rawSpinUnlock(cpu, at[0])
  }
  return 0
}

/** All workers of the job are here: the word counts who came, `gates` how often this one did. */
let gates = 0
function meet(): void {
  gates += 1
  Atomics.add(job.done, 0, 1)
  for (let i = 0; Atomics.load(job.done, 0) < gates * job.numbers; i++)
    if (i > 1000) Atomics.wait(gate, 0, 0, 1)
}
const gate = new Int32Array(new SharedArrayBuffer(4))

/**
 * Sets and clears its own bit of a word in which all others are set, so that the word is full now and then. When all
 * rest, the summary must agree with the word: counts how often it does not.
 */
function bits(): number {
  const [map, word] = at
  const bit = 32 * word + nr
  let wrong = 0
  for (let round = 0; round < rounds; round++) {
    meet()
    for (let i = 0; i < 9 + (round % nr); i++) {
      clearBit(words, bit, map)
      testAndSetBit(words, bit, map)
    }
    if (round % 3 === 0) clearBit(words, bit, map)
    meet()
    const full = words[map + word] === -1
    if (full !== (((words[map - 2] as number) & (1 << word)) !== 0)) wrong += 1
    meet()
    testAndSetBit(words, bit, map)
  }
  return wrong
}

/** Finds numbers that are there all the time, while the hash grows around them. */
function find(): number {
  const table = tableOver(words, {})
  let missed = 0
  parentPort?.postMessage('ready')
  while (Atomics.load(job.done, 0) === 0) {
    for (let number = 1; number <= job.numbers; number++) {
      if (findPidNs(table, number, job.ns as NsRef) === 0) missed += 1
    }
  }
  return missed
}

parentPort?.postMessage({ lock, bits, find }[job.kind]())
