/** What --fail-on can name. */
export const FAIL_KINDS = ['outlived', 'zombie', 'escaped'] as const
export type FailKind = (typeof FAIL_KINDS)[number]
