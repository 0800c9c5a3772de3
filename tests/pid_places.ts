/** Where in a line of strace a process number stands: what a test of replays changes. */

export interface Place {
  readonly kind: PlaceKind
  /** Where in the line its digits begin and end. */
  readonly from: number
  readonly to: number
  readonly nr: number
}

export type PlaceKind =
  | 'leading'
  | 'argument'
  | 'result'
  | 'comment'
  | 'si_pid'
  | 'parent_tid'
  | 'set_tid'
  | 'pidfd'
  | 'superseded'

/** Calls that give back a number of a process, group or session. */
const GIVES =
  /^(?:<\.\.\. )?(?:v?fork|clone3?|getpid|gettid|set_tid_address|getppid|getpgid|getpgrp|getsid|setsid|wait4|waitpid)\b/
const RESULT = /\) += (\d+)(?:<[^>]*>)?(?: \/\* \d+ in strace's PID NS \*\/)?(?: <[\d.]+>)?$/d

const INSIDE: readonly [PlaceKind, RegExp][] = [
  [
    'argument',
    /\b(?:kill|tkill|tgkill|rt_sigqueueinfo|rt_tgsigqueueinfo|pidfd_open|getpgid|getsid)\(-?(\d+)/dg,
  ],
  ['argument', /\b(?:wait4|waitpid|setpgid)\(-?(\d+)/dg],
  ['argument', /\b(?:rt_)?tgs?i?g?(?:kill|queueinfo)\(\d+(?:<[^>]*>)?(?: \/\*.*?\*\/)?, (\d+)/dg],
  ['argument', /\bsetpgid\(\d+(?:<[^>]*>)?(?: \/\*.*?\*\/)?, (\d+)/dg],
  ['argument', /\bwaitid\(P_PG?I?D, (\d+)/dg],
  ['comment', /\/\* (\d+) in strace's PID NS \*\//dg],
  ['si_pid', /\bsi_pid=(\d+)/dg],
  ['parent_tid', /\bparent_tid=\[(\d+)/dg],
  ['set_tid', /\bset_tid=\[(\d+)/dg],
  ['pidfd', /<pid:(\d+)>/dg],
  ['superseded', /superseded by execve in pid (\d+)/dg],
  ['superseded', /<pid changed to (\d+)/dg],
]
const HEAD = /^(?:\[pid +(\d+)|(\d+))(?:<.*?>)?\]? +(?:[\d.:]+ )?/d

/** The numbers above 0 in a line; -1, all processes, is none. */
export function placesIn(line: string): Place[] {
  const places: Place[] = []
  const add = (kind: PlaceKind, found: RegExpExecArray | null, group: number): void => {
    const [from, to] = found?.indices?.[group] ?? [0, 0]
    const nr = Number(line.slice(from, to))
    if (to > 0 && nr > 0 && line.slice(from - 1, to) !== '-1') places.push({ kind, from, to, nr })
  }
  const head = HEAD.exec(line)
  add('leading', head, head?.[1] === undefined ? 2 : 1)
  const own = line.slice(head?.[0].length ?? 0)
  if (own.startsWith('exec')) return places
  for (const [kind, pattern] of INSIDE)
    for (const found of line.matchAll(pattern)) add(kind, found as RegExpExecArray, 1)
  if (GIVES.test(own)) add('result', RESULT.exec(line), 1)
  return places
}

/** The line with another number there. */
export function withNumber(line: string, { from, to }: Place, nr: number): string {
  return `${line.slice(0, from)}${nr}${line.slice(to)}`
}
