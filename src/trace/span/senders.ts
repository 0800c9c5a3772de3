/**
 * Who has sent which signals to whom: what `si_pid` of a signal's line is compared with.
 */
import { NSIG } from '../../abi/index.ts'
import type { Proc } from './world.ts'

/** Most processes have sent and been sent nothing: these stand for all of them, and nothing is ever put in. */
export const NO_SENDERS: Set<number> = new Set()
export const NOTHING_SENT: Map<number, number> = new Map()

/** Senders remembered of one process. */
const SENDERS = 256

/** A process has sent a signal to `proc`. */
export function noteSender(proc: Proc, id: number, sig: number): void {
  if (proc.senders === NO_SENDERS) proc.senders = new Set()
  const { senders } = proc
  senders.add(senderOf(id, sig))
  if (senders.size <= SENDERS) return
  for (const oldest of senders) {
    senders.delete(oldest)
    return
  }
}

export function hasSent({ senders }: Proc, id: number, sig: number): boolean {
  return senders.has(senderOf(id, sig))
}

function senderOf(id: number, sig: number): number {
  return id * (NSIG + 1) + sig
}

/** The line in which `proc` sent each signal last. */
export function sendingsOf(proc: Proc): Map<number, number> {
  if (proc.sentAt === NOTHING_SENT) proc.sentAt = new Map()
  return proc.sentAt
}
