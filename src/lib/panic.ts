/** A broken invariant: the table can no longer be trusted. Nothing that a caller does wrong leads here. */
export function panic(text: string): never {
  throw new Error(`pidns: panic: ${text}`)
}
