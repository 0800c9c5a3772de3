/** What the drivers of this room are: a TaskDriver for a task of either build of the library. */

/** What of a DriverControl they use. */
export interface ExitReport {
  exited(code: number | null, signal?: number | null): void
}

export interface RealDriver {
  readonly holdExit: true
  readonly catches?: readonly number[]
  kill(signal: number): void
  deliver?(signal: number): void
  attached(control: ExitReport): void
}
