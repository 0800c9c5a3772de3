/** A broken invariant: the table can no longer be trusted. Nothing that a caller does wrong leads here. */
export function panic(text: string): never {
  throw new Panic(`pidns: panic: ${text}`)
}

class Panic extends Error {}

export function isPanic(error: unknown): boolean {
  return error instanceof Panic
}
