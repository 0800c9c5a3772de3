/** What the agents of a scenario share besides the words. */
export interface World {
  /** What agents note for the check: numbers only. */
  readonly seen: number[][]
}

/** What two or three agents do at the same time, and what must hold then. Written as if each were alone. */
export interface Scenario<Base = unknown, Its extends World = World> {
  readonly name: string
  /** What is shown. */
  readonly says: string
  /** Makes the words, once. */
  readonly setUp: () => Base
  /** The agents open the words, anew for each schedule. `hasEnded`: has the agent died? */
  readonly join: (base: Base, hasEnded: (agent: number) => boolean) => Its
  readonly agents: readonly ((world: Its) => void)[]
  /** Agents that may die at any access. */
  readonly mayDie?: readonly number[]
  /** What is wrong at the end. `dead`: who died. */
  readonly check: (world: Its, dead: readonly number[]) => readonly string[]
}

/** Fails the schedule unless it holds. */
export function expect(holds: boolean, text: string): void {
  if (!holds) throw new Error(text)
}

/** For lists of scenarios of all worlds. */
export function scenario<Base, Its extends World>(parts: Scenario<Base, Its>): Scenario {
  return parts as unknown as Scenario
}
