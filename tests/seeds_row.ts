/* What the rows of docs/seeds.md share. */
import { it } from 'node:test'
import { type NsRef, PIDNS_HASH_ADDING, type PidTable, pidHashfn, pidHashHead } from 'pidns/pid'
import * as L from '#internal/mm/layout.js'
import { word } from './pid_tools.ts'

/** The names of all rows' tests. */
export const tests: Set<string> = new Set()

/** A row's test. */
export function test(name: string, run: () => void): void {
  tests.add(name)
  it(name, run)
}

/** Options: nothing happens by itself at the end of the turn. */
export const quiet = { defer: (): void => {} }

/** What a table with tasks asks of its surroundings. */
export const hooks = {
  resumeWaits(): void {},
  abortWaits(): void {},
  taskReleased(): void {},
  notifyPidfd(): void {},
  deliverSignal: (): boolean => true,
  runHandlers(): void {},
  tellDriver(): void {},
}

/** The word that heads the chain of a number. */
export function hashWord(table: PidTable, nr: number, ns: NsRef): number {
  return pidHashHead(table, pidHashfn(table, nr, ns))
}

/** How many numbers nr_hashed counts. */
export function nrHashed(table: PidTable, ns: NsRef): number {
  return word(table, ns + L.NS_NR_HASHED) & ~PIDNS_HASH_ADDING
}
