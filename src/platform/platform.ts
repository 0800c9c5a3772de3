/** What the library needs of the surroundings in which it runs; the `imports` of package.json choose who provides it. */
export interface Platform {
  /** Runs a function when the present turn of the event loop ends. */
  defer(run: () => void): void
  /** Keeps the event loop alive until the function that it returns is called. */
  stayAlive(): () => void
  /** This thread, and when it began; `id` 0 where the surroundings have no such names. */
  thread(): { readonly id: number; readonly started: number }
  /** Has the thread ended? undefined: it cannot be told. */
  hasEnded(thread: { readonly id: number; readonly started: number }): boolean | undefined
  /** Calls a function again and again, which keeps nothing alive, until the function that it returns is called. */
  every(ms: number, run: () => void): () => void
  /** Told of what a callback of the user's threw: shows it as the surroundings show an uncaught error. */
  report(error: unknown): void
}
