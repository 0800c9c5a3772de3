/** What the library needs of the surroundings in which it runs; the `imports` of package.json choose who provides it. */
export interface Platform {
  /** Runs a function when the present turn of the event loop ends. */
  defer(run: () => void): void
  /** Keeps the event loop alive until the function that it returns is called. */
  stayAlive(): () => void
  /** This thread, and when it began; `id` 0 where the surroundings have no such names. */
  thread(): { readonly id: number; readonly started: number }
  /** Has the thread ended? `started` below 0: whenever it began. undefined: it cannot be told. */
  hasEnded(thread: { readonly id: number; readonly started: number }): boolean | undefined
  /**
   * This thread holds the name, which nobody else then does, until it ends or calls the function that it returns. Calls
   * `held` once it does: later, or, where the surroundings have no such names, never.
   */
  holdName(name: string, held: () => void): () => void
  /** Does nobody hold the name? false also where it cannot be told. */
  isNameFree(name: string): Promise<boolean>
  /** Calls a function again and again, which keeps nothing alive, until the function that it returns is called. */
  every(ms: number, run: () => void): () => void
  /** Told of what a callback of the user's threw: shows it as the surroundings show an uncaught error. */
  report(error: unknown): void
}
