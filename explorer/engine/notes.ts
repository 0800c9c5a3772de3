/** Where the noted build of the library tells a few of its calls, while a log is read. */
export const notes: { told(name: string, args: readonly unknown[], result: unknown): void } = {
  told: () => {},
}
