/** From whom a process stems. Adoption gives it another parent; who started it stays. */
import type { Proc } from './span_world.ts'

/** A process in a line of descent, as it was when its child last had it as a parent. */
export interface Ancestor {
  /** Its number in the log's own namespace. */
  readonly pid: number
  readonly command: string
}

/** So many are told: a chain of processes that each start one and end has no end itself. */
const ANCESTORS_MAX = 16

/** Who started `proc`, who started that one, and so on: as far as the log goes back. */
export function descentOf(proc: Proc): readonly Ancestor[] {
  const ancestors: Ancestor[] = []
  let at = proc
  while (at.descent === undefined && at.parent !== undefined && ancestors.length < ANCESTORS_MAX) {
    at = at.parent
    ancestors.push({ pid: at.numbers[0] as number, command: at.command })
  }
  if (at.descent !== undefined) ancestors.push(...at.descent)
  return ancestors.slice(0, ANCESTORS_MAX)
}
