/** All scenarios. */
import * as L from '#internal/shared/mm/layout.js'
import { DEATHS } from './deaths.ts'
import { LOCKS } from './locks.ts'
import { LOOKUPS } from './lookups.ts'
import { NUMBERS } from './numbers.ts'
import { RCU } from './rcu.ts'
import type { Scenario } from './scenario.ts'

export const SCENARIOS: readonly Scenario[] = [...LOCKS, ...DEATHS, ...NUMBERS, ...LOOKUPS, ...RCU]

/** Locks, whose holders' words nobody else touches. */
export const LOCK_WORDS: readonly number[] = [
  L.H_TASKLIST_LOCK,
  L.H_PIDMAP_LOCK,
  L.H_SLAB_LOCK,
  L.H_QUEUE_LOCK,
]
